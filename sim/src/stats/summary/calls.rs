//! Rates, success and latency of calls, the same for edges, services and traffic sources.

use std::collections::BTreeMap;

use crate::kernel::Histogram;
use crate::stats::{EdgeCounters, Ending, Endings, Estimate, Flags, RunStatistics};

use super::{mean, per_second, quantile_ms, share};

/// The calls of one row: endings and latencies by replication.
pub(super) struct Calls<'r> {
    pub(super) runs: &'r [RunStatistics],
    pub(super) ended: Vec<(&'r Endings, &'r Histogram)>,
}

impl<'r> Calls<'r> {
    pub(super) fn of_edges(
        runs: &'r [RunStatistics],
        edges: impl IntoIterator<Item = &'r EdgeCounters>,
    ) -> Self {
        let ended = edges.into_iter().map(|edge| (&edge.endings, &edge.latency));
        Self { runs, ended: ended.collect() }
    }

    pub(super) fn requests(&self) -> u64 {
        self.ended.iter().map(|(endings, _)| endings.total()).sum()
    }

    pub(super) fn rate_per_s(&self) -> Estimate {
        let counts = self.ended.iter().map(|(endings, _)| endings.total());
        mean(counts.zip(self.runs).map(|(count, run)| per_second(count, run)))
    }

    pub(super) fn goodput_per_s(&self) -> Estimate {
        let counts = self.ended.iter().map(|(endings, _)| endings.good());
        mean(counts.zip(self.runs).map(|(count, run)| per_second(count, run)))
    }

    pub(super) fn success_rate(&self) -> Option<Estimate> {
        let shares = self
            .ended
            .iter()
            .filter_map(|(endings, _)| share(endings.successes() as f64, endings.total() as f64));
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

    pub(super) fn statuses(&self) -> BTreeMap<String, u64> {
        self.counted_by(|ending| Some(ending.status_text()))
    }

    pub(super) fn response_flags(&self) -> BTreeMap<String, u64> {
        self.counted_by(|ending| (ending.flags != Flags::NONE).then(|| ending.flags.to_string()))
    }

    pub(super) fn details(&self) -> BTreeMap<&'static str, u64> {
        self.counted_by(|ending| Some(ending.details.name()))
    }

    fn counted_by<K: Ord>(&self, key: impl Fn(Ending) -> Option<K>) -> BTreeMap<K, u64> {
        let mut counts = BTreeMap::new();
        let occurred = self.ended.iter().flat_map(|(endings, _)| endings.iter());
        for (ending, count) in occurred.filter(|(_, count)| *count > 0) {
            if let Some(key) = key(ending) {
                *counts.entry(key).or_default() += count;
            }
        }
        counts
    }
}
