//! Which listeners routes attach to.

use super::super::rules;
use super::*;

const BACKEND: &str = "  rules: [{backendRefs: [{name: cart, port: 80}]}]\n";

fn parents(title: &str, parents: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace and name");
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
         metadata: {{name: {name}, namespace: {namespace}}}\n\
         spec:\n  parentRefs: [{parents}]\n{BACKEND}"
    )
}

#[test]
fn a_route_attaches_to_the_listeners_that_its_parent_names() {
    let listeners = "  - {name: a, port: 80, protocol: HTTP}
  - {name: b, port: 8080, protocol: HTTP}
  - {name: c, port: 8080, protocol: HTTP, hostname: c.example}
";
    let gateway = format!("{GATEWAY}{listeners}");
    let rig = rig(&[
        &gateway,
        &parents("infra/all", "{name: edge}"),
        &parents("infra/section", "{name: edge, sectionName: b}"),
        &parents("infra/port", "{name: edge, port: 8080}"),
        &parents("infra/both", "{name: edge, sectionName: c, port: 8080}"),
        &parents("infra/lost", "{name: edge, sectionName: a, port: 8080}"),
        &parents("infra/nobody", "{name: elsewhere}"),
    ]);
    let attached = |listener: usize| {
        rig.plane.gateway_status("infra", "edge")[0].listeners[listener].attached_routes
    };
    assert_eq!([attached(0), attached(1), attached(2)], [1, 3, 3]);
    assert_eq!(rig.accepted("infra/lost"), (false, "NoMatchingParent"));
    assert_eq!(rig.accepted("infra/nobody"), (false, "NoMatchingParent"));
    assert!(rig.codes().contains(&"gateway.no-parent"));
}

#[test]
fn a_listener_takes_routes_from_the_namespaces_that_it_allows() {
    let listeners = "  - {name: same, port: 81, protocol: HTTP}
  - {name: all, port: 82, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - name: chosen
    port: 83
    protocol: HTTP
    allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: a}}}}
  - name: named
    port: 84
    protocol: HTTP
    allowedRoutes:
      namespaces:
        from: Selector
        selector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [two]}]}
";
    let namespaces = "---
apiVersion: v1
kind: Namespace
metadata: {name: one, labels: {team: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: two, labels: {team: b}}
";
    let gateway = format!("{GATEWAY}{listeners}{namespaces}");
    let rig = rig(&[
        &gateway,
        &parents("infra/own", "{name: edge}"),
        &parents("one/a", "{name: edge, namespace: infra}"),
        &parents("two/b", "{name: edge, namespace: infra}"),
        &parents("two/refused", "{name: edge, namespace: infra, sectionName: chosen}"),
    ]);
    let listeners = &rig.plane.gateway_status("infra", "edge")[0].listeners;
    let attached: Vec<_> = listeners.iter().map(|listener| listener.attached_routes).collect();
    assert_eq!(attached, [1, 3, 1, 1]);
    assert_eq!(rig.accepted("two/refused"), (false, "NotAllowedByListeners"));
    let why = rig.because("two/refused", rules::ALLOWED_ROUTES);
    assert!(why[0].contains("`team` is `b`, the selector asks for `a`"), "{why:?}");
}

#[test]
fn hostnames_outside_the_listeners_are_ignored_one_by_one() {
    let gateway =
        format!("{GATEWAY}  - {{name: a, port: 80, protocol: HTTP, hostname: '*.shop.example'}}\n");
    let hosts = |names: &str| {
        let title = if names.contains("WWW") { "infra/some" } else { "infra/none" };
        route("HTTPRoute", title, &format!("  hostnames: [{names}]\n{BACKEND}"))
    };
    let rig = rig(&[
        &gateway,
        &hosts("WWW.shop.example, 'shop.example', '*.example', other.example"),
        &hosts("shop.example, x.example"),
    ]);
    let config = rig.config();
    let mut domains: Vec<_> = config.route_tables["http.80"]
        .virtual_hosts
        .iter()
        .map(|host| (host.domains[0].as_str(), host.routes.len()))
        .collect();
    domains.sort_unstable();
    // The wider of both hostnames of the route counts for the narrower domain too.
    assert_eq!(domains, [("*.shop.example", 1), ("www.shop.example", 2)]);
    assert_eq!(rig.accepted("infra/none"), (false, "NoMatchingListenerHostname"));
    assert!(rig.codes().contains(&"gateway.no-hostname"));
}

#[test]
fn a_listener_takes_only_the_kinds_that_it_allows_and_its_protocol_carries() {
    let listeners = "  - {name: http, port: 80, protocol: HTTP}
  - {name: calls, port: 81, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}
  - {name: wrong, port: 82, protocol: HTTP, allowedRoutes: {kinds: [{kind: TCPRoute}]}}
  - {name: raw, port: 83, protocol: TCP}
";
    let tcp = "---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\n\
               metadata: {name: tcp, namespace: infra}\n\
               spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: cart, port: 80}]}]}\n";
    let gateway = format!("{GATEWAY}{listeners}");
    let rig = rig(&[&gateway, &parents("infra/web", "{name: edge}"), tcp]);
    let status = &rig.plane.gateway_status("infra", "edge")[0];
    let attached: Vec<_> = status.listeners.iter().map(|it| it.attached_routes).collect();
    assert_eq!(attached, [1, 0, 0, 1]);
    let wrong = &status.listeners[2];
    assert_eq!(
        verdict(&wrong.conditions, ConditionType::ResolvedRefs),
        (false, "InvalidRouteKinds")
    );
    assert_eq!(verdict(&wrong.conditions, ConditionType::Programmed), (false, "Invalid"));
}

#[test]
fn of_an_http_and_a_grpc_route_for_one_hostname_the_older_one_stays() {
    let gateway = format!("{GATEWAY}{OPEN}");
    let aged = |kind, name: &str, year| {
        let text = route(kind, name, &format!("  hostnames: [a.example]\n{BACKEND}"));
        text.replace(
            "metadata: {",
            &format!("metadata: {{creationTimestamp: '{year}-01-01T00:00:00Z', "),
        )
    };
    let rig = rig(&[
        &gateway,
        &aged("HTTPRoute", "shop/a", 2024),
        &aged("GRPCRoute", "shop/b", 2023),
        &route("HTTPRoute", "shop/c", &format!("  hostnames: [c.example]\n{BACKEND}")),
    ]);
    assert_eq!(rig.accepted("shop/a"), (false, "NotAllowedByListeners"));
    assert_eq!(rig.accepted("shop/c"), (true, "Accepted"));
    assert_eq!(rig.routes("a.example").len(), 1);
    assert!(rig.because("shop/a", rules::OVERLAP)[0].starts_with("GRPCRoute shop/b"));
}

#[test]
fn a_gateway_of_another_controller_is_left_alone_by_istio() {
    let class = "---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: nginx}
spec: {controllerName: example.org/nginx}
";
    let gateway = format!("{}{OPEN}", GATEWAY.replace(": istio", ": nginx"));
    let istio = rig_as("istio", &[&gateway, class]);
    assert!(istio.plane.gateway("infra", "edge").is_none());
    assert_eq!(istio.codes(), ["gateway.class"]);
    let standard = rig(&[&gateway, class]);
    assert!(standard.plane.gateway("infra", "edge").is_some());
}
