//! Runs the binary; looks at nothing itself.

use std::fs;
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use meshwalk_tests::{files_below, workspace};
use serde_json::Value;

/// Longer than anything here takes in a debug build on a busy machine; a hang ends here.
const PATIENCE: Duration = Duration::from_secs(180);

/// The scenario that README runs.
pub(crate) const SHOP: &str = "scenarios/shop/baseline.yaml";

/// `--set` arguments that cut the shop down to ten measured seconds, for tests of anything but numbers.
pub(crate) const SHORT: [&str; 2] = ["--set", "duration=20s"];

/// The binary in the root of the workspace, with an environment that holds nothing of the user's.
pub(crate) fn meshwalk() -> Command {
    in_workspace(env!("CARGO_BIN_EXE_meshwalk-under-test"))
}

/// Some other program, in the same surroundings.
pub(crate) fn in_workspace(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LANG", "C.UTF-8").env("COLUMNS", "100");
    command.current_dir(workspace()).timeout(PATIENCE);
    command
}

/// What `meshwalk run … -o json` prints, parsed; the run may fail its expectations.
pub(crate) fn run_json(arguments: &[&str]) -> Value {
    serde_json::from_slice(&run_bytes(arguments)).expect("-o json prints JSON")
}

/// What `meshwalk run … -o json` prints; the run may fail its expectations.
pub(crate) fn run_bytes(arguments: &[&str]) -> Vec<u8> {
    let output = meshwalk().arg("run").args(arguments).args(["-o", "json"]).output();
    let output = output.expect("the binary starts");
    let code = output.status.code();
    assert!(
        matches!(code, Some(0 | 1)),
        "run {arguments:?} ends with {code:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Copies a folder, so that a test may change it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for file in files_below(from) {
        let target = to.join(file.strip_prefix(from).expect("a file lies below its folder"));
        fs::create_dir_all(target.parent().expect("a file lies in a folder"))
            .expect("the temporary folder can be written");
        fs::copy(&file, &target).expect("the copy can be written");
    }
}
