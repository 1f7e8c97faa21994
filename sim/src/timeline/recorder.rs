//! The recorder of a timeline: what an engine tells goes into a log and into its series.

use meshwalk_models::units::SimTime;

use crate::log::{HopId, Recorder, Step, Subject, SubjectKind, Subjects, Told, Tracker};

use super::limits::Ended;
use super::log::Log;
use super::series::{Facts, Series};

/// Keeps every entry.
pub(super) struct LogRecorder {
    tracker: Tracker,
    kept: Kept,
}

/// What is left of a recording.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) log: Log,
    pub(super) series: Series,
}

impl Kept {
    fn push(&mut self, told: Told) {
        let facts = facts_of(&self.log.subjects, &told);
        self.log.push(told);
        self.series.take(u64::from(told.id), told.time, facts, told.step);
    }
}

/// What the series need to know of an entry's subject.
fn facts_of(subjects: &Subjects, told: &Told) -> Facts {
    let row = subjects.row(told.subject);
    let connection = match row.kind {
        SubjectKind::Connection => Some(told.subject),
        _ => told.connection,
    };
    // Of all tries only those of a request's own call are its source's.
    let is_root = row.kind == SubjectKind::Try && row.hop == Some(HopId::ROOT);
    let request = row.request.filter(|_| is_root);
    let source = request.and_then(|it| subjects.requests().get(it.0 as usize)).map(|it| it.source);
    Facts {
        subject: u64::from(told.subject.0),
        edge: row.edge,
        source,
        pod: told.pod,
        connection: connection.map(|it| u64::from(it.0)),
    }
}

impl LogRecorder {
    pub(super) fn new(log: Log, series: Series) -> Self {
        Self { tracker: Tracker::default(), kept: Kept { log, series } }
    }

    pub(super) fn log(&self) -> &Log {
        &self.kept.log
    }

    pub(super) fn series(&self) -> &Series {
        &self.kept.series
    }

    /// How many entries were told, those included that wait for their time.
    pub(super) fn told(&self) -> usize {
        self.tracker.told()
    }

    /// Takes what happens before `now` into the log.
    pub(super) fn advance(&mut self, now: SimTime) {
        let Self { tracker, kept } = self;
        tracker.advance(now, |told| kept.push(told));
    }

    /// Of a run that was recorded to its end, the log has what lies ahead, too. Of another one it
    /// has not: more would come in between.
    pub(super) fn keep(self, ended: Ended) -> Kept {
        let Self { mut tracker, mut kept } = self;
        if ended == Ended::Whole {
            tracker.finish(|told| kept.push(told));
        }
        kept
    }
}

impl Recorder for LogRecorder {
    fn record(&mut self, at: SimTime, subject: Subject, pod: u32, step: Step) {
        self.tracker.record(&mut self.kept.log.subjects, (at, subject, pod), step);
    }
}
