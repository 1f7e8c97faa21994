//! What is explored: texts, manifests, the scenario, the world and the plan of the run. It never
//! changes; what was recorded of the run is the timeline's.

use std::sync::{Arc, OnceLock};

use meshwalk_models::manifest::{Diagnostic, SourceSet};
use meshwalk_models::world::World;
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::kernel::Seed;
use meshwalk_sim::run::{ClusterInput, Prepared, prepare, replication_seed};
use meshwalk_sim::scenario::Scenario;
use meshwalk_sim::stats::Assumption;

use super::screen::{MapGraph, Subject, subjects};
use super::wording::Words;
use crate::input::{Cluster, Loaded};
use crate::report::places::Places;

/// A run that can be explored.
pub(crate) struct Session {
    /// What it is called.
    pub(in crate::explore) title: String,
    /// All texts that were read.
    pub(in crate::explore) sources: Arc<SourceSet>,
    /// The manifests of each cluster.
    pub(in crate::explore) clusters: Vec<Cluster>,
    /// What manifests do not say.
    pub(in crate::explore) scenario: Scenario,
    /// The world, the plan and what their making brought to light.
    pub(in crate::explore) prepared: Prepared,
    /// What was left open and how it was filled.
    pub(in crate::explore) assumptions: Vec<Assumption>,
    /// The command that shows the same run again.
    pub(in crate::explore) command: String,
    map_graph: OnceLock<MapGraph>,
    subjects: OnceLock<Vec<Subject>>,
}

/// What came of making a session.
pub(crate) struct Made {
    /// The session; `None` where nothing can be run.
    pub(crate) session: Option<Session>,
    /// What is wrong with the input.
    pub(crate) findings: Vec<Diagnostic>,
    /// The texts that the findings are about.
    pub(crate) sources: Arc<SourceSet>,
}

impl Session {
    /// Builds the world and the plan of what was loaded; `command` shows the same run again.
    pub(crate) fn make(loaded: Loaded, command: String) -> Made {
        let Loaded { sources, mut findings, title, scenario, clusters, costs, .. } = loaded;
        let sources = Arc::new(sources);
        let (Some(scenario), Some(costs)) = (scenario, costs) else {
            return Made { session: None, findings, sources };
        };
        let inputs: Vec<ClusterInput<'_>> = clusters.iter().map(Cluster::as_input).collect();
        let mut prepared = prepare(&inputs, &scenario, &costs);
        findings.append(&mut prepared.findings);
        let mut assumptions = loaded.assumptions;
        assumptions.append(&mut prepared.assumptions);
        let session = Self {
            title,
            sources: Arc::clone(&sources),
            clusters,
            scenario,
            prepared,
            assumptions,
            command,
            map_graph: OnceLock::new(),
            subjects: OnceLock::new(),
        };
        Made { session: Some(session), findings, sources }
    }

    /// Who exists.
    pub(in crate::explore) const fn world(&self) -> &World {
        &self.prepared.world
    }

    /// What the engine follows.
    pub(in crate::explore) const fn plan(&self) -> &Arc<Plan> {
        &self.prepared.plan
    }

    /// Who can call whom; made when it is first asked for.
    pub(in crate::explore) fn map_graph(&self) -> &MapGraph {
        self.map_graph.get_or_init(|| MapGraph::of(self.world(), self.plan()))
    }

    /// Everything that has signals; named when it is first asked for.
    pub(in crate::explore) fn subjects(&self) -> &[Subject] {
        self.subjects.get_or_init(|| subjects(&self.plan().layout))
    }

    /// What its steps, pods and rules are called.
    pub(in crate::explore) fn words(&self) -> Words<'_> {
        Words::new(self.world(), self.plan(), Places::new(&self.sources))
    }

    /// The seed of every draw.
    pub(in crate::explore) fn seed(&self) -> Seed {
        replication_seed(self.scenario.file.seed, 0)
    }
}
