//! Clients and servers that cannot agree on encryption: DestinationRules against strict servers,
//! and clients without a proxy. What becomes of single connections is decided in the proxies.

use crate::explain::Silent;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::istio::{ClientTls, ClientTlsMode, DestinationRule, MtlsMode};
use crate::world::{Origin, PodId, World};

use super::Push;
use super::authentication::demands;
use super::config::Config;
use super::enrolment::{Enrolled, decide};
use super::routes::service_for;

/// All findings about modes of encryption in one cluster.
#[must_use]
pub(super) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let rules = push.destination_rules.iter();
    let mut found: Vec<_> = rules.filter_map(|rule| conflict(push, world, rule)).collect();
    found.extend(plaintext_clients(push, world));
    found
}

/// A DestinationRule that sends what its strict server resets.
fn conflict(push: &Push, world: &World, rule: &Config<DestinationRule>) -> Option<Diagnostic> {
    let tls: &ClientTls = rule.object.policy.as_ref()?.tls.as_ref()?;
    let sends = match tls.mode.value {
        ClientTlsMode::Disable => "plaintext",
        ClientTlsMode::Simple => "TLS without a certificate of the mesh",
        ClientTlsMode::Mutual | ClientTlsMode::IstioMutual => return None,
    };
    let host = push.qualified(&rule.object.host.value, &rule.namespace);
    let service = service_for(push, &host, &rule.namespace)?;
    let endpoints = service.ports.iter().flat_map(|port| port.endpoints.iter());
    let mut servers = endpoints.filter_map(|it| Some((it.pod?, it.address.port)));
    let (_, strict) = servers.find_map(|(pod, port)| {
        let has_proxy = decide(world, pod, &push.placement, &mut Silent) == Enrolled::Sidecar;
        let demand = demands(push, &namespace(world, pod), &world.pods[pod].labels, &mut Silent);
        let demand = demand.on_port(port);
        (has_proxy && demand.value == MtlsMode::Strict).then_some((pod, demand.origin))
    })?;
    let message = format!("DestinationRule `{}` and its strict servers do not agree", rule.title());
    let finding = Diagnostic::error("istio.tls-mode-conflict", message)
        .at(tls.mode.place, format!("clients send {sends}, and {host} resets it"))
        .help("remove `tls`: mutual TLS of the mesh is then chosen by itself");
    Some(match strict {
        Origin::Manifest(place) => finding.at(place, "mutual TLS is demanded here"),
        _ => finding,
    })
}

/// Strict namespaces with pods that cannot send mutual TLS: their calls within it are reset.
fn plaintext_clients(push: &Push, world: &World) -> Vec<Diagnostic> {
    let strict = push.peer_authentications.iter().filter(|policy| {
        policy.object.selector.is_none()
            && policy.object.mode.is_some_and(|mode| mode.value == MtlsMode::Strict)
    });
    let each = strict.filter_map(|policy| {
        let is_root = policy.namespace == push.mesh.root_namespace.value;
        let mut bare: Vec<String> = Vec::new();
        for (pod, row) in world.pods.entries() {
            let namespace = namespace(world, pod);
            let is_near = is_root || namespace == policy.namespace;
            let name = format!("{namespace}/{}", world.workloads[row.workload].name);
            if is_near
                && world.cluster_of(row.workload) == Some(push.cluster)
                && decide(world, pod, &push.placement, &mut Silent) == Enrolled::Nothing
                && !bare.contains(&name)
            {
                bare.push(name);
            }
        }
        let first = bare.first()?;
        let count = bare.len();
        let message = format!("PeerAuthentication `{}` is strict", policy.title());
        Some(
            Diagnostic::warning("istio.strict-and-plaintext", message)
                .at(
                    policy.object.mode?.place,
                    format!("{count} of its workloads have no sidecar, {first} among them"),
                )
                .help("calls of theirs to strict servers are reset; give them a sidecar first"),
        )
    });
    each.collect()
}

fn namespace(world: &World, pod: PodId) -> String {
    let namespace = world.workload_of(pod).namespace;
    namespace.map(|it| world.namespaces[it].name.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Mesh, PODS};
    use super::*;

    const STRICT: &str = "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                          metadata: {name: own, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n";

    fn codes(more: &str) -> Vec<&'static str> {
        let mesh = Mesh::of(&format!("{PODS}{STRICT}{more}"));
        findings(mesh.push(), &mesh.world).iter().map(|it| it.code).collect()
    }

    #[test]
    fn a_rule_that_turns_encryption_off_does_not_agree_with_a_strict_server() {
        let rule = |mode: &str| {
            codes(&format!(
                "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
                 metadata: {{name: own, namespace: shop}}\n\
                 spec: {{host: reviews, trafficPolicy: {{tls: {{mode: {mode}}}}}}}\n"
            ))
        };
        assert_eq!(rule("DISABLE"), ["istio.tls-mode-conflict"]);
        assert_eq!(rule("SIMPLE"), ["istio.tls-mode-conflict"]);
        assert_eq!(rule("ISTIO_MUTUAL"), [""; 0]);
    }

    #[test]
    fn a_strict_namespace_with_pods_that_have_no_sidecar_is_found() {
        let bare = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: bare, namespace: shop, \
                    labels: {sidecar.istio.io/inject: 'false'}}\n\
                    spec: {containers: [{name: app}]}\n";
        assert_eq!(codes(bare), ["istio.strict-and-plaintext"]);
        assert_eq!(codes(""), [""; 0]);
    }
}
