//! Finds the request that broke an expectation, in a second run with the same seed.
//!
//! *The request that broke it* is defined as follows. For `always`, the counters of the first
//! window that did not hold are followed call by call; for `that`, the counters of the whole run,
//! between the last of 256 looks at which it was not broken and the first of those that found it
//! broken until the end. The request is the one at whose end the expectation went from not broken
//! to broken and stayed so until that window, or that look, ended. If no request did it (a rate
//! falls as time passes), there is none. A failed `eventually` never held, so nothing broke it.

use meshwalk_models::units::{SimDuration, SimTime};

use super::compile::{Compiled, Expectations, Form};
use super::monitor::Observed;
use super::subject::Counts;
use crate::stats::{Ending, FirstBroken, RunStatistics};

/// Follows the calls of a repeated run.
///
/// The driver runs to [`BreakFinder::next_look`] and calls [`BreakFinder::look`] there, as with
/// [`super::Monitor`]; in between it reports every call that ends, where
/// [`BreakFinder::is_listening`].
#[derive(Clone, Debug)]
pub struct BreakFinder<'e> {
    expectations: &'e Expectations,
    start: SimTime,
    watches: Vec<Watch>,
}

#[derive(Clone, Debug)]
struct Watch {
    /// Which expectation.
    index: usize,
    /// Calls that end after this moment are followed.
    from: SimTime,
    /// And up to this one.
    until: SimTime,
    /// For windows, the counters at `from`, once the run is there.
    base: Option<Vec<Counts>>,
    broken_by: Option<BrokenBy>,
    is_broken: bool,
}

#[derive(Clone, Debug)]
struct BrokenBy {
    at: SimTime,
    request: String,
    ending: Ending,
    latency: SimDuration,
}

impl<'e> BreakFinder<'e> {
    /// For what a monitor `observed` of a run that measured from `warm_up`.
    #[must_use]
    pub fn new(
        expectations: &'e Expectations,
        observed: &[Observed],
        warm_up: SimDuration,
    ) -> Self {
        let failed = observed.iter().enumerate().filter(|(_, it)| it.passed == Some(false));
        let watches = failed.filter_map(|(index, observed)| {
            let (from, until) = observed.broke_between?;
            let (base, broken_by, is_broken) = (None, None, false);
            Some(Watch { index, from, until, base, broken_by, is_broken })
        });
        Self { expectations, start: SimTime::ZERO + warm_up, watches: watches.collect() }
    }

    /// Whether there is nothing to find, so that the run need not be repeated.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.watches.is_empty()
    }

    /// After this moment, the run need not go on.
    #[must_use]
    pub fn end(&self) -> SimTime {
        self.watches.iter().map(|watch| watch.until).max().unwrap_or(SimTime::ZERO)
    }

    /// The next moment at which it wants the statistics, when all events up to and including it
    /// are handled; `None` when there is none.
    #[must_use]
    pub fn next_look(&self) -> Option<SimTime> {
        let waiting = self.watches.iter().filter(|watch| self.waits(watch));
        waiting.map(|watch| watch.from).min()
    }

    /// Takes the statistics at the moment of [`BreakFinder::next_look`].
    pub fn look(&mut self, now: SimTime, statistics: &RunStatistics) {
        for position in 0..self.watches.len() {
            let watch = &self.watches[position];
            if watch.from == now && self.waits(watch) {
                self.watches[position].base = Some(self.expectations.counts(statistics));
            }
        }
    }

    /// Whether a call that ends at `now` may have broken something.
    #[must_use]
    pub fn is_listening(&self, now: SimTime) -> bool {
        self.watches.iter().any(|watch| watch.from < now && now <= watch.until)
    }

    /// Follows a call of `request` that ended at `now`; `statistics` count it already.
    pub fn call_ended(
        &mut self,
        now: SimTime,
        request: &str,
        ending: Ending,
        latency: SimDuration,
        statistics: &RunStatistics,
    ) {
        if !self.is_listening(now) {
            return;
        }
        let counts = self.expectations.counts(statistics);
        for watch in &mut self.watches {
            if now <= watch.from || now > watch.until {
                continue;
            }
            let expectation = &self.expectations.all[watch.index];
            let counted_from = if is_windowed(expectation) { watch.from } else { self.start };
            let elapsed = now.since(counted_from);
            let values = expectation.values(&counts, watch.base.as_deref(), elapsed);
            let is_broken = expectation.holds(&values) == Some(false);
            if is_broken && !watch.is_broken {
                let request = request.to_owned();
                watch.broken_by = Some(BrokenBy { at: now, request, ending, latency });
            }
            watch.is_broken = is_broken;
        }
    }

    /// The finding for each expectation, in the order of the scenario.
    #[must_use]
    pub fn finish(self, replication: u32, seed: u64) -> Vec<Option<FirstBroken>> {
        let mut found = vec![None; self.expectations.len()];
        for watch in self.watches {
            // Broken and healed again by calls, and broken in the end by time alone.
            let Some(by) = watch.broken_by.filter(|_| watch.is_broken) else { continue };
            found[watch.index] = Some(FirstBroken {
                replication,
                seed,
                time_s: by.at.as_secs_f64(),
                request: by.request,
                status: by.ending.is_answer().then_some(by.ending.status),
                response_flags: by.ending.flags.to_string(),
                details: by.ending.details.name(),
                latency_ms: by.latency.as_ns() as f64 / 1e6,
            });
        }
        found
    }

    /// Whether the counters at the beginning of its window are still wanted. Those at the start
    /// of the measured part are zero.
    fn waits(&self, watch: &Watch) -> bool {
        let expectation = &self.expectations.all[watch.index];
        watch.base.is_none() && is_windowed(expectation) && watch.from > self.start
    }
}

fn is_windowed(expectation: &Compiled) -> bool {
    expectation.form != Form::That
}
