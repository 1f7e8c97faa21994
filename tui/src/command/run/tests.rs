//! Runs from files on a disk to printed reports, in this process.

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
";

const SCENARIO: &str = r#"
version: 1
name: one service
seed: 3
duration: 4s
warm_up: 1s
manifests: [manifests]
workloads:
  web: { workers: 4, routes: [{ steps: [{ work: 5ms }] }] }
traffic:
  - name: shoppers
    to: web.default
    load: { arrivals: { poisson: { rate: 50/s } } }
expectations:
  - name: fast
    that: p99("web") < duration("LIMIT")
"#;

/// A folder with a scenario whose expectation is `p99 < limit`.
fn folder(limit: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("manifests")).expect("a writable folder");
    fs::write(folder.path().join("manifests/web.yaml"), MANIFESTS).expect("a writable folder");
    fs::write(folder.path().join("web.yaml"), SCENARIO.replace("LIMIT", limit))
        .expect("a writable folder");
    folder
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("a plain path").to_owned()
}

fn run(folder: &TempDir, more: &[&str]) -> Printed {
    let scenario = path(folder, "web.yaml");
    let mut arguments = vec!["run", scenario.as_str()];
    arguments.extend(more);
    meshwalk(&arguments)
}

fn json_of(printed: &Printed) -> Value {
    serde_json::from_str(&printed.out).unwrap_or_else(|error| panic!("{error}: {}", printed.err))
}

#[test]
fn expectations_that_hold_make_a_run_fine() {
    let printed = run(&folder("1s"), &[]);
    assert_eq!(printed.exit, Exit::Fine, "{}{}", printed.out, printed.err);
    for part in ["one service: 3.00s measured", "default/web", "✓ fast", "seed 3"] {
        assert!(printed.out.contains(part), "{part}: {}", printed.out);
    }
}

#[test]
fn a_failed_expectation_shows_its_value_and_what_broke_it() {
    let folder = folder("2ms");
    let printed = run(&folder, &[]);
    assert_eq!(printed.exit, Exit::Failed, "{}", printed.err);
    for part in ["✗ fast", "p99(\"web\") = ", "first broken at", "shoppers#"] {
        assert!(printed.out.contains(part), "{part}: {}", printed.out);
    }
    let json = json_of(&run(&folder, &["-o", "json"]));
    assert_eq!(json["expectations"][0]["passed"], false);
    assert_eq!(json["expectations"][0]["first_broken"]["replication"], 0);
}

#[test]
fn the_json_does_not_depend_on_the_number_of_jobs() {
    let folder = folder("1s");
    let one = run(&folder, &["-o", "json", "--replications", "3", "--jobs", "1"]);
    let two = run(&folder, &["-o", "json", "--replications", "3", "--jobs", "2"]);
    assert_eq!(one.out, two.out);
    let json = json_of(&one);
    assert_eq!(json["replications"], 3);
    assert!(json["services"][0]["p99_ms"]["half_width"].is_number(), "{json}");
    let totals = &json["totals"];
    let count = |field: &str| totals[field].as_u64().expect("a count");
    assert_eq!(count("requests"), count("succeeded") + count("failed") + count("censored"));
}

#[test]
fn another_seed_is_another_run_and_the_same_seed_the_same() {
    let folder = folder("1s");
    let hash = |more: &[&str]| json_of(&run(&folder, more))["state_hash"].clone();
    assert_eq!(hash(&["-o", "json"]), hash(&["-o", "json", "--seed", "3"]));
    assert_ne!(hash(&["-o", "json"]), hash(&["-o", "json", "--seed", "4"]));
}

#[test]
fn overrides_change_the_scenario_and_stand_in_the_identity() {
    let folder = folder("1s");
    let change = "traffic[0].load.arrivals.poisson.rate=10/s";
    let json =
        json_of(&run(&folder, &["-o", "json", "--set", change, "--data-path", "istio-sidecar"]));
    let rate = json["services"][0]["rate_per_s"]["value"].as_f64().expect("a rate");
    assert!(rate < 25.0, "{rate}");
    assert!(json["workloads"][0]["proxy_utilisation"].is_object(), "{json}");
    assert_eq!(json["identity"]["edits"], serde_json::json!(["data_path=istio-sidecar", change]));
    let printed = run(&folder, &["--set", "duratoin=1s"]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("duration"), "{}", printed.err);
}

