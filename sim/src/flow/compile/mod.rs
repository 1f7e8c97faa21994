//! Compiles a world and a scenario into the plan of a run; it decides nothing about time.
//!
//! Rows follow names, so the order of files never shows. What cannot be found is a finding with
//! the line of the scenario; the calls in question fail in the run as they would in a cluster.

mod behaviours;
mod boxes;
mod calls;
mod gates;
mod layout;
mod mesh;
mod network;
mod sendings;
mod sources;
mod targets;
mod waypoints;

use std::collections::BTreeMap;

use meshwalk_models::control::ControlPlanes;
use meshwalk_models::control::istio::enrolment;
use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::Diagnostic;
use meshwalk_models::path::{DataPath, Placement};
use meshwalk_models::policy::network::NetworkPolicies;
use meshwalk_models::profile::Profile;
use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_models::world::{NodeId, PodId, TableId, WorkloadId, World};

use crate::kernel::random::Distribution;
use crate::net::Site;
use crate::scenario::Scenario;
use crate::scenario::file::{DurationSpec, Protocol};
use crate::stats::{Assumption, Layout};

use self::behaviours::Behaviours;
use self::boxes::Boxes;
use self::layout::LayoutBuilder;
use self::mesh::MeshBuilder;
use self::sendings::Sending;
use self::targets::Targets;
use self::waypoints::Waypoints;
use super::app::STATUSES;
use super::asked::Asked;
use super::plan::{
    AppPlan, CallPlan, Gates, Heads, LanePlan, MeshPlan, NO_BOX, Op, Plan, PodPlan, Program, Rings,
};

/// What a run is made of.
#[derive(Clone, Copy)]
pub struct CompileInput<'a> {
    /// Who exists.
    pub world: &'a World,
    /// What they do.
    pub scenario: &'a Scenario,
    /// What each hop costs.
    pub costs: &'a CostProfile,
    /// The facts that proxies go by.
    pub profile: &'static Profile,
    /// What carries the traffic of each workload.
    pub placement: &'a Placement,
    /// Who configures the proxies; without control planes they have Istio's defaults.
    pub planes: Option<&'a ControlPlanes>,
    /// What network policies say.
    pub policies: &'a NetworkPolicies,
}

/// A plan, and what its making brought to light.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The plan.
    pub plan: Plan,
    /// What the call sites of the scenario ask for, by row of the plan's calls. Calls that others
    /// become on the way come after them.
    pub asked: Vec<Asked>,
    /// Names that lead nowhere, and the like; errors among them make the scenario unusable.
    pub findings: Vec<Diagnostic>,
    /// What the scenario leaves open and how it was filled.
    pub assumptions: Vec<Assumption>,
}

/// Compiles a plan. It always succeeds; see [`Compiled::findings`].
#[must_use]
pub fn compile(input: CompileInput<'_>) -> Compiled {
    let mut compiler = Compiler::new(input);
    compiler.place_pods();
    compiler.write_programs();
    compiler.add_sources();
    // Rewritten requests are calls of their own, so these come after the ones that are written.
    compiler.add_all_legs();
    compiler.add_gates();
    // Which program answers a call is known only when all programs are written.
    compiler.link_programs();
    compiler.finish()
}

/// The plan in the making.
struct Compiler<'a> {
    input: CompileInput<'a>,
    behaviours: Behaviours<'a>,
    apps: Vec<AppPlan>,
    pods: Vec<PodPlan>,
    boxes: Boxes,
    /// How many pool tables each pod of an app has; clients outside come after the apps.
    pool_tables: Vec<BTreeMap<TableKey, u32>>,
    ops: Vec<Op>,
    programs: Vec<Program>,
    calls: Vec<CallPlan>,
    /// Method and path of each call, until it is known which program answers.
    requests: Vec<(String, String)>,
    targets: Targets,
    distributions: Vec<Distribution>,
    lanes: Vec<LanePlan>,
    mesh: MeshBuilder,
    waypoints: Waypoints,
    gates: Gates,
    sendings: Vec<Sending>,
    sources: Vec<super::plan::SourcePlan>,
    layout: LayoutBuilder,
    findings: Vec<Diagnostic>,
    assumptions: Vec<Assumption>,
}

/// Calls of one class from one pod to one target share their connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PoolClass {
    Http1,
    Http2,
    Tcp,
}

impl From<Protocol> for PoolClass {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http1 => Self::Http1,
            Protocol::Http2 | Protocol::Grpc => Self::Http2,
            Protocol::Tcp => Self::Tcp,
        }
    }
}

/// What a pod has a table for: its own pools to a target, or the state of a cluster in its proxy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TableKey {
    Target(u32, PoolClass),
    Cluster(String),
}

impl<'a> Compiler<'a> {
    fn new(input: CompileInput<'a>) -> Self {
        let mut findings = Vec::new();
        let behaviours = Behaviours::resolve(input.world, input.scenario, &mut findings);
        Self {
            input,
            behaviours,
            apps: Vec::new(),
            pods: Vec::new(),
            boxes: Boxes::default(),
            pool_tables: vec![BTreeMap::new(); input.world.workloads.len()],
            ops: Vec::new(),
            programs: Vec::new(),
            calls: Vec::new(),
            requests: Vec::new(),
            targets: Targets::default(),
            distributions: Vec::new(),
            lanes: Vec::new(),
            mesh: MeshBuilder::default(),
            waypoints: Waypoints::default(),
            gates: Gates::default(),
            sendings: Vec::new(),
            sources: Vec::new(),
            layout: LayoutBuilder::new(input.world),
            findings,
            assumptions: Vec::new(),
        }
    }

