//! The meter: turns what happens into counters, from the end of the warm-up on.
//!
//! It changes nothing in the run.

mod boxes;
mod snapshot;

use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::random::mix;
use crate::kernel::{Paged, Shares};
use crate::stats::{
    BoxCounters, BoxKind, EdgeCounters, Full, Parts, ProxyCounters, RetryReason, Ruling,
    RunStatistics, TrafficCounters, WireBytes, WorkloadCounters,
};

use super::plan::Plan;
use super::state::{Caller, Lineage, Pod, Try};

pub(super) use snapshot::MeterSnapshot;

/// Counts.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    warm_up: SimTime,
    phase: Phase,
    integrals: Paged<Integral>,
    boxes: Paged<BoxCounters>,
    gauges: Paged<Gauge>,
    statistics: RunStatistics,
    edges: Shares<EdgeCounters>,
    workloads: Shares<WorkloadCounters>,
    traffic: Shares<TrafficCounters>,
}

/// Whether counting has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Counting,
}

/// What a pod's workers and queue add up to over time.
#[derive(Clone, Copy, Debug, Default)]
struct Integral {
    changed_at: SimTime,
    busy_ns: u64,
    waiting_ns: u64,
}

/// What a box holds at the moment.
#[derive(Clone, Copy, Debug, Default)]
struct Gauge {
    connections: u32,
    tunnels: u32,
}

impl Meter {
    pub(super) fn new(plan: &Plan) -> Self {
        let layout = &plan.layout;
        let workload = |row: &crate::stats::WorkloadEntry| WorkloadCounters {
            busy_ns_by_pod: vec![0; row.pods.len()],
            ..WorkloadCounters::default()
        };
        let statistics = RunStatistics {
            edges: layout.edges.iter().map(|_| EdgeCounters::default()).collect(),
            workloads: layout.workloads.iter().map(workload).collect(),
            proxies: layout.proxies.iter().map(|_| ProxyCounters::default()).collect(),
            traffic: layout.traffic.iter().map(|_| TrafficCounters::default()).collect(),
            ..RunStatistics::default()
        };
        Self {
            warm_up: plan.warm_up,
            phase: if plan.warm_up == SimTime::ZERO { Phase::Counting } else { Phase::WarmUp },
            integrals: plan.pods.iter().map(|_| Integral::default()).collect(),
            boxes: plan.boxes.iter().map(|_| BoxCounters::default()).collect(),
            gauges: plan.boxes.iter().map(|_| Gauge::default()).collect(),
            edges: Shares::new(&statistics.edges),
            workloads: Shares::new(&statistics.workloads),
            traffic: Shares::new(&statistics.traffic),
            statistics,
        }
    }

    #[inline]
    fn edge_mut(&mut self, row: u32) -> &mut EdgeCounters {
        self.edges.mark(row as usize);
        &mut self.statistics.edges[row as usize]
    }

    #[inline]
    fn workload_mut(&mut self, row: u32) -> &mut WorkloadCounters {
        self.workloads.mark(row as usize);
        &mut self.statistics.workloads[row as usize]
    }

    #[inline]
    fn traffic_mut(&mut self, row: u16) -> &mut TrafficCounters {
        self.traffic.mark(usize::from(row));
        &mut self.statistics.traffic[usize::from(row)]
    }

    pub(super) fn statistics_mut(&mut self) -> &mut RunStatistics {
        &mut self.statistics
    }

    /// What was counted of an edge.
    pub(super) fn edge(&self, row: u32) -> Option<&EdgeCounters> {
        self.statistics.edges.get(row as usize)
    }

    /// What a box holds, connections and tunnels, and what it did.
    pub(super) fn held_by(&self, row: u32) -> Option<(u32, u32, BoxCounters)> {
        let Gauge { connections, tunnels } = *self.gauges.get(row)?;
        Some((connections, tunnels, *self.boxes.get(row)?))
    }