#[test]
fn manifests_alone_run_with_assumed_traffic_that_is_said() {
    let printed = meshwalk_reading(MANIFESTS, &["run", "-"]);
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    assert!(printed.out.contains("default/web"), "{}", printed.out);
    assert!(printed.out.contains("\nAssumed\n"), "{}", printed.out);
    let changed = meshwalk_reading(MANIFESTS, &["run", "-", "--set", "duration=7s"]);
    assert!(changed.out.contains("<stdin>: 2.00s measured"), "{}{}", changed.out, changed.err);
}

#[test]
fn input_with_errors_is_run_only_when_asked_for() {
    let broken = format!("{MANIFESTS}---\nkind: [\n");
    let printed = meshwalk_reading(&broken, &["run", "-"]);
    assert_eq!((printed.exit, printed.out.as_str()), (Exit::Unusable, ""));
    assert!(printed.err.contains("nothing was run: 1 error in the input"), "{}", printed.err);
    assert!(printed.err.contains("<stdin>:18"), "{}", printed.err);
    let going = meshwalk_reading(&broken, &["run", "-", "--keep-going"]);
    assert_eq!(going.exit, Exit::Fine, "{}", going.err);
    assert!(going.out.contains("default/web"), "{}", going.out);
}

#[test]
fn a_scenario_runs_alone() {
    let folder = folder("1s");
    let manifests = path(&folder, "manifests");
    let printed = run(&folder, &[manifests.as_str()]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("a scenario runs alone"), "{}", printed.err);
}

#[test]
fn nothing_to_read_is_a_failure_that_says_what_to_name() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let printed = meshwalk(&["run", empty.path().to_str().expect("a plain path")]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("name a scenario file"), "{}", printed.err);
}

#[test]
fn junit_has_a_case_for_each_expectation_and_the_same_bytes_every_time() {
    let folder = folder("2ms");
    let (one, two) = (path(&folder, "1.xml"), path(&folder, "2.xml"));
    for file in [&one, &two] {
        let printed = run(&folder, &["--quiet", "--junit", file]);
        assert_eq!((printed.exit, printed.out.as_str()), (Exit::Failed, ""), "{}", printed.err);
    }
    let text = fs::read_to_string(one).expect("the file was written");
    assert_eq!(text, fs::read_to_string(two).expect("the file was written"));
    assert!(text.contains(r#"<testcase name="fast" classname="one service""#), "{text}");
    assert!(text.contains("<failure") && text.contains("failures=\"1\""), "{text}");
    assert!(!text.contains("timestamp"), "{text}");
}

#[test]
fn the_event_log_is_one_object_a_line() {
    let folder = folder("1s");
    let printed = run(&folder, &["--quiet", "--events", "-"]);
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.err);
    let lines: Vec<Value> = printed
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    assert!(lines.len() > 1_000, "{}", lines.len());
    assert!(
        lines.windows(2).all(|pair| pair[0]["time_ns"].as_u64() <= pair[1]["time_ns"].as_u64())
    );
    let printed = run(&folder, &["--events", "-"]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("--quiet"), "{}", printed.err);
}

#[test]
fn a_namespace_narrows_what_is_shown() {
    let folder = folder("1s");
    let shown = |namespace| json_of(&run(&folder, &["-o", "json", "-n", namespace]));
    assert_eq!(shown("default")["services"].as_array().map(Vec::len), Some(1));
    let other = shown("other");
    assert_eq!(other["services"].as_array().map(Vec::len), Some(0));
    assert_eq!(other["totals"], shown("default")["totals"]);
}

#[test]
fn a_file_that_cannot_be_written_is_noticed_before_the_run() {
    let folder = folder("1s");
    let printed = run(&folder, &["--junit", &path(&folder, "no/such/folder.xml")]);
    assert_eq!((printed.exit, printed.out.as_str()), (Exit::Unusable, ""));
    assert!(printed.err.contains("cannot write"), "{}", printed.err);
}
