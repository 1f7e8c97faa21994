//! Rates, success and latency of calls, the same for edges, services and traffic sources.

use std::collections::BTreeMap;

use crate::kernel::Histogram;
use crate::stats::{EdgeCounters, Estimate, Outcome, RunStatistics};

use super::{mean, per_second, quantile_ms, share};

/// The calls of one row: outcomes and latencies by replication.
pub(super) struct Calls<'r> {
    pub(super) runs: &'r [RunStatistics],
    pub(super) ended: Vec<(&'r [u64; Outcome::COUNT], &'r Histogram)>,
}

impl<'r> Calls<'r> {
    pub(super) fn of_edges(
        runs: &'r [RunStatistics],
        edges: impl IntoIterator<Item = &'r EdgeCounters>,
    ) -> Self {
        let ended = edges.into_iter().map(|edge| (&edge.outcomes, &edge.latency));
        Self { runs, ended: ended.collect() }
    }

    pub(super) fn requests(&self) -> u64 {
        self.ended.iter().map(|(outcomes, _)| outcomes.iter().sum::<u64>()).sum()
    }

    pub(super) fn rate_per_s(&self) -> Estimate {
        let counts = self.ended.iter().map(|(outcomes, _)| outcomes.iter().sum());
        mean(counts.zip(self.runs).map(|(count, run)| per_second(count, run)))
    }

    pub(super) fn success_rate(&self) -> Option<Estimate> {
        let good = |outcomes: &[u64; Outcome::COUNT]| -> u64 {
            let good = Outcome::ALL.iter().filter(|outcome| outcome.is_success());
            good.map(|outcome| outcomes[outcome.row()]).sum()
        };
        let shares = self.ended.iter().filter_map(|(outcomes, _)| {
            share(good(outcomes) as f64, outcomes.iter().sum::<u64>() as f64)
        });
        Estimate::of(&shares.collect::<Vec<f64>>())
    }

    pub(super) fn latency_ms(
        &self,
        figure: impl Fn(&Histogram) -> Option<f64>,
    ) -> Option<Estimate> {
        let values = self.ended.iter().filter_map(|(_, latency)| figure(latency));
        Estimate::of(&values.collect::<Vec<f64>>())
    }

    pub(super) fn quantile_ms(&self, q: f64) -> Option<Estimate> {
        self.latency_ms(|latency| quantile_ms(latency, q))
    }

    pub(super) fn outcomes(&self) -> BTreeMap<&'static str, u64> {
        let counts = Outcome::ALL.into_iter().map(|outcome| {
            let count = self.ended.iter().map(|(outcomes, _)| outcomes[outcome.row()]).sum();
            (outcome.name(), count)
        });
        counts.filter(|&(_, count)| count > 0).collect()
    }
}
