//! What is typed and chosen, without a run.

use super::command::parse;
use super::complete::{Candidates, of_command};
use super::words::testing::with_words;
use super::*;
use crate::explore::action::{Action, Argument, Expected, Id, Takes, rows};
use crate::explore::keys::{Bindings, chords};
use crate::explore::screen::Screen;

fn read(text: &str) -> Result<Action, String> {
    with_words(|words| parse(text, words))
}

fn texts(candidates: &Candidates) -> Vec<&str> {
    candidates.all.iter().map(|candidate| candidate.text.as_str()).collect()
}

/// Presses keys in a prompt; the last answer and the line.
fn press(prompt: &mut Prompt, keys: &str) -> (Answered, String) {
    let mut history = History::default();
    history.keep("next failed");
    with_words(|words| {
        let chords = chords(keys).expect("keys");
        let answers = chords.into_iter().map(|chord| prompt.press(chord, &mut history, words));
        let last = answers.last().expect("a key");
        (last, prompt.line().text().to_owned())
    })
}

#[test]
fn every_action_is_reached_by_its_name_and_each_of_its_words() {
    for row in rows() {
        for word in row.words.iter().copied().chain([row.name]) {
            let text = match row.takes {
                Takes::Must(expected) => format!("{word} {}", expected.example()),
                _ => word.to_owned(),
            };
            let action = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let shared = matches!(row.takes, Takes::Must(_));
            assert!(action.id == row.id || shared, "{text} is {action:?}");
        }
        let spaced = row.name.replace('-', " ");
        let action = read(&spaced).unwrap_or_else(|error| panic!("{spaced}: {error}"));
        assert_eq!(action.id, row.id, "{spaced}");
    }
}

#[test]
fn a_word_means_what_its_argument_makes_of_it() {
    let condition = |text: &str| Argument::Condition(text.to_owned());
    for (text, action) in [
        ("next", Action::of(Id::NextEvent)),
        ("next 5", Action::counted(Id::NextEvent, 5)),
        ("next hop", Action::of(Id::NextHop)),
        ("next hop 2", Action::counted(Id::NextHop, 2)),
        ("next failed", Action::with(Id::RunToNext, condition("failed"))),
        ("next decision", Action::of(Id::NextDecision)),
        (
            "next decision && status == 403",
            Action::with(Id::RunToNext, condition("decision && status == 403")),
        ),
        ("break", Action::of(Id::ToggleBreak)),
        ("break failed", Action::with(Id::BreakWhen, condition("failed"))),
        ("time", Action::of(Id::Show(Screen::Time))),
        (":mark a", Action::with(Id::SetMark, Argument::Mark('a'))),
        ("61", Action::with(Id::GoToEvent, Argument::Event(61))),
        ("event e61", Action::with(Id::GoToEvent, Argument::Event(61))),
        (
            "shoppers#1/0/try0/step0",
            Action::with(Id::GoToEvent, Argument::Name("shoppers#1/0/try0/step0".to_owned())),
        ),
    ] {
        assert_eq!(read(text), Ok(action), "{text}");
    }
    assert!(matches!(read("412ms").map(|it| it.id), Ok(Id::GoToTime)));
    assert!(matches!(read("time 1.5s").map(|it| it.id), Ok(Id::GoToTime)));
    assert!(matches!(read("t 1.5s").map(|it| it.id), Ok(Id::GoToTime)));
}

