//! Utilisation and queueing of workloads.

use crate::kernel::Histogram;
use crate::stats::{Estimate, PodUtilisation, RunStatistics, WorkloadCounters};

use super::{mean, share};

/// The load of one workload, by replication.
pub(super) struct Load<'r> {
    /// How many pods it has.
    pub(super) pods: f64,
    /// Workers of one pod.
    pub(super) workers: f64,
    /// One for each run.
    pub(super) counters: Vec<&'r WorkloadCounters>,
    pub(super) runs: &'r [RunStatistics],
}

impl Load<'_> {
    /// The mean over replications of a count of nanoseconds as a share of `capacity` times the
    /// measured time; zero where there is no capacity.
    fn share_of_time(&self, capacity: f64, ns: impl Fn(&WorkloadCounters) -> f64) -> Estimate {
        let shares = self.counters.iter().zip(self.runs).map(|(counters, run)| {
            share(ns(counters), capacity * run.measured.as_ns() as f64).unwrap_or(0.0)
        });
        mean(shares)
    }

    pub(super) fn utilisation(&self) -> Estimate {
        self.share_of_time(self.pods * self.workers, |counters| counters.busy_ns as f64)
    }

    /// The share of the work that was for nothing.
    pub(super) fn wasted(&self) -> Option<Estimate> {
        let shares = self
            .counters
            .iter()
            .filter_map(|counters| share(counters.wasted_ns as f64, counters.busy_ns as f64));
        Estimate::of(&shares.collect::<Vec<f64>>())
    }

    pub(super) fn queue_length(&self) -> Estimate {
        self.share_of_time(self.pods, |counters| counters.queued_request_ns as f64)
    }

    pub(super) fn proxy_utilisation(&self, proxy_workers: Option<u32>) -> Option<Estimate> {
        let capacity = self.pods * f64::from(proxy_workers?);
        Some(self.share_of_time(capacity, |counters| counters.proxy_busy_ns as f64))
    }

    /// The pod with the highest mean; of equal ones the first.
    pub(super) fn busiest_pod(&self, pods: &[String]) -> Option<PodUtilisation> {
        let utilisation = |pod: usize| {
            self.share_of_time(self.workers, |counters| counters.busy_ns_by_pod[pod] as f64).value
        };
        let by_pod = pods.iter().enumerate().map(|(index, pod)| (pod, utilisation(index)));
        let busiest = by_pod.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        Some(PodUtilisation { pod: busiest.0.clone(), utilisation: busiest.1 })
    }

    pub(super) fn wait_ms(&self, figure: impl Fn(&Histogram) -> Option<f64>) -> Option<Estimate> {
        let values = self.counters.iter().filter_map(|counters| figure(&counters.wait));
        Estimate::of(&values.collect::<Vec<f64>>())
    }
}
