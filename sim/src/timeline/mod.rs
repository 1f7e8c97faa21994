//! A run as something one can go back and forth in: it is recorded in slices, and the engine's
//! state at any entry of its log is found from the nearest snapshot.
//!
//! It decides nothing about the mesh: entries and states are the engine's. It reads no clock and
//! starts no threads: a slice is a number of events.

#[cfg(feature = "expectations")]
pub mod condition;
mod limits;
mod log;
mod moment;
mod recorder;
mod seek;
pub mod series;

#[cfg(test)]
mod tests;

pub use limits::{Bound, Ended, TimelineLimits};
pub use log::{
    AttemptNode, CallNode, ConnectionEntry, EventId, Log, LogEntry, RequestEnd, RequestEntry,
    Track, TryNode, Unit, Way, is_decision, is_failure,
};
pub use moment::Moment;

use std::sync::Arc;

use meshwalk_models::units::SimTime;

use crate::flow::Engine;
use crate::flow::plan::Plan;
use crate::kernel::Seed;
use crate::log::StatisticsOnly;
use recorder::{Kept, LogRecorder};
use seek::Seeker;
use series::Series;

/// One branch of a run: what is recorded of it, and the way to any moment of that.
pub struct Timeline {
    plan: Arc<Plan>,
    seed: Seed,
    limits: TimelineLimits,
    stage: Stage,
    seeker: Seeker,
}

/// How far the recording is.
enum Stage {
    Recording(Box<Engine<LogRecorder>>),
    Complete(Box<Kept>, SimTime, Ended),
}

/// What is recorded so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// All entries before this moment are there.
    pub now: SimTime,
    /// When the run ends.
    pub end: SimTime,
    /// How many entries there are.
    pub entries: usize,
    /// Why nothing more will be recorded; none while there is more.
    pub complete: Option<Ended>,
}

impl Timeline {
    /// A run of which nothing is recorded yet.
    #[must_use]
    pub fn begin(plan: Arc<Plan>, seed: Seed, limits: TimelineLimits) -> Self {
        let sources = plan.layout.traffic.iter().map(|source| source.name.clone()).collect();
        let recorder = LogRecorder::new(Log::new(sources), Series::new(&plan));
        let mut engine = Box::new(Engine::new(plan.clone(), seed, recorder));
        let mut seeker = Seeker::new(Engine::new(plan.clone(), seed, StatisticsOnly));
        seeker.keep(&mut engine);
        Self { plan, seed, limits, stage: Stage::Recording(engine), seeker }
    }

    /// Goes on recording for at most so many events of the kernel.
    pub fn record(&mut self, events_max: u64) -> Recording {
        if let Stage::Recording(engine) = &mut self.stage
            && let Some(ended) =
                record_slice(engine, &mut self.seeker, (self.limits, self.plan.end), events_max)
        {
            self.complete(ended);
        }
        self.recording()
    }

    /// What is recorded so far.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let (now, complete) = match &self.stage {
            Stage::Recording(engine) => (engine.now(), None),
            Stage::Complete(_, now, ended) => (*now, Some(*ended)),
        };
        Recording { now, end: self.plan.end, entries: self.log().len(), complete }
    }

    /// The entries so far.
    #[must_use]
    pub fn log(&self) -> &Log {
        match &self.stage {
            Stage::Recording(engine) => engine.recorder().log(),
            Stage::Complete(kept, ..) => &kept.log,
        }
    }

    /// Golden signals of the entries so far.
    #[must_use]
    pub fn series(&self) -> &Series {
        match &self.stage {
            Stage::Recording(engine) => engine.recorder().series(),
            Stage::Complete(kept, ..) => &kept.series,
        }
    }

    /// The plan of the run.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The seed of the run.
    #[must_use]
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The state after everything up to the time of an entry; at the latest, where the recording
    /// or the run ends.
    ///
    /// # Panics
    /// When the log has no such entry.
    pub fn at(&mut self, event: EventId) -> Moment<'_> {
        self.at_time(self.log().time(event))
    }

    /// The state after everything up to `time`; at the latest, where the recording or the run
    /// ends.
    pub fn at_time(&mut self, time: SimTime) -> Moment<'_> {
        let recorded = self.recording().now;
        self.seeker.seek(time.min(recorded).min(self.plan.end))
    }

    /// The engine in the state that was last gone to; without looking on, nothing is moved.
    #[must_use]
    pub fn here(&self) -> &Engine<StatisticsOnly> {
        self.seeker.here()
    }

    /// The bytes that snapshots take, roughly.
    #[must_use]
    pub fn snapshot_bytes(&self) -> usize {
        self.seeker.bytes()
    }

    /// Ends the recording, and lets go of the engine that made it.
    fn complete(&mut self, ended: Ended) {
        let empty = Stage::Complete(Box::default(), SimTime::ZERO, ended);
        if let Stage::Recording(engine) = std::mem::replace(&mut self.stage, empty) {
            let now = engine.now();
            let kept = engine.into_recorder().keep(ended);
            self.stage = Stage::Complete(Box::new(kept), now, ended);
        }
    }
}

/// Records so many events; tells why nothing more is recorded, if that is so.
fn record_slice(
    engine: &mut Engine<LogRecorder>,
    seeker: &mut Seeker,
    (limits, end): (TimelineLimits, SimTime),
    events_max: u64,
) -> Option<Ended> {
    for _ in 0..events_max {
        if engine.recorder().told() >= limits.entries_max as usize {
            return Some(Ended::Bound(Bound::Entries));
        }
        match engine.step_until(end) {
            Ok(true) => {}
            Ok(false) => return Some(Ended::Whole),
            Err(stopped) => return Some(Ended::Stopped(stopped)),
        }
        let now = engine.now();
        engine.recorder_mut().advance(now);
        if seeker.is_due(engine.events()) {
            seeker.keep(engine);
            if seeker.bytes() > limits.snapshot_bytes_max {
                return Some(Ended::Bound(Bound::Snapshots));
            }
        }
    }
    None
}
