//! `validate`: runs the queueing laws and the worlds of published figures on all cores, and prints
//! what was expected beside what was measured.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use meshwalk_models::cost::CostProfile;
use meshwalk_sim::flow::Stopped;
use meshwalk_sim::validate::published::{self, PublishedResults};
use meshwalk_sim::validate::{Effort, Law, LawResult, Standard, judge, laws};
use rayon::prelude::*;
use serde::Serialize;

use crate::Exit;
use crate::cli::{Against, MeasureFormat, ValidateArgs};
use crate::failure::Failure;
use crate::input::{self, Sources};
use crate::report::{diagnostics, json, laws as laws_report, published as published_report};

use super::{Looks, Streams};

/// Whoever waits longer than this wants to know for how long.
const SILENCE: Duration = Duration::from_secs(2);

/// What `-o json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// Whether everything that was checked holds.
    holds: bool,
    /// The laws; absent when they were not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    laws: Option<laws_report::Laws<'a>>,
    /// The published figures; absent when they were not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<published_report::Published<'a>>,
}

/// Carries out `meshwalk validate`.
pub(super) fn validate(
    args: &ValidateArgs,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let costs = given_costs(args, looks, streams)?;
    let laws = (args.against != Against::Published).then(check_laws).transpose()?;
    let published =
        (args.against != Against::Laws).then(|| simulate(costs.as_ref())).transpose()?;
    let laws_hold = laws.iter().flatten().all(|result| result.holds);
    let order_holds = published.as_ref().is_none_or(PublishedResults::order_holds);
    let holds = laws_hold && order_holds;
    match args.output {
        MeasureFormat::Table => {
            let look = &looks.out;
            if let Some(laws) = &laws {
                laws_report::print(streams.out, laws, look)?;
            }
            if laws.is_some() && published.is_some() {
                writeln!(streams.out)?;
            }
            if let Some(published) = &published {
                published_report::print(streams.out, published, look)?;
            }
        }
        MeasureFormat::Json => {
            let laws = laws.as_deref().map(laws_report::Laws::new);
            let published = published.as_ref().map(published_report::Published::new);
            json::print(streams.out, &Document { holds, laws, published })?;
        }
    }
    Ok(if holds { Exit::Fine } else { Exit::Failed })
}

/// A user's prices, if there are any.
fn given_costs(
    args: &ValidateArgs,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Option<CostProfile>, Failure> {
    let Some(named) = &args.costs.costs else { return Ok(None) };
    let mut sources = Sources::default();
    let costs = input::costs(Some(named), streams.input, &mut sources);
    diagnostics::print_briefly(streams.err, &sources.findings, &sources.set, &looks.err)?;
    costs.map(Some).ok_or_else(|| Failure::new("nothing was checked: the prices cannot be used"))
}

fn check_laws() -> Result<Vec<LawResult>, Failure> {
    let laws = laws(Effort::FULL);
    let measured = replicate(&laws).map_err(stopped)?;
    Ok(judge(&laws, &measured, Standard::STRICT))
}

/// Simulates what the published figures need, on all cores.
fn simulate(costs: Option<&CostProfile>) -> Result<PublishedResults, Failure> {
    let setups = published::setups();
    let measure = |setup| published::measure(setup, costs);
    let measured: Result<Vec<_>, Stopped> = setups.par_iter().map(measure).collect();
    Ok(published::compare(&setups, &measured.map_err(stopped)?))
}

fn stopped(reason: Stopped) -> Failure {
    Failure::new(reason.to_string())
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
