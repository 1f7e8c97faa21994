//! Replications of every data path on all cores, round by round until the differences are known.
//! The order of results is that of paths and seeds, whichever core is done first.

use std::sync::Arc;

use meshwalk_sim::compare::{
    Effort, Lane as Measured, Outcome, Pairing, Sample, Standard, same_arrivals,
};
use meshwalk_sim::flow::Stopped;
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::run::{account, replication_seed};
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::Environment;
use crate::cli::CompareArgs;
use crate::command::progress::Progress;
use crate::failure::Failure;

use super::lanes::{Lane, Lanes};

/// One data path under way.
struct Running {
    name: &'static str,
    /// Its plan, or why it is not run.
    plan: Result<Arc<Plan>, String>,
    samples: Vec<Sample>,
}

/// Runs everything.
pub(super) fn run(
    lanes: Lanes,
    args: &CompareArgs,
    effort: Effort,
    seed: u64,
    environment: &Environment,
) -> Result<Vec<Measured>, Failure> {
    let jobs = args.jobs.map_or(0, usize::from);
    let cores = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|error| Failure::new(format!("cannot start {jobs} jobs: {error}")))?;
    let mut running: Vec<Running> = lanes
        .lanes
        .into_iter()
        .map(|Lane { name, plan, .. }| Running { name, plan, samples: Vec::new() })
        .collect();
    let paths = running.iter().filter(|lane| lane.plan.is_ok()).count();
    let steps = paths as u64 * u64::from(effort.replications_max());
    let progress = Progress::of_simulation(steps, environment);
    let mut done = 0;
    loop {
        let round = effort.next(done, |standard| are_known(&running, standard));
        if round.is_empty() {
            break;
        }
        done = round.end;
        replicate(&mut running, &cores, round, seed, &progress)?;
    }
    progress.finish();
    Ok(running.into_iter().map(Running::finish).collect())
}

/// Runs the replications of one round.
fn replicate(
    running: &mut [Running],
    cores: &ThreadPool,
    round: std::ops::Range<u32>,
    seed: u64,
    progress: &Progress,
) -> Result<(), Failure> {
    let plans =
        running.iter().enumerate().filter_map(|(row, it)| Some((row, it.plan.as_ref().ok()?)));
    let jobs: Vec<(usize, Arc<Plan>, u32)> = plans
        .flat_map(|(row, plan)| round.clone().map(move |number| (row, Arc::clone(plan), number)))
        .collect();
    let one = |(row, plan, number): &(usize, Arc<Plan>, u32)| {
        let statistics = account(plan, replication_seed(seed, *number));
        progress.advance();
        (*row, statistics.map(|it| Sample::of(&plan.layout, &it)))
    };
    let results: Vec<(usize, Result<Sample, Stopped>)> =
        cores.install(|| jobs.par_iter().map(one).collect());
    for (row, result) in results {
        match result {
            Ok(sample) => running[row].samples.push(sample),
            Err(stopped) if row == 0 => {
                return Err(Failure::new(format!("the run of the baseline {stopped}")));
            }
            Err(stopped) => running[row].plan = Err(format!("its run {stopped}")),
        }
    }
    check_arrivals(running)
}

/// Every open source must have sent the same requests on every path, or the pairs are none.
fn check_arrivals(running: &[Running]) -> Result<(), Failure> {
    let (baseline, others) = running.split_first().expect("there is a baseline");
    let Ok(plan) = &baseline.plan else { return Ok(()) };
    for lane in others.iter().filter(|lane| lane.plan.is_ok()) {
        for (one, other) in baseline.samples.iter().zip(&lane.samples) {
            same_arrivals(plan, one, other).map_err(|difference| {
                let names = format!("{} and {}", baseline.name, lane.name);
                Failure::new(format!("{names} cannot be compared: {difference}"))
                    .help("this is a bug in meshwalk: arrivals depend on nothing but the seed")
            })?;
        }
    }
    Ok(())
}

fn are_known(running: &[Running], standard: &Standard) -> bool {
    let (baseline, others) = running.split_first().expect("there is a baseline");
    others
        .iter()
        .filter(|lane| lane.plan.is_ok())
        .all(|lane| Pairing { baseline: &baseline.samples, path: &lane.samples }.is_known(standard))
}

impl Running {
    fn finish(self) -> Measured {
        let outcome = match self.plan {
            Ok(plan) => Outcome::Ran { layout: plan.layout.clone(), samples: self.samples },
            Err(reason) => Outcome::Refused(reason),
        };
        Measured { name: self.name.to_owned(), outcome }
    }
}
