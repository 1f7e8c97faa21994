//! What a run is given: a scenario with its manifests, or manifests with an assumed scenario.

use std::io::Read;
use std::path::{Path, PathBuf};

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{self, Diagnostic, Manifests, SourceId, SourceSet};
use meshwalk_models::world::{self, ClusterManifests, Topology};
use meshwalk_sim::run::{ClusterInput, DEFAULT_CLUSTER};
use meshwalk_sim::scenario::file::{DataPathSpec, ScenarioFile};
use meshwalk_sim::scenario::{self, Scenario};
use meshwalk_sim::stats::Assumption;

use super::{Limits, SourceKind, Sources, collect, costs, kind_of, read_all, shown};
use crate::failure::Failure;

/// The name of a scenario that was assumed, in places and messages.
const ASSUMED_NAME: &str = "<assumed scenario>";

/// What to read, and what to change in it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// A scenario file; or manifests.
    pub(crate) paths: &'a [PathBuf],
    /// The data path in place of the scenario's.
    pub(crate) data_path: Option<DataPathSpec>,
    /// Further overrides, such as `traffic[0].timeout=2s`.
    pub(crate) overrides: &'a [String],
    /// The seed in place of the scenario's.
    pub(crate) seed: Option<u64>,
    /// A machine or a file of prices in place of the built-in ones.
    pub(crate) costs: Option<&'a str>,
}

/// What was read.
pub(crate) struct Loaded {
    /// All texts.
    pub(crate) sources: SourceSet,
    /// What is wrong with them.
    pub(crate) findings: Vec<Diagnostic>,
    /// What it is called in reports.
    pub(crate) title: String,
    /// The scenario; `None` when it cannot be used, and the findings say why.
    pub(crate) scenario: Option<Scenario>,
    /// The manifests of each cluster.
    pub(crate) clusters: Vec<Cluster>,
    /// What was assumed because no scenario says it.
    pub(crate) assumptions: Vec<Assumption>,
    /// Overrides of the command line.
    pub(crate) edits: Vec<String>,
    /// The prices; `None` when they cannot be used, and the findings say why.
    pub(crate) costs: Option<CostProfile>,
}

/// A cluster and its manifests.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) manifests: Manifests,
}

impl Cluster {
    /// What the simulator takes.
    pub(crate) fn as_input(&self) -> ClusterInput<'_> {
        ClusterInput { name: &self.name, resources: &self.manifests.resources }
    }
}

/// Reads what is asked for.
pub(crate) fn load(asked: Asked<'_>, stdin: &mut dyn Read) -> Result<Loaded, Failure> {
    let mut loader = Loader { asked, stdin, sources: Sources::default() };
    let ids = loader.read(asked.paths);
    let (scenarios, manifests): (Vec<SourceId>, Vec<SourceId>) =
        ids.into_iter().partition(|&id| kind_of(&loader.sources.set, id) == SourceKind::Scenario);
    match (scenarios.as_slice(), manifests.as_slice()) {
        (&[scenario], []) => Ok(loader.with_scenario(scenario)),
        ([], []) if loader.sources.findings.is_empty() => {
            Err(Failure::new("no .yaml, .yml or .json file is there to read")
                .help("name a scenario file, or files and folders with manifests"))
        }
        ([], manifests) => Ok(loader.with_manifests(manifests)),
        (scenarios, _) => Err(loader.scenario_in_company(scenarios)),
    }
}

struct Loader<'a> {
    asked: Asked<'a>,
    stdin: &'a mut dyn Read,
    sources: Sources,
}

