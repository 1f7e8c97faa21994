//! The data paths side by side before anything runs: the same scenario, placed and compiled for
//! each of them.

use std::sync::Arc;

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{Diagnostic, Severity};
use meshwalk_models::path::Placement;
use meshwalk_models::world::World;
use meshwalk_sim::compare::{place, same_application};
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::run::{ClusterInput, Prepared, prepare};
use meshwalk_sim::scenario::Scenario;
use meshwalk_sim::scenario::file::DataPathSpec;
use meshwalk_sim::stats::Assumption;

use crate::cli::CompareArgs;
use crate::failure::Failure;
use crate::input::{Cluster, Loaded};

use super::objects::Told;

/// All data paths.
pub(super) struct Lanes {
    /// In the order asked for.
    pub(super) lanes: Vec<Lane>,
    /// What is wrong with the input whatever the data path.
    pub(super) findings: Vec<Diagnostic>,
    /// What was left open and how it was filled, on any of them.
    pub(super) assumptions: Vec<Assumption>,
    /// Workloads that the scenario keeps out of every mesh.
    pub(super) kept_out: Vec<String>,
}

/// One data path.
pub(super) struct Lane {
    path: DataPathSpec,
    /// Its name.
    pub(super) name: &'static str,
    /// Who exists; the same on every path.
    world: World,
    /// Who configures its proxies, where somebody was asked.
    planes: Option<ControlPlanes>,
    /// What carries the traffic of each workload.
    placement: Placement,
    /// Its plan, or why there is none.
    pub(super) plan: Result<Arc<Plan>, String>,
}

impl Lanes {
    /// Places and compiles `scenario` for each data path that `args` name.
    pub(super) fn prepare(
        args: &CompareArgs,
        scenario: &Scenario,
        loaded: &Loaded,
        costs: &CostProfile,
    ) -> Self {
        let clusters: Vec<ClusterInput<'_>> =
            loaded.clusters.iter().map(Cluster::as_input).collect();
        let mut kept_out = Vec::new();
        let mut prepared: Vec<(DataPathSpec, Prepared)> = Vec::new();
        for &path in &args.data_paths {
            let placed = place(scenario, path.spec());
            kept_out = placed.kept_out;
            prepared.push((path.spec(), prepare(&clusters, &placed.scenario, costs)));
        }
        let findings = shared(prepared.iter().map(|(_, it)| it.findings.as_slice()));
        let mut all = Self { lanes: Vec::new(), findings, assumptions: Vec::new(), kept_out };
        for (path, prepared) in prepared {
            all.add(path, prepared);
        }
        all
    }

    fn add(&mut self, path: DataPathSpec, prepared: Prepared) {
        let Prepared { world, plan, planes, placement, findings, assumptions, .. } = prepared;
        // What is odd about an object on one path alone is told beside the object; only what the
        // engine itself cannot run takes a path out.
        let is_refusal = |it: &&Diagnostic| {
            let is_own = it.severity == Severity::Error && !self.findings.contains(it);
            is_own && it.code.starts_with("scenario.")
        };
        let own_error = findings.iter().find(is_refusal).map(|it| it.message.clone());
        let plan = match own_error {
            Some(reason) => Err(reason),
            None => {
                add_new(&mut self.assumptions, assumptions);
                Ok(plan)
            }
        };
        self.lanes.push(Lane { path, name: path.name(), world, planes, placement, plan });
    }

    /// The data paths with the world in which they are told.
    pub(super) fn told(&self) -> Vec<Told<'_>> {
        let told = |lane| {
            let Lane { path, world, planes, placement, .. }: &Lane = lane;
            Told { path: *path, world, planes: planes.as_ref(), placement }
        };
        self.lanes.iter().map(told).collect()
    }

    /// Checks that the baseline can be run, and that all that can be have the same applications.
    pub(super) fn check_baseline(&self) -> Result<(), Failure> {
        let baseline = match &self.lanes[0].plan {
            Ok(plan) => plan,
            Err(reason) => {
                let name = self.lanes[0].name;
                let message = format!("the baseline {name} cannot be run: {reason}");
                return Err(Failure::new(message)
                    .help("the first of --data-paths is the baseline; name another one first"));
            }
        };
        for lane in &self.lanes[1..] {
            let Ok(plan) = &lane.plan else { continue };
            same_application(baseline, plan).map_err(|difference| {
                let names = format!("{} and {}", self.lanes[0].name, lane.name);
                Failure::new(format!("{names} cannot be compared: {difference}"))
            })?;
        }
        Ok(())
    }
}

/// Adds those that are not there yet.
fn add_new<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// What is found whatever the data path.
fn shared<'f>(each: impl Iterator<Item = &'f [Diagnostic]>) -> Vec<Diagnostic> {
    let mut each = each;
    let mut shared: Vec<Diagnostic> = each.next().unwrap_or_default().to_vec();
    for findings in each {
        shared.retain(|it| findings.contains(it));
    }
    shared
}
