//! Which boxes a run has, whose pods share them, and what they cost by the cost profile.

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::cost::CostProfile;
use meshwalk_models::path::DataPath;
use meshwalk_models::world::{PodId, TableId, WorkloadId, World};

use crate::flow::plan::{Batching, BoxKind, BoxPlan, PodPlan, PricePlan};
use crate::stats::ProxyEntry;

/// The boxes in the making.
#[derive(Default)]
pub(super) struct Boxes {
    pub(super) plans: Vec<BoxPlan>,
    pub(super) prices: Vec<PricePlan>,
    pub(super) entries: Vec<ProxyEntry>,
    rows: BTreeMap<BoxKind, u32>,
    next_worker: u32,
}

impl Boxes {
    /// Gives every pod the box that its traffic passes on its own side. Boxes of pods come in the
    /// order of pods, and then those of nodes.
    pub(super) fn place(&mut self, world: &World, costs: &CostProfile, pods: &mut [PodPlan]) {
        for (row, pod) in pods.iter_mut().enumerate() {
            if pod.data_path == DataPath::IstioSidecar {
                let id = PodId::from_index(row);
                let owner = world.workload_name(WorkloadId::from_index(pod.app as usize));
                let name = world.pods[id].name.clone();
                pod.proxy = self.add(costs, BoxKind::Sidecar, owner, name);
            }
        }
        let ambient = |pod: &&PodPlan| pod.data_path == DataPath::IstioAmbient;
        let nodes: BTreeSet<u32> = pods.iter().filter(ambient).map(|pod| pod.site.node).collect();
        let name_of = |node: u32| world.nodes[TableId::from_index(node as usize)].name.clone();
        let add =
            |node: u32| (node, self.add(costs, BoxKind::Ztunnel, name_of(node), name_of(node)));
        let ztunnels: BTreeMap<u32, u32> = nodes.into_iter().map(add).collect();
        for pod in pods.iter_mut().filter(|pod| pod.data_path == DataPath::IstioAmbient) {
            pod.proxy = ztunnels[&pod.site.node];
        }
    }

    /// Adds a box; those of one kind and owner that come one after the other share an entry.
    pub(super) fn add(
        &mut self,
        costs: &CostProfile,
        kind: BoxKind,
        owner: String,
        name: String,
    ) -> u32 {
        let workers = workers(costs, kind);
        let prices = *self.rows.entry(kind).or_insert_with(|| {
            self.prices.push(prices(costs, kind));
            (self.prices.len() - 1) as u32
        });
        let is_last = |last: &ProxyEntry| last.kind == kind && last.owner == owner;
        if !self.entries.last().is_some_and(is_last) {
            self.entries.push(ProxyEntry { kind, owner, instances: Vec::new(), workers });
        }
        let entry = self.entries.len() - 1;
        let instances = &mut self.entries[entry].instances;
        instances.push(name);
        self.plans.push(BoxPlan {
            kind,
            workers,
            first_worker: self.next_worker,
            prices,
            entry: entry as u32,
            ordinal: (instances.len() - 1) as u32,
        });
        self.next_worker += workers;
        (self.plans.len() - 1) as u32
    }
}

/// Workers of one box of a kind; at least one.
fn workers(costs: &CostProfile, kind: BoxKind) -> u32 {
    match kind {
        BoxKind::Sidecar | BoxKind::Ztunnel | BoxKind::Waypoint | BoxKind::Gateway => {
            costs.sidecar.workers.value.max(1)
        }
    }
}

/// What a kind of box costs.
fn prices(costs: &CostProfile, kind: BoxKind) -> PricePlan {
    let of = match kind {
        BoxKind::Sidecar | BoxKind::Ztunnel | BoxKind::Waypoint | BoxKind::Gateway => {
            &costs.sidecar
        }
    };
    PricePlan {
        request_ns: of.request.value.as_ns(),
        response_ns: of.response.value.as_ns(),
        after_response_ns: of.after_response.value.as_ns(),
        per_kib_ns: of.per_kib.value.as_ns(),
        delay_ns: 0,
        handshake_ns: costs.tls.handshake.value.as_ns(),
        stream_ns: of.request.value.as_ns(),
        batching: Batching::default(),
    }
}