impl Loader<'_> {
    fn read(&mut self, paths: &[PathBuf]) -> Vec<SourceId> {
        let found = collect(paths, &Limits::DEFAULT);
        read_all(found, &mut self.stdin, &Limits::DEFAULT, &mut self.sources)
    }

    fn scenario_in_company(&self, scenarios: &[SourceId]) -> Failure {
        let names: Vec<_> = scenarios.iter().map(|&id| self.sources.set.name(id)).collect();
        Failure::new(format!("a scenario runs alone; among the paths are {}", names.join(", ")))
            .help("name one scenario file; it lists its manifests under `manifests:`")
    }

    /// Overrides in the order in which they take effect.
    fn edits(&self) -> Vec<String> {
        let data_path = self.asked.data_path.map(|path| format!("data_path={}", path.name()));
        data_path.into_iter().chain(self.asked.overrides.iter().cloned()).collect()
    }

    fn with_scenario(mut self, source: SourceId) -> Loaded {
        let folder = Path::new(self.sources.set.name(source)).parent().map(Path::to_owned);
        let folder = folder.unwrap_or_default();
        let mut title = self.sources.set.name(source).to_owned();
        let scenario = self.read_scenario(source);
        let clusters = match &scenario {
            None => Vec::new(),
            Some(scenario) => {
                if !scenario.file.name.is_empty() {
                    title.clone_from(&scenario.file.name);
                }
                self.clusters(&folder, &scenario.file)
            }
        };
        self.finish(title, scenario, clusters, Vec::new())
    }

    fn with_manifests(mut self, ids: &[SourceId]) -> Loaded {
        let manifests = manifest::load(&self.sources.set, ids.iter().copied());
        let cluster = ClusterManifests {
            name: DEFAULT_CLUSTER,
            default_namespace: "default",
            resources: &manifests.resources,
        };
        let built = world::build(&[cluster], &Topology::default(), &[]);
        let (file, assumptions) = scenario::default_for(&built.world);
        // Read back as text, so that `--set` and findings work as with a file.
        let text = serde_json::to_string_pretty(&file).expect("a scenario is plain data");
        let source = self.sources.set.add(ASSUMED_NAME, text);
        let scenario = self.read_scenario(source);
        let paths: Vec<String> = self.asked.paths.iter().map(|path| shown(path)).collect();
        let cluster = Cluster { name: DEFAULT_CLUSTER.to_owned(), manifests };
        self.finish(paths.join(" "), scenario, vec![cluster], assumptions)
    }

    fn read_scenario(&mut self, source: SourceId) -> Option<Scenario> {
        let edits = self.edits();
        match scenario::read(&mut self.sources.set, source, &edits) {
            Ok(mut scenario) => {
                self.sources.findings.append(&mut scenario.warnings);
                scenario.file.seed = self.asked.seed.unwrap_or(scenario.file.seed);
                Some(scenario)
            }
            Err(findings) => {
                self.sources.findings.extend(findings);
                None
            }
        }
    }

    /// The manifests of each cluster that the scenario names, or of the only one.
    fn clusters(&mut self, folder: &Path, file: &ScenarioFile) -> Vec<Cluster> {
        if file.topology.clusters.is_empty() {
            return vec![self.cluster(DEFAULT_CLUSTER, folder, &file.manifests)];
        }
        let clusters = file.topology.clusters.iter().map(|cluster| {
            let own =
                if cluster.manifests.is_empty() { &file.manifests } else { &cluster.manifests };
            self.cluster(&cluster.name, folder, own)
        });
        clusters.collect()
    }

    fn cluster(&mut self, name: &str, folder: &Path, paths: &[String]) -> Cluster {
        let paths: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
        let ids = self.read(&paths);
        let manifests = manifest::load(&self.sources.set, ids);
        Cluster { name: name.to_owned(), manifests }
    }

    fn finish(
        mut self,
        title: String,
        scenario: Option<Scenario>,
        clusters: Vec<Cluster>,
        assumptions: Vec<Assumption>,
    ) -> Loaded {
        let costs = costs(self.asked.costs, &mut self.stdin, &mut self.sources);
        let mut findings = self.sources.findings.clone();
        for cluster in &clusters {
            findings.extend(cluster.manifests.diagnostics.iter().cloned());
        }
        let edits = self.edits();
        Loaded {
            sources: self.sources.set,
            findings,
            title,
            scenario,
            clusters,
            assumptions,
            edits,
            costs,
        }
    }
}
