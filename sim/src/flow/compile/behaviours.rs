//! Which behaviour each workload has, by the names that the scenario uses.

use meshwalk_models::manifest::Diagnostic;
use meshwalk_models::world::{TableId, WorkloadId, World};

use crate::scenario::file::WorkloadBehaviour;
use crate::scenario::{Scenario, WorkloadNames, quoted};

/// The scenario's words on each workload.
pub(super) struct Behaviours<'a> {
    behaviours: Vec<Option<(&'a WorkloadBehaviour, String)>>,
    names: WorkloadNames,
}

impl<'a> Behaviours<'a> {
    pub(super) fn resolve(
        world: &World,
        scenario: &'a Scenario,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let file = &scenario.file;
        let names = WorkloadNames::new(world);
        let mut behaviours = vec![None; world.workloads.len()];
        for (section, table) in [("workloads", &file.workloads), ("outside", &file.outside)] {
            for (name, behaviour) in table {
                let path = format!("{section}.{}", quoted(name));
                for id in names.find(name, &path, scenario, findings) {
                    behaviours[id.index()] = Some((behaviour, path.clone()));
                }
            }
        }
        Self { behaviours, names }
    }

    /// What a workload does, and where the scenario says so.
    pub(super) fn of(&self, id: WorkloadId) -> Option<(&'a WorkloadBehaviour, &str)> {
        self.behaviours[id.index()].as_ref().map(|(behaviour, path)| (*behaviour, path.as_str()))
    }

    /// The workloads of a name; a finding if there are none.
    pub(super) fn find(
        &self,
        name: &str,
        path: &str,
        scenario: &Scenario,
        findings: &mut Vec<Diagnostic>,
    ) -> Vec<WorkloadId> {
        self.names.find(name, path, scenario, findings)
    }
}
