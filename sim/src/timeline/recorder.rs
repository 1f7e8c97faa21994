//! The recorder of a timeline: what an engine tells goes into a log.

use meshwalk_models::units::SimTime;

use crate::log::{Recorder, Step, Subject, Tracker};

use super::limits::Ended;
use super::log::Log;

/// Keeps every entry.
pub(super) struct LogRecorder {
    tracker: Tracker,
    log: Log,
}

impl LogRecorder {
    pub(super) fn new(log: Log) -> Self {
        Self { tracker: Tracker::default(), log }
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// How many entries were told, those included that wait for their time.
    pub(super) fn told(&self) -> usize {
        self.tracker.told()
    }

    /// Takes what happens before `now` into the log.
    pub(super) fn advance(&mut self, now: SimTime) {
        let Self { tracker, log } = self;
        tracker.advance(now, |told| log.push(told));
    }

    /// Of a run that was recorded to its end, the log has what lies ahead, too. Of another one it
    /// has not: more would come in between.
    pub(super) fn into_log(self, ended: Ended) -> Log {
        let Self { mut tracker, mut log } = self;
        if ended == Ended::Whole {
            tracker.finish(|told| log.push(told));
        }
        log
    }
}

impl Recorder for LogRecorder {
    fn record(&mut self, at: SimTime, subject: Subject, pod: u32, step: Step) {
        self.tracker.record(&mut self.log.subjects, (at, subject, pod), step);
    }
}
