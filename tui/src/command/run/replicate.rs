//! Spreads replications over cores and shows how far they are; each of them is the same run
//! wherever and whenever it happens.

use std::sync::Arc;

use meshwalk_sim::expect::Expectations;
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::run::{Judged, PROGRESS_STEPS, judge, replication_seed};
use rayon::prelude::*;

use crate::Environment;
use crate::cli::RunArgs;
use crate::command::progress::Progress;
use crate::failure::Failure;

/// Runs all replications; the results are in their order.
pub(super) fn replicate(
    args: &RunArgs,
    plan: &Arc<Plan>,
    seed: u64,
    expectations: &Expectations,
    environment: &Environment,
) -> Result<Vec<Judged>, Failure> {
    let jobs = args.jobs.map_or(0, usize::from);
    let cores = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|error| Failure::new(format!("cannot start {jobs} jobs: {error}")))?;
    let progress = if args.quiet {
        Progress::hidden()
    } else {
        Progress::of_simulation(u64::from(args.replications) * PROGRESS_STEPS, environment)
    };
    let run = |replication| {
        judge(plan, replication_seed(seed, replication), expectations, |_| progress.advance())
    };
    let results: Vec<_> =
        cores.install(|| (0..args.replications).into_par_iter().map(run).collect());
    progress.finish();
    // Collected first: of several that stopped, the one with the lowest number is reported.
    results.into_iter().collect::<Result<_, _>>().map_err(super::stopped)
}
