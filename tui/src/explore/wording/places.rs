//! Pods and the boxes beside them by name: which box a step happens in, where it runs, what its
//! address is.

use std::net::IpAddr;

use meshwalk_models::path::DataPath;
use meshwalk_models::world::{NodeId, Pod, PodId, TableId};
use meshwalk_sim::flow::plan::BoxKind;
use meshwalk_sim::log::Step;
use meshwalk_sim::net::Site;
use meshwalk_sim::stats::EdgeOrigin;

use super::Words;

/// A box that something happens in, by the row of its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// Which of the boxes.
    pub(crate) part: Part,
    /// The row of the pod that it belongs to.
    pub(crate) pod: u32,
}

/// Which of the boxes of a pod's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The application, or a client outside.
    App,
    /// The Envoy beside it.
    Sidecar,
    /// The proxy of its node.
    Ztunnel,
    /// An Envoy in a pod of its own, for ambient.
    Waypoint,
    /// An Envoy at the edge.
    Gateway,
    /// The kernel of its node, which redirects, translates addresses and drops packets.
    Kernel,
}

impl Part {
    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Sidecar => "sidecar",
            Self::Ztunnel => "ztunnel",
            Self::Waypoint => "waypoint",
            Self::Gateway => "gateway",
            Self::Kernel => "kernel",
        }
    }
}

impl<'a> Words<'a> {
    /// The pod of a row, where it is one of the manifests'.
    pub(crate) fn world_pod(&self, row: u32) -> Option<(PodId, &'a Pod)> {
        let is_known = (row as usize) < self.world.pods.len();
        let id = PodId::from_index(row as usize);
        is_known.then(|| (id, &self.world.pods[id]))
    }

    /// A pod's name, `clients of SOURCE`, or the name of a waypoint's pod.
    pub(crate) fn pod(&self, row: u32) -> String {
        if let Some((_, pod)) = self.world_pod(row) {
            return pod.name.clone();
        }
        if let Some((_, instance)) = self.proxy_names(row) {
            return instance.to_owned();
        }
        let is_here = |first: u32, count: u32| (first..first + count).contains(&row);
        let mut sources = self.plan.sources.iter();
        match sources.find(|source| is_here(source.pods.0, source.pods.1)) {
            Some(source) => format!("clients of {}", source.name),
            None => format!("pod {row}"),
        }
    }

    /// `namespace/name` of a pod; other names as [`Words::pod`] has them.
    pub(crate) fn pod_in_full(&self, row: u32) -> String {
        let namespace = self.world_pod(row).and_then(|(id, _)| {
            let namespace = self.world.workload_of(id).namespace?;
            Some(&self.world.namespaces[namespace].name)
        });
        match namespace {
            Some(namespace) => format!("{namespace}/{}", self.pod(row)),
            None => self.pod(row),
        }
    }

    /// `namespace/name` of a pod's workload; the owner of a waypoint's pod; the source of clients.
    pub(crate) fn workload(&self, row: u32) -> String {
        match (self.world_pod(row), self.proxy_names(row)) {
            (Some((_, pod)), _) => self.world.workload_name(pod.workload),
            (None, Some((owner, _))) => owner.to_owned(),
            (None, None) => self.pod(row),
        }
    }

    /// The node that a pod runs on, and whether a manifest says so; nothing for clients outside.
    pub(crate) fn node(&self, row: u32) -> Option<(&'a str, NodeSaid)> {
        let site = self.plan.pods.get(row as usize)?.site;
        if site.region == Site::OUTSIDE {
            return None;
        }
        let node = self.world.nodes.as_slice().get(site.node as usize)?;
        let is_declared = self.world_pod(row).is_some_and(|(_, pod)| pod.node_is_declared);
        let said = if is_declared { NodeSaid::Declared } else { NodeSaid::Placed };
        Some((node.name.as_str(), said))
    }

    /// The address of a pod, and whether a manifest gives it; nothing for what has none here.
    pub(crate) fn address(&self, row: u32) -> Option<(IpAddr, AddressSaid)> {
        let (_, pod) = self.world_pod(row)?;
        let said = if pod.ip_is_declared { AddressSaid::Declared } else { AddressSaid::MadeUp };
        Some((pod.ip, said))
    }

    /// What carries a pod's traffic.
    pub(crate) fn data_path(&self, row: u32) -> DataPath {
        self.plan.pods.get(row as usize).map_or(DataPath::None, |pod| pod.data_path)
    }

    /// The kind of proxy that a pod's traffic passes on its own side.
    pub(crate) fn proxy(&self, row: u32) -> Option<BoxKind> {
        let pod = self.plan.pods.get(row as usize)?;
        self.plan.boxes.get(pod.proxy as usize).map(|it| it.kind)
    }

