//! Policies of the network: NetworkPolicy and the policies of a whole cluster, decided for one
//! connection at both of its ends. When a dropped packet is sent again is not said here.

mod compile;
mod evaluate;
mod findings;
mod matching;
mod matrix;
mod near;
mod party;
mod point;
mod portion;
mod rules;
#[cfg(test)]
mod tests;
mod waypoints;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::explain::Probe;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::policy::{Direction, PeerTest};
use crate::manifest::kinds::{Labels, Transport};
use crate::profile::{NetworkFacts, OwnNode, Profile};
use crate::world::{ClusterManifests, NamespaceId, Origin, PodId, TableId, World};

use super::connections::word;

pub use matrix::{Connections, Matrix};
pub use waypoints::WaypointRow;

use compile::OfCluster;
use evaluate::{Asked, End, Ending, Look, evaluate};
use matching::{Scene, Truth};
use party::{Address, Party, PartyKind, Placement, PodParty};
use point::Point;
use portion::Portion;
use waypoints::AllWaypointPods;

/// The policies of all clusters.
#[derive(Clone, Debug)]
pub struct NetworkPolicies {
    profile: &'static Profile,
    clusters: Vec<OfCluster>,
    namespace_labels: Vec<Labels>,
    /// Where the ingress controller is taken to run, if it is taken to be a pod.
    controller_namespace: Labels,
    /// The namespace and the labels of name servers that no manifest holds.
    name_server: (Labels, Labels),
    /// Of waypoints that istiod makes.
    waypoints: AllWaypointPods,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkPeer {
    /// A pod of the world, or a server of a host outside.
    Pod(PodId),
    /// An address that no pod has.
    Address(IpAddr),
    /// An address that no pod has, and that is not known.
    Elsewhere,
    /// Whatever serves Ingresses and Routes, when it is none of the pods that are known.
    IngressController,
    /// The pods of a waypoint that no manifest holds: they have the labels that Istio gives them.
    Waypoint(WaypointRow),
    /// The cluster's name servers, when the manifests do not hold them: pods with the labels that
    /// every distribution gives them.
    NameServer,
}

/// What becomes of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkVerdict {
    /// Both ends let it pass.
    Allowed,
    /// Its packets are dropped, so the client waits until it gives up.
    Dropped {
        /// Where: as it leaves its client, or as it reaches its server.
        direction: Direction,
        /// The pod whose policies drop it.
        at: Option<PodId>,
        /// The policies or rules that do.
        origins: Vec<Origin>,
    },
    /// It turns on something that the manifests do not say.
    Unknown {
        /// What that is, such as `whether the address of shop/web-0 lies in 10.0.0.0/8`.
        why: String,
        /// The lines that ask for it.
        origins: Vec<Origin>,
    },
}

/// A connection that is asked about.
struct Call<'w> {
    world: &'w World,
    from: Party<'w>,
    to: Party<'w>,
}

