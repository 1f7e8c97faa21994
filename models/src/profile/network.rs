//! Facts about policies of the network: where plug-ins, and tools that read policies, differ.

use serde::Deserialize;

use super::Fact;

/// How policies of the network are taken.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFacts {
    /// Whom ranges of addresses mean.
    pub address_ranges: Fact<AddressRanges>,
    /// What pods on the host network count as.
    pub host_network: Fact<HostNetwork>,
    /// Whether a pod's own node can always talk to it.
    pub own_node: Fact<OwnNode>,
    /// Whom peers by nodes mean.
    pub node_peers: Fact<NodePeers>,
    /// What is taken to serve Ingresses and Routes.
    pub ingress_source: Fact<IngressSource>,
}

/// Whom ranges of addresses mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressRanges {
    /// Whoever has an address in them, pods too.
    ByAddress,
    /// Nobody inside the cluster.
    OutsideOnly,
}

/// What pods on the host network count as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostNetwork {
    /// As their node: no selector picks them, and no policy isolates them.
    AsNodes,
    /// As any other pod.
    AsPods,
}

/// Whether a pod's own node can always talk to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnNode {
    /// Always, both ways.
    AlwaysOpen,
    /// As anybody else.
    AsOthers,
}

/// Whom peers by nodes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodePeers {
    /// The nodes with fitting labels.
    ByLabels,
    /// Nobody: they are left out.
    Nobody,
}

/// What is taken to serve Ingresses and Routes, where no pod is known to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IngressSource {
    /// It is not known, and nothing is taken.
    Unknown,
    /// A pod without labels in a namespace that nothing else names.
    UnlabelledPod,
}
