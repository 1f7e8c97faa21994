//! The audit of a scenario, through whole command lines.

use std::fs;

use crate::Exit;
use crate::command::testing::meshwalk;

const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, ports: [{ containerPort: 80 }] }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart } }
    spec: { containers: [{ name: cart, ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ port: 80 }] }
";

const SCENARIO: &str = "\
version: 1
duration: 1s
default_namespace: shop
manifests: [manifests.yaml]
workloads:
  web:
    routes: [{ steps: [{ call: { to: cart, retries: 2, timeout: 1s } }] }]
  cart:
    routes: [{ steps: [{ call: { to: web.shop, retries: 1, timeout: 3s } }] }]
traffic:
  - name: shoppers
    to: web.shop
    load: { arrivals: { constant: { rate: 1/s } } }
";

fn audit(more: &[&str]) -> (Exit, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("manifests.yaml"), MANIFESTS).expect("it can be written");
    let scenario = folder.path().join("scenario.yaml");
    fs::write(&scenario, SCENARIO).expect("it can be written");
    let scenario = scenario.to_str().expect("a plain path").to_owned();
    let printed = meshwalk(&[&["retries", "--scenario", &scenario][..], more].concat());
    assert_eq!(printed.err, "");
    (printed.exit, printed.out)
}

#[test]
fn attempts_multiply_from_the_traffic_on_and_a_cycle_is_cut() {
    let (exit, text) = audit(&["-o", "json"]);
    assert_eq!(exit, Exit::Fine);
    let audit: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let path = &audit["paths"][0];
    assert_eq!(
        path["nodes"],
        serde_json::json!([
            "traffic:shoppers",
            "shop/deploy/web",
            "shop/deploy/cart",
            "shop/deploy/web"
        ])
    );
    assert_eq!((&path["amplification"], &path["cut"]), (&6.into(), &"cycle".into()));
    let wasted = audit["wasted"][0].as_str().expect("a sentence");
    assert!(wasted.contains("gives an attempt up after 1s"), "{wasted}");
}

#[test]
fn a_limit_on_amplification_decides_the_exit_code() {
    assert_eq!(audit(&["--fail-over", "6"]).0, Exit::Fine);
    let (exit, text) = audit(&["--fail-over", "5"]);
    assert_eq!(exit, Exit::Failed);
    assert!(text.contains("1 × 3 × 2"), "{text}");
}

#[test]
fn without_manifests_and_scenario_there_is_nothing_to_audit() {
    assert_eq!(meshwalk(&["retries"]).exit, Exit::Unusable);
    assert_eq!(meshwalk(&["retries", "-f", "no/such/folder"]).exit, Exit::Fine);
}

/// No namespace is labelled; the scenario puts the sidecars in, and each hop tries three times.
#[test]
fn the_sidecars_of_a_scenario_multiply_what_applications_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("manifests.yaml"), MANIFESTS).expect("it can be written");
    let scenario = folder.path().join("scenario.yaml");
    let text = SCENARIO.replace("version: 1\n", "version: 1\ndata_path: istio-sidecar\n");
    fs::write(&scenario, text).expect("it can be written");
    let scenario = scenario.to_str().expect("a plain path");
    let printed = meshwalk(&["retries", "--scenario", scenario, "-o", "json"]);
    let audit: serde_json::Value = serde_json::from_str(&printed.out).expect("JSON");
    // The application's 3 × 2, times 3 × 3 of the proxies.
    assert_eq!(audit["paths"][0]["amplification"], 54, "{audit}");
}
