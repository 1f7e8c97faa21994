//! Whether the cluster's network carries the kubelet's connections to a pod of its node.

use std::net::IpAddr;

use crate::control::ControlPlanes;
use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::Transport;
use crate::policy::network::{NetworkPeer, NetworkVerdict};
use crate::profile::OwnNode;
use crate::world::{PodId, World};

use super::Verdict;

const NODE: RuleId = RuleId("k8s.probe.node");
const SNAT: RuleId = RuleId("istio.probe.source");

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kubelet {
    /// The kubelet, from an address of its node.
    FromNode(Option<IpAddr>),
    /// The kubelet, from the address that an ambient mesh gives its connections.
    Rewritten(IpAddr),
}

/// What the policies of the network make of the kubelet's connection to `port`.
pub(super) fn carried(
    (world, planes): (&World, &ControlPlanes),
    kubelet: Kubelet,
    pod: PodId,
    port: u16,
    probe: &mut impl Probe,
) -> Verdict {
    let policies = planes.network_policies();
    if policies.is_empty() || world.workload_of(pod).host_network {
        return Verdict::Passes;
    }
    let ask = |peer, probe: &mut _| {
        policies.decide(world, peer, NetworkPeer::Pod(pod), port, Transport::Tcp, probe)
    };
    match kubelet {
        Kubelet::Rewritten(source) => {
            probe.enter();
            let verdict = match ask(NetworkPeer::Address(source), probe) {
                NetworkVerdict::Allowed => Verdict::Passes,
                NetworkVerdict::Dropped { origins, .. } => {
                    let why = format!(
                        "it turns on the network's plug-in: no rule lets {source} pass, which \
                         stands for the pod's own node, and not every plug-in knows that; allow \
                         the ipBlock {source}/{}",
                        if source.is_ipv4() { 32 } else { 128 }
                    );
                    Verdict::Unknown { why, origins }
                }
                NetworkVerdict::Unknown { why, origins } => {
                    Verdict::Unknown { why: format!("it turns on {why}"), origins }
                }
            };
            probe.leave(SNAT, None, || match verdict {
                Verdict::Passes => format!("policies of the network let {source} pass"),
                _ => format!("no policy of the network lets {source} pass for certain"),
            });
            verdict
        }
        Kubelet::FromNode(_) if *planes.profile().network.own_node == OwnNode::AlwaysOpen => {
            probe.step(NODE, None, || {
                "policies of the network never stop what a pod's own node sends".to_owned()
            });
            Verdict::Passes
        }
        Kubelet::FromNode(address) => {
            probe.enter();
            let peer = address.map_or(NetworkPeer::Elsewhere, NetworkPeer::Address);
            let verdict = match ask(peer, probe) {
                NetworkVerdict::Allowed => Verdict::Passes,
                NetworkVerdict::Dropped { origins, .. } => {
                    let why = "policies of the network stop the pod's own node".to_owned();
                    Verdict::Fails { why, origins }
                }
                NetworkVerdict::Unknown { why, origins } => {
                    Verdict::Unknown { why: format!("it turns on {why}"), origins }
                }
            };
            probe.leave(NODE, None, || "a pod's own node counts as anybody else".to_owned());
            verdict
        }
    }
}
