//! Watches one run: evaluates each expectation at the moments that matter to it.
//!
//! A window is the difference of two cumulative counters, so the engine does no work for it. A
//! call belongs to the window in which it ends. A rest at the end that is shorter than a window
//! is not judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::units::{SimDuration, SimTime};

use super::compile::{Compiled, Expectations, Form};
use super::subject::Counts;
use crate::stats::RunStatistics;

/// How often an expectation over the whole run is looked at on the way, to find out later where
/// it broke.
const LOOKS: u64 = 256;

/// The state of all expectations during one run.
///
/// The driver runs the engine to [`Monitor::next_look`], handles all events up to and including
/// that moment, and calls [`Monitor::look`]; after the last one it calls [`Monitor::finish`].
#[derive(Clone, Debug)]
pub struct Monitor<'e> {
    expectations: &'e Expectations,
    start: SimTime,
    end: SimTime,
    /// The moments between looks at expectations over the whole run.
    stride: SimDuration,
    next_whole: Option<SimTime>,
    progress: Vec<Progress>,
}

/// What became of one expectation in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Whether it held; `None` where it cannot be told.
    pub passed: Option<bool>,
    /// The known values that decided, durations in milliseconds.
    pub values: BTreeMap<String, f64>,
    /// Why it failed or cannot be told.
    pub message: Option<String>,
    /// After the first and up to the second moment it went from holding to broken: of the window
    /// that broke, the beginning and the end.
    pub broke_between: Option<(SimTime, SimTime)>,
}

#[derive(Clone, Debug)]
enum Progress {
    Whole {
        /// The last look at which it was not broken.
        good_at: SimTime,
        /// The first look since then.
        broken_at: Option<SimTime>,
        values: Vec<Option<f64>>,
        holds: Option<bool>,
    },
    Windows {
        begins: SimTime,
        window: SimDuration,
        /// No window that ends later counts.
        deadline: SimTime,
        base: Option<Arc<[Counts]>>,
        /// Windows that had data.
        judged: u64,
        decided: Option<Decided>,
        values: Vec<Option<f64>>,
    },
}

/// The window that settled the matter.
#[derive(Clone, Debug)]
struct Decided {
    holds: bool,
    window: (SimTime, SimTime),
    values: Vec<Option<f64>>,
}

impl<'e> Monitor<'e> {
    /// Before a run that measures from `warm_up` to `duration`.
    #[must_use]
    pub fn new(
        expectations: &'e Expectations,
        warm_up: SimDuration,
        duration: SimDuration,
    ) -> Self {
        let (start, end) = (SimTime::ZERO + warm_up, SimTime::ZERO + duration);
        let stride = SimDuration::from_ns(end.since(start).as_ns().div_ceil(LOOKS).max(1));
        let windows = |window, within: Option<SimDuration>| Progress::Windows {
            begins: start,
            window,
            deadline: within.map_or(end, |within| (start + within).min(end)),
            base: None,
            judged: 0,
            decided: None,
            values: Vec::new(),
        };
        let progress = expectations.all.iter().map(|expectation| match expectation.form {
            Form::That => {
                Progress::Whole { good_at: start, broken_at: None, values: Vec::new(), holds: None }
            }
            Form::Always { window } => windows(window, None),
            Form::Eventually { window, within } => windows(window, within),
        });
        let progress = progress.collect();
        let next_whole = Some((start + stride).min(end));
        Self { expectations, start, end, stride, next_whole, progress }
    }

    /// The next moment at which it wants to look; `None` after the last one.
    #[must_use]
    pub fn next_look(&self) -> Option<SimTime> {
        let looks = self.progress.iter().filter_map(|progress| match progress {
            Progress::Whole { .. } => self.next_whole,
            Progress::Windows { begins, window, deadline, decided, .. } => {
                let ends = *begins + *window;
                (decided.is_none() && *window > SimDuration::ZERO && ends <= *deadline)
                    .then_some(ends)
            }
        });
        looks.min()
    }

