//! Which kinds are modelled and who reads them, and what is said of the others.
//!
//! A new kind is one file in `kinds` and one line in [`MODELLED`], and its fields in a table.

use super::fields::Fields;
use super::kinds::{self, ObjectMeta, Resource, gateway, policy};

mod others;

pub(super) use others::{OtherKind, other_kind};

/// A kind that is modelled.
pub(super) struct ModelledKind {
    /// Empty for the core group.
    pub(super) group: &'static str,
    /// The versions that are read, all with the same fields; the first is the one to write.
    pub(super) versions: &'static [&'static str],
    pub(super) kind: &'static str,
    /// What reports call it, and the name of its table of fields: the kind, unless two groups
    /// have one of that name.
    pub(super) title: &'static str,
    pub(super) scope: Scope,
    pub(super) effect: Effect,
    /// Which objects are read at all, by their name; the others are of no interest.
    pub(super) takes: fn(&str) -> bool,
    pub(super) read: ReadKind,
}

/// Reads the fields of an object behind its metadata.
type ReadKind = fn(&mut Fields<'_, '_, '_, '_>, ObjectMeta) -> Vec<Resource>;

/// Whether the objects of a kind change what the models decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Modelled,
    /// They are read only to say by name what is not modelled.
    Noticed,
}

/// Whether the objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Cluster,
    Namespaced,
}

const fn kind(
    group: &'static str,
    kind: &'static str,
    scope: Scope,
    read: ReadKind,
) -> ModelledKind {
    ModelledKind {
        group,
        versions: &["v1"],
        kind,
        title: kind,
        scope,
        effect: Effect::Modelled,
        takes: |_| true,
        read,
    }
}

/// A namespaced kind in Istio's group for traffic.
const fn istio_networking(kind: &'static str, read: ReadKind) -> ModelledKind {
    let versions = &["v1", "v1beta1", "v1alpha3"];
    ModelledKind { versions, ..self::kind("networking.istio.io", kind, Scope::Namespaced, read) }
}

/// A namespaced kind in Istio's group for security.
const fn istio_security(kind: &'static str, read: ReadKind) -> ModelledKind {
    let versions = &["v1", "v1beta1"];
    ModelledKind { versions, ..self::kind("security.istio.io", kind, Scope::Namespaced, read) }
}

/// The one ConfigMap that is no business of programs alone.
const fn mesh_config() -> ModelledKind {
    let config_map = self::kind("", "ConfigMap", Scope::Namespaced, kinds::istio::read_mesh_config);
    ModelledKind { takes: kinds::istio::is_mesh_config, ..config_map }
}

/// A namespaced kind in one of Istio's groups for extensions.
const fn istio_extension(group: &'static str, kind: &'static str, read: ReadKind) -> ModelledKind {
    ModelledKind {
        versions: &["v1", "v1alpha1"],
        ..self::kind(group, kind, Scope::Namespaced, read)
    }
}

/// A policy of the whole cluster.
const fn cluster_policy(
    version: &'static [&'static str],
    kind: &'static str,
    read: ReadKind,
) -> ModelledKind {
    let of_group = self::kind(policy::CLUSTER_POLICY_GROUP, kind, Scope::Cluster, read);
    ModelledKind { versions: version, ..of_group }
}

const fn noticed(kind: ModelledKind) -> ModelledKind {
    ModelledKind { effect: Effect::Noticed, ..kind }
}

/// A kind of Gateway API.
const fn gateway(
    versions: &'static [&'static str],
    kind: &'static str,
    scope: Scope,
    read: ReadKind,
) -> ModelledKind {
    ModelledKind { versions, ..self::kind(gateway::GATEWAY_GROUP, kind, scope, read) }
}