    /// Time has come to `now`: perhaps the warm-up is over.
    #[inline]
    pub(super) fn pass(&mut self, now: SimTime) {
        if self.phase == Phase::WarmUp && now >= self.warm_up {
            self.begin_counting();
        }
    }

    /// Forgets what pods did before; their state now counts from the end of the warm-up. What
    /// boxes hold then is the first peak.
    fn begin_counting(&mut self) {
        self.phase = Phase::Counting;
        for pod in 0..self.integrals.len() as u32 {
            self.integrals[pod] = Integral { changed_at: self.warm_up, ..Integral::default() };
        }
        for row in 0..self.gauges.len() as u32 {
            let Gauge { connections, tunnels } = self.gauges[row];
            self.boxes[row].connections_peak = u64::from(connections);
            self.boxes[row].tunnels_peak = u64::from(tunnels);
        }
    }

    fn counts(&self, at: SimTime) -> bool {
        at >= self.warm_up
    }

    /// A pod is about to change; `state` is what it was since the last change.
    #[inline]
    pub(super) fn pod_changes(&mut self, pod: u32, now: SimTime, state: Pod) {
        let integral = &mut self.integrals[pod];
        let elapsed_ns = (now - integral.changed_at).as_ns();
        integral.busy_ns += elapsed_ns * u64::from(state.busy);
        integral.waiting_ns += elapsed_ns * u64::from(state.waiting);
        integral.changed_at = now;
    }

    /// Brings the workloads' counters up to `now`.
    pub(super) fn settle(&mut self, plan: &Plan, now: SimTime, pods: &Paged<Pod>) {
        self.pass(now);
        self.statistics.measured = now.since(self.warm_up);
        for workload in &mut self.statistics.workloads {
            workload.busy_ns = 0;
            workload.queued_request_ns = 0;
            workload.proxy_busy_ns = 0;
        }
        for (row, pod) in plan.pods.iter().enumerate() {
            let slot = row as u32;
            self.pod_changes(slot, now, pods[slot]);
            if let Some(workload) = self.statistics.workloads.get_mut(pod.app as usize) {
                let integral = self.integrals[slot];
                workload.busy_ns += u128::from(integral.busy_ns);
                workload.queued_request_ns += u128::from(integral.waiting_ns);
                workload.busy_ns_by_pod[pod.ordinal as usize] = integral.busy_ns;
                if let Some(own) = sidecar_of(plan, pod.proxy) {
                    workload.proxy_busy_ns += u128::from(self.boxes[own].cpu_ns());
                }
            }
        }
        self.settle_proxies(plan);
    }

    /// Joins the counters of boxes in the rows of the layout.
    fn settle_proxies(&mut self, plan: &Plan) {
        for (row, entry) in self.statistics.proxies.iter_mut().zip(&plan.layout.proxies) {
            row.all = BoxCounters::default();
            row.cpu_ns_by_instance = vec![0; entry.instances.len()];
        }
        for (place, counters) in plan.boxes.iter().zip(self.boxes.iter()) {
            if let Some(row) = self.statistics.proxies.get_mut(place.entry as usize) {
                row.all.merge(counters);
                row.cpu_ns_by_instance[place.ordinal as usize] = counters.cpu_ns();
            }
        }
    }

    /// A source sends a request; `template` is the place of its template among the source's.
    pub(super) fn sent(&mut self, source: u16, at: SimTime, template: usize) {
        if self.phase == Phase::Counting {
            let traffic = self.traffic_mut(source);
            traffic.sent += 1;
            traffic.arrivals = mix(mix(traffic.arrivals, at.as_ns()), template as u64);
        }
    }

    #[inline]
    pub(super) fn called(&mut self, edge: u32, called_at: SimTime, lineage: Lineage) {
        if lineage == Lineage::Original && self.counts(called_at) {
            self.edge_mut(edge).originals += 1;
        }
    }

