//! Bindings, their file and what is half typed.

use super::resolver::{Resolver, Typed};
use super::*;
use crate::explore::action::{Action, Argument, Id, LEFT_FREE, When, rows};
use crate::explore::screen::Screen;

fn read(text: &str) -> Result<Bindings, Vec<String>> {
    let problems = |all: Vec<Problem>| all.iter().map(Problem::to_string).collect();
    Bindings::read("keys.toml", text).map_err(problems)
}

/// What a row of keys comes to on a screen; blanks are pauses.
fn press(keys: &str, bindings: &Bindings, mut screen: Screen) -> Vec<Typed> {
    let mut resolver = Resolver::default();
    let mut all = Vec::new();
    for word in keys.split(' ') {
        for chord in chords(word).expect("keys") {
            let typed = resolver.press(chord, bindings, screen);
            if let Typed::Run(actions) = &typed {
                for action in actions {
                    if let Id::Show(shown) = action.id {
                        screen = shown;
                    }
                }
            }
            all.push(typed);
        }
        resolver.pause();
    }
    all
}

/// The last thing that keys come to.
fn last(keys: &str) -> Typed {
    press(keys, &Bindings::default(), Screen::Map).pop().expect("a key")
}

fn run(actions: impl IntoIterator<Item = Action>) -> Typed {
    Typed::Run(actions.into_iter().collect())
}

#[test]
fn the_defaults_do_not_collide() {
    assert_eq!(Bindings::default().conflicts("defaults"), []);
}

#[test]
fn every_action_has_a_key() {
    let bindings = Bindings::default();
    for row in rows() {
        assert!(!bindings.keys_of(row.id).is_empty(), "{}", row.name);
    }
}

#[test]
fn keys_of_what_comes_later_are_left_free() {
    for key in LEFT_FREE {
        assert!(matches!(last(&key.to_string()), Typed::Unbound(_)), "{key}");
    }
}

#[test]
fn a_row_of_keys_waits_for_its_end() {
    assert_eq!(last("g"), Typed::Waits);
    assert_eq!(last("gg"), run([Action::of(Id::GoToBegin)]));
    assert_eq!(last("gx"), Typed::Unbound("g x".to_owned()));
    assert_eq!(press("g esc", &Bindings::default(), Screen::Map).last(), Some(&Typed::Forgotten));
}

#[test]
fn a_mark_takes_the_letter_behind_it() {
    assert_eq!(last("ma"), run([Action::with(Id::SetMark, Argument::Mark('a'))]));
    assert_eq!(last("'q"), run([Action::with(Id::GoToMark, Argument::Mark('q'))]));
    assert!(matches!(last("mA"), Typed::Unbound(_)));
}

#[test]
fn digits_show_screens_and_put_them_back_when_they_were_a_count() {
    assert_eq!(last("3"), run([Action::of(Id::Show(Screen::Ladder))]));
    let to_event = |number| Action::with(Id::GoToEvent, Argument::Event(number));
    let put_back = Action::of(Id::Show(Screen::Map));
    assert_eq!(last("23G"), run([put_back.clone(), to_event(23)]));
    assert_eq!(last("2G"), run([put_back.clone(), to_event(2)]));
    assert_eq!(last("80G"), run([to_event(80)]));
    assert_eq!(last("12l"), run([put_back, Action::counted(Id::NextEvent, 12)]));
    assert_eq!(last("9l"), run([Action::counted(Id::NextEvent, 9)]));
}

#[test]
fn a_look_at_a_screen_is_no_count() {
    assert_eq!(last("2 G"), run([Action::of(Id::GoToEnd)]));
    assert_eq!(last("2l"), run([Action::of(Id::NextEvent)]));
    assert_eq!(last("2 3 l"), run([Action::of(Id::NextEvent)]));
}

#[test]
fn ctrl_c_quits_whatever_is_half_typed() {
    for keys in ["ctrl-c", "g ctrl-c", "m ctrl-c", "2 ctrl-c"] {
        assert_eq!(last(keys), run([Action::of(Id::QuitNow)]), "{keys}");
    }
}

#[test]
fn what_is_half_typed_shows_what_may_follow() {
    let bindings = Bindings::default();
    let mut resolver = Resolver::default();
    resolver.press(Chord::char('g'), &bindings, Screen::Step);
    let (typed, following) = resolver.waiting(&bindings, Screen::Step).expect("it waits");
    assert_eq!(typed, "g");
    assert!(following.contains(&("g".to_owned(), Id::GoToBegin)), "{following:?}");
    assert!(following.contains(&("t".to_owned(), Id::GoToTime)), "{following:?}");
}

#[test]
fn a_file_gives_actions_other_keys() {
    let text = "[keys]\nnext-event = [\"s\", \"ctrl-right\"]\nquit = \"ctrl-q\"\nredraw = []\n";
    let bindings = read(text).expect("it is right");
    assert_eq!(bindings.keys_of(Id::NextEvent), ["s", "ctrl-right"]);
    assert_eq!(bindings.keys_of(Id::Quit), ["ctrl-q"]);
    assert!(bindings.keys_of(Id::Redraw).is_empty());
    assert_eq!(bindings.keys_of(Id::PreviousEvent), ["h", "left"]);
    assert_eq!(press("s", &bindings, Screen::Map), [run([Action::of(Id::NextEvent)])]);
    assert!(matches!(press("l", &bindings, Screen::Map)[..], [Typed::Unbound(_)]));
}

