//! Stories of the ways between pairs, and the laws that hold for all of them.

use super::*;

const DATA_PATHS: [DataPath; 3] = [DataPath::None, DataPath::IstioSidecar, DataPath::IstioAmbient];

fn boxes(caller: Caller, callee: Callee) -> Vec<&'static str> {
    route(caller, callee).boxes().map(PathBox::word).collect()
}

fn wires(caller: Caller, callee: Callee) -> Vec<Protection> {
    route(caller, callee).wires().map(|leg| leg.protection).collect()
}

#[test]
fn no_mesh_means_no_box_between_the_applications() {
    for caller in [Caller::None, Caller::HostNetwork, Caller::Outside] {
        for callee in [Callee::None, Callee::HostNetwork] {
            assert_eq!(boxes(caller, callee), ["app", "app"]);
            assert_eq!(wires(caller, callee), [Protection::Plaintext]);
            assert_eq!(route(caller, callee).balancer, Balancer::KubeProxy);
        }
    }
}

#[test]
fn there_is_mutual_tls_between_two_sidecars() {
    let way = route(Caller::IstioSidecar, Callee::IstioSidecar);
    assert_eq!(wires(Caller::IstioSidecar, Callee::IstioSidecar), [Protection::MutualTls]);
    assert_eq!((way.balancing, way.seen), (Balancing::PerRequest, Seen::Caller));
}

#[test]
fn a_plain_caller_is_accepted_in_plaintext_where_no_policy_is_strict() {
    for (callee, proxy) in [(Callee::IstioSidecar, "sidecar"), (Callee::IstioAmbient, "ztunnel")] {
        assert_eq!(boxes(Caller::None, callee), ["app", proxy, "app"]);
        assert_eq!(wires(Caller::None, callee), [Protection::Plaintext]);
        let way = route(Caller::None, callee);
        assert_eq!(way.seen, Seen::Nobody);
        assert!(way.notes.contains(&Note::Strict));
    }
}

#[test]
fn a_process_of_the_same_node_may_pass_the_ztunnel_by() {
    let way = route(Caller::HostNetwork, Callee::IstioAmbient);
    assert!(way.notes.contains(&Note::SameNode));
    assert!(!route(Caller::None, Callee::IstioAmbient).notes.contains(&Note::SameNode));
}

#[test]
fn only_proxies_for_requests_balance_requests() {
    for (caller, callee) in pairs() {
        let way = route(caller, callee);
        let for_requests = [Balancer::ClientSidecar, Balancer::Gateway, Balancer::Waypoint]
            .contains(&way.balancer);
        let per_request = way.balancing == Balancing::PerRequest;
        assert_eq!(per_request, for_requests, "{caller:?} to {callee:?}");
    }
}

#[test]
fn a_sidecar_speaks_hbone_with_a_ztunnel_in_both_directions() {
    assert_eq!(wires(Caller::IstioSidecar, Callee::IstioAmbient), [Protection::Hbone]);
    assert_eq!(wires(Caller::IstioAmbient, Callee::IstioSidecar), [Protection::Hbone]);
    let way = route(Caller::IstioAmbient, Callee::IstioSidecar);
    assert!(way.notes.contains(&Note::SidecarListens));
}

#[test]
fn the_ztunnels_of_both_nodes_carry_a_connection_between_ambient_pods() {
    let (caller, callee) = (Caller::IstioAmbient, Callee::IstioAmbient);
    assert_eq!(boxes(caller, callee), ["app", "ztunnel", "ztunnel", "app"]);
    assert_eq!(wires(caller, callee), [Protection::Hbone]);
    assert!(route(caller, callee).l7_policy.is_empty(), "a ztunnel knows no requests");
}

#[test]
fn an_ambient_pod_sends_plaintext_to_whoever_has_no_proxy() {
    for callee in [Callee::None, Callee::HostNetwork, Callee::Outside] {
        assert_eq!(wires(Caller::IstioAmbient, callee), [Protection::Plaintext]);
    }
}

#[test]
fn only_callers_in_ambient_pass_the_waypoint_of_a_service() {
    for caller in Caller::ALL {
        let way = route(caller, Callee::IstioAmbientWaypoint);
        let passes = way.boxes().any(|it| it == PathBox::Waypoint);
        assert_eq!(passes, caller == Caller::IstioAmbient, "{caller:?}");
        assert_ne!(passes, way.notes.contains(&Note::WaypointBypassed), "{caller:?}");
    }
}

#[test]
fn behind_a_waypoint_the_server_sees_the_waypoint() {
    let way = route(Caller::IstioAmbient, Callee::IstioAmbientWaypoint);
    assert_eq!(way.seen, Seen::Waypoint);
    let ports: Vec<_> = way.wires().map(Leg::network_port).collect();
    assert_eq!(ports, [Some(HBONE_PORT), Some(HBONE_PORT)]);
}

#[test]
fn a_gateway_is_seen_as_itself_wherever_it_sends_a_certificate() {
    for callee in Callee::ALL {
        let way = route(Caller::IstioGateway, callee);
        let is_encrypted = way.wires().all(|leg| leg.protection != Protection::Plaintext);
        assert_eq!(way.seen == Seen::Gateway, is_encrypted, "{callee:?}");
    }
}

#[test]
fn the_legs_of_every_way_follow_each_other_and_leave_pods_only_once_a_box() {
    for (caller, callee) in pairs() {
        let way = route(caller, callee);
        for two in way.legs.windows(2) {
            assert_eq!(two[0].to, two[1].from, "{caller:?} to {callee:?}");
        }
        assert_eq!(way.boxes().last(), Some(PathBox::ServerApp));
        let enforced = way.l4_policy.iter().chain(way.l7_policy);
        for place in enforced {
            assert!(way.boxes().any(|it| it == *place), "{caller:?} to {callee:?}");
        }
        for leg in way.legs.iter().filter(|leg| leg.is_in_pod()) {
            assert_eq!(leg.protection, Protection::Plaintext);
        }
    }
}

#[test]
fn an_identity_is_seen_exactly_where_the_last_wire_is_encrypted() {
    for (caller, callee) in pairs() {
        let way = route(caller, callee);
        let last = way.wires().last().map(|leg| leg.protection);
        let is_encrypted = last != Some(Protection::Plaintext);
        assert_eq!(way.seen != Seen::Nobody, is_encrypted, "{caller:?} to {callee:?}");
    }
}

#[test]
fn what_protects_a_pair_of_data_paths_is_what_its_way_says() {
    for (caller, callee) in DATA_PATHS.iter().flat_map(|one| DATA_PATHS.map(|other| (*one, other)))
    {
        let on_the_wire = wires(caller.into(), callee.into());
        assert_eq!(on_the_wire, [protection(caller, callee)], "{caller:?} to {callee:?}");
    }
}
