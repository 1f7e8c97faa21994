//! `compare`: one load on several data paths, from paths on a disk to a printed comparison.

mod lanes;
mod objects;
mod rounds;

use std::io;

use meshwalk_models::cost::CostProfile;
use meshwalk_sim::compare::{Comparison, Context, Effort, Standard, summarise};

use crate::cli::{CompareArgs, CompareFormat};
use crate::failure::Failure;
use crate::input::{self, Loaded};
use crate::report::compare as report;
use crate::report::diagnostics;
use crate::{Environment, Exit};

use self::lanes::Lanes;
use super::run::{identity, not_modelled};
use super::{Looks, Streams, usable};

/// Carries out `meshwalk compare`.
pub(super) fn compare(
    args: &CompareArgs,
    environment: &Environment,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    check(args)?;
    let paths: Vec<_> = args.paths.iter().chain(&args.files).cloned().collect();
    let mut loaded = input::load(usable::asked(&paths, &args.input), streams.input)?;
    let costs = loaded.costs.take();
    let scenario = loaded.scenario.take().filter(|_| costs.is_some());
    let costs = costs.unwrap_or_else(CostProfile::built_in);
    let lanes = scenario.as_ref().map(|it| Lanes::prepare(args, it, &loaded, &costs));
    if let Some(lanes) = &lanes {
        loaded.findings.extend(lanes.findings.iter().cloned());
    }
    usable::put_in_order(&mut loaded.findings, &loaded.sources);
    print_findings(&loaded, looks, streams)?;
    let (scenario, lanes) = usable::usable(scenario.zip(lanes), &loaded.findings, &args.input)?;
    lanes.check_baseline()?;
    let effort = effort(args);
    let namespace = scenario.file.default_namespace.as_str();
    let said = objects::tell(&loaded, namespace, &costs, &lanes.told());
    let mut assumptions = loaded.assumptions.clone();
    assumptions.extend(lanes.assumptions.iter().cloned());
    let context = Context {
        identity: identity(&loaded, &scenario, &costs.name),
        kept_out: lanes.kept_out.clone(),
        effort,
        upkeep: said.upkeep,
        words: said.words,
        objects: said.objects,
        assumptions,
        not_modelled: not_modelled(&loaded.clusters),
    };
    let ran = rounds::run(lanes, args, effort, scenario.file.seed, environment)?;
    let comparison = summarise(&ran, context);
    print(args, &loaded.title, &comparison, looks, streams)?;
    Ok(Exit::Fine)
}

/// Says what cannot be compared.
fn check(args: &CompareArgs) -> Result<(), Failure> {
    for (place, path) in args.data_paths.iter().enumerate() {
        if args.data_paths[..place].contains(path) {
            let message = format!("data path `{}` is named twice", path.spec().name());
            return Err(Failure::new(message).help("name each data path once"));
        }
    }
    Ok(())
}

fn effort(args: &CompareArgs) -> Effort {
    match args.replications {
        Some(replications) => Effort::Fixed(replications),
        None => Effort::Until {
            standard: Standard {
                relative: args.half_width.0,
                floor_ms: args.floor.as_ns() as f64 / 1e6,
            },
            replications_max: args.replications_max,
        },
    }
}

/// Findings about the input. What only one data path refuses is no error: its column says it.
fn print_findings(loaded: &Loaded, looks: &Looks, streams: &mut Streams<'_>) -> io::Result<()> {
    diagnostics::print_briefly(streams.err, &loaded.findings, &loaded.sources, &looks.err)
}

fn print(
    args: &CompareArgs,
    title: &str,
    comparison: &Comparison,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    match args.output {
        CompareFormat::Json => crate::report::json::print(streams.out, comparison),
        CompareFormat::Table => report::table(streams.out, title, comparison, &looks.out),
        CompareFormat::Wide => report::wide(streams.out, title, comparison, &looks.out),
        CompareFormat::Markdown => report::markdown(streams.out, title, comparison),
    }?;
    match args.output {
        CompareFormat::Table | CompareFormat::Wide if args.explain => {
            report::explain(streams.out, comparison, &looks.out)
        }
        CompareFormat::Markdown if args.explain => {
            report::explain_markdown(streams.out, comparison)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
