//! Where connections go when they leave a pod, and what becomes of them when they arrive.

use super::*;
use crate::explain::{Silent, Tree};

fn deny(rules: Vec<Rule>) -> Policies {
    policies(vec![policy(Action::Deny, "shop/deny", rules)])
}

fn arrives(policies: &Policies, connection: &Connection) -> Inbound {
    receive(policies, connection, &mut Silent)
}

fn sent(dialled: Dialled<&'static str>) -> Outbound<&'static str> {
    send(dialled, &mut Silent)
}

fn cart(takes: Takes) -> Endpoint<&'static str> {
    Endpoint { pod: "cart-0", port: 8080, takes }
}

#[test]
fn hbone_that_is_denied_is_answered_401_and_plaintext_is_closed() {
    let policies = deny(vec![rule(vec![])]);
    let answer = |peer| match arrives(&policies, &from(peer)) {
        Inbound::Refused { answer, .. } => answer,
        other => panic!("refused: {other:?}"),
    };
    assert_eq!(answer(web()), Answer::Status(401));
    assert_eq!(answer(Peer::Plaintext), Answer::Closed);
    assert_eq!(arrives(&Policies::default(), &from(web())), Inbound::Forwarded);
}

#[test]
fn plaintext_is_taken_unless_a_policy_asks_for_an_identity() {
    let plain = from(Peer::Plaintext);
    assert_eq!(arrives(&Policies::default(), &plain), Inbound::Forwarded);
    let strict = Match { principals: none_of(texts(&["*"])), ..nothing() };
    let told = arrives(&deny(vec![rule(vec![vec![strict]])]), &plain);
    assert!(matches!(told, Inbound::Refused { answer: Answer::Closed, .. }), "{told:?}");
}

#[test]
fn no_connection_is_led_to_a_port_of_ztunnels_own() {
    for port in OWN_PORTS {
        let to = |peer| Connection { destination_port: port, ..from(peer) };
        let told = arrives(&Policies::default(), &to(web()));
        assert!(matches!(told, Inbound::Refused { answer: Answer::Status(503), .. }), "{told:?}");
        let told = arrives(&Policies::default(), &to(Peer::Plaintext));
        assert!(matches!(told, Inbound::Refused { answer: Answer::Closed, .. }), "{told:?}");
    }
}

#[test]
fn probes_of_the_kubelet_pass_by_whatever_the_policies_say() {
    let all = deny(vec![rule(vec![])]);
    let probe = |source| Connection { source_ip: Some(source), ..from(Peer::Plaintext) };
    assert_eq!(arrives(&all, &probe(PROBE_SOURCE)), Inbound::NotRedirected);
    assert_eq!(arrives(&all, &probe(PROBE_SOURCE_V6)), Inbound::NotRedirected);
    let other = "169.254.7.128".parse().expect("an address");
    assert!(matches!(arrives(&all, &probe(other)), Inbound::Refused { .. }));
}

#[test]
fn behind_a_waypoint_the_server_sees_the_waypoint_and_nobody_has_to_come_through_it() {
    let only_web = || vec![rule(vec![vec![principals(&["cluster.local/ns/shop/sa/web"])]])];
    let policies = policies(vec![policy(Action::Allow, "shop/only-web", only_web())]);
    let waypoint = from(Peer::Known(id("cluster.local/ns/shop/sa/waypoint")));
    assert!(matches!(arrives(&policies, &waypoint), Inbound::Refused { .. }));
    // The client itself is let through beside the waypoint.
    assert_eq!(arrives(&policies, &from(web())), Inbound::Forwarded);
    assert_eq!(arrives(&Policies::default(), &from(web())), Inbound::Forwarded);
    let mut tree = Tree::default();
    tell_waypoint("cluster.local/ns/shop/sa/waypoint", &mut tree);
    assert!(tree.finish()[0].finding.contains("and not the client"));
}

#[test]
fn hbone_goes_to_whoever_takes_it_and_plaintext_to_all_others() {
    let service =
        |takes| Dialled::Service { waypoint: Waypoint::None, endpoint: Some(cart(takes)) };
    assert_eq!(sent(service(Takes::Hbone)), Outbound::Direct("cart-0", 8080));
    assert_eq!(sent(service(Takes::Plaintext)), Outbound::Plaintext("cart-0", 8080));
    let pod = |takes| Dialled::Pod { waypoint: Waypoint::None, endpoint: cart(takes) };
    assert_eq!(sent(pod(Takes::Hbone)), Outbound::Direct("cart-0", 8080));
    assert_eq!(sent(pod(Takes::Plaintext)), Outbound::Plaintext("cart-0", 8080));
    assert_eq!(sent(Dialled::Unknown), Outbound::Passthrough);
}

#[test]
fn a_waypoint_takes_everything_and_nothing_goes_past_one_that_is_gone() {
    let endpoint = Some(cart(Takes::Hbone));
    let to = |waypoint| sent(Dialled::Service { waypoint, endpoint });
    assert_eq!(to(Waypoint::Chosen("waypoint-0")), Outbound::ThroughWaypoint("waypoint-0"));
    assert_eq!(to(Waypoint::Gone), Outbound::Closed);
    let sidecar =
        Dialled::Pod { waypoint: Waypoint::Chosen("waypoint-0"), endpoint: cart(Takes::Plaintext) };
    assert_eq!(sent(sidecar), Outbound::ThroughWaypoint("waypoint-0"));
}

#[test]
fn a_service_without_an_endpoint_closes_the_connection() {
    let nobody = Dialled::Service { waypoint: Waypoint::None, endpoint: None };
    assert_eq!(sent(nobody), Outbound::Closed);
}

#[test]
fn the_nearest_endpoints_are_those_that_the_service_prefers() {
    let at = |zone, node| Stand { region: "eu", zone, node };
    let source = at("a", "a1");
    let all = [at("a", "a1"), at("a", "a2"), at("b", "b1"), Stand { region: "us", ..at("a", "x") }];
    let of = |preference| nearest(source, &all, preference);
    assert_eq!(of(Preference::Anywhere), [0, 1, 2, 3]);
    assert_eq!(of(Preference::SameZone), [0, 1]);
    assert_eq!(of(Preference::SameNode), [0]);
    assert_eq!(of(Preference::OnlySameNode), [0]);
    let far = &all[2..];
    assert_eq!(nearest(source, far, Preference::SameNode), [0], "the region still counts");
    assert_eq!(nearest(source, far, Preference::OnlySameNode), [0; 0]);
    assert_eq!(nearest(source, &[], Preference::Anywhere), [0; 0]);
}