    #[inline]
    pub(super) fn attempt(&mut self, edge: u32, called_at: SimTime, bytes: u64) {
        if self.counts(called_at) {
            let counters = self.edge_mut(edge);
            counters.attempts += 1;
            counters.request_bytes += bytes;
        }
    }

    pub(super) fn answered(&mut self, edge: u32, called_at: SimTime, bytes: u64) {
        self.statistics.hops += 1;
        if self.counts(called_at) {
            self.edge_mut(edge).response_bytes += bytes;
        }
    }

    #[inline]
    pub(super) fn put_on_the_wire(&mut self, edge: u32, at: SimTime, bytes: WireBytes) {
        if self.counts(at) {
            self.edge_mut(edge).wire.merge(bytes);
        }
    }

    #[inline]
    pub(super) fn call_ended(&mut self, edge: u32, it: &Try, latency: SimDuration) {
        if !self.counts(it.called_at) {
            return;
        }
        let counters = self.edge_mut(edge);
        counters.endings.count(it.ending);
        counters.latency.record(latency);
        if !matches!(it.caller, Caller::Task(_)) {
            let traffic = self.traffic_mut(it.source);
            traffic.endings.count(it.ending);
            traffic.latency.record(latency);
        }
    }

    /// A call that began at `called_at` has ended: where its time went.
    pub(super) fn accounted(&mut self, edge: u32, called_at: SimTime, parts: &Parts) {
        if self.counts(called_at) {
            self.edge_mut(edge).parts.merge(parts);
        }
    }

    pub(super) fn retried(&mut self, edge: u32, called_at: SimTime, reason: RetryReason) {
        if self.counts(called_at) {
            self.edge_mut(edge).retries.count(reason);
        }
    }

    pub(super) fn pending(&mut self, edge: u32, at: SimTime) {
        if self.counts(at) {
            self.edge_mut(edge).pending += 1;
        }
    }

    pub(super) fn overflowed(&mut self, edge: u32, at: SimTime, of: Full) {
        if self.counts(at) {
            self.edge_mut(edge).overflow.count(of);
        }
    }

    pub(super) fn ruled(&mut self, edge: u32, at: SimTime, ruling: Ruling) {
        if self.counts(at) {
            self.edge_mut(edge).rulings.count(ruling);
        }
    }

    pub(super) fn ejected(&mut self, edge: u32, at: SimTime) {
        if self.counts(at) {
            self.edge_mut(edge).ejections += 1;
        }
    }

    pub(super) fn connection_opened(&mut self, edge: u32, at: SimTime) {
        if self.counts(at) {
            self.edge_mut(edge).connections_opened += 1;
        }
    }

    pub(super) fn tls_established(&mut self, edge: u32, at: SimTime) {
        if self.counts(at) {
            self.edge_mut(edge).tls_handshakes += 1;
        }
    }

    #[inline]
    pub(super) fn arrived(&mut self, app: u32, now: SimTime) {
        if self.counts(now) {
            self.workload_mut(app).arrived += 1;
        }
    }

    pub(super) fn turned_away(&mut self, app: u32, now: SimTime) {
        if self.counts(now) {
            self.workload_mut(app).rejected += 1;
        }
    }

    #[inline]
    pub(super) fn finished(&mut self, app: u32, now: SimTime) {
        if self.counts(now) {
            self.workload_mut(app).finished += 1;
        }
    }

    pub(super) fn wasted(&mut self, app: u32, now: SimTime, wasted: SimDuration) {
        if self.counts(now) {
            self.workload_mut(app).wasted_ns += u128::from(wasted.as_ns());
        }
    }

    #[inline]
    pub(super) fn waited(&mut self, app: u32, now: SimTime, wait: SimDuration) {
        if self.counts(now) {
            self.workload_mut(app).wait.record(wait);
        }
    }
}

/// The row of a box, if it is a sidecar.
fn sidecar_of(plan: &Plan, row: u32) -> Option<u32> {
    let place = plan.boxes.get(row as usize)?;
    (place.kind == BoxKind::Sidecar).then_some(row)
}
