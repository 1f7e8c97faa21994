//! Everything before time begins: the world is built and the plan compiled.

use std::collections::BTreeSet;
use std::sync::Arc;

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::control::istio::enrolment;
use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::kinds::Resource;
use meshwalk_models::manifest::{Diagnostic, Place, SourceId};
use meshwalk_models::path::{self, DataPath};
use meshwalk_models::policy::network::NetworkPolicies;
use meshwalk_models::profile::Profile;
use meshwalk_models::world::{
    self, ClusterManifests, ClusterTopology, NodeNames, Origin, OutsideHost, Placement,
    Spread as WorldSpread, Topology, WorkloadId, World, ZoneTopology,
};

use crate::flow::plan::Plan;
use crate::flow::{Asked, CompileInput, compile};
use crate::scenario::file::{NodesSpec, SpreadOver};
use crate::scenario::{self, Scenario};
use crate::stats::Assumption;
#[cfg(feature = "expectations")]
use crate::timeline::condition::{CompiledBreakpoint, ConditionNames, compile_breakpoints};

/// The cluster of manifests that belong to no named one.
pub const DEFAULT_CLUSTER: &str = "cluster";

/// The region of zones that name none.
const DEFAULT_REGION: &str = "region";

/// The objects of one cluster.
#[derive(Clone, Copy, Debug)]
pub struct ClusterInput<'a> {
    /// Its name; [`DEFAULT_CLUSTER`] unless the scenario names clusters.
    pub name: &'a str,
    /// Its objects.
    pub resources: &'a [Resource],
}

/// What a run is made of, and what its making brought to light.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Who exists.
    pub world: World,
    /// What the engine needs.
    pub plan: Arc<Plan>,
    /// What the call sites of the scenario ask for, by row of the plan's calls.
    pub asked: Vec<Asked>,
    /// Who configures the proxies; `None` where no manifest holds an object of a mesh and nobody
    /// is in ambient, so that all sidecars have the defaults and nobody was asked.
    pub planes: Option<ControlPlanes>,
    /// What carries the traffic of each workload.
    pub placement: path::Placement,
    /// Where pods run, as far as the scenario says so.
    pub topology: Topology,
    /// Hosts outside.
    pub outside: Vec<OutsideHost>,
    /// What looks wrong; with errors among them the run would not mean what was asked.
    pub findings: Vec<Diagnostic>,
    /// What was left open and how it was filled.
    pub assumptions: Vec<Assumption>,
    /// Where whoever explores the run wants to stop; none where one of them is wrong.
    #[cfg(feature = "expectations")]
    pub breakpoints: Vec<CompiledBreakpoint>,
}

/// Builds the world of `clusters` and compiles `scenario` for it.
#[must_use]
pub fn prepare(
    clusters: &[ClusterInput<'_>],
    scenario: &Scenario,
    costs: &CostProfile,
) -> Prepared {
    let manifests = manifests_of(clusters, scenario);
    let topology = topology(scenario, clusters);
    let outside: Vec<OutsideHost> = scenario
        .file
        .outside
        .keys()
        .map(|name| OutsideHost {
            name: name.clone(),
            replicas: 1,
            zone: None,
            origin: Origin::Scenario(place(scenario, &format!("outside.{name:?}"))),
        })
        .collect();
    let built = world::build(&manifests, &topology, &outside);
    let profile = Profile::built_in();
    let mut findings = built.findings;
    let placement = scenario::placement(&built.world, scenario, &mut findings);
    // Without objects of a mesh every sidecar has the defaults, and nobody needs to be asked.
    let is_asked = has_mesh_objects(clusters) || is_anybody_ambient(&built.world, &placement);
    let planes = is_asked
        .then(|| ControlPlanes::placed(&built.world, &manifests, profile, placement.clone()));
    let alone = match planes {
        Some(_) => None,
        None => Some(NetworkPolicies::new(&built.world, &manifests, profile)),
    };
    let none = NetworkPolicies::none(profile);
    let policies = match (&planes, &alone) {
        (Some((planes, _)), _) => planes.network_policies(),
        (None, Some((policies, _))) => policies,
        (None, None) => &none,
    };
    let compiled = compile(CompileInput {
        world: &built.world,
        scenario,
        costs,
        profile,
        placement: &placement,
        planes: planes.as_ref().map(|(planes, _)| planes),
        policies,
    });
    let (planes, rejected) = planes.unzip();
    findings.extend(rejected.into_iter().flatten());
    findings.extend(alone.into_iter().flat_map(|(_, findings)| findings));
    findings.extend(compiled.findings);
    let mut assumptions: Vec<Assumption> = built
        .assumptions
        .iter()
        .map(|assumption| Assumption {
            id: "world".to_owned(),
            sentence: format!("{}: {}", assumption.subject, assumption.sentence),
        })
        .collect();
    assumptions.extend(compiled.assumptions);
    #[cfg(feature = "expectations")]
    let breakpoints = breakpoints(scenario, &compiled.plan, &mut findings);
    Prepared {
        world: built.world,
        plan: Arc::new(compiled.plan),
        asked: compiled.asked,
        planes,
        placement,
        topology,
        outside,
        findings,
        assumptions,
        #[cfg(feature = "expectations")]
        breakpoints,
    }
}

/// The breakpoints of `scenario`, checked against the names of `plan`.
#[cfg(feature = "expectations")]
fn breakpoints(
    scenario: &Scenario,
    plan: &Plan,
    findings: &mut Vec<Diagnostic>,
) -> Vec<CompiledBreakpoint> {
    let written = &scenario.file.breakpoints;
    if written.is_empty() {
        return Vec::new();
    }
    let compiled =
        compile_breakpoints(written, &ConditionNames::new(plan), |path| scenario.place_of(path));
    compiled.unwrap_or_else(|wrong| {
        findings.extend(wrong);
        Vec::new()
    })
}

/// The manifests of clusters, as a world is built of them.
#[must_use]
pub fn manifests_of<'a>(
    clusters: &[ClusterInput<'a>],
    scenario: &'a Scenario,
) -> Vec<ClusterManifests<'a>> {
    let default_namespace = scenario.file.default_namespace.as_str();
    let manifests = clusters.iter().map(|cluster| ClusterManifests {
        name: cluster.name,
        default_namespace,
        resources: cluster.resources,
    });
    manifests.collect()
}

