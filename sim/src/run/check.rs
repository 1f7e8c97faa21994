//! One replication with its expectations: what was observed, and what broke them.

use std::sync::Arc;

use meshwalk_models::units::{SimDuration, SimTime};

use crate::expect::{BreakFinder, Expectations, Monitor, Observed};
use crate::flow::plan::Plan;
use crate::flow::{Engine, Stopped};
use crate::log::{EndedCalls, StatisticsOnly};
use crate::stats::{FirstBroken, RunStatistics};

use super::drive::replication_seed;

/// One replication.
#[derive(Clone, Debug)]
pub struct Replication {
    /// What was counted.
    pub statistics: RunStatistics,
    /// What became of each expectation.
    pub observed: Vec<Observed>,
}

/// Runs a replication and watches the expectations. Watching changes nothing.
///
/// # Errors
/// When the run cannot go on.
pub fn check(
    plan: &Arc<Plan>,
    expectations: &Expectations,
    seed: u64,
    replication: u32,
) -> Result<Replication, Stopped> {
    let seed = replication_seed(seed, replication);
    let mut engine = Engine::new(plan.clone(), seed, StatisticsOnly);
    let (warm_up, duration) = measured(plan);
    let mut monitor = Monitor::new(expectations, warm_up, duration);
    if !expectations.is_empty() {
        while let Some(at) = monitor.next_look() {
            engine.run_until(at)?;
            monitor.look(at, engine.statistics());
        }
    }
    engine.run_until(plan.end)?;
    let statistics = engine.statistics().clone();
    Ok(Replication { statistics, observed: monitor.finish() })
}

/// Repeats a replication in which expectations failed, and finds for each the request at whose
/// end it was broken for good.
///
/// # Errors
/// When the run cannot go on.
pub fn find_breaks(
    plan: &Arc<Plan>,
    expectations: &Expectations,
    observed: &[Observed],
    seed: u64,
    replication: u32,
) -> Result<Vec<Option<FirstBroken>>, Stopped> {
    let (warm_up, _) = measured(plan);
    let mut finder = BreakFinder::new(expectations, observed, warm_up);
    let first_seed = replication_seed(seed, replication);
    let recorder = EndedCalls::after(plan.warm_up);
    let mut engine = Engine::new(plan.clone(), first_seed, recorder);
    let end = if finder.is_idle() { SimTime::ZERO } else { finder.end() };
    loop {
        let stop = finder.next_look().unwrap_or(end).min(end);
        while engine.step_until(stop)? {
            let calls = engine.recorder_mut().take();
            if calls.is_empty() || !finder.is_listening(engine.now()) {
                continue;
            }
            let statistics = engine.statistics();
            for call in calls {
                let source = &plan.sources[usize::from(call.source)].name;
                let request = format!("{source}#{}", call.request);
                finder.call_ended(call.at, &request, call.outcome, call.latency, statistics);
            }
        }
        if finder.next_look() == Some(stop) {
            finder.look(stop, engine.statistics());
        } else if stop >= end {
            return Ok(finder.finish(replication, first_seed.0));
        }
    }
}

fn measured(plan: &Plan) -> (SimDuration, SimDuration) {
    (plan.warm_up - SimTime::ZERO, plan.end - SimTime::ZERO)
}
