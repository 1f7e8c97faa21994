//! The way to any moment: the nearest snapshot before it, and the run repeated from there.

use meshwalk_models::units::SimTime;

use crate::flow::{Engine, EngineSnapshot};
use crate::log::{Recorder, StatisticsOnly};

use super::moment::Moment;

/// Events between two snapshots of the recording.
const SPACING_EVENTS: u64 = 16_384;

/// Goes to moments of a run.
pub(super) struct Seeker {
    engine: Engine<StatisticsOnly>,
    marks: Vec<Mark>,
}

/// A snapshot and where it stands.
struct Mark {
    time: SimTime,
    events: u64,
    snapshot: EngineSnapshot,
}

impl Seeker {
    pub(super) fn new(engine: Engine<StatisticsOnly>) -> Self {
        Self { engine, marks: Vec::new() }
    }

    /// The engine where it stands.
    pub(super) fn here(&self) -> &Engine<StatisticsOnly> {
        &self.engine
    }

    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    pub(super) fn bytes(&self) -> usize {
        0
    }

    /// Whether a snapshot is due after so many events.
    pub(super) fn is_due(&self, events: u64) -> bool {
        self.marks.last().is_none_or(|last| events >= last.events + SPACING_EVENTS)
    }

    /// Keeps a snapshot of a run that is being recorded.
    pub(super) fn keep<R: Recorder>(&mut self, engine: &mut Engine<R>) {
        let (time, events) = (engine.now(), engine.events());
        self.marks.push(Mark { time, events, snapshot: engine.snapshot() });
    }

    /// Goes to the state after everything up to `time`.
    pub(super) fn seek(&mut self, time: SimTime) -> Moment<'_> {
        let before = self.marks.partition_point(|mark| mark.time <= time);
        let nearest = before.checked_sub(1).map(|place| &self.marks[place]);
        let here = self.engine.now();
        if let Some(nearest) = nearest
            && (here > time || nearest.time > here)
        {
            self.engine.restore(&nearest.snapshot);
        }
        // The recording came through here, so this run does too.
        let came_through = self.engine.run_until(time).is_ok();
        debug_assert!(came_through, "a run that was recorded can be repeated");
        Moment::new(&mut self.engine)
    }
}