#[test]
fn what_is_wrong_with_a_command_is_said() {
    for (text, message) in [
        ("nxet", "`nxet` is no command; did you mean `next`?"),
        ("frobnicate", "`frobnicate` is no command; `help` lists all of them"),
        ("quit now please", "`quit-now` takes nothing behind it"),
        ("break (", "a bracket is not closed"),
        ("break-step answerd", "no event is called `answerd`; did you mean `answered`?"),
        ("mark A", "a mark is one letter from `a` to `z`"),
        ("", "type a command; `help` lists all of them"),
    ] {
        assert_eq!(read(text), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn commands_and_their_arguments_are_completed() {
    with_words(|words| {
        let of = |text: &str| of_command(text, words);
        assert_eq!(texts(&of("brea")), ["break", "break-step", "breaks"]);
        assert_eq!(of("break-step t").from, "break-step ".len());
        assert_eq!(texts(&of("break-step t")), ["timed_out"]);
        assert_eq!(texts(&of("to-mark ")), ["a", "k"]);
        assert_eq!(texts(&of("next fa")), ["failed"]);
        assert_eq!(of("next !fa").from, "next !".len());
        assert_eq!(
            texts(&of("filter pod == \"shop/c")),
            ["shop/cart\"", "shop/catalog\"", "shop/cart-0\""]
        );
        assert_eq!(texts(&of("event shop")).len(), 2);
        assert_eq!(texts(&of("show-map x")), [""; 0]);
    });
}

#[test]
fn tab_fills_in_what_is_common_and_then_goes_through_the_rest() {
    let mut prompt = Prompt::command("bre");
    assert_eq!(press(&mut prompt, "tab").1, "break");
    assert_eq!(press(&mut prompt, "tab").1, "break");
    assert_eq!(press(&mut prompt, "tab").1, "break-step");
    assert_eq!(press(&mut prompt, "shift-tab").1, "break");
    let mut prompt = Prompt::command("metr");
    assert_eq!(press(&mut prompt, "tab").1, "metrics ");
    let mut prompt = Prompt::command("xyz");
    assert_eq!(press(&mut prompt, "tab").1, "xyz");
}

#[test]
fn enter_does_what_is_right_and_says_what_is_wrong() {
    let mut prompt = Prompt::command("nxet");
    assert_eq!(press(&mut prompt, "enter").0, Answered::Stays);
    let judged = with_words(|words| prompt.judge(words));
    assert!(matches!(judged, Judgement::Wrong(why) if why.contains("did you mean `next`")));
    let mut prompt = Prompt::command("next");
    assert_eq!(press(&mut prompt, "enter").0, Answered::Does(Action::of(Id::NextEvent)));
    for keys in ["esc", "backspace", "enter"] {
        assert_eq!(press(&mut Prompt::command(""), keys).0, Answered::Closes, "{keys}");
    }
}

#[test]
fn what_an_action_needs_is_judged_while_it_is_typed() {
    let mut prompt = Prompt::argument(Id::Filter, Expected::Condition, "");
    assert_eq!(with_words(|words| prompt.judge(words)), Judgement::Empty);
    assert_eq!(with_words(|words| Prompt::command("brea").judge(words)), Judgement::Unfinished);
    press(&mut prompt, "(failed");
    assert_eq!(
        with_words(|words| prompt.judge(words)),
        Judgement::Wrong("a bracket is not closed".to_owned())
    );
    press(&mut prompt, ")");
    assert_eq!(with_words(|words| prompt.judge(words)), Judgement::Right);
    let condition = Argument::Condition("(failed)".to_owned());
    assert_eq!(press(&mut prompt, "enter").0, Answered::Does(Action::with(Id::Filter, condition)));
    let mut prompt = Prompt::breakpoint(2, "failed");
    assert_eq!(press(&mut prompt, "enter").0, Answered::Breaks(2, "failed".to_owned()));
}

#[test]
fn earlier_lines_come_back() {
    let mut prompt = Prompt::command("ne");
    assert_eq!(press(&mut prompt, "up").1, "next failed");
    assert_eq!(press(&mut prompt, "down").1, "ne");
}

#[test]
fn every_action_is_found_in_the_list_by_its_name_and_runs() {
    let bindings = Bindings::default();
    for row in rows() {
        let mut palette = Palette::default();
        palette.paste(&row.name.replace('-', " "));
        let enter = chords("enter").expect("a key")[0];
        let here = Screen::ALL.into_iter().find(|screen| row.counts_on(*screen));
        let chosen = palette.press(enter, &bindings, here.expect("a screen"));
        assert_eq!(chosen, PaletteChosen::Runs(row.id), "{}", row.name);
    }
}

#[test]
fn the_list_finds_by_letters_by_key_and_by_what_an_action_does() {
    let bindings = Bindings::default();
    let first = |typed: &str| {
        let mut palette = Palette::default();
        palette.paste(typed);
        palette.listed(&bindings, Screen::Map).first().map(|listed| listed.row.name)
    };
    assert_eq!(first("nxdec"), Some("next-decision"));
    assert_eq!(first("gg"), Some("go-to-begin"));
    assert_eq!(first("sequence of messages"), Some("show-ladder"));
    assert_eq!(first("denied"), Some("next-failure"));
    assert_eq!(first("condition"), Some("run-to-next"));
    assert_eq!(first("xyzzy"), None);
}

#[test]
fn the_list_is_walked_and_closed_as_it_was_opened() {
    let bindings = Bindings::default();
    let mut palette = Palette::default();
    let mut press = |keys: &str| {
        let chords = chords(keys).expect("keys");
        let all = chords.into_iter().map(|it| palette.press(it, &bindings, Screen::Map));
        all.last().expect("a key")
    };
    assert_eq!(press("down down up enter"), PaletteChosen::Runs(Id::PreviousEvent));
    assert_eq!(press("up up enter"), PaletteChosen::Runs(Id::QuitNow));
    for key in ["?", "esc", "f1"] {
        assert_eq!(press(key), PaletteChosen::Closes, "{key}");
    }
}