    fn place_pods(&mut self) {
        let world = self.input.world;
        for (id, workload) in world.workloads.entries() {
            let app = id.index() as u32;
            let data_path = self.data_path_of(id);
            let first = workload.pods.start.index();
            for pod in workload.pods.start.index()..workload.pods.end.index() {
                self.pods.push(PodPlan {
                    app,
                    ordinal: (pod - first) as u32,
                    site: site_of(world, PodId::from_index(pod)),
                    first_pool_table: 0,
                    data_path,
                    proxy: NO_BOX,
                    class: 0,
                    gate_class: 0,
                });
            }
        }
        self.boxes.place(world, self.input.costs, &mut self.pods);
        self.admit_what_sidecars_lack();
    }

    /// What a sidecar does in a cluster and not here.
    fn admit_what_sidecars_lack(&mut self) {
        if self.pods.iter().any(|pod| pod.data_path == DataPath::IstioSidecar) {
            self.assume(
                "istio.server-side",
                "the sidecar beside a server encrypts, queues, costs time and has its access rules; \
                 its retries to its application are not in the run"
                    .to_owned(),
            );
        }
    }

    /// The data path of a workload, which all its pods have.
    fn data_path_of(&self, workload: WorkloadId) -> DataPath {
        let CompileInput { world, placement, .. } = self.input;
        enrolment::of_workload(world, workload, placement).data_path()
    }

    fn write_programs(&mut self) {
        let world = self.input.world;
        for (id, workload) in world.workloads.entries() {
            let app =
                self.app(id, (workload.pods.start.0, workload.pods.end.0 - workload.pods.start.0));
            self.apps.push(app);
        }
    }

    /// The row of a distribution; equal ones share a row.
    fn distribution(&mut self, spec: &DurationSpec) -> u32 {
        let distribution = spec.distribution().unwrap_or(Distribution::constant(SimDuration::ZERO));
        if let Some(row) = self.distributions.iter().position(|other| *other == distribution) {
            return row as u32;
        }
        self.distributions.push(distribution);
        (self.distributions.len() - 1) as u32
    }

    /// The lane of a caller's time-out.
    fn timeout(&mut self, timeout: Option<SimDuration>) -> Option<u32> {
        Some(self.lane(timeout?, Rings::CallerTimeOut))
    }

    /// The row of a table that each pod of an app has.
    fn table(&mut self, app: usize, key: TableKey) -> u32 {
        let tables = &mut self.pool_tables[app];
        let next = tables.len() as u32;
        *tables.entry(key).or_insert(next)
    }

    fn assume(&mut self, id: &str, sentence: String) {
        let assumption = Assumption { id: id.to_owned(), sentence };
        if !self.assumptions.contains(&assumption) {
            self.assumptions.push(assumption);
        }
    }

    fn finish(mut self) -> Compiled {
        let (authorizers, starts_at) = (self.authorizers(), self.starts_at());
        let asked = self.asked();
        let mut next_table = 0;
        for pod in &mut self.pods {
            pod.first_pool_table = next_table;
            next_table += self.pool_tables[pod.app as usize].len() as u32;
        }
        let app_count = self.apps.len() as u32;
        for pod in &mut self.pods {
            if pod.app >= app_count {
                pod.app = u32::MAX;
            }
        }
        let file = &self.input.scenario.file;
        let layout: Layout = self.layout.finish(self.input.world, &self.apps, self.boxes.entries);
        let statuses: Vec<u16> = STATUSES.into_iter().chain(self.gates.statuses()).collect();
        let plan = Plan {
            apps: self.apps,
            pods: self.pods,
            ops: self.ops,
            programs: self.programs,
            calls: self.calls,
            targets: self.targets.plans,
            endpoints: self.targets.endpoints,
            distributions: self.distributions,
            links: network::links(&file.network, self.input.costs),
            connects: network::connects(
                &file.network,
                self.input.costs,
                self.input.world.services.len(),
            ),
            sources: self.sources,
            boxes: self.boxes.plans,
            prices: self.boxes.prices,
            delays: self.boxes.delays,
            lanes: self.lanes,
            mesh: MeshPlan { heads: Heads::new(&statuses), ..self.mesh.plan },
            gates: self.gates,
            starts_at,
            authorizers,
            profile: self.input.profile,
            pool_tables: next_table,
            warm_up: SimTime::ZERO + file.warm_up,
            end: SimTime::ZERO + file.duration,
            layout,
        };
        Compiled { plan, asked, findings: self.findings, assumptions: self.assumptions }
    }
}

fn site_of(world: &World, pod: PodId) -> Site {
    site_of_node(world, world.pods[pod].node)
}

fn site_of_node(world: &World, node: NodeId) -> Site {
    let zone = world.nodes[node].zone;
    let region = match world.nodes[node].cluster {
        Some(_) => world.zones[zone].region.0,
        None => Site::OUTSIDE,
    };
    Site { node: node.0, zone: zone.0, region }
}
