//! What `build` is given: the manifests of each cluster, and what a scenario adds to them.

use crate::manifest::Place;
use crate::manifest::kinds::Resource;

use super::Origin;

/// The manifests of one cluster.
#[derive(Clone, Copy, Debug)]
pub struct ClusterManifests<'a> {
    /// The cluster's name. Entries with the same name are joined.
    pub name: &'a str,
    /// Where objects without a namespace go, as `kubectl apply --namespace` does it.
    pub default_namespace: &'a str,
    /// The objects; where two share a name, the later one counts.
    pub resources: &'a [Resource],
}

/// Where pods run, as far as a scenario says it. Empty means: as the manifests say, or a default.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// Clusters with their zones and nodes.
    pub clusters: Vec<ClusterTopology>,
    /// Rules for single workloads; the last one that fits counts.
    pub placements: Vec<Placement>,
}

/// The zones of one cluster. Where it is given, Nodes of the manifests are set aside.
#[derive(Clone, Debug)]
pub struct ClusterTopology {
    /// The cluster's name.
    pub name: String,
    /// Its zones.
    pub zones: Vec<ZoneTopology>,
}

/// The nodes of one cluster in one zone.
#[derive(Clone, Debug)]
pub struct ZoneTopology {
    /// The zone's name.
    pub name: String,
    /// The region's name.
    pub region: String,
    /// The nodes.
    pub nodes: NodeNames,
    /// Where the scenario says so.
    pub place: Place,
}

/// Nodes by count or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeNames {
    /// So many, named `<zone>-node-0` and so on.
    Count(u32),
    /// These.
    Named(Vec<String>),
}

/// Where the pods of one workload run.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The cluster; `None` means every cluster.
    pub cluster: Option<String>,
    /// The workload's namespace.
    pub namespace: String,
    /// The workload's name.
    pub workload: String,
    /// The only zones it may use; empty means all.
    pub zones: Vec<String>,
    /// How its pods are spread over the nodes that are left.
    pub spread: Spread,
    /// Where the scenario says so.
    pub place: Place,
}

/// How pods are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// Evenly over zones, then over the nodes of each zone.
    #[default]
    ZonesThenNodes,
    /// Evenly over nodes, whatever their zones.
    Nodes,
}

/// A host outside all clusters, such as a payment provider.
#[derive(Clone, Debug)]
pub struct OutsideHost {
    /// Its DNS name.
    pub name: String,
    /// How many servers stand behind the name.
    pub replicas: u32,
    /// The zone it is nearest to; `None` means a place of its own.
    pub zone: Option<String>,
    /// Where it was declared.
    pub origin: Origin,
}
