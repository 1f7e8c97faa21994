//! The way to any moment: the nearest snapshot before it, and the run repeated from there.
//!
//! Snapshots of the recording are far apart. While a stretch between two of them is repeated, some
//! more are taken on the way and kept for a while, so that going back by one entry is not dear.

use std::collections::BTreeMap;

use meshwalk_models::units::SimTime;

use crate::flow::{Engine, EngineSnapshot};
use crate::log::{Recorder, StatisticsOnly};

use super::moment::Moment;

/// How far apart snapshots of the recording are, in events, and into how many parts those on the
/// way cut such a stretch.
#[derive(Clone, Copy)]
struct Spacing {
    events: u64,
    near_parts: u64,
}

/// Where snapshots take few bytes.
const CHEAP: Spacing = Spacing { events: 8_192, near_parts: 8 };
const CHEAP_BYTES: usize = 256 << 10;

/// Between cheap and dear.
const ORDINARY: Spacing = Spacing { events: 16_384, near_parts: 8 };

/// Where they take many bytes, they hold wide worlds, in which a jump may take longer and memory is
/// short. Taking one on the way costs more than repeating does.
const DEAR: Spacing = Spacing { events: 24_576, near_parts: 2 };
const DEAR_BYTES: usize = 4 << 20;

impl Spacing {
    /// After a snapshot of so many bytes.
    const fn after(bytes: usize) -> Self {
        if bytes <= CHEAP_BYTES {
            CHEAP
        } else if bytes <= DEAR_BYTES {
            ORDINARY
        } else {
            DEAR
        }
    }

    /// Events between two snapshots on the way.
    const fn near_events(self) -> u64 {
        self.events / self.near_parts
    }
}

/// How many snapshots on the way are kept, and how many bytes they may take in all.
const NEAR_MAX: usize = 24;
const NEAR_BYTES_MAX: usize = 64 << 20;

/// Goes to moments of a run.
pub(super) struct Seeker {
    engine: Engine<StatisticsOnly>,
    /// In the order of time.
    marks: Vec<Mark>,
    /// Snapshots on the way, by how many events came before them.
    near: BTreeMap<u64, Mark>,
    bytes: usize,
    spacing: Spacing,
}

/// A snapshot and where it stands: after so many events, all of them at or before its time.
struct Mark {
    time: SimTime,
    events: u64,
    snapshot: EngineSnapshot,
    /// What it takes beside the one before.
    bytes: usize,
}

impl Mark {
    fn of<R: Recorder>(engine: &mut Engine<R>, earlier: Option<&Self>) -> Self {
        let snapshot = engine.snapshot();
        let bytes = snapshot.bytes_beside(earlier.map(|it| &it.snapshot));
        Self { time: engine.now(), events: engine.events(), snapshot, bytes }
    }
}

impl Seeker {
    pub(super) fn new(engine: Engine<StatisticsOnly>) -> Self {
        Self { engine, marks: Vec::new(), near: BTreeMap::new(), bytes: 0, spacing: ORDINARY }
    }

    /// The engine where it stands.
    pub(super) fn here(&self) -> &Engine<StatisticsOnly> {
        &self.engine
    }

    /// The bytes that the snapshots of the recording take, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a snapshot is due after so many events.
    pub(super) fn is_due(&self, events: u64) -> bool {
        self.marks.last().is_none_or(|last| events >= last.events + self.spacing.events)
    }

    /// Keeps a snapshot of a run that is being recorded.
    pub(super) fn keep<R: Recorder>(&mut self, engine: &mut Engine<R>) {
        let mark = Mark::of(engine, self.marks.last());
        self.bytes += mark.bytes;
        self.spacing = Spacing::after(mark.bytes);
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
            if events.is_multiple_of(self.spacing.near_events()) && !self.near.contains_key(&events)
            {
                self.keep_near(events);
            }
        }
    }

    fn keep_near(&mut self, events: u64) {
        let earlier = nearest(&self.marks, &self.near, self.engine.now());
        let mark = Mark::of(&mut self.engine, earlier);
        self.near.insert(events, mark);
        let bytes = |near: &BTreeMap<u64, Mark>| near.values().map(|it| it.bytes).sum::<usize>();
        while self.near.len() > NEAR_MAX
            || (self.near.len() > 1 && bytes(&self.near) > NEAR_BYTES_MAX)
        {
            // Whoever explores stays near; what is farthest away goes.
            let first = self.near.keys().next().copied().unwrap_or(0);
            let last = self.near.keys().next_back().copied().unwrap_or(0);
            let farthest = if events - first > last.saturating_sub(events) { first } else { last };
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
