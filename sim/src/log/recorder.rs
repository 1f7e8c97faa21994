//! Whom an engine tells what happens.

use meshwalk_models::units::{SimDuration, SimTime};

use crate::stats::Ending;

use super::{RequestName, Step, Subject};

/// Listens to an engine.
pub trait Recorder {
    /// Whether anybody listens. Where nobody does, the engine does not even look up what it
    /// would tell: a look-up may fail, so the compiler could not leave it out.
    const LISTENS: bool = true;

    /// Whether the engine keeps account of where the time of calls goes.
    const ACCOUNTS: bool = false;

    /// `step` happens to `subject` at `at`, in or at `pod`. `at` is never before the event in
    /// progress; it may be after it, where the engine already knows what comes next.
    fn record(&mut self, at: SimTime, subject: Subject, pod: u32, step: Step);
}

/// Nobody listens; every call compiles to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatisticsOnly;

impl Recorder for StatisticsOnly {
    const LISTENS: bool = false;

    #[inline(always)]
    fn record(&mut self, _: SimTime, _: Subject, _: u32, _: Step) {}
}

/// Nobody listens, and the engine keeps account of where the time of calls goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accounting;

impl Recorder for Accounting {
    const LISTENS: bool = false;
    const ACCOUNTS: bool = true;

    #[inline(always)]
    fn record(&mut self, _: SimTime, _: Subject, _: u32, _: Step) {}
}

/// A call that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedCall {
    /// When.
    pub at: SimTime,
    /// The row of the root request's source.
    pub source: u16,
    /// The root request's number within it.
    pub request: u32,
    /// How.
    pub ending: Ending,
    /// After how long.
    pub latency: SimDuration,
}

/// Keeps the calls that ended after a moment, until somebody takes them.
#[derive(Clone, Debug)]
pub struct EndedCalls {
    after: SimTime,
    ended: Vec<EndedCall>,
}

impl EndedCalls {
    /// Keeps nothing of what ends up to `moment`.
    #[must_use]
    pub fn after(moment: SimTime) -> Self {
        Self { after: moment, ended: Vec::new() }
    }

    /// Takes the calls that ended since the last time.
    pub fn take(&mut self) -> Vec<EndedCall> {
        std::mem::take(&mut self.ended)
    }
}

impl Recorder for EndedCalls {
    fn record(&mut self, at: SimTime, subject: Subject, _: u32, step: Step) {
        if let (Subject::Try { request: name, .. }, Step::CallEnded { ending, latency }) =
            (subject, step)
            && at > self.after
        {
            let RequestName { source, request, .. } = name;
            self.ended.push(EndedCall { at, source, request, ending, latency });
        }
    }
}
