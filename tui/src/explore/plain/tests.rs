//! Conversations with a run.

use super::{Asks, Ended, OnRefusal, explore};
use crate::explore::App;
use crate::explore::look::Look;
use crate::explore::testing::session;

fn said(commands: &str, asks: Asks, on_refusal: OnRefusal) -> (Ended, String) {
    let session = session("basics/retries.yaml", &["duration=400ms", "warm_up=0s"]);
    let mut app = App::new(session, Look::MONO);
    let mut out = Vec::new();
    let ended = explore(&mut app, &mut commands.as_bytes(), &mut out, (asks, on_refusal));
    (ended.expect("strings take everything"), String::from_utf8(out).expect("text"))
}

fn lines(commands: &str) -> Vec<String> {
    let (ended, out) = said(commands, Asks::No, OnRefusal::GoOn);
    assert_eq!(ended, Ended::Well);
    out.lines().map(str::to_owned).collect()
}

#[test]
fn a_step_is_a_sentence_and_back_says_the_same_as_before() {
    let lines = lines("next\nnext\nback\n");
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[2], lines[4]);
    assert!(lines.iter().all(|line| line.ends_with('.')), "{lines:?}");
}

#[test]
fn places_failures_and_screens_are_asked_for_by_word() {
    let (_, out) = said("next-failure\ntime\ngoto e1\nstate\nladder\n", Asks::No, OnRefusal::GoOn);
    assert!(out.contains("amplification"), "{out}");
    assert!(!out.contains("Not done"), "{out}");
    assert!(!out.contains('\u{1b}'));
}

#[test]
fn what_cannot_be_done_is_said_and_ends_nothing() {
    let lines = lines("nxet\ngoto e0\nback\nbreak\nup\nnext\n");
    let refused = lines.iter().filter(|line| line.starts_with("Not done: ")).count();
    assert_eq!(refused, 4, "{lines:?}");
    assert!(lines[2].contains("next"), "the nearest command is named: {}", lines[2]);
    assert!(lines.last().expect("an answer").starts_with("e2 "), "{lines:?}");
}

#[test]
fn strictly_the_first_refusal_ends_it_and_names_its_line() {
    let (ended, out) = said("# a comment\n\nnext\nnxet\nnext\n", Asks::No, OnRefusal::Stop);
    assert!(matches!(ended, Ended::Refused(4, _)), "{ended:?}");
    assert!(out.lines().last().is_some_and(|line| line.starts_with("Not done: ")));
}

#[test]
fn somebody_who_types_is_asked_and_quit_or_the_end_of_input_end_it() {
    let (ended, out) = said("next\nquit\nnext\n", Asks::Yes, OnRefusal::GoOn);
    assert_eq!(ended, Ended::Well);
    assert_eq!(out.matches("> ").count(), 2, "{out}");
    let (_, out) = said("", Asks::Yes, OnRefusal::GoOn);
    assert!(out.ends_with("> \n"), "{out:?}");
}

#[test]
fn help_lists_every_command_that_can_be_typed() {
    let lines = lines("help\n");
    for word in [
        "next [TIMES]",
        "back",
        "next-failure",
        "why",
        "time",
        "ladder",
        "map",
        "metrics",
        "break CONDITION",
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(word) || line.contains(word)),
            "{word} in {lines:#?}"
        );
    }
}
