//! The cases of np-guard's netpol-analyzer through their runner; they lie beside the checkout or
//! the test skips.

use std::process::Command;

use meshwalk_tests::shared;

#[test]
fn the_network_carries_what_the_analyser_says_in_every_case() {
    let Some(folder) = shared("conformance/netpol") else { return };
    let runner = env!("CARGO_BIN_EXE_netpol-conformance");
    let output = Command::new(runner).arg(folder).output().expect("the runner starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let failed: Vec<_> = text.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(output.status.code(), Some(0), "{text}");
}
