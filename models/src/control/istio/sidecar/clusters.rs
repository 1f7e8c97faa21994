//! The clusters of a sidecar for calls: each port of each service that it knows, whole and by
//! subset, and those for traffic that no service claims. What is alike for many proxies is made
//! once. How a cluster is made is `clusters`' business.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::clusters::{ProxyRole, Upstream, Viewpoint, black_hole, passthrough};
use crate::control::istio::destination::{Client, MergedRule, Traffic, rule_for};
use crate::control::istio::registry::{Protocol, Service};
use crate::explain::Silent;
use crate::proxy::envoy::config::{Cluster, LoadAssignment};

/// What a cluster is made of: proxies for which that is alike share it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClusterKey {
    /// Its place in the registry.
    service: u32,
    port: u16,
    rule: Option<u32>,
    subset: Option<String>,
}

/// Endpoints, and what of the proxy they depend on.
type AssignmentKey = (ClusterKey, Vec<String>);

/// Clusters and endpoints that proxies share.
#[derive(Debug, Default)]
pub(super) struct SharedClusters {
    clusters: BTreeMap<ClusterKey, Arc<Cluster>>,
    assignments: BTreeMap<AssignmentKey, Option<Arc<LoadAssignment>>>,
}

/// A cluster of one class of proxies, with what its endpoints are made of.
#[derive(Clone, Debug)]
pub(super) struct OfClass {
    key: ClusterKey,
    service: Arc<Service>,
    port: usize,
    rule: Option<Arc<MergedRule>>,
    pub(super) cluster: Arc<Cluster>,
}

impl OfClass {
    fn upstream<'u>(&'u self, push: &'u Push) -> Upstream<'u> {
        Upstream {
            push,
            service: &self.service,
            port: &self.service.ports[self.port],
            rule: self.rule.as_deref(),
            subset: self.key.subset.as_deref(),
            role: ProxyRole::Sidecar,
        }
    }
}

/// The clusters of services for one class of proxies. Of two ports with one number the first
/// counts.
pub(super) fn of_services(
    push: &Push,
    client: Client<'_>,
    services: &[Arc<Service>],
    shared: &mut SharedClusters,
) -> Vec<OfClass> {
    let mut made = Vec::with_capacity(services.len());
    for service in services.iter().filter(|it| it.alias_of.is_none()) {
        let rule = rule_for(push, client, Traffic::Outbound, service, &mut Silent);
        let subsets = rule.into_iter().flat_map(|rule| &rule.subsets);
        let subsets = subsets.map(|subset| Some(subset.name.value.as_str()));
        let subsets: Vec<_> = std::iter::once(None).chain(subsets).collect();
        for (at, port) in service.ports.iter().enumerate() {
            let mut before = service.ports[..at].iter().filter(|it| it.protocol != Protocol::Udp);
            let is_again = before.any(|it| it.number == port.number);
            if port.protocol == Protocol::Udp || is_again {
                continue;
            }
            for &subset in &subsets {
                let key = ClusterKey {
                    service: service.id,
                    port: port.number,
                    rule: rule.map(|rule| rule.id),
                    subset: subset.map(str::to_owned),
                };
                let cluster = shared.clusters.entry(key.clone()).or_insert_with(|| {
                    let role = ProxyRole::Sidecar;
                    let rule = rule.map(|rule| &**rule);
                    let upstream = Upstream { push, service, port, rule, subset, role };
                    Arc::new(upstream.cluster(&mut Silent))
                });
                let cluster = Arc::clone(cluster);
                let (service, rule) = (Arc::clone(service), rule.cloned());
                made.push(OfClass { key, service, port: at, rule, cluster });
            }
        }
    }
    made
}

/// The endpoints of the clusters, as a proxy sees them.
pub(super) fn assignments(
    push: &Push,
    clusters: &[OfClass],
    proxy: Viewpoint<'_>,
    shared: &mut SharedClusters,
) -> BTreeMap<String, Arc<LoadAssignment>> {
    let each = clusters.iter().filter_map(|it| {
        let upstream = it.upstream(push);
        let key = (it.key.clone(), upstream.outlook(proxy));
        let made = shared.assignments.entry(key);
        let made = made
            .or_insert_with(|| upstream.assignment(proxy, &mut Silent).map(Arc::new))
            .clone()?;
        Some((it.cluster.name.clone(), made))
    });
    each.collect()
}

/// The clusters that every sidecar has for calls.
pub(super) fn special(push: &Push) -> impl Iterator<Item = Arc<Cluster>> {
    [black_hole(&push.mesh), passthrough(&push.mesh)].into_iter().map(Arc::new)
}
