//! The clusters of a gateway: those of all services that its namespace sees, and again under the
//! server names by which `AUTO_PASSTHROUGH` passes TLS on. How a cluster is made is `clusters`'
//! business.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::clusters::{ProxyRole, Upstream, Viewpoint, black_hole};
use crate::control::istio::destination::{Client, Traffic, rule_for};
use crate::control::istio::registry::Protocol;
use crate::explain::{Silent, Sourced};
use crate::manifest::kinds::istio::GatewayTlsMode;
use crate::proxy::envoy::config::{Cluster, LoadAssignment, UpstreamTls};

/// Clusters by name.
type Clusters = BTreeMap<String, Arc<Cluster>>;

/// Endpoints by the name of their cluster.
type Assignments = BTreeMap<String, Arc<LoadAssignment>>;

/// The clusters of a gateway in a namespace, and their endpoints as it sees them.
pub(super) fn clusters(
    push: &Push,
    namespace: &str,
    viewpoint: Viewpoint<'_>,
) -> (Clusters, Assignments) {
    let mut made = Made::default();
    let by_sni = push.gateways.iter().flat_map(|gateway| &gateway.servers).any(|server| {
        let mode = server.tls.as_ref().map(|tls| tls.mode.value);
        mode == Some(GatewayTlsMode::AutoPassthrough)
    });
    for upstream in upstreams(push, namespace, viewpoint) {
        let cluster = upstream.cluster(&mut Silent);
        let assignment = upstream.assignment(viewpoint, &mut Silent).map(Arc::new);
        if by_sni {
            made.add(passed_on(&upstream, &cluster), assignment.clone());
        }
        made.add(cluster, assignment);
    }
    made.add(black_hole(&push.mesh), None);
    (made.clusters, made.assignments)
}

#[derive(Default)]
struct Made {
    clusters: Clusters,
    assignments: Assignments,
}

impl Made {
    /// Of two with one name the first counts.
    fn add(&mut self, cluster: Cluster, assignment: Option<Arc<LoadAssignment>>) {
        if self.clusters.contains_key(&cluster.name) {
            return;
        }
        if let Some(assignment) = assignment {
            self.assignments.insert(cluster.name.clone(), assignment);
        }
        self.clusters.insert(cluster.name.clone(), Arc::new(cluster));
    }
}

/// Each port of each service, whole and by subset.
fn upstreams<'p>(push: &'p Push, namespace: &str, viewpoint: Viewpoint<'_>) -> Vec<Upstream<'p>> {
    let mut upstreams = Vec::new();
    let client = Client { namespace, labels: viewpoint.labels };
    for service in push.registry.exported_to(namespace).filter(|it| it.alias_of.is_none()) {
        let rule = rule_for(push, client, Traffic::Outbound, service, &mut Silent);
        let rule = rule.map(|rule| &**rule);
        let subsets = rule.into_iter().flat_map(|rule| &rule.subsets);
        let subsets: Vec<_> = subsets.map(|subset| subset.name.value.as_str()).collect();
        for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
            let whole =
                Upstream { push, service, port, rule, subset: None, role: ProxyRole::Gateway };
            upstreams.push(whole);
            let each = subsets.iter().map(|&name| Upstream { subset: Some(name), ..whole });
            upstreams.extend(each);
        }
    }
    upstreams
}

/// The same cluster for TLS that goes through: the gateway adds none of its own
/// (istio `pilot/pkg/networking/core/cluster.go`, `buildOutboundSniDnatClusters`).
fn passed_on(upstream: &Upstream<'_>, cluster: &Cluster) -> Cluster {
    let subset = upstream.subset.unwrap_or_default();
    Cluster {
        name: format!("outbound_.{}_.{subset}_.{}", upstream.port.number, upstream.service.host),
        tls: Sourced::default_of(UpstreamTls::None, "istio.auto-passthrough"),
        ..cluster.clone()
    }
}
