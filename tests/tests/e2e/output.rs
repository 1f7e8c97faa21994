//! What comes out: reports for machines, pipes that close, colours, completions.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use meshwalk_tests::workspace;
use predicates::prelude::*;
use serde_json::Value;

use super::binary::{SHOP, SHORT, meshwalk, run_json};

#[test]
fn every_request_is_accounted_for() {
    let run = run_json(&[&[SHOP][..], &SHORT].concat());
    let count = |name: &str| run["totals"][name].as_u64().unwrap_or_else(|| panic!("{name}"));
    assert!(count("requests") > 1000, "the shop has customers");
    assert_eq!(count("requests"), count("succeeded") + count("failed") + count("censored"));
}

#[test]
fn junit_is_valid_and_has_a_case_for_each_expectation() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = |name: &str| {
        let file = folder.path().join(name);
        let run = meshwalk().args(["run", SHOP, "--junit"]).arg(&file).args(SHORT).output();
        assert!(matches!(run.expect("it starts").status.code(), Some(0 | 1)));
        fs::read_to_string(file).expect("the report was written")
    };
    let text = report("one.xml");
    let parsed = quick_junit::Report::deserialize_from_str(&text).expect("JUnit");
    let cases: usize = parsed.test_suites.iter().map(|suite| suite.test_cases.len()).sum();
    let expected = run_json(&[&[SHOP][..], &SHORT].concat());
    assert_eq!(Some(cases), expected["expectations"].as_array().map(Vec::len));
    assert_eq!(text, report("two.xml"), "nothing in it depends on the clock");
}

#[test]
fn the_event_log_is_one_json_object_a_line_in_order_of_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("events.ndjson");
    let run = meshwalk().args(["run", SHOP, "--events"]).arg(&file).args(SHORT).output();
    assert!(matches!(run.expect("it starts").status.code(), Some(0 | 1)));
    let text = fs::read_to_string(file).expect("the log was written");
    let mut before = 0;
    for (index, line) in text.lines().enumerate() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{index}: {e}"));
        let time = event["time_ns"].as_u64().unwrap_or_else(|| panic!("{line} has no time"));
        assert!(time >= before, "line {index} goes back in time");
        before = time;
    }
    assert!(text.lines().count() > 10_000, "a busy shop has a long log");
}

#[test]
fn watching_a_run_does_not_change_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("events.ndjson").to_string_lossy().into_owned();
    let alone = run_json(&[&[SHOP][..], &SHORT].concat());
    let watched = run_json(&[&[SHOP, "--events", &file][..], &SHORT].concat());
    assert_eq!(alone, watched);
}

/// As in `meshwalk run … | head`: the reader goes away in the middle.
#[test]
fn a_closed_pipe_ends_the_output_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_meshwalk-under-test"))
        .args(["run", SHOP, "--events", "-", "-o", "json"])
        .args(SHORT)
        .current_dir(workspace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut first = [0; 512];
    let mut pipe = child.stdout.take().expect("it is piped");
    pipe.read_exact(&mut first).expect("it prints something");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("bug") && !stderr.contains("panicked"), "{stderr}");
    assert_ne!(output.status.code(), Some(70));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let broken = ["lint", "-"];
    let escape = predicate::str::contains("\u{1b}[");
    let input = "apiVersion: v1\nkind: Service\nmetadata: {}\n";
    let all = |extra: &[&str], no_color: bool| {
        let mut command = meshwalk();
        command.args(broken).args(extra).write_stdin(input);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.output().expect("the binary starts");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    assert!(escape.eval(&all(&["--color", "always"], false)), "asked for");
    assert!(!escape.eval(&all(&[], false)), "a pipe is no terminal");
    assert!(!escape.eval(&all(&[], true)), "NO_COLOR");
    assert!(!escape.eval(&all(&["--color", "never"], false)), "never");
}

#[test]
fn completions_come_out_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = meshwalk().args(["completions", shell]).assert().code(0);
        run.stdout(predicate::str::contains("replications"));
    }
}

#[test]
fn the_manual_page_comes_out() {
    let page = predicate::str::contains(".TH").and(predicate::str::contains("meshwalk"));
    meshwalk().arg("man").assert().code(0).stdout(page);
}

#[test]
fn the_committed_schema_is_the_one_that_the_binary_prints() {
    let committed = fs::read_to_string(workspace().join("scenarios/schema/scenario-v1.json"));
    let committed = committed.expect("the schema is committed");
    meshwalk().arg("schema").assert().code(0).stdout(predicate::eq(committed.as_str()).normalize());
}

/// Examples in help texts are command lines that the parser takes; their files do not exist.
#[test]
fn the_examples_in_help_are_command_lines() {
    for command in ["why", "proxy-config", "retries", "lint", "rules"] {
        let output = meshwalk().args([command, "--help"]).output().expect("the binary starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| line.starts_with("meshwalk ")).collect();
        assert!(!lines.is_empty(), "{command} has no example:\n{text}");
        for line in lines {
            let words = line.split(' ').skip(1).map(|word| word.trim_matches('\''));
            // A header is the one word with a blank in it.
            let words: Vec<String> = words.map(str::to_owned).collect();
            let words = words.join(" ").replace("x-user: jane", "x-user:jane");
            let output = meshwalk().args(words.split(' ')).output().expect("the binary starts");
            let err = String::from_utf8_lossy(&output.stderr);
            assert!(!err.contains("Usage:"), "{line}\n{err}");
        }
    }
}
