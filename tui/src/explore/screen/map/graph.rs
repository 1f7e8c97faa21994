//! Who can call whom, as a graph: traffic sources, workloads, and Services that stand for several
//! workloads or for none. It follows from the world and the plan and never changes during a run;
//! what flows along it is told by the series.

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::path::DataPath;
use meshwalk_models::world::{EndpointTarget, World};
use meshwalk_sim::flow::inspect::Names;
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::stats::{EdgeOrigin, Layout};
use meshwalk_sim::timeline::series::Row;

/// What a box of the graph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NodeKind {
    /// A traffic source.
    Source,
    /// A workload, with the Services that stand for nothing else.
    Workload,
    /// A Service that stands for several workloads, or for none.
    Service,
    /// All workloads and Services of a namespace that are not shown one by one.
    Namespace,
}

/// A box of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// Its namespace; empty for what is outside the cluster.
    pub(super) namespace: String,
    /// Its name in its namespace.
    pub(super) name: String,
    /// Whose figures are its own; those of several are added up.
    pub(super) rows: Vec<Row>,
    /// How many pods it has; of a namespace, how many members.
    pub(super) size: usize,
    /// What carries the traffic of its pods; several where they differ.
    pub(super) data_paths: BTreeSet<&'static str>,
    /// The Services that lead to it, by full name.
    pub(super) services: Vec<String>,
}

/// From one box to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whose figures are its own: edges of the layout, or the source that a workload works for.
    pub(super) rows: Vec<Row>,
}

/// The graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// The waypoints that calls go through, by the row of their edge in the layout.
    pub(super) waypoints: BTreeMap<usize, BTreeSet<String>>,
}

impl Graph {
    /// The waypoints that calls along an edge go through.
    pub(super) fn waypoints_of(&self, edge: usize) -> Vec<&str> {
        let of = |row: &Row| match row {
            Row::Edge(row) => self.waypoints.get(row),
            _ => None,
        };
        let all: BTreeSet<&str> =
            self.edges[edge].rows.iter().filter_map(of).flatten().map(String::as_str).collect();
        all.into_iter().collect()
    }

    /// By box, whether it calls somebody or is called.
    pub(super) fn linked(&self) -> Vec<bool> {
        let mut linked = vec![false; self.nodes.len()];
        for edge in &self.edges {
            linked[edge.from] = true;
            linked[edge.to] = true;
        }
        linked
    }

    /// The graph of a world and the plan that was made for it.
    pub(super) fn of(world: &World, plan: &Plan) -> Self {
        let backing = backing(world, &plan.layout);
        let graph = Self { waypoints: waypoints(plan), ..Self::default() };
        let mut data_paths = vec![BTreeSet::new(); plan.layout.workloads.len()];
        for pod in &plan.pods {
            if let Some(of_app) = data_paths.get_mut(pod.app as usize) {
                of_app.insert(data_path_word(pod.data_path));
            }
        }
        let mut build = Build { plan, graph, edges: BTreeMap::new() };
        let sources: Vec<usize> =
            (0..plan.layout.traffic.len()).map(|row| build.source(row)).collect();
        let of_rows = data_paths.into_iter().enumerate();
        let workloads: Vec<usize> =
            of_rows.map(|(row, data_paths)| build.workload(row, data_paths)).collect();
        let services: Vec<usize> = (0..plan.layout.services.len())
            .map(|row| build.service(row, &backing[row], &workloads))
            .collect();
        for (row, edge) in plan.layout.edges.iter().enumerate() {
            let from = match edge.from {
                EdgeOrigin::Traffic(source) => sources[source],
                EdgeOrigin::Workload(workload) => workloads[workload],
            };
            build.link(from, services[edge.to], Some(Row::Edge(row)));
        }
        // A source inside the cluster sends through the pods of a workload.
        for (row, source) in plan.sources.iter().enumerate() {
            let pod = plan.pods.get(source.pods.0 as usize);
            let workload = pod.and_then(|pod| workloads.get(pod.app as usize));
            if let Some(workload) = workload {
                build.link(sources[row], *workload, Some(Row::Source(row)));
            }
        }
        build.finish()
    }

    /// Its full name, as scenarios write it.
    pub(super) fn full_name(&self, node: usize) -> String {
        self.nodes[node].full_name()
    }

    /// Edges that begin at a box.
    pub(super) fn calls_from(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges.iter().enumerate().filter(move |(_, it)| it.from == node).map(|(row, _)| row)
    }

    /// Edges that end at a box.
    pub(super) fn calls_to(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges.iter().enumerate().filter(move |(_, it)| it.to == node).map(|(row, _)| row)
    }
}

