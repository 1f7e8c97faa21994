//! The figures of one row over one span: what people read off a chart or an edge.

use meshwalk_models::path::Protection;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::stats::Ending;

use super::cell::{Cell, GAUGES, Gauge, SIGNALS, Signal};

/// What one row did over a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// When the span begins.
    pub from: SimTime,
    /// When it ends.
    pub to: SimTime,
    /// The most that can be worked on at a time, where that is known.
    pub capacity: Option<u64>,
    /// How high each gauge stood at the beginning.
    pub(super) levels: [i64; GAUGES],
    pub(super) cell: Cell,
    /// How often each ending occurred, the most frequent first.
    pub endings: Vec<(Ending, u64)>,
}

/// A part of a whole, both counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The part.
    pub part: u64,
    /// The whole; not zero.
    pub whole: u64,
}

impl Share {
    /// As a number from 0 to 1.
    #[must_use]
    pub fn value(self) -> f64 {
        self.part as f64 / self.whole as f64
    }

    fn of(part: u64, whole: u64) -> Option<Self> {
        (whole > 0).then_some(Self { part, whole })
    }
}

/// How often each signal was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; SIGNALS]);

impl Counts {
    fn of(cell: &Cell) -> Self {
        let mut counts = Self::default();
        counts.add(cell);
        counts
    }

    pub(super) fn add(&mut self, cell: &Cell) {
        for (count, more) in self.0.iter_mut().zip(cell.counts()) {
            *count += u64::from(*more);
        }
    }

    /// How often something was counted.
    #[must_use]
    pub const fn count(&self, signal: Signal) -> u64 {
        self.0[signal as usize]
    }

    /// How many requests went out with each protection, the most frequent first.
    #[must_use]
    pub fn protections(&self) -> Vec<(Protection, u64)> {
        let mut counts: Vec<(Protection, u64)> = [
            (Protection::Plaintext, Signal::Plaintext),
            (Protection::MutualTls, Signal::MutualTls),
            (Protection::Hbone, Signal::Hbone),
        ]
        .into_iter()
        .map(|(protection, signal)| (protection, self.count(signal)))
        .filter(|(_, count)| *count > 0)
        .collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

impl Figures {
    /// How long the span is.
    #[must_use]
    pub fn span(&self) -> SimDuration {
        self.to.since(self.from)
    }

    /// How often something was counted.
    #[must_use]
    pub fn count(&self, signal: Signal) -> u64 {
        self.cell.counted(signal)
    }

    /// How often something was counted per second; `None` for no time at all.
    #[must_use]
    pub fn rate_per_s(&self, signal: Signal) -> Option<f64> {
        let span = self.span();
        (!span.is_zero()).then(|| self.count(signal) as f64 / span.as_secs_f64())
    }

    /// The share of what ended that counts as success; `None` if nothing ended.
    #[must_use]
    pub fn success(&self) -> Option<Share> {
        let ended = self.count(Signal::Ended);
        Share::of(ended - self.count(Signal::Failed).min(ended), ended)
    }

    /// The share of what ended that counts as failure; `None` if nothing ended.
    #[must_use]
    pub fn errors(&self) -> Option<Share> {
        Share::of(self.count(Signal::Failed), self.count(Signal::Ended))
    }

    /// The latency that the share `q` of what ended does not exceed, within 1.6 %.
    #[must_use]
    pub fn latency(&self, q: f64) -> Option<SimDuration> {
        self.cell.latency().quantile(q)
    }

    /// The mean of a gauge over the span.
    #[must_use]
    pub fn mean(&self, gauge: Gauge) -> f64 {
        self.cell.mean(gauge, self.levels[gauge as usize], self.span())
    }

    /// How high a gauge stands at the end of the span.
    #[must_use]
    pub fn level(&self, gauge: Gauge) -> u64 {
        let level = self.levels[gauge as usize] + self.cell.net(gauge);
        // A recording that begins later than its run may see an end without a beginning.
        u64::try_from(level).unwrap_or(0)
    }

    /// The share of a workload's workers that worked, over the span.
    #[must_use]
    pub fn saturation(&self) -> Option<f64> {
        let capacity = self.capacity.filter(|capacity| *capacity > 0)?;
        Some(self.mean(Gauge::Working) / capacity as f64)
    }

    /// How many requests went out with each protection, the most frequent first.
    #[must_use]
    pub fn protections(&self) -> Vec<(Protection, u64)> {
        Counts::of(&self.cell).protections()
    }

    /// Whether nothing happened and nothing is under way.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.cell == Cell::default() && self.levels == [0; GAUGES]
    }
}
