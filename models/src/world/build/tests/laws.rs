//! Laws that hold for every set of manifests.

use proptest::prelude::*;

use crate::world::NodeNames;
use crate::world::{ClusterTopology, ZoneTopology};

use super::*;

/// Everything about a world that has a name, as text.
fn portrait(built: &Built) -> String {
    format!("{:#?}", built.world)
}

/// Where each pod runs and its address, by name.
fn seats(world: &World) -> std::collections::BTreeMap<String, (String, String)> {
    let seat = |pod: &crate::world::Pod| {
        let title = format!("{}/{}", world.workload_name(pod.workload), pod.name);
        (title, (world.nodes[pod.node].name.clone(), pod.ip.to_string()))
    };
    world.pods.iter().map(seat).collect()
}

fn some_resources() -> impl Strategy<Value = Vec<Resource>> {
    let name = prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    let namespace = prop::sample::select(vec!["one", "two"]);
    let resource = (0..3_u8, namespace, name.clone(), name, 0..4_u32).prop_map(
        |(kind, namespace, name, label, count)| {
            let title = format!("{namespace}/{name}");
            let pairs = format!("app={label}");
            match kind {
                0 => svc(service(&title, &pairs, vec![port("", 8080)])),
                1 => deployment(&title, &pairs, count),
                _ => svc(headless(&title, &pairs, vec![target(port("", 80), "http")])),
            }
        },
    );
    // Two objects of one kind and name would make the order matter: the later one counts.
    prop::collection::vec(resource, 0..20).prop_map(|resources| {
        let title = |resource: &Resource| match resource {
            Resource::Service(it) => (0, it.meta.namespace.clone(), it.meta.name.clone()),
            Resource::Workload(it) => (1, it.meta.namespace.clone(), it.meta.name.clone()),
            _ => unreachable!("the generator makes no other kinds"),
        };
        let mut seen = std::collections::BTreeSet::new();
        resources.into_iter().filter(|resource| seen.insert(title(resource))).collect()
    })
}

fn three_zones() -> Topology {
    let zones = ["a", "b", "c"].map(|name| ZoneTopology {
        name: name.to_owned(),
        region: "eu".to_owned(),
        nodes: NodeNames::Count(2),
        place: place(1),
    });
    let cluster = ClusterTopology { name: "one".to_owned(), zones: zones.into() };
    Topology { clusters: vec![cluster], placements: Vec::new() }
}

proptest! {
    #[test]
    fn the_order_of_objects_changes_nothing(
        (resources, shuffled) in some_resources()
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        let one = built_on(&resources, &three_zones());
        let other = built_on(&shuffled, &three_zones());
        prop_assert_eq!(portrait(&one), portrait(&other));
        prop_assert_eq!(one.findings, other.findings);
        prop_assert_eq!(one.assumptions, other.assumptions);
    }

    #[test]
    fn an_unrelated_workload_moves_no_pod(resources in some_resources(), replicas in 0..9_u32) {
        let before = seats(&built_on(&resources, &three_zones()).world);
        let mut more = resources;
        more.insert(0, deployment("one/aa-unrelated", "app=unrelated", replicas));
        more.insert(0, svc(service("one/aa-unrelated", "app=unrelated", vec![port("", 80)])));
        let after = seats(&built_on(&more, &three_zones()).world);
        for (pod, seat) in &before {
            prop_assert_eq!(after.get(pod), Some(seat));
        }
    }

    #[test]
    fn a_workload_is_spread_as_evenly_as_it_can_be(replicas in 1..40_u32) {
        let resources = [deployment("one/web", "app=web", replicas)];
        let world = built_on(&resources, &three_zones()).world;
        let mut by_node = vec![0_u32; world.nodes.len()];
        for pod in world.pods.iter() {
            by_node[pod.node.0 as usize] += 1;
        }
        let (most, least) = (by_node.iter().max(), by_node.iter().min());
        prop_assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1));
    }
}
