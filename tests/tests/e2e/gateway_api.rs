//! Gateways and routes of Gateway API through the binary: what is wrong with them, each with its
//! line and what requests meet, and what becomes of requests at a Gateway.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::binary::meshwalk;

const MILL: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: mill}
---
apiVersion: v1
kind: Service
metadata: {name: flour, namespace: mill}
spec: {selector: {app: flour}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: flour, namespace: mill}
spec:
  replicas: 2
  selector: {matchLabels: {app: flour}}
  template:
    metadata: {labels: {app: flour}}
    spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: bran, namespace: barn}
spec: {selector: {app: bran}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: mill}
spec:
  gatewayClassName: istio
  allowedListeners: {namespaces: {from: Same}}
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: tls, port: 443, protocol: HTTPS, hostname: '*.mill.example', tls: {certificateRefs: [{name: cert}]}}
  - {name: pass, port: 8443, protocol: TLS, tls: {mode: Passthrough}}
  - {name: raw, port: 9000, protocol: TCP}
  - {name: odd, port: 9001, protocol: SCTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: side, namespace: mill}
spec:
  parentRef: {name: door}
  listeners: [{name: extra, port: 80, protocol: HTTP, hostname: side.example}]
";

/// A route in `mill`; `rest` begins with its parents.
fn route(kind: &str, name: &str, rest: &str) -> String {
    let version = if kind == "TCPRoute" { "v1alpha2" } else { "v1" };
    format!(
        "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\n\
         metadata: {{name: {name}, namespace: mill}}\nspec:\n  {rest}\n"
    )
}

const BAD: [(&str, &str, &str, &str); 9] = [
    (
        "HTTPRoute",
        "gone",
        "parentRefs: [{name: door}]\n  rules: [{backendRefs: [{name: rice, port: 80}]}]",
        "gateway.unresolved-backend",
    ),
    (
        "HTTPRoute",
        "far",
        "parentRefs: [{name: door}]\n  rules: [{backendRefs: [{name: bran, namespace: barn, port: 80}]}]",
        "gateway.missing-grant",
    ),
    (
        "HTTPRoute",
        "lost",
        "parentRefs: [{name: door, sectionName: attic}]\n  rules: [{backendRefs: [{name: flour, port: 80}]}]",
        "gateway.no-parent",
    ),
    (
        "HTTPRoute",
        "host",
        "parentRefs: [{name: door, sectionName: tls}]\n  hostnames: [other.example]\n  rules: [{backendRefs: [{name: flour, port: 80}]}]",
        "gateway.no-hostname",
    ),
    (
        "HTTPRoute",
        "filter",
        "parentRefs: [{name: door}]\n  rules: [{filters: [{type: ExtensionRef, extensionRef: {group: g, kind: K, name: n}}]}]",
        "gateway.filter",
    ),
    (
        "HTTPRoute",
        "regex",
        "parentRefs: [{name: door}]\n  rules: [{matches: [{path: {type: RegularExpression, value: '/(['}}], backendRefs: [{name: flour, port: 80}]}]",
        "gateway.pattern",
    ),
    (
        "HTTPRoute",
        "mirror",
        "parentRefs: [{name: door}]\n  rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: rice, port: 80}}}], backendRefs: [{name: flour, port: 80}]}]",
        "gateway.lost-mirror",
    ),
    (
        "TCPRoute",
        "kind",
        "parentRefs: [{name: door, sectionName: http}]\n  rules: [{backendRefs: [{name: flour, port: 80}]}]",
        "gateway.route-not-allowed",
    ),
    (
        "HTTPRoute",
        "sticky",
        "parentRefs: [{name: door}]\n  hostnames: [sticky.example]\n  rules: [{backendRefs: [{name: flour, port: 80}], sessionPersistence: {type: Cookie}}]",
        "gateway.not-modelled",
    ),
];

fn folder(routes: &[String]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("mill.yaml"), format!("{MILL}{}", routes.concat()))
        .expect("a file");
    folder
}

#[test]
fn what_is_wrong_with_a_route_is_told_with_its_line_and_what_requests_meet() {
    for (kind, name, rest, code) in BAD {
        let folder = folder(&[route(kind, name, rest)]);
        let output =
            meshwalk().args(["lint", "-o", "json"]).arg(folder.path()).output().expect("it runs");
        let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let findings = document["diagnostics"].as_array().expect("findings");
        let found = findings.iter().find(|it| it["code"] == code);
        let found = found.unwrap_or_else(|| panic!("{name}: no {code} among {findings:#?}"));
        let first_line = MILL.lines().count() as u64;
        let line = found["labels"][0]["line"].as_u64().expect("a line");
        // What a listener refuses is decided at the listener.
        let decided_above = code == "gateway.route-not-allowed";
        assert_eq!(line <= first_line, decided_above, "{name}: {found}");
        let told = format!("{} {}", found["message"], found["help"]);
        let meets =
            ["until then", "until it", "404", "500", "no copies", "nothing", "not modelled"];
        assert!(meets.iter().any(|words| told.contains(words)), "{name}: {told}");
    }
}

