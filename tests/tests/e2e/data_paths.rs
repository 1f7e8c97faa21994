//! The shop on every data path: it runs, and its customers are served.

use std::fs;
use std::path::Path;

use meshwalk_tests::workspace;
use serde_json::Value;

use super::binary::{SHORT, copy_folder, run_json};

const PATHS: [&str; 4] = ["none", "istio-sidecar", "istio-ambient", "istio-ambient+waypoint"];
/// Tunnels need what no manifest of the shop lets pass: its policy for payments names a port.
const TUNNELS: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: tunnels, namespace: payments}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress: [{ports: [{port: 15008, protocol: TCP}, {port: 8080, protocol: TCP}]}]
";

/// Runs a copy of the shop for ten measured seconds on a data path.
fn shop(folder: &Path, data_path: &str) -> Value {
    copy_folder(&workspace().join("scenarios/shop"), folder);
    fs::write(folder.join("manifests/tunnels.yaml"), TUNNELS).expect("the copy can be written");
    let scenario = folder.join("baseline.yaml");
    let text = fs::read_to_string(&scenario).expect("a scenario is text");
    let text = text.replace("\ndata_path: istio-sidecar\n", &format!("\ndata_path: {data_path}\n"));
    fs::write(&scenario, text).expect("the copy can be written");
    run_json(&[&[&*scenario.to_string_lossy()], &SHORT[..]].concat())
}

/// How many requests the shoppers sent; almost all of everybody's were served.
fn sent(run: &Value, what: &str) -> u64 {
    let sources = run["traffic"].as_array().expect("there are sources");
    for source in sources {
        let success = source["success_rate"]["value"].as_f64().unwrap_or(0.0);
        assert!(success > 0.97, "{what}: {source}");
    }
    let shoppers = sources.iter().find(|source| source["name"] == "shoppers");
    shoppers.expect("they are a source")["sent"].as_u64().expect("a count")
}

#[test]
fn the_shop_serves_the_same_customers_on_every_data_path() {
    let runs = PATHS.map(|path| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        sent(&shop(folder.path(), path), path)
    });
    assert!(runs[0] > 1_000, "{runs:?}");
    assert!(runs.iter().all(|run| *run == runs[0]), "the same arrivals on each: {runs:?}");
}
