use proptest::prelude::*;

use crate::explain::{Silent, Tree};
use crate::manifest::kinds::{Pod, PodPhase, Resource, WorkloadKind};
use crate::world::testing::*;
use crate::world::{Built, ClusterManifests, Origin, OutsideHost, PodId, Topology, build};

use super::*;

/// A shop with each sort of name, and a client `shop/client`.
fn shop() -> Vec<Resource> {
    let mut set = workload(WorkloadKind::StatefulSet, "shop/db", "app=db", 2);
    set.service_name = Some(text("db-peers"));
    vec![
        deployment("shop/client", "app=client", 1),
        deployment("shop/cart", "app=cart", 1),
        Resource::Service(service("shop/cart", "app=cart", vec![port("http", 80)])),
        Resource::Service(service("pay/cards", "app=cards", vec![port("http", 80)])),
        Resource::Workload(set),
        Resource::Service(headless("shop/db-peers", "app=db", Vec::new())),
        Resource::Service(headless("shop/nobody", "app=nobody", Vec::new())),
        Resource::Service(alias("shop/provider", "api.pay.example")),
        Resource::Service(alias("shop/other-team", "cards.pay.svc.cluster.local")),
        Resource::Service(alias("shop/ring-a", "ring-b.shop.svc.cluster.local")),
        Resource::Service(alias("shop/ring-b", "ring-a.shop.svc.cluster.local")),
    ]
}

fn world() -> World {
    let host = OutsideHost {
        name: "api.pay.example".to_owned(),
        replicas: 1,
        zone: None,
        origin: Origin::Assumed("a test"),
    };
    let resources = shop();
    let part =
        ClusterManifests { name: "one", default_namespace: "default", resources: &resources };
    let Built { world, .. } = build(&[part], &Topology::default(), &[host]);
    world
}

fn client(world: &World) -> WorkloadId {
    let found = world.workloads.ids().find(|id| world.workload_name(*id) == "shop/client");
    found.expect("the shop has a client")
}

/// The answer as text, with the number of names asked.
fn ask(name: &str) -> (String, u32) {
    let world = world();
    let answer = resolve(&world, client(&world), name, &mut Silent);
    let text = match answer.result {
        Ok(Resolved::Headless { service, targets }) => {
            format!("{} {targets:?}", world.service_name(service))
        }
        Ok(found) => sentence(&world, &found),
        Err(failure) => failure.to_string(),
    };
    (text, answer.queries)
}

#[test]
fn short_names_are_found_through_the_search_list() {
    let cart = |queries| ("Service shop/cart".to_owned(), queries);
    assert_eq!(ask("cart"), cart(1));
    assert_eq!(ask("cart.shop"), cart(2));
    assert_eq!(ask("cart.shop.svc"), cart(3));
    assert_eq!(ask("CART.shop"), cart(2));
    assert_eq!(ask("cards.pay"), ("Service pay/cards".to_owned(), 2));
}

#[test]
fn a_full_name_costs_four_questions_and_a_trailing_dot_saves_three() {
    // `cart.shop.svc.cluster.local` has four dots, fewer than ndots.
    assert_eq!(ask("cart.shop.svc.cluster.local").1, 4);
    assert_eq!(ask("cart.shop.svc.cluster.local.").1, 1);
    assert_eq!(ask("api.pay.example"), ("host api.pay.example outside".to_owned(), 4));
    assert_eq!(ask("api.pay.example."), ("host api.pay.example outside".to_owned(), 1));
}

#[test]
fn a_name_with_five_dots_is_asked_as_written_first() {
    assert_eq!(ask("db-0.db-peers.shop.svc.cluster.local").1, 1);
}

#[test]
fn an_absolute_short_name_is_not_searched() {
    assert_eq!(ask("cart."), ("no server knows `cart.`".to_owned(), 1));
}

#[test]
fn unknown_names_cost_the_whole_search_list() {
    assert_eq!(ask("carts"), ("no server knows `carts`".to_owned(), 4));
}

#[test]
fn a_headless_name_answers_with_its_ready_pods() {
    let world = world();
    let answer = resolve(&world, client(&world), "db-peers", &mut Silent);
    let Ok(Resolved::Headless { targets, .. }) = answer.result else { panic!("pods") };
    let names = targets.iter().map(|target| match target {
        EndpointTarget::Pod(pod) => world.pods[*pod].name.as_str(),
        EndpointTarget::Address(address) => address,
    });
    assert_eq!(names.collect::<Vec<_>>(), ["db-0", "db-1"]);
    assert_eq!(ask("nobody").0, "headless Service `shop/nobody` has no ready pods");
}

