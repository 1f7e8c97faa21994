//! One run from beginning to end, and the ways to look on.

use std::sync::Arc;

use crate::flow::plan::Plan;
use crate::flow::{Engine, Stopped};
use crate::kernel::Seed;
use crate::kernel::random::mix;
use crate::log::{Accounting, Entry, FullRecorder, StatisticsOnly};
use crate::stats::RunStatistics;

/// The seed of a replication; the first has the run's own.
#[must_use]
pub fn replication_seed(seed: u64, replication: u32) -> Seed {
    match replication {
        0 => Seed(seed),
        number => Seed(mix(seed, u64::from(number))),
    }
}

/// Runs to the end and counts.
///
/// # Errors
/// When the run cannot go on.
pub fn run(plan: &Arc<Plan>, seed: Seed) -> Result<RunStatistics, Stopped> {
    let mut engine = Engine::new(plan.clone(), seed, StatisticsOnly);
    engine.run_until(plan.end)?;
    Ok(engine.statistics().clone())
}

/// As [`run`], and keeps account of where the time of calls went.
///
/// # Errors
/// When the run cannot go on.
pub fn account(plan: &Arc<Plan>, seed: Seed) -> Result<RunStatistics, Stopped> {
    let mut engine = Engine::new(plan.clone(), seed, Accounting);
    engine.run_until(plan.end)?;
    Ok(engine.statistics().clone())
}

/// As [`run`], and hands every entry of the log to `sink`.
///
/// # Errors
/// When the run cannot go on.
pub fn record(
    plan: &Arc<Plan>,
    seed: Seed,
    sink: impl FnMut(&Entry),
) -> Result<RunStatistics, Stopped> {
    let mut engine = Engine::new(plan.clone(), seed, FullRecorder::new(sink));
    while engine.step_until(plan.end)? {
        let now = engine.now();
        engine.recorder_mut().advance(now);
    }
    let statistics = engine.statistics().clone();
    engine.into_recorder().finish();
    Ok(statistics)
}