impl NetworkPolicies {
    /// Reads the policies of all clusters. The findings say what is wrong with them.
    #[must_use]
    pub fn new(
        world: &World,
        clusters: &[ClusterManifests<'_>],
        profile: &'static Profile,
    ) -> (Self, Vec<Diagnostic>) {
        let policies = Self {
            profile,
            clusters: compile::compile(world, clusters),
            namespace_labels: compile::namespace_labels(world),
            controller_namespace: compile::unmentioned_namespace("ingress-controller"),
            name_server: compile::unmentioned_name_server(),
            waypoints: AllWaypointPods::of(world, clusters),
        };
        let found = findings::findings(&policies, world);
        (policies, found)
    }

    /// No policies at all.
    #[must_use]
    pub fn none(profile: &'static Profile) -> Self {
        Self {
            profile,
            clusters: Vec::new(),
            namespace_labels: Vec::new(),
            controller_namespace: Labels::new(),
            name_server: compile::unmentioned_name_server(),
            waypoints: AllWaypointPods::default(),
        }
    }

    /// The pods of a waypoint in a namespace; `None` where no Gateway is one of that name.
    #[must_use]
    pub fn waypoint(&self, namespace: NamespaceId, name: &str) -> Option<NetworkPeer> {
        self.waypoints.find(namespace, name).map(NetworkPeer::Waypoint)
    }

    /// Whether there are none: then every connection passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_empty = |it: &OfCluster| {
            it.admin.is_empty() && it.namespaced.is_empty() && it.baseline.is_empty()
        };
        self.clusters.iter().all(is_empty)
    }

    /// What becomes of a connection to `port`, which is the port of the pod that is called, after
    /// the Service's translation.
    pub fn decide(
        &self,
        world: &World,
        from: NetworkPeer,
        to: NetworkPeer,
        port: u16,
        transport: Transport,
        probe: &mut impl Probe,
    ) -> NetworkVerdict {
        probe.enter();
        let call =
            Call { world, from: Party::of(self, world, from), to: Party::of(self, world, to) };
        if from == to {
            probe.step(rules::TO_ITSELF, None, || "a pod can always talk to itself".to_owned());
            probe.leave(rules::BOTH_ENDS, None, || "allowed".to_owned());
            return NetworkVerdict::Allowed;
        }
        let look = Point { transport, port };
        let out = self.end(&call, Direction::Egress, &look, probe);
        let verdict = match verdict_at(out.as_ref(), Direction::Egress, &call.from) {
            NetworkVerdict::Allowed => {
                let back = self.end(&call, Direction::Ingress, &look, probe);
                verdict_at(back.as_ref(), Direction::Ingress, &call.to)
            }
            unknown @ NetworkVerdict::Unknown { .. } => {
                // What the other end drops for certain is dropped either way.
                let back = self.end(&call, Direction::Ingress, &look, probe);
                match verdict_at(back.as_ref(), Direction::Ingress, &call.to) {
                    dropped @ NetworkVerdict::Dropped { .. } => dropped,
                    NetworkVerdict::Allowed | NetworkVerdict::Unknown { .. } => unknown,
                }
            }
            dropped @ NetworkVerdict::Dropped { .. } => dropped,
        };
        probe.leave(rules::BOTH_ENDS, None, || {
            let (from, to) = (call.from.described(world), call.to.described(world));
            let what = format!("from {from} to {to} on {port}/{}", word(transport));
            match &verdict {
                NetworkVerdict::Allowed => format!("the network carries connections {what}"),
                NetworkVerdict::Dropped { direction, .. } => {
                    format!("the network drops connections {what}, at {}", direction.word())
                }
                NetworkVerdict::Unknown { why, .. } => {
                    format!("whether the network carries connections {what} turns on {why}")
                }
            }
        });
        verdict
    }

    /// What the policies at one end make of a call; `None` if none can speak of it.
    fn end<L: Look>(
        &self,
        call: &Call<'_>,
        direction: Direction,
        look: &L,
        probe: &mut impl Probe,
    ) -> Option<Ending<L::Part>> {
        let (own, other) = match direction {
            Direction::Egress => (&call.from, &call.to),
            Direction::Ingress => (&call.to, &call.from),
        };
        let word = direction.word();
        if let PartyKind::Controller(None) = other.kind {
            probe.step(rules::CONTROLLER, None, || {
                "which pod serves Ingresses is not known, nor what selects it".to_owned()
            });
        }
        let Some(pod) = own.subject() else {
            if let PartyKind::Node { .. } = own.kind {
                probe.step(rules::HOST_NETWORK, None, || {
                    format!("a pod on its node's network is not isolated for {word}")
                });
            }
            return None;
        };
        let rows = compile::row_of(&self.clusters, pod.cluster)?;
        let asked = asked(rows, pod);
        if asked.is_empty() {
            return None;
        }
        let from_node = self.own_node(call.world, pod, other);
        if from_node == Truth::Yes {
            probe.step(rules::OWN_NODE, None, || {
                format!("traffic with the node that the pod runs on is always allowed, {word} too")
            });
            return None;
        }
        let facts = self.facts();
        let scene = Scene { world: call.world, facts, cluster: pod.cluster, rows };
        let end = End { scene, direction, pod, other, to: &call.to, asked: &asked };
        probe.enter();
        let mut ending = evaluate(&end, look, probe);
        if from_node == Truth::Maybe && !ending.deny.is_empty() {
            let (own, other) = (own.described(call.world), other.described(call.world));
            let what = format!("whether {own} runs on {other}, its own node could always reach it");
            let origin = Origin::Assumed("nodes are given to pods that no manifest binds");
            probe.step(rules::OWN_NODE, Some(origin), || format!("it is open {what}"));
            ending.allow = ending.allow.or(&ending.deny);
            ending.doubts.push(evaluate::Doubt { what, origin });
        }
        let (can_pass, can_drop) = (!ending.allow.is_empty(), !ending.deny.is_empty());
        probe.leave(rules::END, None, || {
            let who = own.described(call.world);
            match (can_pass, can_drop) {
                (true, true) => format!("{word} at {who} is not decided by the manifests"),
                (false, true) => format!("{word} at {who} is dropped"),
                _ => format!("{word} at {who} is allowed"),
            }
        });
        Some(ending)
    }

    /// Whether the other end of a connection is the node that a pod runs on.
    fn own_node(&self, world: &World, pod: &PodParty<'_>, other: &Party<'_>) -> Truth {
        if *self.facts().own_node == OwnNode::AsOthers {
            return Truth::No;
        }
        match other.kind {
            PartyKind::Node { cluster, node, placement } if cluster == pod.cluster => {
                match (placement, pod.placement) {
                    (Placement::Declared, Placement::Declared) => Truth::of(Some(node) == pod.node),
                    _ => Truth::Maybe,
                }
            }
            PartyKind::Address => {
                let is_it = pod.node.is_some_and(|node| {
                    let node = &world.nodes[node];
                    Address::Known(node.ip) == other.address && node.ip_is_declared
                });
                match pod.placement {
                    Placement::Declared => Truth::of(is_it),
                    // It may run on another node than the one that it was given.
                    Placement::Assumed => {
                        let nodes = world.nodes.iter().filter(|it| it.cluster == Some(pod.cluster));
                        let mut declared = nodes.filter(|it| it.ip_is_declared);
                        let any = declared.any(|it| Address::Known(it.ip) == other.address);
                        if any { Truth::Maybe } else { Truth::No }
                    }
                }
            }
            _ => Truth::No,
        }
    }

    /// Whether a policy names nodes, so that it matters on which one a pod runs.
    #[must_use]
    pub fn names_nodes(&self) -> bool {
        let rules = self.clusters.iter().flat_map(compile::all_rules);
        let mut peers = rules.flat_map(|(_, row)| row.rule.peers.iter().flatten());
        peers.any(|peer| matches!(peer.test, PeerTest::Nodes(_)))
    }

    /// All ranges of addresses that matter to policies: between their ends nothing changes.
    #[must_use]
    pub fn ranges(&self, world: &World) -> Vec<IpNet> {
        let rules = self.clusters.iter().flat_map(compile::all_rules);
        let peers = rules.flat_map(|(_, row)| row.rule.peers.iter().flatten());
        let mut ranges: Vec<IpNet> = Vec::new();
        let mut nodes = Vec::new();
        for peer in peers {
            match &peer.test {
                PeerTest::Block(block) => {
                    ranges.push(block.range.value);
                    ranges.extend(block.except.iter().map(|out| out.value));
                }
                PeerTest::Networks(networks) => ranges.extend(networks.iter().map(|it| it.value)),
                PeerTest::Nodes(_) if nodes.is_empty() => {
                    let declared = world.nodes.iter().filter(|node| node.ip_is_declared);
                    nodes.extend(declared.map(|node| IpNet::from(node.ip)));
                }
                _ => {}
            }
        }
        ranges.extend(nodes);
        ranges.sort_unstable();
        ranges.dedup();
        ranges
    }

    pub(crate) fn facts(&self) -> &'static NetworkFacts {
        &self.profile.network
    }

    fn namespace_labels(&self, namespace: NamespaceId) -> &Labels {
        &self.namespace_labels[namespace.index()]
    }
}