impl Node {
    /// Its full name, as scenarios write it.
    pub(super) fn full_name(&self) -> String {
        match self.kind {
            NodeKind::Source => format!("traffic:{}", self.name),
            NodeKind::Namespace => format!("namespace {}", self.name),
            _ if self.namespace.is_empty() => self.name.clone(),
            _ => format!("{}/{}", self.namespace, self.name),
        }
    }
}

/// By row of the layout's services, the rows of the workloads behind it.
fn backing(world: &World, layout: &Layout) -> Vec<BTreeSet<usize>> {
    let rows: BTreeMap<String, usize> =
        (0..layout.workloads.len()).map(|row| (layout.workload_name(row), row)).collect();
    let mut behind: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for id in world.services.ids() {
        let workloads = behind.entry(world.service_name(id)).or_default();
        for endpoint in world.services[id].ports.iter().flat_map(|port| &port.endpoints) {
            if let EndpointTarget::Pod(pod) = endpoint.target {
                let name = world.workload_name(world.pods[pod].workload);
                workloads.extend(rows.get(&name));
            }
        }
    }
    (0..layout.services.len())
        .map(|row| {
            let name = layout.service_name(row);
            // A host outside is its own only workload.
            let own = || rows.get(&name).copied().into_iter().collect();
            behind.get(&name).cloned().unwrap_or_else(own)
        })
        .collect()
}

/// The waypoints that calls go through, by edge of the layout.
fn waypoints(plan: &Plan) -> BTreeMap<usize, BTreeSet<String>> {
    let names = Names::new(plan);
    let mut waypoints: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for call in plan.calls.iter().filter(|call| call.onward.is_some()) {
        let (first, count) = plan.targets[call.target as usize].endpoints;
        let pods = plan.endpoints.iter().skip(first as usize).take(count as usize);
        waypoints.entry(call.edge as usize).or_default().extend(pods.map(|pod| names.pod(*pod)));
    }
    waypoints
}

struct Build<'p> {
    plan: &'p Plan,
    graph: Graph,
    edges: BTreeMap<(usize, usize), Vec<Row>>,
}

impl Build<'_> {
    fn add(&mut self, node: Node) -> usize {
        self.graph.nodes.push(node);
        self.graph.nodes.len() - 1
    }

    fn source(&mut self, row: usize) -> usize {
        self.add(Node {
            kind: NodeKind::Source,
            namespace: String::new(),
            name: self.plan.layout.traffic[row].name.clone(),
            rows: vec![Row::Source(row)],
            size: 0,
            data_paths: BTreeSet::new(),
            services: Vec::new(),
        })
    }

    fn workload(&mut self, row: usize, data_paths: BTreeSet<&'static str>) -> usize {
        let entry = &self.plan.layout.workloads[row];
        let is_outside = entry.namespace.is_empty();
        self.add(Node {
            kind: NodeKind::Workload,
            namespace: entry.namespace.clone(),
            name: entry.name.clone(),
            rows: vec![Row::Workload(row)],
            size: entry.pods.len(),
            data_paths: if is_outside { BTreeSet::new() } else { data_paths },
            services: Vec::new(),
        })
    }

    /// The box that a Service leads to: that of its only workload, or one of its own.
    fn service(&mut self, row: usize, behind: &BTreeSet<usize>, workloads: &[usize]) -> usize {
        let layout = &self.plan.layout;
        let entry = &layout.services[row];
        if let (1, Some(workload)) = (behind.len(), behind.first()) {
            let node = workloads[*workload];
            self.graph.nodes[node].services.push(layout.service_name(row));
            return node;
        }
        let own = self.add(Node {
            kind: NodeKind::Service,
            namespace: entry.namespace.clone(),
            name: entry.name.clone(),
            rows: vec![Row::Service(row)],
            size: 0,
            data_paths: BTreeSet::new(),
            services: vec![layout.service_name(row)],
        });
        for workload in behind {
            self.link(own, workloads[*workload], None);
        }
        own
    }

    fn link(&mut self, from: usize, to: usize, row: Option<Row>) {
        self.edges.entry((from, to)).or_default().extend(row);
    }

    fn finish(mut self) -> Graph {
        let edges = std::mem::take(&mut self.edges).into_iter();
        self.graph.edges = edges.map(|((from, to), rows)| Edge { from, to, rows }).collect();
        self.graph
    }
}

/// The word for a data path that fits on the border of a box.
const fn data_path_word(data_path: DataPath) -> &'static str {
    match data_path {
        DataPath::None => "no mesh",
        DataPath::IstioSidecar => "sidecar",
        DataPath::IstioAmbient => "ambient",
    }
}
