//! What of a workload any rule of the mesh looks at: workloads that agree in it share their
//! configuration.

use std::collections::BTreeSet;

use crate::control::istio::Push;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct LookedAt {
    /// Keys of labels that rules for calls select by.
    pub(super) labels: BTreeSet<String>,
    /// Whether priorities by label are asked for, so that the node may matter.
    pub(super) nodes: bool,
}

impl LookedAt {
    pub(super) fn new(push: &Push) -> Self {
        let mut labels = BTreeSet::new();
        for object in &push.virtual_services {
            let http = object.http.iter().flat_map(|rule| &rule.matches);
            let tls = object.tls.iter().flat_map(|rule| &rule.matches);
            let tcp = object.tcp.iter().flat_map(|rule| &rule.matches);
            let sources = http
                .map(|it| &it.source_labels)
                .chain(tls.map(|it| &it.connection.source_labels))
                .chain(tcp.map(|it| &it.source_labels));
            labels.extend(sources.flat_map(|labels| labels.keys().cloned()));
        }
        let selectors = push.destination_rules.iter().filter_map(|it| it.object.selector.as_ref());
        labels.extend(selectors.flat_map(|selector| selector.keys().cloned()));
        let rules = push.destination_rules.iter().map(|rule| &rule.object);
        let policies = rules.flat_map(|rule| {
            let subsets = rule.subsets.iter().filter_map(|subset| subset.policy.as_ref());
            rule.policy.iter().chain(subsets)
        });
        let balancers = policies.flat_map(|policy| {
            let all = std::iter::once(policy).chain(policy.ports.iter().map(|(_, it)| it));
            all.filter_map(|policy| policy.load_balancer.as_ref())
        });
        let localities = balancers.filter_map(|balancer| balancer.locality.as_ref());
        let mut localities = localities.chain(&push.mesh.locality);
        let nodes = localities.any(|locality| !locality.failover_priority.is_empty());
        Self { labels, nodes }
    }
}