/// The policies that can speak of a pod, whether or not they select it.
fn asked<'a>(rows: &'a OfCluster, pod: &PodParty<'_>) -> Asked<'a> {
    let groups = |groups: &'a [Vec<compile::ClusterRow>]| {
        groups.iter().map(|group| group.iter().collect()).collect()
    };
    Asked {
        admin: groups(&rows.admin),
        namespaced: rows.namespaced.get(&pod.namespace).into_iter().flatten().collect(),
        baseline: groups(&rows.baseline),
    }
}

/// What becomes of the one connection at one end.
fn verdict_at<P: Portion>(
    ending: Option<&Ending<P>>,
    direction: Direction,
    own: &Party<'_>,
) -> NetworkVerdict {
    let Some(ending) = ending.filter(|ending| !ending.deny.is_empty()) else {
        return NetworkVerdict::Allowed;
    };
    if ending.allow.is_empty() {
        let origins = ending.denied_by.clone();
        return NetworkVerdict::Dropped {
            direction,
            at: own.subject().and_then(|pod| pod.id),
            origins,
        };
    }
    let mut why: Vec<&str> = Vec::new();
    let mut origins = Vec::new();
    for doubt in &ending.doubts {
        if !why.contains(&doubt.what.as_str()) {
            why.push(&doubt.what);
        }
        origins.push(doubt.origin);
    }
    NetworkVerdict::Unknown { why: why.join("; and "), origins }
}
