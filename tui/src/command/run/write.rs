//! The files that `run` writes beside its report.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use meshwalk_models::world::World;
use meshwalk_sim::flow::plan::{DecisionPlan, DestinationPlan, Plan, RoutePlan, Terms};
use meshwalk_sim::log::{DecisionText, DestinationText, NdjsonWriter, RouteText, Texts};
use meshwalk_sim::run::{record, replication_seed};
use meshwalk_sim::stats::RunResults;

use crate::cli::{RunArgs, RunFormat};
use crate::failure::Failure;
use crate::report;
use crate::report::places::Places;

/// The files, opened before the run so that a wrong path does not cost its time.
pub(super) struct Files {
    junit: Option<BufWriter<File>>,
    events: Events,
}

/// Where the event log goes.
enum Events {
    Nowhere,
    Stdout,
    File(BufWriter<File>),
}

/// Says what cannot be printed together.
pub(super) fn check(args: &RunArgs) -> Result<(), Failure> {
    let is_stdout = args.events.as_deref().is_some_and(is_stdout);
    if is_stdout && !args.quiet && args.output != RunFormat::Json {
        return Err(Failure::new("the event log and the table cannot share standard output")
            .help("add --quiet, or write the log to a file with --events FILE"));
    }
    Ok(())
}

impl Files {
    /// Opens what `args` name.
    pub(super) fn open(args: &RunArgs) -> Result<Self, Failure> {
        let events = match args.events.as_deref() {
            None => Events::Nowhere,
            Some(path) if is_stdout(path) => Events::Stdout,
            Some(path) => Events::File(create(path)?),
        };
        Ok(Self { junit: args.junit.as_deref().map(create).transpose()?, events })
    }

    /// Runs the first replication once more and writes its events.
    pub(super) fn write_events(
        &mut self,
        plan: &Arc<Plan>,
        (world, places): (&World, Places<'_>),
        seed: u64,
        stdout: &mut dyn Write,
    ) -> Result<(), Failure> {
        let out: &mut dyn Write = match &mut self.events {
            Events::Nowhere => return Ok(()),
            Events::Stdout => stdout,
            Events::File(file) => file,
        };
        let texts = Texts {
            pods: pod_names(world),
            decisions: decisions(plan, places),
            routes: routes(plan, places),
        };
        let mut writer = NdjsonWriter::new(out, &plan.layout, texts);
        record(plan, replication_seed(seed, 0), |entry| writer.write(entry))
            .map_err(super::stopped)?;
        Ok(writer.finish()?)
    }

    /// Writes the expectations of `results`.
    pub(super) fn write_junit(&mut self, title: &str, results: &RunResults) -> Result<(), Failure> {
        let Some(file) = &mut self.junit else { return Ok(()) };
        report::junit::print(file, title, results).map_err(io::Error::other)?;
        Ok(file.flush()?)
    }
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create(path).map_err(|error| {
        Failure::new(format!("cannot write {}: {error}", path.display()))
            .help("check the path and its permissions")
    })?;
    Ok(BufWriter::new(file))
}

fn decisions(plan: &Plan, places: Places<'_>) -> Vec<DecisionText> {
    let text = |decision: &DecisionPlan| DecisionText {
        sentence: decision.sentence.clone(),
        origins: decision.origins.iter().map(|&origin| places.show(origin)).collect(),
    };
    plan.gates.decisions.iter().map(text).collect()
}

fn routes(plan: &Plan, places: Places<'_>) -> Vec<RouteText> {
    let destinations = |terms: &Terms| {
        let all = terms.destinations.iter().zip(0..);
        let text = |(it, place): (&DestinationPlan, u32)| DestinationText {
            cluster: it.named.as_ref().map(|named| named.value.clone()),
            origin: it.named.as_ref().map(|named| places.show(named.origin)),
            odds: terms.odds(place).unwrap_or_default(),
        };
        all.map(text).collect()
    };
    let text = |route: &RoutePlan| RouteText {
        rule: route.rule.as_ref().map(|rule| places.show(rule.origin)),
        share_ppm: route.share.as_ppm(),
        destinations: route.terms().map_or_else(Vec::new, destinations),
    };
    plan.mesh.routes.iter().map(text).collect()
}

/// `namespace/name` of each pod, by row; hosts outside have no namespace.
fn pod_names(world: &World) -> Vec<String> {
    let name = |pod: &meshwalk_models::world::Pod| {
        let namespace = world.workloads[pod.workload].namespace;
        match namespace {
            Some(namespace) => format!("{}/{}", world.namespaces[namespace].name, pod.name),
            None => pod.name.clone(),
        }
    };
    world.pods.iter().map(name).collect()
}
