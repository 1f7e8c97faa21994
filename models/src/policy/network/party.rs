//! What policies can know of one end of a connection.

use std::net::IpAddr;

use crate::manifest::kinds::{Labels, Transport};
use crate::profile::{HostNetwork, IngressSource};
use crate::world::{ClusterId, NamespaceId, NodeId, PodId, WorkloadSource, World};

use super::{NetworkPeer, NetworkPolicies};

/// One end of a connection, as policies see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Party<'w> {
    pub(super) kind: PartyKind<'w>,
    pub(super) address: Address,
}

/// What an end is.
#[derive(Clone, Copy, Debug)]
pub(super) enum PartyKind<'w> {
    /// A pod with an address of its own, or one that counts as such.
    Pod(PodParty<'w>),
    /// A node: what pods on its network send cannot be told from what it sends itself.
    Node { cluster: ClusterId, node: NodeId, placement: Placement },
    /// A server outside all clusters, by the name that it is called by.
    Outside(&'w str),
    /// An address.
    Address,
    /// What serves Ingresses and Routes: one unlabelled pod, or nobody knows what.
    Controller(Option<&'w Labels>),
    /// The name servers: the labels of their namespace, and their own.
    NameServer(&'w Labels, &'w Labels),
}

/// A pod as policies select it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodParty<'w> {
    /// `None` for a pod that no manifest holds.
    pub(super) id: Option<PodId>,
    pub(super) name: &'w str,
    pub(super) cluster: ClusterId,
    pub(super) namespace: NamespaceId,
    pub(super) labels: &'w Labels,
    pub(super) namespace_labels: &'w Labels,
    pub(super) ports: &'w [(String, u16, Transport)],
    /// `None` where the pod may run anywhere.
    pub(super) node: Option<NodeId>,
    pub(super) placement: Placement,
}

/// Who says on which node a pod runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Placement {
    Declared,
    Assumed,
}

/// What is known of an end's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    /// It is given.
    Known(IpAddr),
    /// It is taken to be one of IPv4, and which one is not known.
    Synthetic,
}

impl<'w> Party<'w> {
    /// The end that `peer` names.
    pub(super) fn of(policies: &'w NetworkPolicies, world: &'w World, peer: NetworkPeer) -> Self {
        match peer {
            NetworkPeer::Pod(pod) => Self::of_pod(policies, world, pod),
            NetworkPeer::Address(ip) => {
                Self { kind: PartyKind::Address, address: Address::Known(ip) }
            }
            NetworkPeer::Elsewhere => {
                Self { kind: PartyKind::Address, address: Address::Synthetic }
            }
            NetworkPeer::NameServer => {
                let (namespace, own) = &policies.name_server;
                Self { kind: PartyKind::NameServer(namespace, own), address: Address::Synthetic }
            }
            NetworkPeer::Waypoint(row) => {
                let waypoint = policies.waypoints.at(row);
                let pod = PodParty {
                    id: None,
                    name: &waypoint.name,
                    cluster: world.namespaces[waypoint.namespace].cluster,
                    namespace: waypoint.namespace,
                    labels: &waypoint.labels,
                    namespace_labels: policies.namespace_labels(waypoint.namespace),
                    ports: &[],
                    node: None,
                    placement: Placement::Assumed,
                };
                Self { kind: PartyKind::Pod(pod), address: Address::Synthetic }
            }
            NetworkPeer::IngressController => {
                let namespace = match *policies.facts().ingress_source {
                    IngressSource::Unknown => None,
                    IngressSource::UnlabelledPod => Some(&policies.controller_namespace),
                };
                Self { kind: PartyKind::Controller(namespace), address: Address::Synthetic }
            }
        }
    }

    fn of_pod(policies: &'w NetworkPolicies, world: &'w World, id: PodId) -> Self {
        let pod = &world.pods[id];
        let workload = &world.workloads[pod.workload];
        let known = |is_declared| match is_declared {
            true => Address::Known(pod.ip),
            false => Address::Synthetic,
        };
        let Some(namespace) = workload.namespace else {
            return Self { kind: PartyKind::Outside(&workload.name), address: known(false) };
        };
        let cluster = world.namespaces[namespace].cluster;
        let placement = if pod.node_is_declared { Placement::Declared } else { Placement::Assumed };
        let on_host = workload.host_network;
        if on_host && *policies.facts().host_network == HostNetwork::AsNodes {
            let node = &world.nodes[pod.node];
            let kind = PartyKind::Node { cluster, node: pod.node, placement };
            return Self { kind, address: known(pod.ip_is_declared || node.ip_is_declared) };
        }
        let own = PodParty {
            id: Some(id),
            name: &pod.name,
            cluster,
            namespace,
            labels: &pod.labels,
            namespace_labels: policies.namespace_labels(namespace),
            ports: &workload.container_ports,
            node: Some(pod.node),
            placement,
        };
        debug_assert_ne!(workload.source, WorkloadSource::Outside, "it has a namespace");
        Self { kind: PartyKind::Pod(own), address: known(pod.ip_is_declared) }
    }

    /// The pod that policies can select; `None` if none speaks of this end.
    pub(super) const fn subject(&self) -> Option<&PodParty<'w>> {
        match &self.kind {
            PartyKind::Pod(pod) => Some(pod),
            _ => None,
        }
    }

    /// What it is, for people.
    pub(super) fn described(&self, world: &World) -> String {
        match self.kind {
            PartyKind::Pod(pod) => {
                let namespace = &world.namespaces[pod.namespace].name;
                format!("{namespace}/{}", pod.name)
            }
            PartyKind::Node { node, .. } => format!("node {}", world.nodes[node].name),
            PartyKind::Outside(name) => name.to_owned(),
            PartyKind::Address => match self.address {
                Address::Known(ip) => ip.to_string(),
                Address::Synthetic => "an address".to_owned(),
            },
            PartyKind::Controller(_) => "the ingress controller".to_owned(),
            PartyKind::NameServer(..) => "the name servers".to_owned(),
        }
    }
}
