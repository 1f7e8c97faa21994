//! `retries`: how attempts multiply, which retries can never happen, and which may repeat work.

mod calls;
#[cfg(test)]
mod tests;

use std::path::Path;

use meshwalk_models::units::SimDuration;
use meshwalk_models::walk::route_settings;
use meshwalk_models::world::{Origin, OutsideHost};
use meshwalk_sim::run::DEFAULT_CLUSTER;
use meshwalk_sim::scenario::{self, Scenario};

use crate::Exit;
use crate::cli::{AnswerFormat, RetriesArgs};
use crate::failure::Failure;
use crate::input::{self, Limits, SourceKind, Sources};
use crate::report::diagnostics;
use crate::report::places::Places;
use crate::report::retries::{self as report, Audit};

use super::mesh::{self, Assembly, ClusterInput, DEFAULT_NAMESPACE, Mesh, Word};
use super::{Looks, Streams};

/// Carries out `meshwalk retries`.
pub(super) fn retries(
    args: &RetriesArgs,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let (mesh, scenario) = load(args, looks, streams)?;
    mesh.print_errors(streams, &looks.err)?;
    let audit = match &scenario {
        Some(scenario) => calls::audit(&mesh, scenario)?,
        None => {
            let (settings, by_default) = route_settings(&mesh.world, &mesh.planes);
            Audit::of_routes(settings, by_default)
        }
    };
    let places = Places::new(&mesh.sources);
    let worst = audit.worst();
    match args.output {
        AnswerFormat::Text => report::print(streams.out, &audit, places, &looks.out)?,
        AnswerFormat::Json => report::print_json(streams.out, &audit, places)?,
    }
    let fails = args.fail_over.is_some_and(|most| worst > most);
    Ok(if fails { Exit::Failed } else { Exit::Fine })
}

fn load(
    args: &RetriesArgs,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<(Mesh, Option<Scenario>), Failure> {
    let profile = mesh::profile(args.profile.as_deref())?;
    let mut sources = Sources::default();
    let scenario = match &args.scenario {
        Some(path) => Some(read_scenario(path, &mut sources, looks, streams)?),
        None => None,
    };
    let clusters = clusters(args, scenario.as_ref(), &mut sources, streams)?;
    let file = scenario.as_ref().map(|scenario| &scenario.file);
    let outside: Vec<OutsideHost> = file
        .iter()
        .flat_map(|file| file.outside.keys())
        .map(|name| OutsideHost {
            name: name.clone(),
            replicas: 1,
            zone: None,
            origin: Origin::Assumed("the scenario declares the host"),
        })
        .collect();
    let assembly = Assembly {
        default_namespace: args
            .namespace
            .as_deref()
            .or(file.map(|file| file.default_namespace.as_str()))
            .unwrap_or(DEFAULT_NAMESPACE),
        outside: &outside,
        profile,
        word: match (args.data_path, &scenario) {
            (None, Some(scenario)) => Word::Scenario(scenario),
            (given, _) => Word::Given(given),
        },
    };
    Ok((Mesh::assemble(sources, clusters, &assembly), scenario))
}

fn read_scenario(
    path: &Path,
    sources: &mut Sources,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Scenario, Failure> {
    let found = input::collect(&[path.to_owned()], &Limits::DEFAULT);
    let ids = input::read_all(found, streams.input, &Limits::DEFAULT, sources);
    let unusable = || Failure::new(format!("{} cannot be used", input::shown(path)));
    let &[id] = ids.as_slice() else {
        diagnostics::print_briefly(streams.err, &sources.findings, &sources.set, &looks.err)?;
        return Err(unusable().help("name one scenario file"));
    };
    if input::kind_of(&sources.set, id) != SourceKind::Scenario {
        return Err(Failure::new(format!("{} is no scenario", input::shown(path)))
            .help("a scenario has a `version`; manifests go behind -f"));
    }
    scenario::read(&mut sources.set, id, &[]).or_else(|findings| {
        diagnostics::print_briefly(streams.err, &findings, &sources.set, &looks.err)?;
        Err(unusable())
    })
}

/// The manifests of the command line, or those that the scenario names.
fn clusters(
    args: &RetriesArgs,
    scenario: Option<&Scenario>,
    sources: &mut Sources,
    streams: &mut Streams<'_>,
) -> Result<Vec<ClusterInput>, Failure> {
    let Some(scenario) = scenario.filter(|_| args.paths.is_empty()) else {
        let manifests = mesh::read_manifests(&args.paths, streams.input, sources)?;
        return Ok(vec![ClusterInput { name: DEFAULT_CLUSTER.to_owned(), manifests }]);
    };
    let folder = args.scenario.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let mut read = |name: &str, paths: &[String]| {
        let paths: Vec<_> = paths.iter().map(|path| folder.join(path)).collect();
        let manifests = mesh::read_manifests(&paths, streams.input, sources)?;
        Ok(ClusterInput { name: name.to_owned(), manifests })
    };
    let own = &scenario.file.topology.clusters;
    if own.is_empty() {
        return Ok(vec![read(DEFAULT_CLUSTER, &scenario.file.manifests)?]);
    }
    own.iter()
        .map(|cluster| {
            let paths = if cluster.manifests.is_empty() {
                &scenario.file.manifests
            } else {
                &cluster.manifests
            };
            read(&cluster.name, paths)
        })
        .collect()
}

/// The shorter of two limits; `None` is for ever.
fn shorter(one: Option<SimDuration>, other: Option<SimDuration>) -> Option<SimDuration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (limit, None) | (None, limit) => limit,
    }
}
