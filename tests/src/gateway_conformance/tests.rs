//! Stories about the runner, with small cases of our own.

use std::fs;

use tempfile::TempDir;

use super::*;

/// A Service with two pods.
fn service(namespace: &str, name: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: app, ports: [{{containerPort: 8080}}]}}]}}
"
    )
}

const GATEWAY: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: town}
spec:
  gatewayClassName: '{GATEWAY_CLASS_NAME}'
  listeners: [{name: http, port: 80, protocol: HTTP}]
";

const ROUTE: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bread, namespace: town}
spec:
  parentRefs: [{name: door}]
  rules:
  - matches: [{path: {value: /rye}}]
    backendRefs: [{name: rye, port: 80}]
  - matches: [{path: {value: /mixed}}]
    backendRefs: [{name: rye, port: 80, weight: 3}, {name: wheat, port: 80, weight: 1}]
  - matches: [{path: {value: /moved}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: mill.example, scheme: https}}]
  - matches: [{path: {value: /slow}}]
    backendRefs: [{name: rye, port: 80}]
    timeouts: {request: 200ms}
  - matches: [{path: {value: /copied}}]
    filters:
    - type: RequestMirror
      requestMirror: {backendRef: {name: wheat, port: 80}, percent: 25}
    backendRefs: [{name: rye, port: 80}]
";

const FAR: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: to-barley, namespace: village}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: town}]
  to: [{group: '', kind: Service}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: far, namespace: town}
spec:
  parentRefs: [{name: door}]
  rules: [{backendRefs: [{name: barley, namespace: village, port: 80}]}]
";

const MESH_ROUTE: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: of-rye, namespace: town}
spec:
  parentRefs: [{group: '', kind: Service, name: rye}]
  rules: [{backendRefs: [{name: wheat, port: 80}]}]
";

/// A folder of cases; `tests` are the tests as JSON.
fn folder(tests: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let shared = [service("town", "rye"), service("town", "wheat"), service("village", "barley")];
    let shared = shared.concat();
    for (file, text) in [
        ("base/manifests.yaml", format!("{shared}{GATEWAY}")),
        ("mesh/manifests.yaml", shared),
        ("tests/route.yaml", ROUTE.to_owned()),
        ("tests/far.yaml", FAR.to_owned()),
        ("tests/mesh.yaml", MESH_ROUTE.to_owned()),
        ("cases.json", format!("[{tests}]")),
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// A test at the Gateway with these cases.
fn test(name: &str, file: &str, features: &str, cases: &str) -> String {
    format!(
        r#"{{"test": "{name}", "about": "bread", "features": [{features}], "manifests": ["tests/{file}"],
            "gateway": {{"namespace": "town", "name": "door"}}, "cases": [{cases}]}}"#
    )
}

/// The first difference of each case.
fn differences(tests: &str) -> Vec<Option<String>> {
    let folder = folder(tests);
    let report = check(folder.path(), "gateway-api").expect("a folder of cases");
    report.cases.into_iter().map(|case| case.difference).collect()
}

/// The only difference.
fn difference_of(name: &str, case: &str) -> String {
    let [found] = &differences(&test(name, "route.yaml", "", case))[..] else { panic!("one case") };
    found.clone().expect("a difference")
}

#[test]
fn cases_that_hold_pass() {
    let cases = r#"
        {"Request": {"Path": "/rye/x?y=1"}, "Backend": "rye", "Namespace": "town"},
        {"Request": {"Path": "/wheat"}, "Response": {"StatusCode": 404}},
        {"Request": {"Path": "/moved/there"}, "Response": {"StatusCode": 302},
         "RedirectRequest": {"Scheme": "https", "Host": "mill.example"}},
        {"Request": {"Path": "/slow?delay=1s"}, "Response": {"StatusCode": 504}},
        {"Request": {"Path": "/slow?delay=100ms"}, "Response": {"StatusCodes": [200]}},
        {"Request": {"Path": "/copied"}, "MirroredTo":
         [{"BackendRef": {"Name": "wheat", "Namespace": "town"}, "Percent": 25}]}"#;
    assert_eq!(differences(&test("Bread", "route.yaml", "", cases)), vec![None; 6]);
}

