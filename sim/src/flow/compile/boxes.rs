//! Which boxes a run has, whose pods share them, and what they cost by the cost profile.

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::cost::{CostProfile, Layer, ProxyKind, Traversal};
use meshwalk_models::path::DataPath;
use meshwalk_models::units::SimDuration;
use meshwalk_models::world::{PodId, TableId, WorkloadId, World};

use crate::flow::plan::{Batching, BoxKind, BoxPlan, PodPlan, PricePlan};
use crate::kernel::random::{Distribution, Seed};
use crate::stats::ProxyEntry;

/// The 99th percentile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// The boxes in the making.
#[derive(Default)]
pub(super) struct Boxes {
    pub(super) plans: Vec<BoxPlan>,
    pub(super) prices: Vec<PricePlan>,
    pub(super) delays: Vec<Distribution>,
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
        let traversal = traversal(costs, kind);
        let workers = traversal.workers;
        let prices = *self.rows.entry(kind).or_insert_with(|| {
            self.delays.push(delay(&traversal));
            self.prices.push(prices(&traversal, (self.delays.len() - 1) as u32));
            (self.prices.len() - 1) as u32
        });
        let is_last = |last: &ProxyEntry| last.kind == kind && last.owner == owner;
        if !self.entries.last().is_some_and(is_last) {
            self.entries.push(ProxyEntry {
                kind,
                owner: owner.clone(),
                instances: Vec::new(),
                workers,
            });
        }
        let entry = self.entries.len() - 1;
        // Without the seed, which the engine adds.
        let key = Seed(0).key(&format!("{owner}/{name}"), "delay");
        let instances = &mut self.entries[entry].instances;
        instances.push(name);
        self.plans.push(BoxPlan {
            kind,
            workers,
            first_worker: self.next_worker,
            prices,
            entry: entry as u32,
            ordinal: (instances.len() - 1) as u32,
            key,
        });
        self.next_worker += workers;
        (self.plans.len() - 1) as u32
    }
}

/// What a request and its answer cost in a kind of box.
fn traversal(costs: &CostProfile, kind: BoxKind) -> Traversal {
    let (proxy, layer) = match kind {
        BoxKind::Sidecar => (ProxyKind::Sidecar, Layer::Http1),
        BoxKind::Ztunnel => (ProxyKind::Ztunnel, Layer::Transport),
        BoxKind::Waypoint => (ProxyKind::Waypoint, Layer::Http1),
        BoxKind::Gateway => (ProxyKind::EnvoyGateway, Layer::Http1),
    };
    costs.traversal(proxy, layer, 0)
}

/// What a kind of box costs.
fn prices(of: &Traversal, delay: u32) -> PricePlan {
    let message_ns = of.message.as_ns();
    let saving = of.batch_saving.as_ns() as f64 / (message_ns as f64).max(1.0);
    PricePlan {
        request_ns: message_ns,
        response_ns: message_ns,
        after_response_ns: of.after_response.as_ns(),
        per_kib_ns: of.per_kib.as_ns(),
        delay,
        handshake_ns: of.handshake.as_ns(),
        stream_ns: message_ns,
        batching: Batching {
            saving_ppm: (saving * 1e6).min(1e6) as u32,
            full_at_per_s: (of.full_batch_per_s + 0.5) as u32,
        },
    }
}

/// What a message takes in a box beside worker time: lognormal by its mean and its deviation.
fn delay(of: &Traversal) -> Distribution {
    let (mean, deviation) = (of.delay.as_ns() as f64, of.delay_deviation.as_ns() as f64);
    let spread = deviation / mean;
    let sigma = libm::sqrt(libm::log(1.0 + spread * spread));
    let p50 = mean / libm::sqrt(1.0 + spread * spread);
    let p99 = p50 * libm::exp(NORMAL_P99 * sigma);
    let time = SimDuration::from_ns_f64;
    let lognormal = Distribution::lognormal(time(p50), time(p99)).ok();
    // Without a delay there is no spread.
    lognormal.filter(|_| deviation > 0.0).unwrap_or(Distribution::constant(of.delay))
}
