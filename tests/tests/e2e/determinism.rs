//! The same run gives the same bytes; what does not matter changes nothing.

use std::fs;
use std::path::Path;

use meshwalk_tests::{files_below, workspace};
use serde_json::Value;

use super::binary::{SHOP, SHORT, copy_folder, run_bytes, run_json};

/// The shop's hash, which the release build must compute too (`.ci/run` compares).
const PINNED: &str = "tests/golden/shop-baseline.state-hash";

fn short(scenario: &str) -> Vec<&str> {
    [&[scenario][..], &SHORT].concat()
}

fn shop_in(folder: &Path) -> String {
    copy_folder(&workspace().join("scenarios/shop"), folder);
    folder.join("baseline.yaml").to_string_lossy().into_owned()
}

#[test]
fn two_processes_print_the_same_bytes() {
    let first = run_bytes(&short(SHOP));
    let second = run_bytes(&short(SHOP));
    assert!(first == second, "two runs of one scenario differ");
}

#[test]
fn the_hash_of_the_shop_is_the_pinned_one() {
    let pinned = fs::read_to_string(workspace().join(PINNED)).expect("the pinned hash is text");
    let run = run_json(&[SHOP]);
    assert_eq!(
        run["state_hash"].as_str(),
        Some(pinned.trim()),
        "the behaviour of the shop changed; if you meant that, say so in the commit and pin the \
         new hash in {PINNED}"
    );
}

#[test]
fn another_seed_is_another_run() {
    let one = run_json(&[&short(SHOP)[..], &["--seed", "1"]].concat());
    let two = run_json(&[&short(SHOP)[..], &["--seed", "2"]].concat());
    assert_ne!(one["state_hash"], two["state_hash"]);
    assert_ne!(one["services"], two["services"]);
}

#[test]
fn replications_on_one_and_on_two_cores_print_the_same_bytes() {
    let run =
        |jobs| run_bytes(&[&short(SHOP)[..], &["--replications", "3", "--jobs", jobs]].concat());
    assert!(run("1") == run("2"), "the number of cores shows in the results");
}

#[test]
fn names_and_order_of_manifest_files_do_not_matter() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenario = shop_in(folder.path());
    let before = run_json(&short(&scenario));
    let mut files = files_below(&folder.path().join("manifests"));
    files.sort();
    for (index, file) in files.iter().rev().enumerate() {
        // The last comes first now, and all lie in one folder.
        let name = folder.path().join(format!("manifests/{index:03}.yaml"));
        fs::rename(file, name).expect("a file can be renamed");
    }
    let after = run_json(&short(&scenario));
    assert_eq!(before["state_hash"], after["state_hash"]);
    assert_eq!(before["identity"], after["identity"]);
    for part in ["totals", "services", "edges", "workloads", "traffic", "expectations"] {
        assert_eq!(before[part], after[part], "{part}");
    }
}

const LONELY: &str = "
apiVersion: v1
kind: Service
metadata: {name: lonely, namespace: shop}
spec:
  selector: {app: lonely}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: lonely, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: lonely}}
  template:
    metadata: {labels: {app: lonely}}
    spec: {containers: [{name: app, image: registry.shop.example/lonely:1}]}
";

fn without_lonely(run: &Value, part: &str) -> Vec<Value> {
    let rows = run[part].as_array().unwrap_or_else(|| panic!("{part} is a list"));
    rows.iter().filter(|row| row["name"] != "lonely").cloned().collect()
}

/// Common random numbers: draws are keyed by names, so nobody else's change. With iptables every
/// Service slows down all new connections; with nftables none does.
#[test]
fn a_service_that_nobody_calls_changes_no_number_of_the_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenario = shop_in(folder.path());
    let words = [&short(&scenario)[..], &["--set", "network.kube_proxy=nftables"]].concat();
    let before = run_json(&words);
    fs::write(folder.path().join("manifests/a-lonely.yaml"), LONELY).expect("it can be written");
    let after = run_json(&words);
    assert_ne!(before["identity"], after["identity"], "the new manifest was read");
    let is_there = |run: &Value| run["workloads"].to_string().contains("lonely");
    assert!(is_there(&after) && !is_there(&before), "the new workload has pods");
    for part in ["services", "edges", "workloads", "traffic"] {
        assert_eq!(without_lonely(&before, part), without_lonely(&after, part), "{part}");
    }
    assert_eq!(before["totals"], after["totals"]);
}