#[test]
fn a_case_that_does_not_hold_fails_with_what_differs_first() {
    for (case, difference) in [
        (
            r#"{"Request": {"Path": "/rye"}, "Response": {"StatusCode": 404}}"#,
            "status: expected `404`, got `200`",
        ),
        (
            r#"{"Request": {"Path": "/wheat"}, "Backend": "wheat"}"#,
            "status: expected `200`, got `404`",
        ),
        (
            r#"{"Request": {"Path": "/rye"}, "Namespace": "village"}"#,
            "namespace of the backend: expected `village`, got `town`",
        ),
        (
            r#"{"Request": {"Path": "/rye"}, "ExpectedRequest": {"Request": {"Path": "/oat"}}}"#,
            "path at the backend: expected `/oat`, got `/rye`",
        ),
        (
            r#"{"Request": {"Path": "/rye"}, "Response": {"Headers": {"X-Crust": "hard"}}}"#,
            "header X-Crust of the response: expected `hard`, got ``",
        ),
        (
            r#"{"Request": {"Path": "/moved"}, "Response": {"StatusCode": 302},
                "RedirectRequest": {"Scheme": "https", "Port": "8443"}}"#,
            "port of the redirect: expected `8443`, got ``",
        ),
        (
            r#"{"Request": {"Path": "/rye"}, "MirroredTo": [{"BackendRef": {"Name": "wheat"}}]}"#,
            "copies: expected `wheat`, got ``",
        ),
        (
            r#"{"Request": {"Path": "/copied"}, "MirroredTo":
                [{"BackendRef": {"Name": "wheat"}, "Percent": 60}]}"#,
            "share of copies to wheat: expected 0.60, got 0.25",
        ),
    ] {
        let found = difference_of("Bread", case);
        assert!(found.starts_with(difference), "{found}");
    }
    // A wrong backend is told by the pod that answered.
    let found = difference_of("Bread", r#"{"Request": {"Path": "/rye"}, "Backend": "wheat"}"#);
    assert!(found.starts_with("backend: expected `wheat`, got `rye-"), "{found}");
}

#[test]
fn a_key_that_is_not_known_is_an_error_of_its_case_alone() {
    let cases = r#"
        {"Request": {"Path": "/rye"}, "Mood": "good"},
        {"Request": {"Path": "/rye", "Body": "x"}},
        {"Request": {"Path": "/rye"}, "Backend": "rye"},
        {"Backend": "rye"}"#;
    let found = differences(&test("Bread", "route.yaml", "", cases));
    let said = |at: usize| found[at].as_deref().expect("a difference");
    assert!(said(0).contains("Mood") && said(1).contains("Body"), "{found:?}");
    assert_eq!(found[2], None);
    assert!(said(3).contains("expected either"), "{found:?}");
    // A test that cannot be read at all does not hide the next one.
    let broken = r#"{"test": "Odd", "colour": "red", "cases": []}"#;
    let fine = test("Bread", "route.yaml", "", r#"{"Request": {"Path": "/rye"}}"#);
    let found = differences(&format!("{broken},{fine}"));
    assert!(found[0].as_deref().is_some_and(|it| it.contains("colour")), "{found:?}");
    assert_eq!(found[1], None);
}

#[test]
fn shares_follow_the_weights_where_the_name_of_the_test_asks_for_it() {
    let mixed = r#"{"Request": {"Path": "/mixed"}, "Namespace": "town"}"#;
    assert_eq!(differences(&test("BreadWeight", "route.yaml", "", mixed)), [None]);
    // No rule has weights for a request that none takes.
    let lost = r#"{"Request": {"Path": "/lost"}, "Response": {"StatusCode": 404}}"#;
    let found = difference_of("BreadWeight", lost);
    assert_eq!(found, "no rule of the manifests took the requests");
}

#[test]
fn a_request_that_comes_again_is_sent_without_the_grants_of_a_test_about_them() {
    let served = r#"{"Request": {"Path": "/"}, "Backend": "barley", "Namespace": "village"}"#;
    let refused = r#"{"Request": {"Path": "/"}, "Response": {"StatusCode": 500}}"#;
    let cases = format!("{served},{refused}");
    let grants = test("Far", "far.yaml", r#""SupportReferenceGrant""#, &cases);
    assert_eq!(differences(&grants), [None, None]);
    let found = differences(&test("Far", "far.yaml", "", &cases));
    assert_eq!(found[1].as_deref(), Some("status: expected `500`, got `200`"));
}

#[test]
fn a_client_of_the_mesh_dials_a_service_by_its_name() {
    let mesh = |cases: &str| {
        format!(
            r#"{{"test": "Mesh", "features": ["SupportMesh"], "manifests": ["tests/mesh.yaml"],
                "client": {{"namespace": "town", "app": "wheat"}}, "cases": [{cases}]}}"#
        )
    };
    let cases = r#"
        {"Request": {"Host": "rye", "Path": "/"}, "Backend": "wheat"},
        {"Request": {"Host": "barley.village", "Path": "/"}, "Backend": "barley"},
        {"Request": {"Host": "rye"}, "Backend": "wheat",
         "client": {"namespace": "village", "app": "barley"}}"#;
    let found = differences(&mesh(cases));
    assert_eq!(found[..2], [None, None]);
    // From another namespace the short name means nothing.
    assert!(found[2].is_some(), "{found:?}");
}
