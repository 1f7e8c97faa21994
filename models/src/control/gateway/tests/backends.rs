//! What backends mean, and what requests meet whose backend means nothing.

use super::super::rules;
use super::*;
use crate::proxy::envoy::config::{UpstreamProtocol, UpstreamTls};

fn gateway() -> String {
    format!("{GATEWAY}{OPEN}")
}

const GRANT: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: other}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]
  to: [{group: '', kind: Service, name: cart}]
";

#[test]
fn a_backend_in_another_namespace_needs_a_grant_there() {
    let to = |name: &str| {
        http_route(name, &[&format!("backendRefs: [{{name: {name}, namespace: other, port: 80}}]")])
    };
    let services = format!("{}{}", service("other/cart"), service("other/till"));
    let without = rig(&[&gateway(), &services, &to("cart")]);
    assert_eq!(without.resolved("shop/cart"), (false, "RefNotPermitted"));
    assert_eq!(without.codes(), ["gateway.missing-grant"]);
    assert!(without.config().clusters.is_empty(), "what is not granted is not configured");
    let granted = rig(&[&gateway(), &services, GRANT, &to("cart")]);
    assert_eq!(granted.resolved("shop/cart"), (true, "ResolvedRefs"));
    assert_eq!(granted.routes("*"), ["/* -> 80 cart.other"]);
    // The grant is for one Service only.
    let other = rig(&[&gateway(), &services, GRANT, &to("till")]);
    assert_eq!(other.resolved("shop/till"), (false, "RefNotPermitted"));
}

#[test]
fn the_share_of_an_invalid_backend_is_answered_with_500() {
    let rule = "backendRefs: [{name: cart, port: 80, weight: 3}, {name: gone, port: 80}]";
    let rig = rig(&[&gateway(), &service("shop/cart"), &http_route("web", &[rule])]);
    assert_eq!(rig.routes("*"), ["/* -> 3 80 cart.shop + 1 invalid-backend|gone"]);
    assert_eq!(forward(&rig.only_route()).cluster_not_found_status.value, 500);
    assert_eq!(rig.resolved("shop/web"), (false, "BackendNotFound"));
    assert!(rig.because("shop/web", rules::BACKEND_INVALID)[0].contains("no Service shop/gone"));
    assert_eq!(rig.codes(), ["gateway.unresolved-backend"]);
}

#[test]
fn each_way_to_miss_a_backend_has_its_reason() {
    for (backend, reason) in [
        ("{name: gone, port: 80}", "BackendNotFound"),
        ("{name: cart, port: 81}", "BackendNotFound"),
        ("{name: cart}", "BackendNotFound"),
        ("{group: g.example, kind: Bucket, name: cart, port: 80}", "InvalidKind"),
    ] {
        let rule = format!("backendRefs: [{backend}]");
        let rig = rig(&[&gateway(), &service("shop/cart"), &http_route("web", &[&rule])]);
        assert_eq!(rig.resolved("shop/web"), (false, reason), "{backend}");
        let route = rig.only_route();
        assert!(show(&route).contains("invalid-backend|"), "{backend}");
    }
}

#[test]
fn a_rule_without_backends_answers_500_and_one_of_grpc_says_unavailable() {
    let none = "backendRefs: []";
    let zero = "backendRefs: [{name: cart, port: 80, weight: 0}]";
    for rule in [none, zero] {
        let rig = rig(&[&gateway(), &service("shop/cart"), &http_route("web", &[rule])]);
        assert_eq!(rig.routes("*"), ["/* -> 500"]);
    }
    let calls = route("GRPCRoute", "shop/calls", "  rules: [{}]\n");
    let rig = rig(&[&gateway(), &calls]);
    // Envoy makes UNAVAILABLE of 503.
    assert_eq!(rig.routes("*"), ["/* -> 503"]);
    let istio = rig_as("istio", &[&gateway(), &calls]);
    assert_eq!(istio.routes("*"), ["/* -> 500"]);
}

