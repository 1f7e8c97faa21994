//! Whose traffic meets a waypoint.

use crate::control::istio::ambient::waypoints::{WaypointAsked, WaypointSender};
use crate::control::istio::testing::Mesh;
use crate::explain::Decision;

use super::{WaypointName, namespace, pod_id, service, service_id, waypoint};

const USE: &str = "istio.io/use-waypoint";
const INGRESS: &str = "istio.io/ingress-use-waypoint";

fn shop(home: &str, cart: &str, serves: &str) -> Mesh {
    Mesh::of(
        &[
            namespace("shop", &format!("{USE}: wp, {home}")),
            waypoint("shop/wp", &format!("istio.io/waypoint-for: {serves}"), ""),
            service("shop/cart", cart, ""),
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: all, namespace: shop}\n\
             spec: {clusterIP: None, selector: {app: cart}, ports: [{port: 80}]}\n"
                .to_owned(),
        ]
        .concat(),
    )
}

fn on_way(
    mesh: &Mesh,
    sender: WaypointSender,
    asked: WaypointAsked,
) -> Decision<Option<WaypointName>> {
    mesh.plane.waypoint_passed(&mesh.world, sender, asked).expect("Istio knows the cluster")
}

fn meets(mesh: &Mesh, sender: WaypointSender) -> (bool, bool) {
    let of = |asked| on_way(mesh, sender, asked).outcome.is_some();
    (
        of(WaypointAsked::Service(service_id(mesh, "shop/cart"))),
        of(WaypointAsked::Pod(pod_id(mesh, "cart"))),
    )
}

#[test]
fn clients_in_ambient_mode_pass_the_waypoint_and_others_do_not() {
    use WaypointSender::{Ambient, Outside, Sidecar, Waypoint};
    let by_service = shop("", "", "service");
    assert_eq!(meets(&by_service, Ambient), (true, false));
    assert_eq!(meets(&shop("", "", "workload"), Ambient), (false, true));
    let by_all = shop("", "", "all");
    assert_eq!(meets(&by_all, Ambient), (true, true));
    for sender in [Sidecar, Outside, Waypoint] {
        assert_eq!(meets(&by_all, sender), (false, false), "{sender:?}");
    }
    let cart = WaypointAsked::Service(service_id(&by_all, "shop/cart"));
    let why = on_way(&by_all, Sidecar, cart).because;
    assert_eq!(why.finding, "a sidecar chooses a pod itself, and sends past the waypoint");
    assert_eq!(why.because[0].finding, "its namespace uses waypoint `shop/wp`");
}

#[test]
fn gateways_pass_the_waypoint_where_a_label_asks_for_it() {
    let gateway = |home: &str, cart: &str| meets(&shop(home, cart, "all"), WaypointSender::Gateway);
    let asks = format!("{INGRESS}: 'true'");
    let refuses = format!("{INGRESS}: 'false'");
    assert_eq!(gateway("", ""), (false, false));
    assert_eq!(gateway("", &asks), (true, false));
    assert_eq!(gateway(&asks, ""), (true, false));
    assert_eq!(gateway(&asks, &refuses), (false, false), "the Service's own word counts");
}

#[test]
fn traffic_to_a_headless_service_goes_past_its_waypoint() {
    let mesh = shop("", "", "service");
    let all = WaypointAsked::Service(service_id(&mesh, "shop/all"));
    let decision = on_way(&mesh, WaypointSender::Ambient, all);
    assert_eq!(decision.outcome, None);
    assert_eq!(
        decision.because.finding,
        "the Service has no address of its own: what is sent is for its pods"
    );
}
