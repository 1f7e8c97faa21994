//! Which workload a name in the scenario means, and findings at the place of a name.

use std::collections::BTreeMap;

use meshwalk_models::manifest::{Diagnostic, nearest};
use meshwalk_models::world::{WorkloadId, World};

use super::Scenario;

/// The workloads of a world by the names that a scenario may use.
#[derive(Clone, Debug)]
pub struct WorkloadNames {
    by_name: BTreeMap<String, Vec<WorkloadId>>,
}

impl WorkloadNames {
    /// The names of all workloads.
    #[must_use]
    pub fn new(world: &World) -> Self {
        Self { by_name: names(world) }
    }

    /// The workload of a name; a finding if there is none or more than one. Workloads of equal
    /// names in several clusters are all meant.
    pub fn find(
        &self,
        name: &str,
        path: &str,
        scenario: &Scenario,
        findings: &mut Vec<Diagnostic>,
    ) -> Vec<WorkloadId> {
        if let Some(ids) = self.by_name.get(name) {
            return ids.clone();
        }
        let full_names = || self.by_name.keys().map(String::as_str);
        let message = if full_names().any(|full| short(full) == name) {
            let candidates: Vec<&str> = full_names().filter(|full| short(full) == name).collect();
            format!("`{name}` is ambiguous: {}", candidates.join(", "))
        } else {
            format!("there is no workload `{name}`")
        };
        let near = nearest(name, full_names());
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
pub(crate) fn finding(
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
pub(crate) fn at(scenario: &Scenario, path: &str, diagnostic: Diagnostic) -> Diagnostic {
    match scenario.place_of(path) {
        Some(place) => diagnostic.at(place, "here"),
        None => diagnostic,
    }
}

/// A map key in a key path.
pub(crate) fn quoted(name: &str) -> String {
    format!("{name:?}")
}
