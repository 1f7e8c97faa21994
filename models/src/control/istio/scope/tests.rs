//! Stories of what a proxy knows.

use super::*;
use crate::control::istio::testing::{Mesh, PODS};
use crate::explain::{Silent, Tree};
use crate::world::testing::labels;

fn entry(title: &str, host: &str, more: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: {name}, namespace: {namespace}}}\n\
         spec: {{hosts: [{host}], ports: [{{number: 80, name: http, protocol: HTTP}}, \
         {{number: 90, name: tcp, protocol: TCP}}]{more}}}\n"
    )
}

pub(super) fn sidecar(title: &str, spec: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn rule(title: &str, host: &str, to: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
         metadata: {{name: {name}, namespace: {namespace}}}\n\
         spec: {{hosts: [{host}], http: [{{route: [{{destination: {to}}}]}}]}}\n"
    )
}

/// What a workload of `namespace` knows.
fn scope(mesh: &Mesh, namespace: &str) -> Scope {
    let sidecar = sidecar_of(mesh.push(), namespace, &labels("app=web"), &mut Silent);
    Scope::new(mesh.push(), namespace, sidecar)
}

/// Services as `host:ports`.
fn known(services: &[Arc<Service>]) -> Vec<String> {
    let title = |service: &Arc<Service>| {
        let ports: Vec<_> = service.ports.iter().map(|port| port.number.to_string()).collect();
        format!("{}:{}", service.host, ports.join(","))
    };
    services.iter().map(title).collect()
}

#[test]
fn without_a_sidecar_all_is_known_that_is_exported() {
    let mesh = Mesh::of(&[PODS, &entry("pay/own", "own.example", ", exportTo: ['.']")].concat());
    assert_eq!(known(&scope(&mesh, "shop").services), ["reviews.shop.svc.cluster.local:9080"]);
    let pay = known(&scope(&mesh, "pay").services);
    assert_eq!(pay, ["own.example:80,90", "reviews.shop.svc.cluster.local:9080"]);
}

#[test]
fn the_sidecar_with_a_selector_beats_the_namespace_and_that_beats_the_root() {
    let mesh = Mesh::of(
        &[
            PODS,
            &sidecar("istio-system/root", "{egress: [{hosts: ['~/*']}]}"),
            &sidecar("shop/all", "{egress: [{hosts: ['./*']}]}"),
            &sidecar("shop/some", "{workloadSelector: {labels: {app: web}}}"),
        ]
        .concat(),
    );
    let counts = |namespace, pairs: &str| {
        let mut tree = Tree::default();
        let found = sidecar_of(mesh.push(), namespace, &labels(pairs), &mut tree);
        assert_eq!(tree.finish().len(), 1);
        found.map(|at| mesh.push().sidecars[at].title())
    };
    assert_eq!(counts("shop", "app=web").as_deref(), Some("shop/some"));
    assert_eq!(counts("shop", "app=other").as_deref(), Some("shop/all"));
    assert_eq!(counts("pay", "app=web").as_deref(), Some("istio-system/root"));
    assert_eq!(known(&scope(&mesh, "pay").services), [""; 0]);
}

#[test]
fn an_egress_listener_knows_its_hosts_and_a_port_keeps_that_port_alone() {
    let mesh = Mesh::of(
        &[
            PODS,
            &entry("pay/one", "one.example", ""),
            &entry("pay/two", "two.example", ""),
            &sidecar(
                "shop/all",
                "{egress: [{port: {number: 90, protocol: TCP, name: tcp}, \
                 hosts: ['pay/two.example']}, {hosts: ['./*', '*/one.example']}]}",
            ),
        ]
        .concat(),
    );
    let scope = scope(&mesh, "shop");
    assert_eq!(known(&scope.egress[0].services), ["two.example:90"]);
    let rest = ["one.example:80,90", "reviews.shop.svc.cluster.local:9080"];
    assert_eq!(known(&scope.egress[1].services), rest);
    assert_eq!(scope.services.len(), 3);
    assert_eq!((scope.egress_for(90), scope.egress_for(80)), (Some(0), Some(1)));
}

#[test]
fn where_a_virtual_service_sends_to_is_known_too() {
    let mesh = Mesh::of(
        &[
            PODS,
            &entry("pay/out", "out.example", ""),
            &rule("shop/reviews", "reviews", "{host: out.example, port: {number: 80}}"),
            &sidecar("shop/all", "{egress: [{hosts: ['./*']}]}"),
        ]
        .concat(),
    );
    let scope = scope(&mesh, "shop");
    assert_eq!(known(&scope.egress[0].services), ["reviews.shop.svc.cluster.local:9080"]);
    let all = ["reviews.shop.svc.cluster.local:9080", "out.example:80"];
    assert_eq!(known(&scope.services), all);
}

#[test]
fn of_services_with_one_host_the_own_namespace_wins_then_kubernetes() {
    let host = "reviews.shop.svc.cluster.local";
    let mesh = Mesh::of(&[PODS, &entry("pay/fake", host, "")].concat());
    let ports = |namespace| known(&scope(&mesh, namespace).services);
    assert_eq!(ports("other"), [format!("{host}:9080")]);
    assert_eq!(ports("pay"), [format!("{host}:80,90")]);
}

#[test]
fn rules_are_hidden_with_their_hosts_and_the_policy_for_unknown_hosts_is_the_sidecars() {
    let mesh = Mesh::of(
        &[
            PODS,
            &rule("pay/far", "far.example", "{host: reviews.shop.svc.cluster.local}"),
            &rule("shop/near", "reviews", "{host: reviews}"),
            &sidecar(
                "shop/all",
                "{egress: [{hosts: ['./*']}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}",
            ),
        ]
        .concat(),
    );
    let scope = scope(&mesh, "shop");
    let rules: Vec<_> = scope.egress[0].virtual_services.iter().map(|it| &it.name).collect();
    assert_eq!(rules, ["near"]);
    assert_eq!(scope.outbound.value, OutboundMode::RegistryOnly);
}
