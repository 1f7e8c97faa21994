//! `validate`: runs the queueing laws on all cores and prints theory beside measurement.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use meshwalk_sim::flow::Stopped;
use meshwalk_sim::validate::{Effort, Law, Standard, judge, laws};
use rayon::prelude::*;

use crate::Exit;
use crate::cli::{MeasureFormat, ValidateArgs};
use crate::failure::Failure;
use crate::report::laws as report;
use crate::terminal::Look;

use super::Streams;

/// Whoever waits longer than this wants to know for how long.
const SILENCE: Duration = Duration::from_secs(2);

/// Carries out `meshwalk validate`.
pub(super) fn validate(
    args: &ValidateArgs,
    look: &Look,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let laws = laws(Effort::FULL);
    let measured = replicate(&laws).map_err(|stopped| Failure::new(stopped.to_string()))?;
    let results = judge(&laws, &measured, Standard::STRICT);
    match args.output {
        MeasureFormat::Table => report::print(streams.out, &results, look)?,
        MeasureFormat::Json => report::print_json(streams.out, &results)?,
    }
    let all_hold = results.iter().all(|result| result.holds);
    Ok(if all_hold { Exit::Fine } else { Exit::Failed })
}

/// Measures every replication of every law; the order of the results is that of the laws and
/// replications, whichever core is done first.
fn replicate(laws: &[Law]) -> Result<Vec<Vec<Vec<f64>>>, Stopped> {
    let total = laws.iter().map(|law| u64::from(law.replications())).sum();
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} replications, {eta} left")
        .expect("the template is well-formed");
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
    let bar = bar.with_style(style);
    let advance = || {
        // The target draws nothing where standard error is no terminal.
        if bar.is_hidden() && bar.elapsed() >= SILENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.inc(1);
    };
    let measured = laws
        .iter()
        .map(|law| {
            let replicate = |replication| law.replicate(replication).inspect(|_| advance());
            (0..law.replications()).into_par_iter().map(replicate).collect()
        })
        .collect();
    bar.finish_and_clear();
    measured
}
