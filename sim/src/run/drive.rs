//! One run from beginning to end, and the ways to look on.

use std::sync::Arc;

use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::plan::Plan;
use crate::flow::{Engine, Stopped};
use crate::kernel::Seed;
use crate::kernel::random::mix;
use crate::log::{EndedCall, EndedCalls, Entry, FullRecorder, StatisticsOnly};
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

/// As [`run`], and calls `look` at every multiple of `tick` from the end of the warm-up on, and
/// at the end. Looking changes nothing.
///
/// # Errors
/// When the run cannot go on.
pub fn observe(
    plan: &Arc<Plan>,
    seed: Seed,
    tick: SimDuration,
    mut look: impl FnMut(SimTime, &RunStatistics),
) -> Result<RunStatistics, Stopped> {
    let mut engine = Engine::new(plan.clone(), seed, StatisticsOnly);
    let tick = tick.max(SimDuration::from_ns(1));
    let mut stop = plan.warm_up;
    loop {
        stop = stop.min(plan.end);
        engine.run_until(stop)?;
        look(stop, engine.statistics());
        if stop >= plan.end {
            return Ok(engine.statistics().clone());
        }
        stop += tick;
    }
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

/// Runs again and calls `ended` for every call that ends after `from` and not after `to`, with
/// the statistics as they are then.
///
/// # Errors
/// When the run cannot go on.
pub fn replay_calls(
    plan: &Arc<Plan>,
    seed: Seed,
    (from, to): (SimTime, SimTime),
    mut ended: impl FnMut(&EndedCall, &RunStatistics),
) -> Result<(), Stopped> {
    let mut engine = Engine::new(plan.clone(), seed, EndedCalls::after(from));
    engine.run_until(from)?;
    while engine.step_until(to)? {
        let calls = engine.recorder_mut().take();
        if !calls.is_empty() {
            let statistics = engine.statistics();
            for call in &calls {
                ended(call, statistics);
            }
        }
    }
    Ok(())
}
