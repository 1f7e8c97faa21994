//! Where pods run.

use std::collections::BTreeMap;

use crate::manifest::Located;
use crate::manifest::kinds::Node;
use crate::world::{ClusterTopology, NodeNames, Placement, Spread, ZoneTopology};

use super::*;

fn node(name: &str, pairs: &str) -> Node {
    let mut meta = meta(name);
    meta.labels = labels(pairs);
    Node { meta, unschedulable: None, pod_cidr: None, internal_ip: None }
}

fn zones(counts: &[(&str, u32)]) -> Topology {
    let zones = counts.iter().map(|(name, count)| ZoneTopology {
        name: (*name).to_owned(),
        region: "eu".to_owned(),
        nodes: NodeNames::Count(*count),
        place: place(1),
    });
    let cluster = ClusterTopology { name: "one".to_owned(), zones: zones.collect() };
    Topology { clusters: vec![cluster], placements: Vec::new() }
}

/// How many pods of a workload stand in each zone.
fn by_zone(world: &World, title: &str) -> BTreeMap<String, u32> {
    let id = workload_named(world, title);
    let mut counts = BTreeMap::new();
    for pod in world.pods.iter().filter(|pod| pod.workload == id) {
        let zone = &world.zones[world.nodes[pod.node].zone].name;
        *counts.entry(zone.clone()).or_default() += 1;
    }
    counts
}

fn counts(pairs: &[(&str, u32)]) -> BTreeMap<String, u32> {
    pairs.iter().map(|(zone, count)| ((*zone).to_owned(), *count)).collect()
}

#[test]
fn pods_go_round_the_zones_even_if_one_zone_has_more_nodes() {
    let topology = zones(&[("a", 4), ("b", 1)]);
    let world = built_on(&[deployment("shop/web", "app=web", 6)], &topology).world;
    assert_eq!(by_zone(&world, "shop/web"), counts(&[("a", 3), ("b", 3)]));
}

#[test]
fn a_placement_pins_a_workload_or_spreads_it_over_nodes() {
    let mut topology = zones(&[("a", 4), ("b", 1)]);
    let rule = |workload: &str, zones: &[&str], spread| Placement {
        cluster: None,
        namespace: "shop".to_owned(),
        workload: workload.to_owned(),
        zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
        spread,
        place: place(2),
    };
    topology.placements = vec![
        rule("pinned", &["b"], Spread::ZonesThenNodes),
        rule("even", &[], Spread::Nodes),
        rule("lost", &["c"], Spread::ZonesThenNodes),
    ];
    let resources = ["pinned", "even", "lost"]
        .map(|name| deployment(&format!("shop/{name}"), &format!("app={name}"), 5));
    let built = built_on(&resources, &topology);
    assert_eq!(by_zone(&built.world, "shop/pinned"), counts(&[("b", 5)]));
    assert_eq!(by_zone(&built.world, "shop/even"), counts(&[("a", 4), ("b", 1)]));
    assert_eq!(codes(&built), ["world.absent-zone", "world.unschedulable"]);
}

#[test]
fn node_labels_old_and_new_make_the_zones() {
    let resources = [
        Resource::Node(node(
            "n1",
            "topology.kubernetes.io/zone=z1,topology.kubernetes.io/region=r",
        )),
        Resource::Node(node(
            "n0",
            "failure-domain.beta.kubernetes.io/zone=z0,failure-domain.beta.kubernetes.io/region=r",
        )),
        deployment("shop/web", "app=web", 4),
    ];
    let world = built(&resources).world;
    assert_eq!(by_zone(&world, "shop/web"), counts(&[("z0", 2), ("z1", 2)]));
    assert_eq!(world.regions.len(), 1);
}

#[test]
fn cordoned_nodes_get_daemons_only() {
    let mut cordoned = node("n1", "");
    cordoned.unschedulable = Some(Located::new(true, place(1)));
    let resources = [
        Resource::Node(node("n0", "")),
        Resource::Node(cordoned),
        deployment("shop/web", "app=web", 4),
        ctl(workload(crate::manifest::kinds::WorkloadKind::DaemonSet, "shop/agent", "app=g", 0)),
    ];
    let world = built(&resources).world;
    assert_eq!(pod_names(&world, "shop/agent"), ["agent-n0", "agent-n1"]);
    let web = workload_named(&world, "shop/web");
    assert!(world.pods.iter().filter(|pod| pod.workload == web).all(|pod| pod.node.0 == 0));
}

#[test]
fn a_selector_is_strict_on_real_nodes_and_kind_to_invented_ones() {
    let mut gpu =
        workload(crate::manifest::kinds::WorkloadKind::Deployment, "ml/train", "app=t", 2);
    gpu.template.spec.node_selector = labels("pool=gpu");
    let on_real = built(&[Resource::Node(node("n0", "pool=cpu")), ctl(gpu.clone())]);
    assert_eq!(codes(&on_real), ["world.unschedulable"]);
    assert_eq!(on_real.world.pods.len(), 0);
    let on_invented = built(&[ctl(gpu)]);
    assert_eq!(codes(&on_invented), [] as [&str; 0]);
    assert_eq!(on_invented.world.pods.len(), 2);
    assert!(on_invented.assumptions.iter().any(|it| it.sentence.contains("pool=gpu")));
}