const MODELLED: &[ModelledKind] = &[
    kind("", "Namespace", Scope::Cluster, kinds::read_namespace),
    kind("", "Node", Scope::Cluster, kinds::read_node),
    kind("", "ServiceAccount", Scope::Namespaced, kinds::read_service_account),
    kind("", "Service", Scope::Namespaced, kinds::read_service),
    kind("", "Endpoints", Scope::Namespaced, kinds::read_endpoints),
    kind("discovery.k8s.io", "EndpointSlice", Scope::Namespaced, kinds::read_endpoint_slice),
    kind("", "Pod", Scope::Namespaced, kinds::read_pod),
    kind("apps", "Deployment", Scope::Namespaced, kinds::read_deployment),
    kind("apps", "ReplicaSet", Scope::Namespaced, kinds::read_replica_set),
    kind("apps", "StatefulSet", Scope::Namespaced, kinds::read_stateful_set),
    kind("apps", "DaemonSet", Scope::Namespaced, kinds::read_daemon_set),
    kind("batch", "Job", Scope::Namespaced, kinds::read_job),
    kind("batch", "CronJob", Scope::Namespaced, kinds::read_cron_job),
    kind("networking.k8s.io", "Ingress", Scope::Namespaced, kinds::read_ingress),
    kind("networking.k8s.io", "NetworkPolicy", Scope::Namespaced, policy::read_network_policy),
    cluster_policy(&["v1alpha1"], "AdminNetworkPolicy", policy::read_admin_network_policy),
    cluster_policy(
        &["v1alpha1"],
        "BaselineAdminNetworkPolicy",
        policy::read_baseline_admin_network_policy,
    ),
    cluster_policy(&["v1alpha2"], "ClusterNetworkPolicy", policy::read_cluster_network_policy),
    ModelledKind {
        title: "OpenShift Route",
        ..kind("route.openshift.io", "Route", Scope::Namespaced, policy::read_route)
    },
    ModelledKind {
        title: "Istio Gateway",
        ..istio_networking("Gateway", kinds::istio::read_gateway)
    },
    istio_networking("VirtualService", kinds::istio::read_virtual_service),
    mesh_config(),
    istio_networking("DestinationRule", kinds::istio::read_destination_rule),
    istio_networking("ProxyConfig", kinds::istio::read_proxy_config),
    istio_networking("ServiceEntry", kinds::istio::read_service_entry),
    istio_networking("Sidecar", kinds::istio::read_sidecar),
    istio_networking("WorkloadEntry", kinds::istio::read_workload_entry),
    istio_security("PeerAuthentication", kinds::istio::read_peer_authentication),
    istio_security("RequestAuthentication", kinds::istio::read_request_authentication),
    noticed(istio_extension("extensions.istio.io", "WasmPlugin", kinds::istio::read_wasm_plugin)),
    noticed(istio_extension("telemetry.istio.io", "Telemetry", kinds::istio::read_telemetry)),
    noticed(istio_networking("EnvoyFilter", kinds::istio::read_envoy_filter)),
    istio_security("AuthorizationPolicy", kinds::istio::read_authorization_policy),
    gateway(&["v1", "v1beta1"], "GatewayClass", Scope::Cluster, gateway::read_gateway_class),
    gateway(&["v1", "v1beta1"], "Gateway", Scope::Namespaced, gateway::read_gateway),
    gateway(&["v1"], "ListenerSet", Scope::Namespaced, gateway::read_listener_set),
    ModelledKind {
        group: gateway::GATEWAY_X_GROUP,
        ..gateway(&["v1alpha1"], "XListenerSet", Scope::Namespaced, gateway::read_x_listener_set)
    },
    gateway(&["v1", "v1beta1"], "HTTPRoute", Scope::Namespaced, gateway::read_http_route),
    gateway(&["v1", "v1alpha2"], "GRPCRoute", Scope::Namespaced, gateway::read_grpc_route),
    gateway(
        &["v1", "v1alpha3", "v1alpha2"],
        "TLSRoute",
        Scope::Namespaced,
        gateway::read_tls_route,
    ),
    gateway(&["v1", "v1alpha2"], "TCPRoute", Scope::Namespaced, gateway::read_tcp_route),
    gateway(
        &["v1", "v1beta1", "v1alpha2"],
        "ReferenceGrant",
        Scope::Namespaced,
        gateway::read_reference_grant,
    ),
    gateway(
        &["v1", "v1alpha3"],
        "BackendTLSPolicy",
        Scope::Namespaced,
        gateway::read_backend_tls_policy,
    ),
];

/// API versions of modelled kinds that Kubernetes no longer serves, with the release that removed
/// them (kubernetes.io/docs/reference/using-api/deprecation-guide).
const REMOVED: &[(&str, &[&str], &str)] = &[
    ("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], "1.16"),
    ("apps/v1beta1", &["Deployment", "StatefulSet"], "1.16"),
    ("apps/v1beta2", &["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"], "1.16"),
    ("extensions/v1beta1", &["Ingress"], "1.22"),
    ("networking.k8s.io/v1beta1", &["Ingress"], "1.22"),
    ("batch/v1beta1", &["CronJob"], "1.25"),
    ("batch/v2alpha1", &["CronJob"], "1.21"),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], "1.25"),
];

