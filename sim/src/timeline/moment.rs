//! The state of a run at one moment. What can be seen in it is for `flow` to say.

use meshwalk_models::units::SimTime;

use crate::flow::Engine;
use crate::log::StatisticsOnly;
use crate::stats::RunStatistics;

/// The true state of a run after everything up to a moment.
pub struct Moment<'t> {
    engine: &'t mut Engine<StatisticsOnly>,
}

impl<'t> Moment<'t> {
    pub(super) fn new(engine: &'t mut Engine<StatisticsOnly>) -> Self {
        Self { engine }
    }

    /// When.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.engine.now()
    }

    /// The rolling hash of everything so far.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        self.engine.state_hash()
    }

    /// What was counted so far.
    pub fn statistics(&mut self) -> &RunStatistics {
        self.engine.statistics()
    }

    /// The engine in that state, for looking into it.
    #[must_use]
    pub fn engine(&self) -> &Engine<StatisticsOnly> {
        self.engine
    }
}
