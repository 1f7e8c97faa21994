//! The meter: turns what happens into counters, from the end of the warm-up on.
//!
//! It changes nothing in the run.

use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::Paged;
use crate::stats::{
    EdgeCounters, Full, RetryReason, Ruling, RunStatistics, TrafficCounters, WireBytes,
    WorkloadCounters,
};

use super::plan::Plan;
use super::state::{Caller, Lineage, Pod, Try};

/// Counts.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    warm_up: SimTime,
    phase: Phase,
    integrals: Paged<Integral>,
    statistics: RunStatistics,
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

impl Meter {
    pub(super) fn new(plan: &Plan) -> Self {
        let layout = &plan.layout;
        let workload = |row: &crate::stats::WorkloadEntry| WorkloadCounters {
            busy_ns_by_pod: vec![0; row.pods.len()],
            ..WorkloadCounters::default()
        };
        Self {
            warm_up: plan.warm_up,
            phase: if plan.warm_up == SimTime::ZERO { Phase::Counting } else { Phase::WarmUp },
            integrals: plan.pods.iter().map(|_| Integral::default()).collect(),
            statistics: RunStatistics {
                edges: layout.edges.iter().map(|_| EdgeCounters::default()).collect(),
                workloads: layout.workloads.iter().map(workload).collect(),
                traffic: layout.traffic.iter().map(|_| TrafficCounters::default()).collect(),
                ..RunStatistics::default()
            },
        }
    }

    pub(super) fn statistics_mut(&mut self) -> &mut RunStatistics {
        &mut self.statistics
    }

    /// Time has come to `now`: perhaps the warm-up is over.
    #[inline]
    pub(super) fn pass(&mut self, now: SimTime) {
        if self.phase == Phase::WarmUp && now >= self.warm_up {
            self.begin_counting();
        }
    }

    /// Forgets what pods did before; their state now counts from the end of the warm-up.
    fn begin_counting(&mut self) {
        self.phase = Phase::Counting;
        for pod in 0..self.integrals.len() as u32 {
            self.integrals[pod] = Integral { changed_at: self.warm_up, ..Integral::default() };
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
        }
        for (row, pod) in plan.pods.iter().enumerate() {
            let slot = row as u32;
            self.pod_changes(slot, now, pods[slot]);
            if let Some(workload) = self.statistics.workloads.get_mut(pod.app as usize) {
                let integral = self.integrals[slot];
                workload.busy_ns += u128::from(integral.busy_ns);
                workload.queued_request_ns += u128::from(integral.waiting_ns);
                workload.busy_ns_by_pod[pod.ordinal as usize] = integral.busy_ns;
            }
        }
    }

    pub(super) fn sent(&mut self, source: u16) {
        if self.phase == Phase::Counting {
            self.statistics.traffic[usize::from(source)].sent += 1;
        }
    }

    #[inline]
    pub(super) fn called(&mut self, edge: u32, called_at: SimTime, lineage: Lineage) {
        if lineage == Lineage::Original && self.counts(called_at) {
            self.statistics.edges[edge as usize].originals += 1;
        }
    }

    #[inline]
    pub(super) fn attempt(&mut self, edge: u32, called_at: SimTime, bytes: u64) {
        if self.counts(called_at) {
            let counters = &mut self.statistics.edges[edge as usize];
            counters.attempts += 1;
            counters.request_bytes += bytes;
        }
    }

    pub(super) fn answered(&mut self, edge: u32, called_at: SimTime, bytes: u64) {
        self.statistics.hops += 1;
        if self.counts(called_at) {
            self.statistics.edges[edge as usize].response_bytes += bytes;
        }
    }

    #[inline]
    pub(super) fn put_on_the_wire(&mut self, edge: u32, at: SimTime, bytes: WireBytes) {
        if self.counts(at) {
            self.statistics.edges[edge as usize].wire.merge(bytes);
        }
    }

    #[inline]
    pub(super) fn call_ended(&mut self, edge: u32, it: &Try, latency: SimDuration) {
        if !self.counts(it.called_at) {
            return;
        }
        let counters = &mut self.statistics.edges[edge as usize];
        counters.endings.count(it.ending);
        counters.latency.record(latency);
        if !matches!(it.caller, Caller::Task(_)) {
            let traffic = &mut self.statistics.traffic[usize::from(it.source)];
            traffic.endings.count(it.ending);
            traffic.latency.record(latency);
        }
    }

    pub(super) fn retried(&mut self, edge: u32, called_at: SimTime, reason: RetryReason) {
        if self.counts(called_at) {
            self.statistics.edges[edge as usize].retries.count(reason);
        }
    }

    pub(super) fn pending(&mut self, edge: u32, at: SimTime) {
        if self.counts(at) {
            self.statistics.edges[edge as usize].pending += 1;
        }
    }

    pub(super) fn overflowed(&mut self, edge: u32, at: SimTime, of: Full) {
        if self.counts(at) {
            self.statistics.edges[edge as usize].overflow.count(of);
        }
    }

    pub(super) fn ruled(&mut self, edge: u32, at: SimTime, ruling: Ruling) {
        if self.counts(at) {
            self.statistics.edges[edge as usize].rulings.count(ruling);
        }
    }

    pub(super) fn ejected(&mut self, edge: u32, at: SimTime) {
        if self.counts(at) {
            self.statistics.edges[edge as usize].ejections += 1;
        }
    }

    pub(super) fn connection_opened(&mut self, edge: u32, at: SimTime) {
        if self.counts(at) {
            self.statistics.edges[edge as usize].connections_opened += 1;
        }
    }

    pub(super) fn tls_established(&mut self, edge: u32, at: SimTime) {
        if self.counts(at) {
            self.statistics.edges[edge as usize].tls_handshakes += 1;
        }
    }

    #[inline]
    pub(super) fn arrived(&mut self, app: u32, now: SimTime) {
        if self.counts(now) {
            self.statistics.workloads[app as usize].arrived += 1;
        }
    }

    pub(super) fn turned_away(&mut self, app: u32, now: SimTime) {
        if self.counts(now) {
            self.statistics.workloads[app as usize].rejected += 1;
        }
    }

    #[inline]
    pub(super) fn finished(&mut self, app: u32, now: SimTime) {
        if self.counts(now) {
            self.statistics.workloads[app as usize].finished += 1;
        }
    }

    pub(super) fn wasted(&mut self, app: u32, now: SimTime, wasted: SimDuration) {
        if self.counts(now) {
            self.statistics.workloads[app as usize].wasted_ns += u128::from(wasted.as_ns());
        }
    }

    #[inline]
    pub(super) fn waited(&mut self, app: u32, now: SimTime, wait: SimDuration) {
        if self.counts(now) {
            self.statistics.workloads[app as usize].wait.record(wait);
        }
    }

    #[inline]
    pub(super) fn proxy_worked(&mut self, app: u32, now: SimTime, ns: u64) {
        if self.counts(now)
            && let Some(workload) = self.statistics.workloads.get_mut(app as usize)
        {
            workload.proxy_busy_ns += u128::from(ns);
        }
    }
}
