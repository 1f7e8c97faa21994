//! Waypoints through the binary: what their Envoy holds, and what is told about labels, policies
//! and callers before a request comes.

use std::fs;

use tempfile::TempDir;

use super::binary::meshwalk;

const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: mill
  labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: gate}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: mill}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
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
  selector: {matchLabels: {app: flour}}
  template:
    metadata: {labels: {app: flour}}
    spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: flour, namespace: mill}
spec:
  parentRefs: [{group: '', kind: Service, name: flour, port: 80}]
  rules:
  - matches: [{path: {type: PathPrefix, value: /sacks}}]
    backendRefs: [{name: flour, port: 80}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: reads, namespace: mill}
spec:
  selector: {matchLabels: {app: flour}}
  rules: [{to: [{operation: {methods: [GET]}}]}]
";

fn shop() -> (TempDir, String) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("mill.yaml");
    fs::write(&path, SHOP).expect("the file is written");
    let path = path.display().to_string();
    (folder, path)
}

/// What the binary prints, which ends well.
fn printed(arguments: &[&str]) -> String {
    let output = meshwalk().args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_waypoint_is_shown_with_its_routes_clusters_and_endpoints() {
    let (_folder, path) = shop();
    let part = |part| printed(&["proxy-config", part, "waypoint/gate", "-n", "mill", "-f", &path]);
    let cluster = "inbound-vip|80|http|flour.mill.svc.cluster.local";
    assert!(part("listeners").contains(&format!("Inline Route: {cluster}")));
    let routes = part("routes");
    assert!(routes.contains("/sacks") && routes.contains("mill.yaml:"), "{routes}");
    assert!(part("clusters").contains("flour.mill.svc.cluster.local"));
    assert!(part("endpoints").contains(":8080"));
    let by_gateway =
        printed(&["proxy-config", "routes", "gateway/gate", "-n", "mill", "-f", &path]);
    assert_eq!(by_gateway, routes, "its Gateway is a Gateway");
}

#[test]
fn a_pod_in_ambient_mode_has_no_envoy_to_show() {
    let (_folder, path) = shop();
    let output = meshwalk()
        .args(["proxy-config", "routes", "deploy/flour", "-n", "mill", "-f", &path])
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("its node's ztunnel carries it"), "{told}");
}

#[test]
fn a_policy_that_no_waypoint_counts_is_told_with_what_to_do() {
    let (_folder, path) = shop();
    let output = meshwalk().args(["lint", &path]).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("ambient.selector-policy-at-waypoint"), "{told}");
    assert!(told.contains("a waypoint never counts a selector"), "{told}");
    assert!(!told.contains("HBONE"), "a listener for tunnels is nothing odd: {told}");
}
