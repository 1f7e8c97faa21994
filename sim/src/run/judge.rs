//! Runs with a judge: expectations are watched on the way, and what broke them is looked up after.

use std::sync::Arc;

use meshwalk_models::units::{SimDuration, SimTime};

use crate::expect::{BreakFinder, Expectations, Monitor, Observed};
use crate::flow::plan::Plan;
use crate::flow::{Engine, Stopped};
use crate::kernel::Seed;
use crate::log::{EndedCalls, StatisticsOnly};
use crate::stats::{FirstBroken, RunStatistics};

use super::replication_seed;

/// How often a run tells how far it has come, at most.
pub const PROGRESS_STEPS: u64 = 200;

/// One replication: what it counted, and how each expectation fared in it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was counted.
    pub statistics: RunStatistics,
    /// In the order of the expectations.
    pub observed: Vec<Observed>,
}

/// Runs to the end and watches `expectations`. `progress` is told the time now and then; neither
/// changes anything in the run.
///
/// # Errors
/// When the run cannot go on.
pub fn judge(
    plan: &Arc<Plan>,
    seed: Seed,
    expectations: &Expectations,
    mut progress: impl FnMut(SimTime),
) -> Result<Judged, Stopped> {
    let mut engine = Engine::new(plan.clone(), seed, StatisticsOnly);
    let (warm_up, duration) = spans(plan);
    let mut monitor = Monitor::new(expectations, warm_up, duration);
    let step = SimDuration::from_ns(plan.end.as_ns().div_ceil(PROGRESS_STEPS).max(1));
    let mut next_step = SimTime::ZERO + step;
    while engine.now() < plan.end {
        let look = monitor.next_look().filter(|&look| look <= plan.end);
        let stop = look.unwrap_or(plan.end).min(next_step).min(plan.end);
        engine.run_until(stop)?;
        if look == Some(stop) {
            monitor.look(stop, engine.statistics());
        }
        if stop == next_step {
            progress(stop);
            next_step += step;
        }
    }
    Ok(Judged { statistics: engine.statistics().clone(), observed: monitor.finish() })
}

/// For each expectation, the moment and the request at which it broke in the first of the
/// `replications` that it failed in. Each of these is run again, up to that moment.
///
/// # Errors
/// When a run cannot go on.
pub fn find_breaks(
    plan: &Arc<Plan>,
    seed: u64,
    expectations: &Expectations,
    replications: &[Vec<Observed>],
) -> Result<Vec<Option<FirstBroken>>, Stopped> {
    let failed = |observed: &Observed| observed.passed == Some(false);
    let mut breaks = vec![None; expectations.len()];
    let mut sought = vec![true; expectations.len()];
    for (number, observed) in replications.iter().enumerate() {
        let is_first = |index: usize| sought[index] && failed(&observed[index]);
        let first_here: Vec<usize> = (0..observed.len()).filter(|&index| is_first(index)).collect();
        if first_here.is_empty() {
            continue;
        }
        let number = u32::try_from(number).expect("replications are counted in 32 bits");
        let mut found = find_in(plan, seed, number, expectations, observed)?;
        for index in first_here {
            sought[index] = false;
            breaks[index] = found[index].take();
        }
    }
    Ok(breaks)
}

fn find_in(
    plan: &Arc<Plan>,
    seed: u64,
    replication: u32,
    expectations: &Expectations,
    observed: &[Observed],
) -> Result<Vec<Option<FirstBroken>>, Stopped> {
    let seed = replication_seed(seed, replication);
    let mut finder = BreakFinder::new(expectations, observed, spans(plan).0);
    let mut engine = Engine::new(plan.clone(), seed, EndedCalls::after(SimTime::ZERO));
    let end = finder.end().min(plan.end);
    loop {
        let look = finder.next_look().filter(|&look| look <= end);
        let stop = look.unwrap_or(end);
        while engine.step_until(stop)? {
            let calls = engine.recorder_mut().take();
            if calls.is_empty() || !finder.is_listening(engine.now()) {
                continue;
            }
            let statistics = engine.statistics();
            for call in calls {
                let source = &plan.layout.traffic[usize::from(call.source)].name;
                let request = format!("{source}#{}", call.request);
                finder.call_ended(call.at, &request, call.ending, call.latency, statistics);
            }
        }
        match look {
            Some(look) => finder.look(look, engine.statistics()),
            None => return Ok(finder.finish(replication, seed.0)),
        }
    }
}

/// The warm-up and the whole duration.
fn spans(plan: &Plan) -> (SimDuration, SimDuration) {
    (plan.warm_up.since(SimTime::ZERO), plan.end.since(SimTime::ZERO))
}
