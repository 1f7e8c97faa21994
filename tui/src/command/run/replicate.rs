//! Spreads replications over cores and shows how far they are; each of them is the same run
//! wherever and whenever it happens.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use meshwalk_sim::expect::Expectations;
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::run::{Judged, PROGRESS_STEPS, judge, replication_seed};
use rayon::prelude::*;

use crate::Environment;
use crate::cli::RunArgs;
use crate::failure::Failure;

/// A run that ends sooner shows no progress bar.
const PATIENCE: Duration = Duration::from_secs(2);

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
    let progress = Progress::new(args, environment);
    let run = |replication| {
        judge(plan, replication_seed(seed, replication), expectations, |_| progress.advance())
    };
    let results: Vec<_> =
        cores.install(|| (0..args.replications).into_par_iter().map(run).collect());
    progress.bar.finish_and_clear();
    // Collected first: of several that stopped, the one with the lowest number is reported.
    results.into_iter().collect::<Result<_, _>>().map_err(super::stopped)
}

/// A bar on standard error.
struct Progress {
    bar: ProgressBar,
    place: Place,
}

/// Where a bar may be drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Terminal,
    Nowhere,
}

impl Progress {
    fn new(args: &RunArgs, environment: &Environment) -> Self {
        let is_shown = environment.stderr_terminal_width.is_some() && !args.quiet;
        let steps = u64::from(args.replications) * PROGRESS_STEPS;
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("simulating {wide_bar} {percent}% eta {eta}");
        bar.set_style(style.expect("the template is well-formed"));
        Self { bar, place: if is_shown { Place::Terminal } else { Place::Nowhere } }
    }

    fn advance(&self) {
        self.bar.inc(1);
        let is_due = self.place == Place::Terminal && self.bar.elapsed() > PATIENCE;
        if is_due && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}
