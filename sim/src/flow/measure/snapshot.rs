//! The meter's counts at one moment, to come back to. What they mean is the meter's business.

use crate::kernel::{PagedSnapshot, SharesSnapshot};
use crate::stats::{BoxCounters, EdgeCounters, TrafficCounters, WorkloadCounters};

use super::{Gauge, Integral, Meter, Phase};

/// A [`Meter`] at one moment. What is settled from its parts is not in it.
#[derive(Clone)]
pub(in crate::flow) struct MeterSnapshot {
    phase: Phase,
    integrals: PagedSnapshot<Integral>,
    boxes: PagedSnapshot<BoxCounters>,
    gauges: PagedSnapshot<Gauge>,
    edges: SharesSnapshot<EdgeCounters>,
    workloads: SharesSnapshot<WorkloadCounters>,
    traffic: SharesSnapshot<TrafficCounters>,
    hops: u64,
}

/// What the counters of an edge or workload take with their histogram, in bytes, roughly.
const ROW_BYTES: usize = 4_096;

impl MeterSnapshot {
    /// The bytes that it takes beside `earlier`, roughly.
    pub(in crate::flow) fn bytes_beside(&self, earlier: Option<&Self>) -> usize {
        let rows = self.edges.rows_beside(earlier.map(|it| &it.edges))
            + self.workloads.rows_beside(earlier.map(|it| &it.workloads))
            + self.traffic.rows_beside(earlier.map(|it| &it.traffic));
        rows * ROW_BYTES
            + self.integrals.bytes_beside(earlier.map(|it| &it.integrals))
            + self.boxes.bytes_beside(earlier.map(|it| &it.boxes))
            + self.gauges.bytes_beside(earlier.map(|it| &it.gauges))
    }
}

impl Meter {
    /// Puts the present counts aside.
    pub(in crate::flow) fn checkpoint(&mut self) -> MeterSnapshot {
        MeterSnapshot {
            phase: self.phase,
            integrals: self.integrals.checkpoint(),
            boxes: self.boxes.checkpoint(),
            gauges: self.gauges.checkpoint(),
            edges: self.edges.checkpoint(&self.statistics.edges),
            workloads: self.workloads.checkpoint(&self.statistics.workloads),
            traffic: self.traffic.checkpoint(&self.statistics.traffic),
            hops: self.statistics.hops,
        }
    }

    /// Brings the counts of a run of the same plan back.
    pub(in crate::flow) fn restore(&mut self, snapshot: &MeterSnapshot) {
        self.phase = snapshot.phase;
        self.integrals.restore(&snapshot.integrals);
        self.boxes.restore(&snapshot.boxes);
        self.gauges.restore(&snapshot.gauges);
        self.edges.restore(&mut self.statistics.edges, &snapshot.edges);
        self.workloads.restore(&mut self.statistics.workloads, &snapshot.workloads);
        self.traffic.restore(&mut self.statistics.traffic, &snapshot.traffic);
        self.statistics.hops = snapshot.hops;
    }
}
