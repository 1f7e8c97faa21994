//! The kinds that say which connections the network carries, and OpenShift's Route, which brings
//! connections from outside; what they mean together is `policy::network`'s business.
//!
//! A part that cannot be read is kept as refused, and is never left out: a shorter list of peers
//! or ports, or a selector with fewer clauses, would let more through.

mod block;
mod cluster;
mod namespaced;
mod peer;
mod port;
mod route;
mod selection;

pub use block::IpBlock;
pub use cluster::{ClusterPolicy, ClusterPolicyKind, PolicySubject, PolicyTier};
pub(in crate::manifest) use cluster::{
    read_admin_network_policy, read_baseline_admin_network_policy, read_cluster_network_policy,
};
pub use namespaced::NetworkPolicy;
pub(in crate::manifest) use namespaced::read_network_policy;
pub use peer::{NamespaceTest, PeerTest, PolicyPeer};
pub use port::{PolicyPort, PortTest};
pub(in crate::manifest) use route::read_route;
pub use route::{OpenShiftRoute, RouteTo};
pub use selection::Selection;

use crate::manifest::{Located, Place};

/// The group of the policies of a whole cluster.
pub const CLUSTER_POLICY_GROUP: &str = "policy.networking.k8s.io";

/// Which way a connection goes, as seen by the pod that a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// It comes in.
    Ingress,
    /// It goes out.
    Egress,
}

impl Direction {
    /// The word of manifests in lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// What a rule does with the connections that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum PolicyAction {
    /// They pass, and no other policy is asked.
    Accept,
    /// They are dropped.
    Deny,
    /// The rest of the tier is skipped.
    Pass,
}

/// One rule of a policy.
#[derive(Clone, Debug)]
pub struct PolicyRule {
    /// Its name, if it has one.
    pub name: Option<Located<String>>,
    /// What it does; rules of a NetworkPolicy accept. `None` if it cannot be read.
    pub action: Option<PolicyAction>,
    /// The other ends of the connections; `None` means any.
    pub peers: Option<Vec<PolicyPeer>>,
    /// The ports of the pod that is called; `None` means all, of every transport.
    pub ports: Option<Vec<PolicyPort>>,
    /// Where it begins.
    pub place: Place,
}
