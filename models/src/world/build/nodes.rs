//! Regions, zones and nodes: from the scenario, else from the manifests, else assumed. Which
//! node a pod gets is decided in `placement`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::manifest::Diagnostic;
use crate::manifest::kinds::Node as NodeObject;
use crate::world::{
    ClusterId, ClusterTopology, Node, NodeId, NodeNames, Origin, OutsideHost, Region, RegionId,
    TableId, Topology, Zone, ZoneId,
};

use super::Draft;
use super::addresses::{self, stable_hash};
use super::objects::ClusterObjects;

/// All clusters of a scenario together; more is a typing error, as Kubernetes supports 5 000 nodes
/// a cluster.
const NODES_MAX: u32 = 100_000;
const ASSUMED_NODES: u32 = 3;
/// Where hosts outside run unless the scenario places them.
pub(super) const OUTSIDE: &str = "outside";

/// The nodes of one cluster.
pub(super) struct NodePool {
    pub(super) source: PoolSource,
    /// By name.
    pub(super) nodes: Vec<PoolNode>,
}

/// A node as the scheduler sees it.
pub(super) struct PoolNode {
    pub(super) id: NodeId,
    pub(super) name: String,
    pub(super) zone: ZoneId,
    pub(super) zone_name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) schedulable: bool,
}

/// Who says which nodes a cluster has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolSource {
    Scenario,
    Manifest,
    Assumed,
}

/// The pools of all clusters, in their order.
pub(super) struct Pools {
    pub(super) clusters: Vec<NodePool>,
    zones: BTreeMap<(String, String), ZoneId>,
}

impl Pools {
    /// The first zone with this name.
    pub(super) fn zone_named(&self, name: &str) -> Option<ZoneId> {
        self.zones.iter().find(|((_, zone), _)| zone == name).map(|(_, id)| *id)
    }
}

/// A node before the zones have ids.
struct NodePlan {
    region: String,
    zone: String,
    ip: Option<IpAddr>,
    labels: BTreeMap<String, String>,
    schedulable: bool,
    origin: Origin,
}

