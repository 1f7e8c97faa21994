//! A run in words through a pipe: `meshwalk step --plain`.

use predicates::prelude::*;

use super::binary::meshwalk;

const SHORT: [&str; 5] =
    ["scenarios/basics/retries.yaml", "--set", "warm_up=0s", "--set", "duration=2s"];

#[test]
fn a_pipe_leads_to_the_first_failure_and_back_in_sentences() {
    let commands = "next\nnext-failure\ntime\ngoto e1\nquit\nnext\n";
    let run = meshwalk().args(["step", "--plain"]).args(SHORT).write_stdin(commands).assert();
    let output = run.code(0).get_output().stdout.clone();
    let text = String::from_utf8(output).expect("sentences are text");
    assert!(!text.contains('\u{1b}'), "no escape sequences: {text}");
    assert!(!text.lines().any(|line| line.starts_with('>')), "nobody is asked: {text}");
    assert!(text.contains("gives up waiting for the answer"), "{text}");
    assert!(text.contains("amplification"), "{text}");
    let first = text.lines().nth(1).expect("the first event");
    assert_eq!(text.lines().last(), Some(first), "back is the same state");
}

#[test]
fn what_cannot_be_done_ends_nothing_unless_it_is_asked_for() {
    let commands = "nxet\nnext\n";
    let run = meshwalk().args(["step", "--plain"]).args(SHORT).write_stdin(commands).assert();
    run.code(0).stdout(predicate::str::contains("Not done: `nxet` is no command"));
    let strict = ["step", "--plain", "--strict"];
    let run = meshwalk().args(strict).args(SHORT).write_stdin(commands).assert();
    run.code(2).stderr(predicate::str::contains("line 1 of the commands"));
}
