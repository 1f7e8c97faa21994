//! The way to any moment: the nearest snapshot before it, and the run repeated from there.
//!
//! Snapshots of the recording are far apart. While a stretch between two of them is repeated, some
//! more are taken on the way and kept for a while, so that going back by one entry is not dear.

use std::collections::BTreeMap;

use meshwalk_models::units::SimTime;

use crate::flow::{Engine, EngineSnapshot};
use crate::log::{Recorder, StatisticsOnly};

use super::moment::Moment;

/// Events between two snapshots of the recording.
pub(super) const SPACING_EVENTS: u64 = 16_384;

/// Events between two snapshots on the way.
const NEAR_EVENTS: u64 = SPACING_EVENTS / 8;

/// How many snapshots on the way are kept.
const NEAR_MAX: usize = 24;

/// Goes to moments of a run.
pub(super) struct Seeker {
    engine: Engine<StatisticsOnly>,
    /// In the order of time.
    marks: Vec<Mark>,
    /// Snapshots on the way, by how many events came before them.
    near: BTreeMap<u64, Mark>,
    bytes: usize,
}

/// A snapshot and where it stands: after so many events, all of them at or before its time.
struct Mark {
    time: SimTime,
    events: u64,
    snapshot: EngineSnapshot,
}

impl Mark {
    fn of<R: Recorder>(engine: &mut Engine<R>) -> Self {
        Self { time: engine.now(), events: engine.events(), snapshot: engine.snapshot() }
    }
}

impl Seeker {
    pub(super) fn new(engine: Engine<StatisticsOnly>) -> Self {
        Self { engine, marks: Vec::new(), near: BTreeMap::new(), bytes: 0 }
    }

    /// The engine where it stands.
    pub(super) fn here(&self) -> &Engine<StatisticsOnly> {
        &self.engine
    }

    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    /// The bytes that the snapshots of the recording take, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a snapshot is due after so many events.
    pub(super) fn is_due(&self, events: u64) -> bool {
        self.marks.last().is_none_or(|last| events >= last.events + SPACING_EVENTS)
    }

    /// Keeps a snapshot of a run that is being recorded.
    pub(super) fn keep<R: Recorder>(&mut self, engine: &mut Engine<R>) {
        let mark = Mark::of(engine);
        let earlier = self.marks.last().map(|last| &last.snapshot);
        self.bytes += mark.snapshot.bytes_beside(earlier);
        self.marks.push(mark);
    }

    /// Goes to the state after everything up to `time`.
    pub(super) fn seek(&mut self, time: SimTime) -> Moment<'_> {
        let here = (self.engine.now() <= time).then(|| self.engine.events());
        if let Some(mark) = nearest(&self.marks, &self.near, time)
            && here.is_none_or(|here| here < mark.events)
        {
            self.engine.restore(&mark.snapshot);
        }
        self.repeat_until(time);
        Moment::new(&mut self.engine)
    }

    /// Repeats the run up to `time`, and takes snapshots on the way.
    fn repeat_until(&mut self, time: SimTime) {
        // The recording came through here, so this run does too.
        while let Ok(true) = self.engine.step_until(time) {
            let events = self.engine.events();
            if events.is_multiple_of(NEAR_EVENTS)
                && !events.is_multiple_of(SPACING_EVENTS)
                && !self.near.contains_key(&events)
            {
                self.keep_near(events);
            }
        }
    }

    fn keep_near(&mut self, events: u64) {
        self.near.insert(events, Mark::of(&mut self.engine));
        if self.near.len() > NEAR_MAX {
            // Whoever explores stays near; what is farthest away goes.
            let first = self.near.keys().next().copied().unwrap_or(0);
            let last = self.near.keys().next_back().copied().unwrap_or(0);
            let farthest = if events - first > last - events { first } else { last };
            self.near.remove(&farthest);
        }
    }
}

/// The latest snapshot that is not after `time`.
fn nearest<'m>(
    marks: &'m [Mark],
    near: &'m BTreeMap<u64, Mark>,
    time: SimTime,
) -> Option<&'m Mark> {
    let far = marks.partition_point(|mark| mark.time <= time).checked_sub(1);
    let far = far.map(|place| &marks[place]);
    match (far, near.values().rev().find(|mark| mark.time <= time)) {
        (Some(far), Some(near)) if near.events > far.events => Some(near),
        (far, near) => far.or(near),
    }
}
