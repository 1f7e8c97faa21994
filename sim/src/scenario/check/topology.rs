//! Clusters, zones and nodes that do not contradict one another.

use std::collections::BTreeSet;

use super::Findings;
use crate::scenario::file::{ClusterSpec, NodesSpec, TopologySpec};
use crate::scenario::key_path::KeyPath;
use crate::scenario::limits::NODES_MAX;

pub(super) fn check(topology: &TopologySpec, at: &KeyPath, findings: &mut Findings) {
    let clusters = at.key("clusters");
    let names = topology.clusters.iter().map(|cluster| cluster.name.as_str());
    expect_names(names, &clusters, "cluster", findings);
    for (index, cluster) in topology.clusters.iter().enumerate() {
        check_cluster(cluster, &clusters.index(index), findings);
    }
    let zones: BTreeSet<&str> = topology
        .clusters
        .iter()
        .flat_map(|cluster| &cluster.zones)
        .map(|zone| zone.name.as_str())
        .collect();
    for (index, spread) in topology.spread.iter().enumerate() {
        let at = at.key("spread").index(index);
        if spread.workload.is_empty() {
            findings.add(at.key("workload"), "expected the name of a workload", None);
        }
        // Without clusters here, the zones are those of the manifests.
        if zones.is_empty() {
            continue;
        }
        for (position, zone) in spread.zones.iter().enumerate() {
            if !zones.contains(zone.as_str()) {
                let message = format!("there is no zone `{zone}` in `topology.clusters`");
                findings.add(at.key("zones").index(position), message, None);
            }
        }
    }
}

fn check_cluster(cluster: &ClusterSpec, at: &KeyPath, findings: &mut Findings) {
    let zones = at.key("zones");
    if cluster.zones.is_empty() {
        findings.add(zones.clone(), "a cluster has at least one zone", None);
    }
    let names = cluster.zones.iter().map(|zone| zone.name.as_str());
    expect_names(names, &zones, "zone", findings);
    for (index, zone) in cluster.zones.iter().enumerate() {
        let at = zones.index(index).key("nodes");
        match &zone.nodes {
            NodesSpec::Count(count) => findings.expect_count(at, Some(*count), NODES_MAX),
            NodesSpec::Names(names) if names.is_empty() => {
                findings.add(at, "a zone has at least one node", None);
            }
            NodesSpec::Names(names) => {
                for (position, name) in names.iter().enumerate() {
                    if name.is_empty() || names[..position].contains(name) {
                        let message = format!("expected nodes with different names, got `{name}`");
                        findings.add(at.index(position), message, None);
                    }
                }
            }
        }
    }
}

/// Names that are given and differ.
fn expect_names<'n>(
    names: impl Iterator<Item = &'n str>,
    at: &KeyPath,
    what: &str,
    findings: &mut Findings,
) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        let at = at.index(index).key("name");
        if name.is_empty() {
            findings.add(at, format!("a {what} has a name"), None);
        } else if !seen.insert(name) {
            findings.add(at, format!("there are two {what}s `{name}`"), None);
        }
    }
}