#[test]
fn an_unknown_action_or_key_is_told_with_its_line_and_what_may_be_meant() {
    let text = "[keys]\nnext-evnt = \"s\"\nquit = [\"ctrl-q\", \"spcae\"]\nup = 3\n[colors]\n";
    assert_eq!(
        read(text).expect_err("it is wrong"),
        [
            "keys.toml:2:1: `next-evnt` is no action; did you mean `next-event`?",
            "keys.toml:3:19: `spcae` is no key; did you mean `space`?",
            "keys.toml:4:6: expected keys such as [\"l\", \"right\"], got a whole number",
            "keys.toml:5:2: `colors` is not known here; keys stand under `[keys]`",
        ]
    );
}

#[test]
fn keys_that_are_bound_twice_are_refused_with_both_lines() {
    let text = "[keys]\nnext-event = [\"s\"]\n# again\nprevious-event = [\"s\"]\n";
    assert_eq!(
        read(text).expect_err("it is wrong"),
        ["keys.toml:4:19: `s` of `previous-event` is bound twice: \
          `s` is bound to `next-event` on line 2"]
    );
    let text = "[keys]\nnext-event = [\"s\", \"s\"]\n";
    assert_eq!(read(text).expect_err("it is wrong").len(), 1);
}

#[test]
fn keys_that_an_action_has_by_default_are_refused_until_it_gets_others() {
    let text = "[keys]\nnext-event = [\"c\"]\n";
    assert_eq!(
        read(text).expect_err("it is wrong"),
        ["keys.toml:2:15: `c` of `next-event` is bound twice: `c` is bound to \
          `run-to-next-break` by default; give that other keys, or none with \
          `run-to-next-break = []`"]
    );
    assert!(read("[keys]\nnext-event = [\"c\"]\nrun-to-next-break = [\"ctrl-r\"]\n").is_ok());
}

#[test]
fn keys_that_hide_longer_ones_are_refused() {
    let text = "[keys]\nnext-event = [\"s\"]\nzoom = [\"sz\"]\n";
    assert_eq!(
        read(text).expect_err("it is wrong"),
        ["keys.toml:3:9: `sz` of `zoom` would never be seen: \
          `s` is bound to `next-event` on line 2"]
    );
    let problems = read("[keys]\nzoom = [\"g\"]\n").expect_err("it is wrong");
    assert!(problems[0].contains("`g` of `zoom` would hide longer keys"), "{problems:?}");
}

#[test]
fn ctrl_c_cannot_be_taken_or_given_away() {
    for text in ["[keys]\nquit = \"ctrl-c\"\n", "[keys]\nquit-now = \"Q\"\n"] {
        let problems = read(text).expect_err("it is wrong");
        assert!(problems[0].contains("`ctrl-c` always quits"), "{problems:?}");
    }
}

#[test]
fn text_that_is_no_toml_is_told_with_its_line() {
    let problems = read("[keys]\nquit = \"q\nup = [\"k\"]\n").expect_err("it is wrong");
    assert!(problems[0].starts_with("keys.toml:2:"), "{problems:?}");
    let problems = read("[keys]\nquit = \"v\"\nquit = \"ctrl-q\"\n").expect_err("it is wrong");
    assert!(problems[0].starts_with("keys.toml:3:1: "), "{problems:?}");
}

#[test]
fn the_listed_file_is_the_defaults() {
    let bindings = Bindings::default();
    let again = read(&list(&bindings, Listing::Toml)).expect("it is right");
    for row in rows() {
        assert_eq!(again.keys_of(row.id), bindings.keys_of(row.id), "{}", row.name);
    }
}

#[test]
fn every_list_has_every_action() {
    let bindings = Bindings::default();
    for listing in [Listing::Table, Listing::Markdown] {
        let text = list(&bindings, listing);
        for row in rows() {
            assert!(text.contains(row.name) && text.contains(row.sentence), "{}", row.name);
        }
    }
}

#[test]
fn hints_follow_the_moment_and_the_keys() {
    let bindings = Bindings::default();
    let words = |screen, holds: &[When]| -> Vec<String> {
        let shown = hints(&bindings, screen, holds);
        shown.iter().map(|hint| format!("{} {}", hint.keys, hint.word)).collect()
    };
    let calm = words(Screen::Step, &[When::NoBreaks]);
    assert!(calm.contains(&"h/l step".to_owned()), "{calm:?}");
    assert!(calm.contains(&"b break".to_owned()) && !calm.contains(&"esc stop".to_owned()));
    let busy = words(Screen::Step, &[When::Busy, When::Breaks]);
    assert_eq!(busy[0], "esc stop");
    assert!(busy.contains(&"C/c run to break".to_owned()), "{busy:?}");
    assert!(words(Screen::Ladder, &[]).contains(&"K/J connection".to_owned()));
}
