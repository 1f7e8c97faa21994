//! What the exit codes mean; README and `--help` document them.

use std::fs;

use meshwalk_tests::workspace;
use predicates::prelude::*;

use super::binary::{SHOP, SHORT, copy_folder, meshwalk};

#[test]
fn zero_when_every_expectation_holds() {
    meshwalk().args(["run", "scenarios/basics/external-name.yaml"]).assert().code(0);
}

#[test]
fn one_when_an_expectation_fails_and_its_name_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&workspace().join("scenarios/basics"), folder.path());
    let file = folder.path().join("external-name.yaml");
    let text = fs::read_to_string(&file).expect("a scenario is text");
    let hopeless = text.replace(
        r#"success_rate("traffic:mails") == 1.0"#,
        r#"requests("traffic:mails") > 1000000"#,
    );
    assert_ne!(text, hopeless, "the expectation to spoil is still there");
    fs::write(&file, hopeless).expect("it can be written");
    let run = meshwalk().arg("run").arg(&file).assert().code(1);
    run.stdout(predicate::str::contains("mails get through"));
}

#[test]
fn one_when_lint_finds_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("broken.yaml");
    fs::write(&file, "apiVersion: v1\nkind: Service\nmetadata: {name: a\n").expect("written");
    meshwalk().arg("lint").arg(&file).assert().code(1);
}

#[test]
fn zero_when_lint_finds_nothing_worse_than_notes() {
    meshwalk().args(["lint", "scenarios/shop/manifests"]).assert().code(0);
}

#[test]
fn two_when_the_input_or_the_usage_cannot_be_used() {
    let unusable: [&[&str]; 8] = [
        &["run", "no/such/file.yaml"],
        &["run"],
        &["run", SHOP, "--no-such-flag"],
        &["run", SHOP, "--set", "duration=never"],
        &["run", SHOP, "--set", "no_such_key=1"],
        &["run", SHOP, "--replications", "0"],
        &["run", SHOP, "-o", "yaml"],
        &["fly"],
    ];
    for arguments in unusable {
        let output = meshwalk().args(arguments).output().expect("the binary starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(!stderr.trim().is_empty(), "{arguments:?} says nothing");
    }
}

#[test]
fn help_documents_every_code() {
    for code in ["0", "1", "2", "3", "70"] {
        let line = predicate::str::is_match(format!(r"(?m)^\s+{code}\s+\S")).expect("a pattern");
        meshwalk().arg("--help").assert().code(0).stdout(line);
    }
}

/// The overrides are part of the run, so they must reach it.
#[test]
fn an_override_changes_the_run() {
    let short = meshwalk().args(["run", SHOP, "-o", "json"]).args(SHORT).output().expect("runs");
    let text = String::from_utf8_lossy(&short.stdout).into_owned();
    assert!(text.contains("\"measured_s\": 10"), "10 of 20 seconds are measured");
    assert!(text.contains("duration=20s"), "the identity names the override");
}