/// Whether anybody is in ambient, where policies and waypoints count for everybody.
fn is_anybody_ambient(world: &World, placement: &path::Placement) -> bool {
    let is_ambient = |id: WorkloadId| {
        enrolment::of_workload(world, id, placement).data_path() == DataPath::IstioAmbient
    };
    world.workloads.ids().any(is_ambient)
}

fn has_mesh_objects(clusters: &[ClusterInput<'_>]) -> bool {
    let mut resources = clusters.iter().flat_map(|cluster| cluster.resources);
    resources.any(|it| matches!(it, Resource::Istio(_) | Resource::GatewayApi(_)))
}

/// Where the scenario says something.
fn place(scenario: &Scenario, path: &str) -> Place {
    let first = Place { source: SourceId(0), line: 1, column: 1 };
    scenario.place_of(path).unwrap_or(first)
}

fn topology(scenario: &Scenario, clusters: &[ClusterInput<'_>]) -> Topology {
    let spec = &scenario.file.topology;
    let zone = |cluster: usize, index: usize| {
        let zone = &spec.clusters[cluster].zones[index];
        ZoneTopology {
            name: zone.name.clone(),
            region: zone.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            nodes: match &zone.nodes {
                NodesSpec::Count(count) => NodeNames::Count(*count),
                NodesSpec::Names(names) => NodeNames::Named(names.clone()),
            },
            place: place(scenario, &format!("topology.clusters[{cluster}].zones[{index}]")),
        }
    };
    Topology {
        clusters: spec
            .clusters
            .iter()
            .enumerate()
            .map(|(row, cluster)| ClusterTopology {
                name: cluster.name.clone(),
                zones: (0..cluster.zones.len()).map(|index| zone(row, index)).collect(),
            })
            .collect(),
        placements: placements(scenario, clusters),
    }
}

fn placements(scenario: &Scenario, clusters: &[ClusterInput<'_>]) -> Vec<Placement> {
    let spec = &scenario.file.topology;
    let mut placements = Vec::new();
    for (row, rule) in spec.spread.iter().enumerate() {
        let namespaces: Vec<String> = match rule.workload.split_once('/') {
            Some((namespace, _)) => vec![namespace.to_owned()],
            None => namespaces_of(&rule.workload, scenario, clusters).into_iter().collect(),
        };
        let name = rule.workload.rsplit('/').next().unwrap_or(&rule.workload);
        for namespace in namespaces {
            placements.push(Placement {
                cluster: None,
                namespace,
                workload: name.to_owned(),
                zones: rule.zones.clone(),
                spread: match rule.over {
                    SpreadOver::Zones => WorldSpread::ZonesThenNodes,
                    SpreadOver::Nodes => WorldSpread::Nodes,
                },
                place: place(scenario, &format!("topology.spread[{row}]")),
            });
        }
    }
    placements
}

/// The namespaces that hold a workload of this name.
fn namespaces_of(
    name: &str,
    scenario: &Scenario,
    clusters: &[ClusterInput<'_>],
) -> BTreeSet<String> {
    let default = &scenario.file.default_namespace;
    clusters
        .iter()
        .flat_map(|cluster| cluster.resources)
        .filter_map(|resource| match resource {
            Resource::Workload(workload) => Some(&workload.meta),
            Resource::Pod(pod) => Some(&pod.meta),
            _ => None,
        })
        .filter(|meta| meta.name.value == name)
        .map(|meta| meta.namespace.as_ref().map_or(default, |namespace| &namespace.value).clone())
        .collect()
}