    /// The proxy of a pod's side as a box; its node's kernel where there is none.
    pub(crate) fn proxy_spot(&self, row: u32) -> Spot {
        let part = match self.proxy(row) {
            Some(BoxKind::Sidecar) => Part::Sidecar,
            Some(BoxKind::Ztunnel) => Part::Ztunnel,
            Some(BoxKind::Waypoint) => Part::Waypoint,
            Some(BoxKind::Gateway) => Part::Gateway,
            None => Part::Kernel,
        };
        Spot { part, pod: row }
    }

    /// The box that a step happens in.
    pub(crate) fn spot(&self, step: Step, pod: u32) -> Spot {
        let app = match self.proxy(pod) {
            Some(BoxKind::Waypoint | BoxKind::Gateway) => self.proxy_spot(pod),
            _ => Spot { part: Part::App, pod },
        };
        match step {
            Step::CallBegan { .. }
            | Step::Retried { .. }
            | Step::NotReachable { .. }
            | Step::TimedOut
            | Step::ResetAtServer
            | Step::BacksOff { .. }
            | Step::CallEnded { .. }
            | Step::RequestAtApp
            | Step::TurnedAway
            | Step::WaitsForWorker
            | Step::WorkBegan
            | Step::WorkEnded
            | Step::Answered { .. }
            | Step::MessageSent
            | Step::ResponseAtCaller => app,
            // In ambient the application's own connection to the ztunnel; else as below.
            Step::ConnectionOpening { .. }
            | Step::ConnectionReused { .. }
            | Step::WaitsForConnection
            | Step::RequestSent
            | Step::TcpEstablished
            | Step::ConnectionClosed
            | Step::AttemptBegan { .. }
            | Step::AttemptReset { .. }
            | Step::SynSentAgain
                if self.proxy(pod).is_none_or(BoxKind::takes_connections) =>
            {
                app
            }
            // Without a proxy it is the client that hears what policy does to its connection.
            Step::SynDropped { .. } | Step::ConnectionRefused { .. }
                if self.proxy(pod).is_none() =>
            {
                app
            }
            _ => self.proxy_spot(pod),
        }
    }

    /// A box in few letters: `web-0`, `web-0 sidecar`, `ztunnel n1`, `waypoint-0`.
    pub(crate) fn spot_in_short(&self, spot: Spot) -> String {
        match spot.part {
            Part::App | Part::Waypoint | Part::Gateway => self.pod(spot.pod),
            Part::Sidecar => format!("{} sidecar", self.pod(spot.pod)),
            Part::Ztunnel => format!("ztunnel {}", self.node(spot.pod).map_or("?", |it| it.0)),
            Part::Kernel => match self.node(spot.pod) {
                Some((node, _)) => format!("node {node}"),
                None => self.pod(spot.pod),
            },
        }
    }

    /// A box as the subject of a sentence.
    pub(crate) fn spot_in_full(&self, spot: Spot) -> String {
        let pod = self.pod_in_full(spot.pod);
        match spot.part {
            Part::App => pod,
            Part::Sidecar => format!("the sidecar of {pod}"),
            Part::Waypoint => format!("the waypoint {}", self.workload(spot.pod)),
            Part::Gateway => format!("the gateway {pod}"),
            Part::Ztunnel => match self.node(spot.pod) {
                Some((node, _)) => format!("the ztunnel of {node}"),
                None => format!("the ztunnel of {pod}"),
            },
            Part::Kernel => match self.node(spot.pod) {
                Some((node, _)) => format!("the node {node}"),
                None => pod,
            },
        }
    }

    /// Who calls whom, by the row of the statistics' edges.
    pub(crate) fn edge(&self, row: u32) -> Option<(String, String)> {
        let layout = &self.plan.layout;
        let edge = layout.edges.get(row as usize)?;
        let from = match edge.from {
            EdgeOrigin::Traffic(row) => layout.traffic[row].name.clone(),
            EdgeOrigin::Workload(row) => layout.workload_name(row),
        };
        Some((from, layout.service_name(edge.to)))
    }

    /// The owner and the own name of a proxy in a pod of its own.
    fn proxy_names(&self, row: u32) -> Option<(&'a str, &'a str)> {
        let pod = self.plan.pods.get(row as usize)?;
        let of = self.plan.boxes.get(pod.proxy as usize)?;
        if !matches!(of.kind, BoxKind::Waypoint | BoxKind::Gateway) {
            return None;
        }
        let entry = self.plan.layout.proxies.get(of.entry as usize)?;
        let instance = entry.instances.get(of.ordinal as usize)?;
        Some((entry.owner.as_str(), instance.as_str()))
    }

    /// The node of a row of the world's nodes.
    pub(crate) fn node_name(&self, row: u32) -> Option<&'a str> {
        let id = NodeId::from_index(row as usize);
        self.world.nodes.as_slice().get(id.index()).map(|node| node.name.as_str())
    }
}

/// Who says on which node a pod runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeSaid {
    /// A manifest.
    Declared,
    /// The scenario's topology, or the spread that is assumed without one.
    Placed,
}

/// Who gives an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressSaid {
    /// A manifest.
    Declared,
    /// The world: it is stable by name, and no cluster would give the same.
    MadeUp,
}