/// Fills the tables of regions, zones and nodes.
pub(super) fn add(
    draft: &mut Draft,
    clusters: &[ClusterObjects<'_>],
    topology: &Topology,
    outside: &[OutsideHost],
) -> Pools {
    let mut room = NODES_MAX;
    let planned: Vec<_> = clusters
        .iter()
        .map(|cluster| {
            let wanted = topology.clusters.iter().find(|other| other.name == cluster.name);
            plan_cluster(draft, cluster, wanted, &mut room)
        })
        .collect();
    let mut names: BTreeSet<(String, String)> = planned
        .iter()
        .flat_map(|(_, plans)| plans.values())
        .map(|plan| (plan.region.clone(), plan.zone.clone()))
        .collect();
    if outside.iter().any(|host| host.zone.is_none()) {
        names.insert((OUTSIDE.to_owned(), OUTSIDE.to_owned()));
    }
    let zones = add_zones(draft, names);
    let pools = planned.into_iter().enumerate().map(|(index, (source, plans))| {
        let cluster = &clusters[index];
        let id = ClusterId::from_index(index);
        let nodes = plans
            .into_iter()
            .map(|(name, plan)| add_node(draft, (id, cluster.name), &zones, name, plan));
        NodePool { source, nodes: nodes.collect() }
    });
    let clusters = pools.collect();
    Pools { clusters, zones }
}

fn add_zones(
    draft: &mut Draft,
    names: BTreeSet<(String, String)>,
) -> BTreeMap<(String, String), ZoneId> {
    let mut regions: BTreeMap<String, RegionId> = BTreeMap::new();
    let mut zones = BTreeMap::new();
    for (region, zone) in names {
        // The set is sorted by region, so regions too get ids in the order of names.
        let region_id = *regions
            .entry(region.clone())
            .or_insert_with(|| draft.world.regions.push(Region { name: region.clone() }));
        let id = draft.world.zones.push(Zone { name: zone.clone(), region: region_id });
        zones.insert((region, zone), id);
    }
    zones
}

fn add_node(
    draft: &mut Draft,
    (cluster, cluster_name): (ClusterId, &str),
    zones: &BTreeMap<(String, String), ZoneId>,
    name: String,
    plan: NodePlan,
) -> PoolNode {
    let zone_name = plan.zone.clone();
    let zone = zones[&(plan.region, plan.zone)];
    let ip_is_declared = plan.ip.is_some();
    let ip = plan.ip.unwrap_or_else(|| {
        draft.addresses.claim(addresses::NODES, stable_hash(&["node", cluster_name, &name]))
    });
    let (cluster, origin) = (Some(cluster), plan.origin);
    let row = Node { name: name.clone(), cluster, zone, ip, ip_is_declared, origin };
    let id = draft.world.nodes.push(row);
    PoolNode { id, name, zone, zone_name, labels: plan.labels, schedulable: plan.schedulable }
}

fn plan_cluster(
    draft: &mut Draft,
    cluster: &ClusterObjects<'_>,
    wanted: Option<&ClusterTopology>,
    room: &mut u32,
) -> (PoolSource, BTreeMap<String, NodePlan>) {
    if let Some(wanted) = wanted.filter(|wanted| !wanted.zones.is_empty()) {
        if !cluster.nodes.is_empty() {
            let sentence = "the scenario says which nodes there are; Nodes of the manifests are \
                            set aside";
            draft.notes.assume(format!("cluster {}", cluster.name), sentence, None);
        }
        return (PoolSource::Scenario, from_scenario(draft, wanted, room));
    }
    if !cluster.nodes.is_empty() {
        let nodes = cluster.nodes.iter();
        let plans = nodes.map(|(name, node)| ((*name).to_owned(), from_manifest(draft, node)));
        return (PoolSource::Manifest, plans.collect());
    }
    (PoolSource::Assumed, assumed(draft, cluster))
}

fn from_scenario(
    draft: &mut Draft,
    wanted: &ClusterTopology,
    room: &mut u32,
) -> BTreeMap<String, NodePlan> {
    let mut plans = BTreeMap::new();
    for zone in &wanted.zones {
        let origin = Origin::Scenario(zone.place);
        let names = match &zone.nodes {
            NodeNames::Named(names) => names.clone(),
            NodeNames::Count(count) => {
                let made = (*count).min(*room);
                *room -= made;
                if made < *count {
                    let message = format!("zone `{}` asks for {count} nodes", zone.name);
                    let finding = Diagnostic::error("world.too-many-nodes", message)
                        .at(zone.place, format!("{made} are made: a world holds {NODES_MAX}"))
                        .help("give a smaller number");
                    draft.notes.find(finding);
                }
                (0..made).map(|ordinal| format!("{}-node-{ordinal}", zone.name)).collect()
            }
        };
        for name in names {
            let plan = invented(&name, &zone.region, &zone.name, origin);
            if plans.insert(name.clone(), plan).is_some() {
                let message = format!("node `{name}` stands in more than one zone");
                let finding = Diagnostic::error("world.duplicate-node", message)
                    .at(zone.place, "counted in this zone only")
                    .help("give every node of a cluster a name of its own");
                draft.notes.find(finding);
            }
        }
    }
    plans
}

fn assumed(draft: &mut Draft, cluster: &ClusterObjects<'_>) -> BTreeMap<String, NodePlan> {
    let origin = Origin::Assumed("one zone with as few nodes as show placement");
    let pods = cluster.pods.values().map(|pod| &pod.spec);
    let specs = pods.chain(cluster.workloads.values().map(|workload| &workload.template.spec));
    let mut names: BTreeSet<String> =
        specs.filter_map(|spec| spec.node_name.as_ref()).map(|name| name.value.clone()).collect();
    let sentence = if names.is_empty() {
        names.extend((0..ASSUMED_NODES).map(|ordinal| format!("node-{ordinal}")));
        "no Node object and no topology is given; it gets one zone with 3 nodes"
    } else {
        "no Node object and no topology is given; it gets one zone with the nodes that pods name"
    };
    draft.notes.assume(format!("cluster {}", cluster.name), sentence, None);
    names
        .into_iter()
        .map(|name| {
            let plan = invented(&name, "region-0", "zone-0", origin);
            (name, plan)
        })
        .collect()
}

/// A node that no manifest describes, with the labels that every node of its kind has.
fn invented(name: &str, region: &str, zone: &str, origin: Origin) -> NodePlan {
    let labels = [
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", name),
        ("kubernetes.io/os", "linux"),
        ("topology.kubernetes.io/region", region),
        ("topology.kubernetes.io/zone", zone),
    ];
    NodePlan {
        region: region.to_owned(),
        zone: zone.to_owned(),
        ip: None,
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        schedulable: true,
        origin,
    }
}

fn from_manifest(draft: &mut Draft, node: &NodeObject) -> NodePlan {
    // The names before Kubernetes 1.17 are still found on old clusters.
    let label = |new: &str, old: &str| {
        let found = node.meta.labels.get(new).or_else(|| node.meta.labels.get(old));
        found.map(|value| value.value.clone())
    };
    let zone = label("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");
    let region = label("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region");
    if zone.is_none() {
        let sentence = "it has no label topology.kubernetes.io/zone; it stands in `zone-0`";
        draft.notes.assume(
            format!("node {}", node.meta.name),
            sentence,
            Some(node.meta.name.place),
        );
    }
    let labels = node.meta.labels.iter();
    NodePlan {
        region: region.unwrap_or_else(|| "region-0".to_owned()),
        zone: zone.unwrap_or_else(|| "zone-0".to_owned()),
        ip: node.internal_ip.as_ref().and_then(|ip| ip.value.parse().ok()),
        labels: labels.map(|(key, value)| (key.clone(), value.value.clone())).collect(),
        schedulable: !node.unschedulable.as_ref().is_some_and(|cordoned| cordoned.value),
        origin: Origin::Manifest(node.meta.place),
    }
}
