//! What a scenario says of data paths, as the control planes take it.

use meshwalk_models::control::istio::enrolment::{self, Enrolled};
use meshwalk_models::manifest::Diagnostic;
use meshwalk_models::path::{Choice, DataPath, Placement, WaypointPlacement};
use meshwalk_models::world::{WorkloadId, World};

use super::Scenario;
use super::file::DataPathSpec;
use super::names::{WorkloadNames, at, quoted};

/// The data path of every workload, as the scenario gives it. Names that lead nowhere, and
/// workloads that cannot have what they are given, are findings.
#[must_use]
pub fn placement(world: &World, scenario: &Scenario, findings: &mut Vec<Diagnostic>) -> Placement {
    let file = &scenario.file;
    let names = WorkloadNames::new(world);
    let mut placement = placement_everywhere(file.data_path);
    for (name, data_path) in &file.data_paths {
        let path = format!("data_paths.{}", quoted(name));
        for id in names.find(name, &path, scenario, findings) {
            placement.workloads.insert(id, choice(*data_path));
            if let Some(finding) = refusal(world, id, choice(*data_path)) {
                findings.push(at(scenario, &path, finding));
            }
        }
    }
    placement.waypoints = waypoints(file.data_path, file.data_paths.values());
    placement
}

/// The data path of every workload, where no other is given for any.
#[must_use]
pub fn placement_everywhere(data_path: DataPathSpec) -> Placement {
    Placement {
        default: choice(data_path),
        waypoints: waypoints(data_path, [].iter()),
        ..Placement::default()
    }
}

/// Whose word counts.
const fn choice(data_path: DataPathSpec) -> Choice {
    match data_path {
        DataPathSpec::FromLabels => Choice::FromLabels,
        DataPathSpec::None => Choice::Given(DataPath::None),
        DataPathSpec::IstioSidecar => Choice::Given(DataPath::IstioSidecar),
        DataPathSpec::IstioAmbient | DataPathSpec::IstioAmbientWaypoint => {
            Choice::Given(DataPath::IstioAmbient)
        }
    }
}

/// Where nobody can be in ambient there are no waypoints either.
fn waypoints<'s>(
    default: DataPathSpec,
    others: impl Iterator<Item = &'s DataPathSpec>,
) -> WaypointPlacement {
    let mut all: Vec<DataPathSpec> = others.copied().collect();
    all.push(default);
    let is_bare = |it: &DataPathSpec| matches!(it, DataPathSpec::None | DataPathSpec::IstioSidecar);
    if all.contains(&DataPathSpec::IstioAmbientWaypoint) {
        WaypointPlacement::EveryNamespace
    } else if all.iter().all(is_bare) {
        WaypointPlacement::Nowhere
    } else {
        WaypointPlacement::FromLabels
    }
}

/// A workload that is named for a data path and does not get it.
fn refusal(world: &World, id: WorkloadId, choice: Choice) -> Option<Diagnostic> {
    let Choice::Given(given) = choice else { return None };
    let placement = Placement { default: choice, ..Placement::default() };
    let enrolled = enrolment::of_workload(world, id, &placement);
    // A gateway is a proxy already.
    if enrolled == Enrolled::Gateway || enrolled.data_path() == given {
        return None;
    }
    let pods = &world.workloads[id].pods;
    let first = (pods.start != pods.end).then_some(pods.start)?;
    let because = enrolment::explain(world, first, &placement).because;
    let name = world.workload_name(id);
    let message = format!("{name} does not get the data path that it is given");
    Some(Diagnostic::warning("scenario.data-path-refused", message).help(because.finding))
}