#[test]
fn a_stateful_pod_has_a_name_of_its_own() {
    let (text, queries) = ask("db-1.db-peers");
    assert!(text.starts_with("shop/db-peers [Pod("), "{text}");
    assert_eq!(queries, 1);
    assert_eq!(ask("db-7.db-peers").0, "no server knows `db-7.db-peers`");
}

#[test]
fn a_pod_that_is_not_ready_loses_its_name() {
    let mut meta = meta("shop/peer");
    meta.labels = labels("app=peer");
    let mut spec = spec(&[]);
    spec.hostname = Some(text("peer"));
    spec.subdomain = Some(text("peers"));
    let pod = |ready| Pod {
        meta: meta.clone(),
        spec: spec.clone(),
        pod_ip: None,
        phase: PodPhase::Running,
        ready,
    };
    let outcome = |ready| {
        let resources = [
            Resource::Pod(pod(ready)),
            Resource::Service(headless("shop/peers", "app=peer", Vec::new())),
        ];
        let part =
            ClusterManifests { name: "one", default_namespace: "default", resources: &resources };
        let world = build(&[part], &Topology::default(), &[]).world;
        resolve(&world, WorkloadId(0), "peer.peers", &mut Silent).result.is_ok()
    };
    assert!(outcome(true));
    assert!(!outcome(false));
}

#[test]
fn aliases_lead_outside_or_to_another_service() {
    assert_eq!(ask("provider"), ("host api.pay.example outside".to_owned(), 1));
    assert_eq!(ask("other-team"), ("Service pay/cards".to_owned(), 1));
}

#[test]
fn aliases_in_a_ring_end_in_an_explained_failure() {
    let (text, _) = ask("ring-a");
    assert!(text.starts_with("the aliases of `ring-a.shop.svc.cluster.local` do not end"));
}

#[test]
fn addresses_need_no_dns_and_pod_names_spell_them() {
    assert_eq!(ask("192.0.2.1"), ("address 192.0.2.1".to_owned(), 0));
    assert_eq!(ask("192-0-2-1.shop.pod").0, "address 192.0.2.1");
    assert_eq!(ask("192-0-2-1.nowhere.pod").0, "no server knows `192-0-2-1.nowhere.pod`");
}

#[test]
fn a_client_outside_knows_no_name_of_the_cluster() {
    let world = world();
    let outside = world.outside_named("api.pay.example").expect("declared");
    let answer = resolve(&world, outside, "cart.shop.svc.cluster.local", &mut Silent);
    assert!(answer.result.is_err());
    let answer = resolve(&world, outside, "api.pay.example", &mut Silent);
    assert_eq!(answer.result, Ok(Resolved::Outside(outside)));
}

#[test]
fn pods_on_the_host_network_are_said_to_be_assumed() {
    let mut agent = workload(WorkloadKind::DaemonSet, "shop/agent", "app=agent", 1);
    agent.template.spec.host_network = true;
    let mut resources = shop();
    resources.push(Resource::Workload(agent));
    let part =
        ClusterManifests { name: "one", default_namespace: "default", resources: &resources };
    let world = build(&[part], &Topology::default(), &[]).world;
    let mut tree = Tree::default();
    let agent = world.pods[PodId(0)].workload;
    assert!(resolve(&world, agent, "cart", &mut tree).result.is_ok());
    let because = &tree.finish()[0].because;
    assert!(because.iter().any(|step| step.rule == HOST_NETWORK));
}

#[test]
fn the_explanation_names_the_rule_and_the_line_of_the_service() {
    let world = world();
    let mut tree = Tree::default();
    resolve(&world, client(&world), "cart", &mut tree);
    let root = tree.finish().remove(0);
    assert_eq!((root.rule, root.finding.as_str()), (NAME, "Service shop/cart after 1 names"));
    let last = root.because.last().expect("steps below");
    assert_eq!(last.rule, CLUSTER_IP);
    assert_eq!(last.origin, Some(Origin::Manifest(place(1))));
}

proptest! {
    #[test]
    fn any_name_gets_an_answer_within_four_questions(name in ".{0,300}") {
        prop_assert!(ask(&name).1 <= 4);
    }

    #[test]
    fn a_relative_name_means_what_its_first_known_expansion_means(
        name in prop::sample::select(vec!["cart", "db-peers", "provider", "carts", "ring-a"])
    ) {
        let full = format!("{name}.shop.svc.cluster.local.");
        let world = world();
        let one = resolve(&world, client(&world), name, &mut Silent).result;
        let other = resolve(&world, client(&world), &full, &mut Silent).result;
        prop_assert_eq!(one.is_ok(), other.is_ok());
        if one.is_ok() {
            prop_assert_eq!(one, other);
        }
    }
}
