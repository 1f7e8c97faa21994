//! Which behaviour and data path each workload has, by the names that the scenario uses.

use std::collections::BTreeMap;

use meshwalk_models::manifest::{Diagnostic, nearest};
use meshwalk_models::world::{TableId, WorkloadId, World};

use crate::scenario::Scenario;
use crate::scenario::file::{DataPathSpec, WorkloadBehaviour};

/// The scenario's words on each workload.
pub(super) struct Behaviours<'a> {
    behaviours: Vec<Option<(&'a WorkloadBehaviour, String)>>,
    data_paths: Vec<DataPathSpec>,
    by_name: BTreeMap<String, Vec<WorkloadId>>,
}

impl<'a> Behaviours<'a> {
    pub(super) fn resolve(
        world: &World,
        scenario: &'a Scenario,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let file = &scenario.file;
        let mut resolved = Self {
            behaviours: vec![None; world.workloads.len()],
            data_paths: vec![file.data_path; world.workloads.len()],
            by_name: names(world),
        };
        for (section, table) in [("workloads", &file.workloads), ("outside", &file.outside)] {
            for (name, behaviour) in table {
                let path = format!("{section}.{}", quoted(name));
                for id in resolved.find(name, &path, scenario, findings) {
                    resolved.behaviours[id.index()] = Some((behaviour, path.clone()));
                }
            }
        }
        for (name, data_path) in &file.data_paths {
            let path = format!("data_paths.{}", quoted(name));
            for id in resolved.find(name, &path, scenario, findings) {
                resolved.data_paths[id.index()] = *data_path;
            }
        }
        resolved
    }

    /// What a workload does, and where the scenario says so.
    pub(super) fn of(&self, id: WorkloadId) -> Option<(&'a WorkloadBehaviour, &str)> {
        self.behaviours[id.index()].as_ref().map(|(behaviour, path)| (*behaviour, path.as_str()))
    }

    pub(super) fn data_path(&self, id: WorkloadId) -> DataPathSpec {
        self.data_paths[id.index()]
    }

    /// The workload of a name; a finding if there is none or more than one. Workloads of equal
    /// names in several clusters are all meant.
    pub(super) fn find(
        &self,
        name: &str,
        path: &str,
        scenario: &Scenario,
        findings: &mut Vec<Diagnostic>,
    ) -> Vec<WorkloadId> {
        if let Some(ids) = self.by_name.get(name) {
            return ids.clone();
        }
        let message = if self.by_name.keys().any(|full| short(full) == name) {
            let candidates: Vec<&str> = self
                .by_name
                .keys()
                .map(String::as_str)
                .filter(|full| short(full) == name)
                .collect();
            format!("`{name}` is ambiguous: {}", candidates.join(", "))
        } else {
            format!("there is no workload `{name}`")
        };
        let near = nearest(name, self.by_name.keys().map(String::as_str));
        findings.push(finding(scenario, path, "scenario.no-such-workload", message, near));
        Vec::new()
    }
}

/// Workloads by full name, and by short name where that is unambiguous.
fn names(world: &World) -> BTreeMap<String, Vec<WorkloadId>> {
    let mut by_full: BTreeMap<String, Vec<WorkloadId>> = BTreeMap::new();
    for id in world.workloads.ids() {
        by_full.entry(world.workload_name(id)).or_default().push(id);
    }
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for full in by_full.keys() {
        *owners.entry(short(full)).or_default() += 1;
    }
    let unambiguous: Vec<(String, Vec<WorkloadId>)> = by_full
        .iter()
        .filter(|(full, _)| owners[short(full)] == 1)
        .map(|(full, ids)| (short(full).to_owned(), ids.clone()))
        .collect();
    by_full.extend(unambiguous);
    by_full
}

fn short(full: &str) -> &str {
    full.rsplit_once('/').map_or(full, |(_, name)| name)
}

/// An error at a key path of the scenario.
pub(super) fn finding(
    scenario: &Scenario,
    path: &str,
    code: &'static str,
    message: String,
    near: Option<&str>,
) -> Diagnostic {
    let diagnostic = at(scenario, path, Diagnostic::error(code, message));
    match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// Points a diagnostic at a key path of the scenario.
pub(super) fn at(scenario: &Scenario, path: &str, diagnostic: Diagnostic) -> Diagnostic {
    match scenario.place_of(path) {
        Some(place) => diagnostic.at(place, "here"),
        None => diagnostic,
    }
}

/// A map key in a key path.
fn quoted(name: &str) -> String {
    format!("{name:?}")
}
