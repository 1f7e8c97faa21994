//! The data paths side by side before anything runs: the same scenario, placed and compiled for
//! each of them.

use std::sync::Arc;

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{Diagnostic, Severity};
use meshwalk_sim::compare::{place, same_application};
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::run::{ClusterInput, Prepared, prepare};
use meshwalk_sim::scenario::Scenario;
use meshwalk_sim::stats::Assumption;

use crate::cli::CompareArgs;
use crate::command::run::load::{Cluster, Loaded};
use crate::failure::Failure;

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
    /// Its name.
    pub(super) name: &'static str,
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
        let mut prepared: Vec<(&'static str, Option<Prepared>)> = Vec::new();
        for path in &args.data_paths {
            let placed = path.spec().map(|spec| place(scenario, spec));
            let made = placed.map(|placed| {
                kept_out = placed.kept_out;
                prepare(&clusters, &placed.scenario, costs)
            });
            prepared.push((path.name(), made));
        }
        let made = prepared.iter().filter_map(|(_, made)| made.as_ref());
        let findings = shared_errors(made.map(|it| it.findings.as_slice()));
        let mut all = Self { lanes: Vec::new(), findings, assumptions: Vec::new(), kept_out };
        for (name, prepared) in prepared {
            match prepared {
                Some(prepared) => all.add(name, prepared),
                None => {
                    let reason = "scenarios have no such data path".to_owned();
                    all.lanes.push(Lane { name, plan: Err(reason) });
                }
            }
        }
        all
    }

    fn add(&mut self, name: &'static str, prepared: Prepared) {
        let own_error = prepared
            .findings
            .iter()
            .find(|it| it.severity == Severity::Error && !self.findings.contains(it));
        if let Some(error) = own_error {
            self.lanes.push(Lane { name, plan: Err(error.message.clone()) });
            return;
        }
        for finding in prepared.findings {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
        for assumption in prepared.assumptions {
            if !self.assumptions.contains(&assumption) {
                self.assumptions.push(assumption);
            }
        }
        self.lanes.push(Lane { name, plan: Ok(prepared.plan) });
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

/// Errors that every data path has.
fn shared_errors<'f>(each: impl Iterator<Item = &'f [Diagnostic]>) -> Vec<Diagnostic> {
    let mut each = each;
    let mut shared: Vec<Diagnostic> = each.next().unwrap_or_default().to_vec();
    shared.retain(|it| it.severity == Severity::Error);
    for findings in each {
        shared.retain(|it| findings.contains(it));
    }
    shared
}
