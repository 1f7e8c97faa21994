//! The screens without a terminal: `render` and `play` write the same bytes again and again, and
//! say what there is when something is asked for that is not there.

use std::fs;

use predicates::prelude::*;

use super::binary::meshwalk;

const POLICIES: [&str; 3] = ["scenarios/basics/policies.yaml", "--set", "duration=2s"];

fn written(arguments: &[&str]) -> String {
    let output = meshwalk().args(arguments).args(POLICIES).output().expect("the binary starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).expect("screens are text")
}

#[test]
fn a_screen_has_the_size_that_is_asked_for_and_the_same_bytes_again() {
    let render = ["render", "--at", "e25", "--screen", "step", "--size", "100x30"];
    let text = written(&render);
    assert_eq!(text.lines().count(), 30);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.contains("[2 Step]") && text.contains("e25"), "{text}");
    assert_eq!(text, written(&render));
}

#[test]
fn every_form_is_written_whole() {
    for (form, start, end) in [
        ("ansi", "\u{1b}[", "\n"),
        ("svg", "<svg ", "</svg>\n"),
        ("html", "<!doctype html>", "</html>\n"),
    ] {
        let text = written(&["render", "--at", "e25", "--out", form]);
        assert!(text.starts_with(start) && text.ends_with(end), "{form}: {text}");
    }
}

#[test]
fn surroundings_change_no_byte_of_a_file() {
    let render = ["render", "--out", "svg"];
    let elsewhere = meshwalk()
        .args(render)
        .args(POLICIES)
        .envs([("NO_COLOR", "1"), ("TERM", "dumb"), ("LANG", "C"), ("COLUMNS", "40")])
        .output()
        .expect("the binary starts");
    assert_eq!(String::from_utf8_lossy(&elsewhere.stdout), written(&render));
}

#[test]
fn keys_lead_to_the_screens_that_render_writes() {
    let played = written(&["play", "--type", "gg 23G 4"]);
    assert_eq!(played, written(&["play", "--type", "g g 23G 4"]));
    assert!(played.contains("[4 Why]"), "{played}");
    assert_eq!(written(&["play", "--type", "4"]), written(&["render", "--screen", "why"]));
}

#[test]
fn typed_keys_need_no_scenario_where_manifests_are_named_by_a_flag() {
    let folder = "scenarios/basics/manifests/policies.yaml";
    let played = |arguments: &[&str]| meshwalk().args(arguments).assert();
    let flagged = played(&["play", "--type", "2", "-f", folder]).code(0);
    let named = played(&["play", "--type", "2", folder]).code(0);
    assert_eq!(flagged.get_output().stdout, named.get_output().stdout);

    let nothing = played(&["play", "--type", "2"]).code(2);
    let complaint = String::from_utf8_lossy(&nothing.get_output().stderr).into_owned();
    assert!(complaint.contains("manifests with -f"), "{complaint}");
}

#[test]
fn a_blank_between_keys_ends_a_count_as_a_pause_at_a_terminal_does() {
    let last = written(&["play", "--type", "G"]);
    let counted = written(&["play", "--type", "45G"]);
    assert_ne!(last, counted);
    assert_eq!(written(&["play", "--type", "4 5 G 2"]), written(&["play", "--type", "4 5 2 G"]));
    assert!(written(&["play", "--type", "5 45G"]).contains(" e45 of "));
    assert!(written(&["play", "--type", "l 2 3 G"]).contains("[3 Ladder]"));
}

#[test]
fn a_screen_is_rendered_at_the_first_event_where_a_condition_holds() {
    let at = "decision && verdict == \"deny\"";
    let render = written(&["render", "--at", at]);
    let found = format!(":next {at}");
    let mut typed: Vec<String> = found.chars().map(String::from).collect();
    typed.iter_mut().filter(|key| *key == " ").for_each(|key| *key = "space".to_owned());
    let played = written(&["play", "--type", &format!("{} enter", typed.join(" "))]);
    assert_eq!(render, played);
    let assert = meshwalk().args(["render", "--at", "verdct == \"deny\""]).args(POLICIES).assert();
    assert.code(2).stderr(predicate::str::contains("verdct == \"deny\"\n  ^\n"));
}

#[test]
fn every_key_of_a_script_leaves_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("keys.txt");
    fs::write(&script, "l l   # two events on\n4 # why\n").expect("a writable folder");
    let screens = folder.path().join("screens");
    let command = meshwalk()
        .arg("play")
        .arg(&script)
        .args(POLICIES)
        .args(["--every", "--snapshots"])
        .arg(&screens)
        .assert();
    command.code(0).stdout("");
    let names: Vec<String> = (0..4).map(|number| format!("{number:04}.txt")).collect();
    for name in &names {
        assert!(fs::read_to_string(screens.join(name)).expect("a screen").contains("meshwalk"));
    }
    let last = fs::read_to_string(screens.join("0003.txt")).expect("a screen");
    assert!(last.contains("[4 Why]"), "{last}");
}

#[test]
fn what_is_not_there_is_answered_with_what_there_is() {
    for (arguments, says) in [
        (["render", "--at", "e99999999"], "from `e1` to `e"),
        (["render", "--at", "audit#no"], "from `e1` to `e"),
        (["render", "--screen", "lobby"], "map, step, ladder"),
        (["render", "--size", "0x10"], "between 1x1 and 500x200"),
        (["render", "--size", "wide"], "such as 120x36"),
        (["play", "--type", "ctrl-alt"], "--type"),
    ] {
        let assert = meshwalk().args(arguments).args(POLICIES).assert();
        assert.code(2).stderr(predicate::str::contains(says));
    }
}

#[test]
fn open_needs_a_terminal_and_names_what_does_not() {
    let assert = meshwalk().arg("open").args(POLICIES).assert().code(2);
    for command in ["render", "play", "step --plain"] {
        let output = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        let words: Vec<&str> = output.split_whitespace().collect();
        assert!(words.join(" ").contains(command), "{output}");
    }
}

#[test]
fn a_run_in_which_nothing_happens_is_shown_as_such() {
    let nothing = ["--set", "traffic=[]", "--set", "expectations=[]"];
    for screen in ["map", "step", "ladder", "why", "time", "state", "metrics"] {
        let text = written(&[&["render", "--screen", screen], &nothing[..]].concat());
        assert!(text.contains("Nothing happens in this run."), "{text}");
    }
    let keys = ["play", "--type", "999999999l ) w enter B a true enter esc 7"];
    let text = written(&[&keys[..], &nothing[..]].concat());
    assert!(text.contains("Nothing happens in this run."), "{text}");
}
