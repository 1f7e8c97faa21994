//! What one replication on one data path comes to, as far as a comparison asks: sums and
//! quantiles. Histograms are left behind, so that many replications of a large world fit.

use std::collections::BTreeMap;

use crate::kernel::Histogram;
use crate::stats::{BoxCounters, BoxKind, EdgeCounters, Layout, Parts, RunStatistics, WireBytes};

use super::pairing::{QUANTILES, Quantile};

const NS_PER_MS: f64 = 1e6;

/// One replication on one data path. Rows are those of its layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// How long was measured, in seconds.
    pub measured_s: f64,
    /// By traffic source.
    pub traffic: Vec<TrafficSample>,
    /// By caller and service.
    pub edges: Vec<EdgeSample>,
    /// By workload.
    pub workloads: Vec<WorkloadSample>,
    /// All proxies of a kind together, for the kinds that there are.
    pub proxies: BTreeMap<BoxKind, BoxCounters>,
    /// The rolling hash of the run.
    pub state_hash: u64,
}

/// One traffic source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrafficSample {
    /// Requests sent.
    pub sent: u64,
    /// A fingerprint of which requests were sent and when.
    pub arrivals: u64,
    /// Requests that ended.
    pub ended: u64,
    /// Of those, the ones that ended well.
    pub succeeded: u64,
    /// Mean latency in milliseconds; `None` where none ended.
    pub mean_ms: Option<f64>,
    /// Latency in milliseconds by [`QUANTILES`].
    pub quantiles_ms: [Option<f64>; QUANTILES.len()],
}

/// One caller of one service.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EdgeSample {
    /// Calls that ended.
    pub ended: u64,
    /// Attempts after the first of a call.
    pub retries: u64,
    /// The time of all calls, in nanoseconds.
    pub latency_ns: u128,
    /// Connections opened.
    pub connections: u64,
    /// What was put on the wire.
    pub wire: WireBytes,
    /// Where the time of its calls went.
    pub parts: Parts,
}

/// One workload.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkloadSample {
    /// Worker time of the applications in use, in nanoseconds.
    pub busy_ns: u128,
    /// Time that requests waited for a worker of the applications, in nanoseconds.
    pub wait_ns: u128,
}

impl Sample {
    /// What `run` comes to, whose rows are those of `layout`.
    #[must_use]
    pub fn of(layout: &Layout, run: &RunStatistics) -> Self {
        let traffic = run.traffic.iter().map(|source| TrafficSample {
            sent: source.sent,
            arrivals: source.arrivals,
            ended: source.endings.total(),
            succeeded: source.endings.successes(),
            mean_ms: source.latency.mean_ns().map(|ns| ns / NS_PER_MS),
            quantiles_ms: QUANTILES.map(|quantile| quantile_ms(&source.latency, quantile)),
        });
        let workloads = run
            .workloads
            .iter()
            .map(|it| WorkloadSample { busy_ns: it.busy_ns, wait_ns: it.wait.sum_ns() });
        let mut proxies: BTreeMap<BoxKind, BoxCounters> = BTreeMap::new();
        for (entry, counters) in layout.proxies.iter().zip(&run.proxies) {
            proxies.entry(entry.kind).or_default().merge(&counters.all);
        }
        Self {
            measured_s: run.measured.as_secs_f64(),
            traffic: traffic.collect(),
            edges: run.edges.iter().map(EdgeSample::of).collect(),
            workloads: workloads.collect(),
            proxies,
            state_hash: run.state_hash,
        }
    }
}

impl EdgeSample {
    fn of(edge: &EdgeCounters) -> Self {
        Self {
            ended: edge.requests(),
            retries: edge.retries.total(),
            latency_ns: edge.latency.sum_ns(),
            connections: edge.connections_opened,
            wire: edge.wire,
            parts: edge.parts,
        }
    }
}

/// Interpolated: a bucket of the histogram is wider than what a proxy adds to a slow request.
fn quantile_ms(latency: &Histogram, quantile: Quantile) -> Option<f64> {
    latency.interpolated_quantile(quantile.share()).map(|ns| ns / NS_PER_MS)
}