/// What is known of an API version and kind.
pub(super) enum Found {
    /// It is modelled.
    Modelled(&'static ModelledKind),
    /// The kind is modelled, under another API version.
    OtherVersion {
        modelled: &'static ModelledKind,
        /// The release of Kubernetes that removed this version, if it ever was one.
        removed_in: Option<&'static str>,
    },
    /// It is not modelled.
    Other(OtherKind),
}

impl ModelledKind {
    /// Such as `apps/v1`.
    pub(super) fn api_version(&self) -> String {
        let version = self.versions[0];
        match self.group {
            "" => version.to_owned(),
            group => format!("{group}/{version}"),
        }
    }
}

/// Looks a kind up.
pub(super) fn find(api_version: &str, kind: &str) -> Found {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let same_kind = || MODELLED.iter().filter(|known| known.kind == kind);
    if let Some(modelled) = same_kind().find(|known| known.group == group) {
        if modelled.versions.contains(&version) {
            return Found::Modelled(modelled);
        }
        return Found::OtherVersion { modelled, removed_in: removed_in(api_version, kind) };
    }
    match (same_kind().next(), removed_in(api_version, kind)) {
        (Some(modelled), removed_in @ Some(_)) => Found::OtherVersion { modelled, removed_in },
        _ => Found::Other(other_kind(group, kind)),
    }
}

fn removed_in(api_version: &str, kind: &str) -> Option<&'static str> {
    let fits = |(version, kinds, _): &&(&str, &[&str], &str)| {
        *version == api_version && kinds.contains(&kind)
    };
    REMOVED.iter().find(fits).map(|&(_, _, release)| release)
}

/// The names of all modelled kinds, for suggestions.
pub(super) fn modelled_names() -> impl Iterator<Item = &'static str> {
    MODELLED.iter().map(|known| known.kind)
}

#[cfg(test)]
mod tests {
    use super::super::fields::FieldTable;
    use super::super::report::Sort;
    use super::*;

    #[test]
    fn every_modelled_kind_has_a_table_of_its_other_fields() {
        for known in MODELLED {
            let is_known = FieldTable::of(known.title).is_some();
            assert!(is_known || known.effect == Effect::Noticed, "{}", known.title);
        }
    }

    #[test]
    fn kinds_are_found_by_group_and_version() {
        let describe = |api_version, kind| match find(api_version, kind) {
            Found::Modelled(known) if known.effect == Effect::Noticed => {
                format!("noticed {}", known.kind)
            }
            Found::Modelled(known) => format!("modelled {}", known.kind),
            Found::OtherVersion { modelled, removed_in } => {
                format!("use {}, removed in {}", modelled.api_version(), removed_in.unwrap_or("-"))
            }
            Found::Other(other) => format!("{:?}", other.sort),
        };
        let unknown = format!("{:?}", Sort::Unknown);
        let later = format!("{:?}", Sort::NotModelledYet);
        let irrelevant = format!("{:?}", Sort::Irrelevant);
        for (api_version, kind, expected) in [
            ("v1", "Service", "modelled Service"),
            ("apps/v1", "Deployment", "modelled Deployment"),
            ("extensions/v1beta1", "Deployment", "use apps/v1, removed in 1.16"),
            ("extensions/v1beta1", "Ingress", "use networking.k8s.io/v1, removed in 1.22"),
            ("apps/v2", "Deployment", "use apps/v1, removed in -"),
            ("v1", "ConfigMap", "modelled ConfigMap"),
            ("v1", "Secret", &irrelevant),
            ("networking.k8s.io/v1", "NetworkPolicy", "modelled NetworkPolicy"),
            ("security.istio.io/v1beta1", "PeerAuthentication", "modelled PeerAuthentication"),
            ("telemetry.istio.io/v1", "Telemetry", "noticed Telemetry"),
            ("install.istio.io/v1alpha1", "IstioOperator", &later),
            ("serving.knative.dev/v1", "Service", &later),
            ("example.org/v1", "Service", &unknown),
            ("v1", "Servise", &unknown),
        ] {
            assert_eq!(describe(api_version, kind), expected, "{api_version} {kind}");
        }
    }
}
