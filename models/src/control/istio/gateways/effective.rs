//! Gateways as Istio uses them, from the oldest to the youngest, and which of them a workload
//! serves.

use std::collections::BTreeSet;

use crate::control::istio::config::{Config, selects};
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{Gateway, GatewayServer};
use crate::manifest::{Located, Place};

/// Names the Services of a Gateway in place of its selector: Istio writes it where it makes one of
/// Gateway API's (istio `pilot/pkg/model/push_context.go`, `InternalGatewayServiceAnnotation`).
const SERVICE_ANNOTATION: &str = "internal.istio.io/gateway-service";

/// Where the Gateway API object stands that a Gateway was made of.
const PARENT_NAMESPACE_ANNOTATION: &str = "internal.istio.io/parent-namespace";

/// A Gateway, as it is used.
#[derive(Clone, Debug)]
pub struct EffectiveGateway {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Which workloads serve it.
    pub workloads: Workloads,
    /// Its servers, with hosts as `host` or `namespace/host`.
    pub servers: Vec<GatewayServer>,
    /// Where it begins.
    pub place: Place,
}

/// Which workloads serve a Gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workloads {
    /// Those with these labels; all without any.
    Labels(Labels),
    /// Those behind these Services of one namespace.
    Services {
        /// Their whole names.
        hosts: BTreeSet<String>,
        /// Their namespace.
        namespace: String,
    },
}

/// A workload that may serve Gateways.
#[derive(Clone, Copy, Debug)]
pub struct GatewayProxy<'g> {
    /// Its labels.
    pub labels: &'g Labels,
    /// Its namespace.
    pub namespace: &'g str,
    /// The ports of Services that it stands behind.
    pub targets: &'g [ServiceTarget],
}

/// A port of a Service behind which a workload stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTarget {
    /// The whole name of the Service.
    pub host: String,
    /// Its namespace.
    pub namespace: String,
    /// The port that clients dial.
    pub port: u16,
    /// The port of the workload.
    pub target_port: u16,
    /// Whether the Service has the label `experimental.istio.io/disable-gateway-port-translation`.
    pub keeps_ports: bool,
}

impl EffectiveGateway {
    /// `namespace/name`, as VirtualServices name it.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The Service ports that count for a workload which serves this Gateway; `None` if it does
    /// not (the same file, `mergeGateways`).
    pub(super) fn targets<'g>(&self, proxy: &GatewayProxy<'g>) -> Option<Vec<&'g ServiceTarget>> {
        match &self.workloads {
            Workloads::Labels(labels) => {
                selects(labels, proxy.labels).then(|| proxy.targets.iter().collect())
            }
            Workloads::Services { hosts, namespace } => {
                let fits = |target: &&ServiceTarget| {
                    hosts.contains(&target.host) && target.namespace == *namespace
                };
                let targets: Vec<_> = proxy.targets.iter().filter(fits).collect();
                (!targets.is_empty()).then_some(targets)
            }
        }
    }
}

/// The Gateways of a mesh, in the order given: the oldest first.
#[must_use]
pub fn effective(objects: &[Config<Gateway>]) -> Vec<EffectiveGateway> {
    objects.iter().map(|config| one(&config.namespace, &config.object)).collect()
}

fn one(namespace: &str, object: &Gateway) -> EffectiveGateway {
    let annotation = |key: &str| object.meta.annotations.get(key).map(|it| it.value.as_str());
    let workloads = match annotation(SERVICE_ANNOTATION) {
        Some(services) => Workloads::Services {
            hosts: services.split(',').map(str::to_owned).collect(),
            namespace: annotation(PARENT_NAMESPACE_ANNOTATION).unwrap_or(namespace).to_owned(),
        },
        None => {
            let selector = object.selector.as_ref();
            Workloads::Labels(selector.map(|it| it.value.clone()).unwrap_or_default())
        }
    };
    let mut servers = object.servers.clone();
    for server in &mut servers {
        server.hosts = server.hosts.iter().map(|host| whole_host(host, namespace)).collect();
    }
    EffectiveGateway {
        name: object.meta.name.value.clone(),
        namespace: namespace.to_owned(),
        workloads,
        servers,
        place: object.meta.place,
    }
}

/// `./host` belongs to the Gateway's own namespace, `*/host` to every one
/// (istio `pilot/pkg/model/gateway.go`, `sanitizeServerHostNamespace`).
fn whole_host(host: &Located<String>, namespace: &str) -> Located<String> {
    let whole = match host.value.split_once('/') {
        Some((".", name)) => format!("{namespace}/{name}"),
        Some(("*", name)) => name.to_owned(),
        _ => host.value.clone(),
    };
    Located::new(whole, host.place)
}
