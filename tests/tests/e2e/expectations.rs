//! Every scenario of the repository keeps its promises.

use meshwalk_tests::{relative, scenarios};

use super::binary::meshwalk;

#[test]
fn every_scenario_meets_its_expectations() {
    let mut broken = String::new();
    for path in scenarios() {
        let output = meshwalk().arg("run").arg(relative(&path)).output().expect("it starts");
        if output.status.code() != Some(0) {
            broken += &format!(
                "{} ends with {:?}\n{}{}\n",
                relative(&path),
                output.status.code(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr),
            );
        }
    }
    assert!(broken.is_empty(), "{broken}");
}