    /// Takes the statistics at `now`, the moment of [`Monitor::next_look`].
    pub fn look(&mut self, now: SimTime, statistics: &RunStatistics) {
        let counts: Arc<[Counts]> = self.expectations.counts(statistics).into();
        let is_whole_look = self.next_whole == Some(now);
        for (expectation, progress) in self.expectations.all.iter().zip(&mut self.progress) {
            match progress {
                Progress::Whole { .. } if !is_whole_look => {}
                Progress::Whole { .. } => {
                    progress.look_at_whole(expectation, now, now.since(self.start), &counts);
                }
                Progress::Windows { begins, window, .. } if *begins + *window == now => {
                    progress.close_window(expectation, now, &counts);
                }
                Progress::Windows { .. } => {}
            }
        }
        if is_whole_look {
            self.next_whole = (now < self.end).then(|| (now + self.stride).min(self.end));
        }
    }

    /// What became of each expectation, in the order of the scenario.
    #[must_use]
    pub fn finish(self) -> Vec<Observed> {
        let progress = self.progress.into_iter();
        progress
            .zip(&self.expectations.all)
            .map(|(progress, expectation)| progress.finish(expectation))
            .collect()
    }
}

impl Progress {
    fn look_at_whole(
        &mut self,
        expectation: &Compiled,
        now: SimTime,
        elapsed: SimDuration,
        counts: &[Counts],
    ) {
        let Self::Whole { good_at, broken_at, values, holds } = self else { return };
        *values = expectation.values(counts, None, elapsed);
        *holds = expectation.holds(values);
        if *holds == Some(false) {
            broken_at.get_or_insert(now);
        } else {
            (*good_at, *broken_at) = (now, None);
        }
    }

    fn close_window(&mut self, expectation: &Compiled, now: SimTime, counts: &Arc<[Counts]>) {
        let Self::Windows { begins, window, base, judged, decided, values, .. } = self else {
            return;
        };
        let measured = expectation.values(counts, base.as_deref(), *window);
        if let Some(holds) = expectation.holds(&measured) {
            *judged += 1;
            let settles = matches!(expectation.form, Form::Eventually { .. }) == holds;
            if settles && decided.is_none() {
                let window = (*begins, now);
                *decided = Some(Decided { holds, window, values: measured.clone() });
            }
            *values = measured;
        }
        (*begins, *base) = (now, Some(Arc::clone(counts)));
    }

    fn finish(self, expectation: &Compiled) -> Observed {
        match self {
            Self::Whole { good_at, broken_at, values, holds } => Observed {
                passed: holds,
                message: match holds {
                    Some(true) => None,
                    Some(false) => Some(format!("{}.", expectation.sentence(&values))),
                    None => Some(format!("It cannot be told: {}.", expectation.sentence(&values))),
                },
                broke_between: broken_at.map(|broken_at| (good_at, broken_at)),
                values: expectation.report(&values),
            },
            Self::Windows { window, deadline, judged, decided, values, .. } => {
                finish_windows(expectation, window, deadline, judged, decided, &values)
            }
        }
    }
}

fn finish_windows(
    expectation: &Compiled,
    window: SimDuration,
    deadline: SimTime,
    judged: u64,
    decided: Option<Decided>,
    last: &[Option<f64>],
) -> Observed {
    let is_always = matches!(expectation.form, Form::Always { .. });
    let observed = |passed, values: &[Option<f64>], message, broke_between| Observed {
        passed,
        values: expectation.report(values),
        message,
        broke_between,
    };
    match decided {
        Some(Decided { holds: true, values, .. }) => observed(Some(true), &values, None, None),
        Some(Decided { window: (from, to), values, .. }) => {
            let sentence = expectation.sentence(&values);
            let message = format!("Between {from} and {to}, {sentence}.");
            observed(Some(false), &values, Some(message), Some((from, to)))
        }
        None if judged == 0 => {
            let message = format!("It cannot be told: no window of {window} has data.");
            observed(None, last, Some(message), None)
        }
        None if is_always => observed(Some(true), last, None, None),
        None => {
            let sentence = expectation.sentence(last);
            let message = format!(
                "It held in none of {judged} windows until {deadline}; in the last, {sentence}."
            );
            observed(Some(false), last, Some(message), None)
        }
    }
}
