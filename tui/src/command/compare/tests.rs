//! Comparisons from files on a disk to printed reports, in this process.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::Exit;
use crate::command::testing::{Printed, meshwalk, meshwalk_reading};

const MANIFESTS: &str = "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: api }
spec:
  selector: { app: api }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  replicas: 2
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec: { containers: [{ name: app, ports: [{ containerPort: 8080 }] }] }
";

const SCENARIO: &str = r#"
version: 1
name: two services
seed: 3
duration: 4s
warm_up: 1s
manifests: [manifests]
workloads:
  web: { routes: [{ steps: [{ work: 2ms }, { call: { to: api } }] }] }
  api: { routes: [{ steps: [{ work: 3ms }] }] }
traffic:
  - name: shoppers
    to: web.default
    load: { arrivals: { poisson: { rate: 50/s } } }
"#;

fn folder(scenario: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("manifests")).expect("a writable folder");
    fs::write(folder.path().join("manifests/web.yaml"), MANIFESTS).expect("a writable folder");
    fs::write(folder.path().join("two.yaml"), scenario).expect("a writable folder");
    folder
}

fn compare(folder: &TempDir, more: &[&str]) -> Printed {
    let scenario = folder.path().join("two.yaml");
    let mut arguments = vec!["compare", scenario.to_str().expect("a plain path")];
    arguments.extend(more);
    meshwalk(&arguments)
}

fn json_of(printed: &Printed) -> Value {
    serde_json::from_str(&printed.out).unwrap_or_else(|error| panic!("{error}: {}", printed.err))
}

/// The cells of a figure.
fn cells<'v>(json: &'v Value, name: &str) -> &'v Vec<Value> {
    let figures = json["figures"].as_array().expect("a list");
    let figure = figures.iter().find(|it| it["name"] == name).expect("the figure exists");
    figure["cells"].as_array().expect("a list")
}

const TWO: [&str; 2] = ["--data-paths", "none,istio-sidecar"];

#[test]
fn a_sidecar_adds_latency_processors_and_encryption_to_no_mesh() {
    let printed =
        compare(&folder(SCENARIO), &[&TWO[..], &["--replications", "8", "-o", "json"]].concat());
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    let json = json_of(&printed);
    let added = &cells(&json, "latency_p50")[1]["added"];
    let (value, half_width) = (added["value"].as_f64(), added["half_width"].as_f64());
    let (value, half_width) = (value.expect("a number"), half_width.expect("an interval"));
    assert!(value > half_width, "{value} {half_width}");
    assert!(cells(&json, "latency_p50")[0]["added"].is_null());
    assert_eq!(cells(&json, "cpu_sidecars")[0]["none"], true);
    assert!(cells(&json, "cpu_sidecars")[1]["value"].as_f64() > Some(0.0));
    let encrypted = cells(&json, "encrypted_bytes");
    assert_eq!(encrypted[0]["value"], 0.0);
    assert!(encrypted[1]["value"].as_f64() > Some(0.0), "{encrypted:?}");
}

#[test]
fn proxies_and_the_control_plane_take_memory_with_each_connection_and_cores_without_traffic() {
    let folder = folder(SCENARIO);
    let with = |rate: &str| {
        let scenario = SCENARIO.replace("50/s", rate);
        fs::write(folder.path().join("two.yaml"), scenario).expect("a writable folder");
        json_of(&compare(&folder, &[&TWO[..], &["--replications", "2", "-o", "json"]].concat()))
    };
    let (few, many) = (with("1/s"), with("2000/s"));
    let value = |json: &Value, name: &str| cells(json, name)[1]["value"].as_f64();
    // More requests at a time need more connections, and nothing else differs.
    let memory = [&few, &many].map(|json| value(json, "memory_sidecars").expect("a number"));
    let connections = (memory[1] - memory[0]) / 68_000.0;
    assert!(connections >= 2.0 && connections.fract().abs() % 0.5 < 1e-6, "{connections}");
    // Four sidecars idle at 0.9 millicores, times the factor of the machine.
    assert!(value(&few, "cpu_sidecars") > Some(0.003_6), "{:?}", value(&few, "cpu_sidecars"));
    assert_eq!(value(&few, "cpu_requested_control_plane"), Some(0.5));
    assert_eq!(value(&few, "memory_control_plane"), value(&many, "memory_control_plane"));
    assert_eq!(cells(&few, "memory_control_plane")[0]["none"], true);
    assert!(cells(&few, "cpu_control_plane")[1]["not_modelled"].is_string());
    assert!(value(&few, "cross_zone_bytes").is_some());
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_jobs() {
    let folder = folder(SCENARIO);
    let with = |jobs| compare(&folder, &[&TWO[..], &["-o", "json", "--jobs", jobs]].concat());
    let (one, two) = (with("1"), with("2"));
    assert_eq!(one.exit, Exit::Fine, "{}", one.err);
    assert_eq!(one.out, two.out);
    let json = json_of(&one);
    assert!(json["replications"].as_u64() >= Some(4), "it looks after four: {json}");
}

#[test]
fn what_was_not_known_in_time_is_said() {
    let limits = ["--half-width", "0.001%", "--floor", "1ns", "--replications-max", "3"];
    let printed = compare(&folder(SCENARIO), &[&TWO[..], &limits].concat());
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    assert!(printed.out.contains("after 3 replications not every difference"), "{}", printed.out);
}

#[test]
fn workloads_without_a_mesh_stay_out_of_every_column_and_it_is_said() {
    let scenario = format!("{SCENARIO}data_paths: {{ api: none }}\n");
    let printed = compare(&folder(&scenario), &[&TWO[..], &["--replications", "1"]].concat());
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    assert!(printed.out.contains("keeps api out of the mesh"), "{}", printed.out);
}

#[test]
fn manifests_alone_are_compared_under_assumed_traffic() {
    let arguments = [&["compare", "-f", "-"][..], &TWO, &["--replications", "1"]].concat();
    let printed = meshwalk_reading(MANIFESTS, &arguments);
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    assert!(printed.out.contains("Latency, web.default"), "{}", printed.out);
    assert!(printed.out.contains("\nAssumed\n"), "{}", printed.out);
}

#[test]
fn a_broken_scenario_and_a_path_named_twice_are_refused() {
    let printed = compare(&folder(&SCENARIO.replace("web.default", "wbe.default")), &TWO);
    assert_eq!((printed.exit, printed.out.as_str()), (Exit::Unusable, ""), "{}", printed.err);
    let printed = compare(&folder(SCENARIO), &["--data-paths", "none,none"]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("named twice"), "{}", printed.err);
}