#[test]
fn a_service_without_endpoints_keeps_its_cluster_and_is_found() {
    let empty = "---\napiVersion: v1\nkind: Service\nmetadata: {name: empty, namespace: shop}\n\
                 spec: {selector: {app: nobody}, ports: [{port: 80}]}\n";
    let rule = "backendRefs: [{name: empty, port: 80}]";
    let rig = rig(&[&gateway(), empty, &http_route("web", &[rule])]);
    let config = rig.config();
    let name = "outbound|80||empty.shop.svc.cluster.local";
    assert!(config.assignments[name].localities[0].endpoints.is_empty());
    assert_eq!(rig.resolved("shop/web"), (true, "ResolvedRefs"));
    let why = rig.because("shop/web", rules::BACKEND_NO_ENDPOINTS);
    assert!(why[0].ends_with("its requests get 503"), "{why:?}");
    assert_eq!(rig.codes(), ["gateway.no-endpoints"]);
}

#[test]
fn a_cluster_holds_the_endpoints_of_the_service_and_its_protocol() {
    let h2c = service("shop/calls").replace("name: http, port: 80,", "name: grpc, port: 80,");
    let rules = [
        "{matches: [{path: {value: /a}}], backendRefs: [{name: cart, port: 80}]}",
        "{matches: [{path: {value: /b}}], backendRefs: [{name: calls, port: 80}]}",
    ];
    let rig = rig(&[&gateway(), &service("shop/cart"), &h2c, &http_route("web", &rules)]);
    let config = rig.config();
    let cart = "outbound|80||cart.shop.svc.cluster.local";
    let endpoints = &config.assignments[cart].localities[0].endpoints;
    assert_eq!(endpoints.len(), 2);
    assert!(endpoints.iter().all(|it| it.pod.is_some() && it.address.port == 8080));
    let protocol = |name: &str| config.clusters[name].http.protocol.value;
    assert_eq!(protocol(cart), UpstreamProtocol::Http1);
    assert_eq!(protocol("outbound|80||calls.shop.svc.cluster.local"), UpstreamProtocol::Http2);
    assert_eq!(config.clusters[cart].target.as_ref().map(|it| it.port), Some(80));
    assert_eq!(rig.built.world.services.len(), 2);
}

fn policy(name: &str, target: &str, validation: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\n\
         metadata: {{name: {name}, namespace: shop}}\n\
         spec: {{targetRefs: [{{group: '', kind: Service, {target}}}], validation: {{{validation}}}}}\n"
    )
}

#[test]
fn a_tls_policy_encrypts_the_way_to_its_service_the_most_specific_and_oldest_first() {
    let rule = "backendRefs: [{name: cart, port: 80}]";
    let valid = |host: &str| format!("hostname: {host}, wellKnownCACertificates: System");
    let whole = policy("a-whole", "name: cart", &valid("whole.example"));
    let port = policy("b-port", "name: cart, sectionName: http", &valid("port.example"));
    let later = policy("c-port", "name: cart, sectionName: http", &valid("later.example"));
    let other = policy("d-other", "name: cart, sectionName: admin", &valid("other.example"));
    let rig = rig(&[
        &gateway(),
        &service("shop/cart"),
        &http_route("web", &[rule]),
        &[whole, port, later, other].concat(),
    ]);
    let config = rig.config();
    let tls = &config.clusters["outbound|80||cart.shop.svc.cluster.local"].tls.value;
    let UpstreamTls::Simple { sni, subject_alt_names } = tls else { panic!("TLS, got {tls:?}") };
    assert_eq!(sni.as_deref(), Some("port.example"));
    assert_eq!(subject_alt_names, &["port.example"]);
}

#[test]
fn a_tls_policy_that_is_not_valid_closes_its_service() {
    for validation in [
        "hostname: a.example",
        "hostname: a.example, caCertificateRefs: [{group: '', kind: Secret, name: ca}]",
    ] {
        let rule = "backendRefs: [{name: cart, port: 80}]";
        let broken = policy("a", "name: cart", validation);
        let rig = rig(&[&gateway(), &service("shop/cart"), &http_route("web", &[rule]), &broken]);
        assert_eq!(rig.routes("*"), ["/* -> invalid-backend|cart"]);
        assert_eq!(rig.codes(), ["gateway.backend-tls"]);
    }
}
