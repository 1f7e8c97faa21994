//! Istio's own cases of its compiled configuration, replayed through the binary that does so.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use meshwalk_tests::shared;

fn replay(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_istio-simulation"));
    command.arg(folder).output().expect("the binary starts")
}

/// A folder with one case: a sidecar that knows one host outside, and a call to it.
fn folder(expected: &str) -> tempfile::TempDir {
    let config = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {name: out}\n\
         spec: {hosts: [out.example.com], ports: [{number: 80, name: http, protocol: HTTP}]}\n";
    let call = serde_json::json!({
        "Port": 80, "Protocol": "HTTP", "HostHeader": "out.example.com",
        "CallMode": "CallModeOutbound",
    });
    let calls = [serde_json::json!({ "Call": call, "Result": { "ClusterMatched": expected } })];
    let case = serde_json::json!({
        "func": "Own", "name": "outbound", "config": config, "calls": calls,
    });
    let folder = tempfile::tempdir().expect("a folder");
    let text = serde_json::Value::from(vec![case]).to_string();
    fs::write(folder.path().join("cases.json"), text).expect("a file");
    folder
}

#[test]
fn every_case_of_istio_ends_as_istio_says() {
    let Some(path) = shared("conformance/istio-simulation") else { return };
    let output = replay(&path);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(!told.contains("FAIL"), "{told}");
}

#[test]
fn a_case_that_ends_otherwise_is_told_and_fails_the_run() {
    let good = replay(folder("outbound|80||out.example.com").path());
    assert_eq!(good.status.code(), Some(0), "{}", String::from_utf8_lossy(&good.stdout));
    let bad = replay(folder("outbound|80||other.example.com").path());
    let told = String::from_utf8_lossy(&bad.stdout);
    assert_eq!(bad.status.code(), Some(1), "{told}");
    assert!(told.contains("FAIL  Own / outbound / 0") && told.contains("0 of 1"), "{told}");
}