#[test]
fn a_listener_of_an_unknown_protocol_takes_no_connection_and_that_is_told() {
    let folder = folder(&[]);
    let output = meshwalk().arg("lint").arg(folder.path()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).replace('\n', " ");
    assert!(text.contains("protocol `SCTP` is not supported"), "{text}");
    assert!(text.contains("takes no connection"), "{text}");
}

/// What `why` answers at the Gateway, as JSON.
fn why(routes: &[String], arguments: &[&str]) -> Value {
    let folder = folder(routes);
    let output = meshwalk()
        .args(["why", "--at", "gateway/door", "-o", "json", "-f"])
        .arg(folder.path())
        .args(arguments)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr))
    })
}

/// Every sentence of a tree of reasons that has a place in a file.
fn placed(answer: &Value) -> String {
    fn walk(steps: &Value, into: &mut String) {
        for step in steps.as_array().into_iter().flatten() {
            if !step["origin"].is_null() {
                into.push_str(step["finding"].as_str().unwrap_or_default());
                into.push('\n');
            }
            walk(&step["because"], into);
        }
    }
    let mut text = String::new();
    walk(&answer["because"], &mut text);
    text
}

#[test]
fn a_backend_without_a_grant_gets_its_share_of_errors_and_the_reason_is_in_the_tree() {
    let rest = "parentRefs: [{name: door, sectionName: http}]\n  rules: [{backendRefs: \
                [{name: flour, port: 80, weight: 3}, {name: bran, namespace: barn, port: 80}]}]";
    let answer = why(&[route("HTTPRoute", "split", rest)], &["--to", "http://a.example/"]);
    assert_eq!(answer["outcome"], "routed");
    let tree = placed(&answer);
    assert!(tree.contains("no ReferenceGrant in `barn`"), "{tree}");
    assert!(tree.contains("Service `door-istio` in `mill`"), "{tree}");
}

#[test]
fn a_request_that_no_route_takes_is_told_which_routes_are_not_in_force() {
    let rest = "parentRefs: [{name: door, sectionName: tls}]\n  hostnames: [other.example]\n  \
                rules: [{backendRefs: [{name: flour, port: 80}]}]";
    let answer = why(&[route("HTTPRoute", "far", rest)], &["--to", "https://a.mill.example/"]);
    assert_eq!(
        (answer["outcome"].as_str(), answer["status"].as_u64()),
        (Some("no_route"), Some(404))
    );
    let tree = placed(&answer);
    assert!(tree.contains("HTTPRoute mill/far is not in force"), "{tree}");
    assert!(tree.contains("no hostname of the route lies within"), "{tree}");
}

#[test]
fn each_kind_of_route_is_walked_at_its_listener() {
    let routes = [
        route(
            "HTTPRoute",
            "side",
            "parentRefs: [{kind: ListenerSet, name: side}]\n  rules: [{backendRefs: [{name: flour, port: 80}]}]",
        ),
        route(
            "HTTPRoute",
            "moved",
            "parentRefs: [{name: door, sectionName: tls}]\n  rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: http, statusCode: 308, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}]}]",
        ),
        route(
            "GRPCRoute",
            "calls",
            "parentRefs: [{name: door, sectionName: http}]\n  hostnames: [calls.example]\n  rules: [{matches: [{method: {service: a.B, method: C}}], backendRefs: [{name: flour, port: 80}]}]",
        ),
        route(
            "TLSRoute",
            "pass",
            "parentRefs: [{name: door, sectionName: pass}]\n  hostnames: [in.example]\n  rules: [{backendRefs: [{name: flour, port: 80}]}]",
        ),
        route(
            "TCPRoute",
            "raw",
            "parentRefs: [{name: door, sectionName: raw}]\n  rules: [{backendRefs: [{name: flour, port: 80}]}]",
        ),
    ];
    let grpc = ["--method", "POST", "-H", "content-type: application/grpc"];
    for (to, more, outcome) in [
        ("http://side.example/", &[][..], "routed"),
        ("https://a.mill.example/x", &[], "redirected"),
        ("http://calls.example/a.B/C", &grpc, "routed"),
        ("http://calls.example/a.B/D", &grpc, "no_route"),
        ("https://in.example:8443/", &[], "routed"),
        ("https://out.example:8443/", &[], "no_route"),
        ("http://any:9000/", &[], "routed"),
        ("http://any:81/", &[], "no_route"),
    ] {
        let arguments: Vec<_> = ["--to", to].into_iter().chain(more.iter().copied()).collect();
        let answer = why(&routes, &arguments);
        assert_eq!(answer["outcome"], outcome, "{to}: {:#}", answer["because"]);
        if outcome == "routed" {
            assert_eq!(answer["destination"]["service"], "flour", "{to}");
        }
    }
}
