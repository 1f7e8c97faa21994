//! Whose word counts on the data path of each workload: the manifests' labels or a scenario. What
//! the labels mean is said in the control planes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::world::WorkloadId;

use super::DataPath;

/// Whose word counts for one workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The labels and annotations in the manifests.
    #[default]
    FromLabels,
    /// All its pods that can have this data path do, unless they refuse it.
    Given(DataPath),
}

/// Whose word counts on waypoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaypointPlacement {
    /// The labels and Gateways in the manifests.
    #[default]
    FromLabels,
    /// Besides those, each namespace with Services has one for them.
    EveryNamespace,
    /// There are none, as if all of them were taken away.
    Nowhere,
}

/// The data path of every workload of a world, as far as it is not left to the manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Of workloads that are not named.
    pub default: Choice,
    /// Of single workloads.
    pub workloads: BTreeMap<WorkloadId, Choice>,
    /// Of waypoints.
    pub waypoints: WaypointPlacement,
}

impl Placement {
    /// All workloads have `data_path`, and there are no waypoints but those of the manifests.
    #[must_use]
    pub fn everywhere(data_path: DataPath) -> Self {
        Self { default: Choice::Given(data_path), ..Self::default() }
    }

    /// Whose word counts for `workload`.
    #[must_use]
    pub fn of(&self, workload: WorkloadId) -> Choice {
        self.workloads.get(&workload).copied().unwrap_or(self.default)
    }
}
