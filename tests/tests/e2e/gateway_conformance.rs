//! Gateway API's conformance suite through its runner; the cases lie beside the checkout or the
//! test skips.

use std::process::Command;

use meshwalk_tests::shared;

#[test]
fn every_case_of_the_conformance_suite_holds() {
    let Some(folder) = shared("conformance/gateway-api") else { return };
    let runner = env!("CARGO_BIN_EXE_gateway-conformance");
    let output = Command::new(runner).arg(folder).output().expect("the runner starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let failed: Vec<_> = text.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(output.status.code(), Some(0), "{text}");
}
