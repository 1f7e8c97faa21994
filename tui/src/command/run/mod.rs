//! `run`: from paths to a simulated run and its reports.

mod replicate;
mod write;

use std::io::{self, Write};

use meshwalk_models::manifest::Sort;
use meshwalk_sim::expect::{self, Expectations};
use meshwalk_sim::flow::Stopped;
use meshwalk_sim::run::{ClusterInput, Prepared, find_breaks, prepare};
use meshwalk_sim::scenario::Scenario;
use meshwalk_sim::stats::{
    ExpectationResult, Identity, NotModelled, RunContext, RunResults, RunStatistics, summarise,
};

use crate::cli::{DataPathArg, RunArgs, RunFormat};
use crate::failure::Failure;
use crate::input::{self, Asked, Cluster, Loaded};
use crate::report::diagnostics;
use crate::report::places::Places;
use crate::report::{self, table::Detail};
use crate::terminal::Look;
use crate::{Environment, Exit};

use self::write::Files;
use super::{Looks, Streams, usable};

/// Carries out `meshwalk run`.
pub(super) fn run(
    args: &RunArgs,
    environment: &Environment,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    write::check(args)?;
    let data_path = args.data_path.map(DataPathArg::spec);
    let asked = Asked { data_path, ..usable::asked(&args.paths, &args.input) };
    let mut loaded = input::load(asked, streams.input)?;
    let subject = Subject::make(&mut loaded);
    usable::put_in_order(&mut loaded.findings, &loaded.sources);
    if !args.quiet || usable::has_errors(&loaded.findings) {
        diagnostics::print_briefly(streams.err, &loaded.findings, &loaded.sources, &looks.err)?;
    }
    let subject = usable::usable(subject, &loaded.findings, &args.input)?;
    let mut files = Files::open(args)?;
    let mut results = subject.simulate(args, &loaded, environment)?;
    let plan = &subject.prepared.plan;
    let places = Places::new(&loaded.sources);
    let about = (&subject.prepared.world, places);
    files.write_events(plan, about, subject.seed(), streams.out)?;
    files.write_junit(&loaded.title, &results)?;
    let exit = verdict(&results.expectations);
    if !args.quiet {
        if let Some(namespace) = &args.namespaces.namespace {
            report::only_namespace(&mut results, namespace);
        }
        print(args, &loaded.title, &results, looks, streams)?;
    }
    Ok(exit)
}

/// Everything that a simulation needs.
struct Subject {
    scenario: Scenario,
    prepared: Prepared,
    expectations: Expectations,
    profile: String,
}

impl Subject {
    /// Builds the world and compiles the scenario; what is wrong goes to the findings.
    fn make(loaded: &mut Loaded) -> Option<Self> {
        let scenario = loaded.scenario.take()?;
        let costs = loaded.costs.take()?;
        let clusters: Vec<ClusterInput<'_>> =
            loaded.clusters.iter().map(Cluster::as_input).collect();
        let mut prepared = prepare(&clusters, &scenario, &costs);
        loaded.findings.append(&mut prepared.findings);
        let place_of = |path: &str| scenario.place_of(path);
        let layout = &prepared.plan.layout;
        match Expectations::compile(&scenario.file.expectations, layout, place_of) {
            Ok(expectations) => {
                Some(Self { scenario, prepared, expectations, profile: costs.name })
            }
            Err(findings) => {
                loaded.findings.extend(findings);
                None
            }
        }
    }

    fn seed(&self) -> u64 {
        self.scenario.file.seed
    }

    fn simulate(
        &self,
        args: &RunArgs,
        loaded: &Loaded,
        environment: &Environment,
    ) -> Result<RunResults, Failure> {
        let plan = &self.prepared.plan;
        let judged =
            replicate::replicate(args, plan, self.seed(), &self.expectations, environment)?;
        let (statistics, observed): (Vec<RunStatistics>, Vec<_>) =
            judged.into_iter().map(|judged| (judged.statistics, judged.observed)).unzip();
        let breaks =
            find_breaks(plan, self.seed(), &self.expectations, &observed).map_err(stopped)?;
        let mut assumptions = loaded.assumptions.clone();
        assumptions.extend(self.prepared.assumptions.iter().cloned());
        let context = RunContext {
            identity: self.identity(loaded),
            expectations: expect::results(&self.expectations, &observed, &breaks),
            assumptions,
            not_modelled: not_modelled(&loaded.clusters),
        };
        Ok(summarise(&plan.layout, &statistics, context))
    }

    fn identity(&self, loaded: &Loaded) -> Identity {
        identity(loaded, &self.scenario, &self.profile)
    }
}

/// What makes a run this run.
pub(super) fn identity(loaded: &Loaded, scenario: &Scenario, profile: &str) -> Identity {
    let manifests = match loaded.clusters.as_slice() {
        [only] => only.manifests.digest.clone(),
        several => {
            let digest =
                |cluster: &Cluster| format!("{}:{}", cluster.name, cluster.manifests.digest);
            several.iter().map(digest).collect::<Vec<_>>().join(" ")
        }
    };
    Identity {
        engine: crate::VERSION.to_owned(),
        profile: profile.to_owned(),
        scenario: scenario.digest(),
        manifests,
        seed: scenario.file.seed,
        edits: loaded.edits.clone(),
    }
}

/// What matters to traffic or may be a typo, and has no effect.
pub(super) fn not_modelled(clusters: &[Cluster]) -> Vec<NotModelled> {
    let entries = clusters.iter().flat_map(|cluster| &cluster.manifests.report.not_modelled);
    let mut list: Vec<NotModelled> = entries
        .filter(|entry| entry.sort != Sort::Irrelevant)
        .map(|entry| NotModelled {
            what: match &entry.field {
                Some(field) => format!("{} {field}", entry.kind),
                None => entry.kind.clone(),
            },
            count: entry.count,
            first: entry.places.first().cloned(),
        })
        .collect();
    list.sort();
    list.dedup();
    list
}

fn stopped(reason: Stopped) -> Failure {
    Failure::new(format!("the run {reason}"))
}

/// An expectation that cannot be told is no success.
fn verdict(expectations: &[ExpectationResult]) -> Exit {
    let all_hold = expectations.iter().all(|expectation| expectation.passed == Some(true));
    if all_hold { Exit::Fine } else { Exit::Failed }
}

fn print(
    args: &RunArgs,
    title: &str,
    results: &RunResults,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let table = |out: &mut dyn Write, detail, look: &Look| {
        report::table::print(out, title, results, detail, look)
    };
    match args.output {
        RunFormat::Table => table(streams.out, Detail::Normal, &looks.out),
        RunFormat::Wide => table(streams.out, Detail::Wide, &looks.out),
        RunFormat::Json => report::json::print(streams.out, results),
    }
}

#[cfg(test)]
mod tests;
