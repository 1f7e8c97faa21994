//! Which waypoint a Service or pod uses.

use crate::control::istio::routes::NoMeshRoutes;
use crate::control::istio::testing::Mesh;

use super::{namespace, of_pod, of_service, service, waypoint};

const USE: &str = "istio.io/use-waypoint";

fn name_of(mesh: &Mesh, service: &str) -> Option<String> {
    of_service(mesh, service).outcome.map(|name| name.to_string())
}

#[test]
fn the_label_of_an_object_counts_before_that_of_its_namespace() {
    let mesh = Mesh::of(
        &[
            namespace("shop", &format!("{USE}: wide")),
            waypoint("shop/wide", "istio.io/waypoint-for: all", ""),
            waypoint("shop/narrow", "istio.io/waypoint-for: all", ""),
            service("shop/cart", "", ""),
            service("shop/pay", &format!("{USE}: narrow"), ""),
            service("shop/web", &format!("{USE}: none"), &format!("{USE}: narrow")),
        ]
        .concat(),
    );
    assert_eq!(name_of(&mesh, "shop/cart").as_deref(), Some("waypoint/shop/wide"));
    assert_eq!(name_of(&mesh, "shop/pay").as_deref(), Some("waypoint/shop/narrow"));
    assert_eq!(name_of(&mesh, "shop/web"), None);
    let pod = |name| of_pod(&mesh, name).outcome.map(|name| name.name);
    assert_eq!(pod("pay").as_deref(), Some("wide"), "the label of a Service says nothing of pods");
    assert_eq!(pod("web").as_deref(), Some("narrow"));
    let why = of_service(&mesh, "shop/web").because;
    assert_eq!(why.finding, "it asks for no waypoint");
}

#[test]
fn a_waypoint_is_used_from_the_namespaces_that_its_listener_admits() {
    let there = format!("{USE}: shared, {USE}-namespace: edge");
    let with = |listener: &str| {
        let mesh = Mesh::of(
            &[
                namespace("edge", ""),
                namespace("shop", &format!("team: one, {there}")),
                waypoint("edge/shared", "", listener),
                service("shop/cart", "", ""),
            ]
            .concat(),
        );
        name_of(&mesh, "shop/cart")
    };
    let from = |words: &str| format!(", allowedRoutes: {{namespaces: {{{words}}}}}");
    assert_eq!(with(""), None);
    assert_eq!(with(&from("from: Same")), None);
    let shared = Some("waypoint/edge/shared".to_owned());
    assert_eq!(with(&from("from: All")), shared);
    let selecting =
        |team| from(&format!("from: Selector, selector: {{matchLabels: {{team: {team}}}}}"));
    assert_eq!(with(&selecting("one")), shared);
    assert_eq!(with(&selecting("two")), None);
}

#[test]
fn the_word_on_the_gateway_counts_before_the_one_on_its_class() {
    let with = |class: &str, gateway: &str| {
        let mesh = Mesh::of(
            &[
                format!(
                    "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\n\
                     metadata: {{name: istio-waypoint, labels: {{{class}}}}}\n\
                     spec: {{controllerName: istio.io/mesh-controller}}\n"
                ),
                namespace("shop", &format!("{USE}: wp")),
                waypoint("shop/wp", gateway, ""),
                service("shop/cart", "", ""),
            ]
            .concat(),
        );
        (of_service(&mesh, "shop/cart").outcome.is_some(), of_pod(&mesh, "cart").outcome.is_some())
    };
    assert_eq!(with("", ""), (true, false));
    assert_eq!(with("istio.io/waypoint-for: workload", ""), (false, true));
    assert_eq!(with("istio.io/waypoint-for: workload", "istio.io/waypoint-for: all"), (true, true));
    assert_eq!(with("", "istio.io/waypoint-for: none"), (false, false));
}

#[test]
fn traffic_goes_past_a_waypoint_that_does_not_stand() {
    let mesh = Mesh::of(
        &[namespace("shop", &format!("{USE}: gone")), service("shop/cart", "", "")].concat(),
    );
    let decision = of_service(&mesh, "shop/cart");
    assert_eq!(decision.outcome, None);
    assert_eq!(
        decision.because.finding,
        "its namespace names waypoint `shop/gone`, which is not used, so its traffic goes past it"
    );
    assert_eq!(decision.because.because[0].finding, "there is no Gateway `shop/gone`");
    assert!(decision.because.origin.is_some(), "it names the line of the label");
}

#[test]
fn a_gateway_of_another_class_stands_in_the_way_all_the_same() {
    let mesh = Mesh::of(
        &[
            namespace("shop", &format!("{USE}: edge")),
            waypoint("shop/edge", "", "").replace("istio-waypoint", "istio"),
            service("shop/cart", "", ""),
        ]
        .concat(),
    );
    let name = of_service(&mesh, "shop/cart").outcome.expect("Istio asks for no class");
    assert!(
        mesh.plane.waypoint(&mesh.world, &name, &NoMeshRoutes).is_none(),
        "what it does is not known"
    );
}

#[test]
fn a_label_that_leads_nowhere_is_told_once_with_whom_it_concerns() {
    let mesh = Mesh::of(
        &[
            namespace("shop", &format!("{USE}: gone")),
            waypoint("shop/pods", "istio.io/waypoint-for: workload", ""),
            service("shop/cart", "", ""),
            service("shop/pay", "", ""),
            service("shop/web", &format!("{USE}: pods"), &format!("{USE}: pods")),
        ]
        .concat(),
    );
    let told: Vec<_> = mesh
        .findings
        .iter()
        .filter(|finding| finding.code.starts_with("ambient."))
        .map(|finding| (finding.code, finding.labels[0].text.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "ambient.no-such-waypoint",
                "traffic to Service `shop/cart`, Service `shop/pay` goes past it"
            ),
            ("ambient.waypoint-not-for-that", "traffic to Service `shop/web` goes past it"),
        ]
    );
}
