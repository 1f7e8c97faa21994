//! From keys to screens, on a scenario that the engine has run: (state, keys, screen).

use meshwalk_sim::timeline::EventId;

use super::App;
use crate::explore::Effect;
use crate::explore::action::{Expected, Id, Row, Takes, rows};
use crate::explore::cursor::Cursor;
use crate::explore::keys::Resolver;
use crate::explore::look::Look;
use crate::explore::screen::Screen;
use crate::explore::testing::{self, enter, press, text};
use crate::explore::view::View;

fn app() -> App {
    testing::app("basics/policies.yaml", &["duration=1s"], Look::MONO)
}

fn at(app: &App) -> u32 {
    app.view.cursor.event.0
}

/// The last line but one: what is said.
fn status(app: &App) -> String {
    let screen = text(&app.draw(120, 36));
    screen.lines().rev().nth(1).unwrap_or_default().trim().to_owned()
}

/// The last line: the keys of use.
fn hints(app: &App) -> String {
    text(&app.draw(120, 36)).lines().last().unwrap_or_default().to_owned()
}

/// A way to have an action carried out.
type Way<'w> = &'w dyn Fn(&mut App) -> Option<Effect>;

#[test]
fn steps_go_on_and_back_by_what_the_log_knows() {
    let mut app = app();
    for (keys, event) in
        [("l", 1), ("l l right", 4), ("h", 3), ("12l", 15), ("left", 14), ("gg", 0)]
    {
        press(&mut app, keys);
        assert_eq!(at(&app), event, "{keys}");
    }
    press(&mut app, "h");
    assert_eq!(status(&app), "▲ there is no earlier event");
    let last = app.timeline.log().last().expect("entries").0;
    press(&mut app, "G");
    assert_eq!(at(&app), last);
    press(&mut app, "23G");
    assert_eq!((at(&app), app.view.screen), (22, Screen::Step));
}

#[test]
fn every_step_forward_is_undone_by_its_step_back() {
    let mut app = app();
    for (on, back) in [("]", "["), ("L", "H"), ("}", "{"), (")", "("), (">", "<"), ("J", "K")] {
        app.go_to(EventId(60));
        press(&mut app, on);
        let first = at(&app);
        press(&mut app, on);
        press(&mut app, back);
        assert_eq!(at(&app), first, "{on} {back}");
        assert!(first > 60, "{on}");
        press(&mut app, back);
        // The first of a connection has none before it.
        if at(&app) < first {
            press(&mut app, on);
            assert_eq!(at(&app), first, "{back} {on}");
        }
    }
}

#[test]
fn a_hop_is_another_stop_of_the_same_request() {
    let mut app = app();
    app.go_to(EventId(60));
    let request = app.timeline.log().request_at(EventId(60));
    press(&mut app, "L");
    let (there, hop) = (at(&app), app.view.cursor.event);
    assert!(there > 60);
    assert_eq!(app.timeline.log().request_at(hop), request);
    press(&mut app, "H");
    assert!(at(&app) < there);
}

#[test]
fn a_place_is_reached_by_number_time_and_name() {
    let mut app = app();
    press(&mut app, "ge");
    enter(&mut app, "e25");
    assert_eq!(at(&app), 24);
    let name = app.timeline.log().name(EventId(60));
    press(&mut app, "gn");
    enter(&mut app, &name);
    assert_eq!(at(&app), 60);
    press(&mut app, ":");
    enter(&mut app, &name);
    assert_eq!(at(&app), 60);
    press(&mut app, "gt");
    enter(&mut app, "0.5s");
    let time = app.timeline.log().time(app.view.cursor.event);
    assert!(time.as_secs_f64() <= 0.5 && time.as_secs_f64() > 0.3, "{time}");
    press(&mut app, ":");
    enter(&mut app, "nobody#9/0");
    assert_eq!(status(&app), "▲ no event is called nobody#9/0");
}

#[test]
fn marks_and_jumps_lead_back() {
    let mut app = app();
    app.go_to(EventId(7));
    press(&mut app, "ma");
    assert_eq!(status(&app), "a marks e8");
    press(&mut app, "G");
    press(&mut app, "'a");
    assert_eq!(at(&app), 7);
    press(&mut app, "o");
    let last = app.timeline.log().last().expect("entries").0;
    assert_eq!(at(&app), last);
    press(&mut app, "o");
    assert_eq!(at(&app), 7);
    press(&mut app, "i i");
    assert_eq!(at(&app), 7);
    press(&mut app, "'b");
    assert_eq!(status(&app), "▲ b marks nothing; mb marks this event");
    press(&mut app, "gg M enter");
    assert_eq!(at(&app), 7);
    press(&mut app, "M d esc");
    assert!(app.view.marks.is_empty());
}

#[test]
fn screens_have_numbers_and_neighbours() {
    let mut app = app();
    for (keys, screen) in [
        ("1", Screen::Map),
        ("7", Screen::Metrics),
        ("ctrl-n", Screen::Map),
        ("ctrl-p", Screen::Metrics),
        ("w", Screen::Why),
        ("esc", Screen::Metrics),
    ] {
        press(&mut app, keys);
        assert_eq!(app.view.screen, screen, "{keys}");
    }
}

#[test]
fn runs_stop_at_breakpoints_in_both_directions() {
    let mut app = app();
    press(&mut app, "c");
    assert!(status(&app).contains("there are no breakpoints"));
    app.go_to(EventId(20));
    press(&mut app, "b");
    assert_eq!(status(&app), "breakpoint at e21");
    press(&mut app, "gg c");
    assert_eq!(at(&app), 20);
    assert!(status(&app).starts_with("stopped at e21"));
    press(&mut app, "c");
    assert_eq!(status(&app), "▲ no breakpoint stops at any later event");
    press(&mut app, "G C");
    assert_eq!(at(&app), 20);
    press(&mut app, "b G C");
    assert!(status(&app).contains("there are no breakpoints"));
    assert!(hints(&app).contains("b break"));
}

#[test]
fn the_list_of_breakpoints_switches_and_deletes() {
    let mut app = app();
    app.go_to(EventId(20));
    press(&mut app, "b B");
    let screen = text(&app.draw(80, 24));
    assert!(screen.contains("B1  on   at e21"), "{screen}");
    press(&mut app, "space");
    assert!(text(&app.draw(80, 24)).contains("B1  off  at e21"));
    press(&mut app, "esc gg c");
    assert!(status(&app).contains("switched off"));
    press(&mut app, "B enter");
    assert_eq!(at(&app), 20);
    press(&mut app, "B d");
    assert!(text(&app.draw(80, 24)).contains("There are no breakpoints"));
}

#[test]
fn a_search_finds_words_and_goes_on() {
    let mut app = app();
    press(&mut app, "/");
    enter(&mut app, "endpoint_chosen");
    let first = at(&app);
    assert_eq!(app.timeline.log().kind(EventId(first)).name(), "endpoint_chosen");
    press(&mut app, "n");
    let second = at(&app);
    assert!(second > first);
    press(&mut app, "N");
    assert_eq!(at(&app), first);
    press(&mut app, "N");
    assert!(status(&app).contains("no earlier event matches endpoint_chosen"));
    assert!(hints(&app).contains("n/N matches"));
}

#[test]
fn what_is_half_typed_shows_what_may_follow() {
    let mut app = app();
    press(&mut app, "g");
    assert_eq!(status(&app), "g ...");
    assert!(hints(&app).contains("e go-to-event"), "{}", hints(&app));
    press(&mut app, "esc");
    assert!(hints(&app).contains("h/l step") && hints(&app).ends_with("? help"));
    press(&mut app, "x");
    assert_eq!(status(&app), "▲ x is not bound; ? lists what is");
}

#[test]
fn the_list_of_actions_runs_what_is_chosen() {
    let mut app = app();
    press(&mut app, "?");
    assert!(text(&app.draw(80, 24)).contains("next-event"));
    app.paste("go to end");
    press(&mut app, "enter");
    assert_eq!(Some(at(&app)), app.timeline.log().last().map(|last| last.0));
    press(&mut app, "? ?");
    assert!(app.view.overlay.is_none());
}

#[test]
fn ctrl_c_quits_whatever_is_open_and_q_quits_what_is_not() {
    for keys in ["ctrl-c", "? ctrl-c", ": ctrl-c", "B ctrl-c", "g ctrl-c", "q", ": q enter"] {
        assert_eq!(press(&mut app(), keys), Some(Effect::Quit), "{keys}");
    }
    assert_eq!(press(&mut app(), ": x"), None);
    assert_eq!(press(&mut app(), "ctrl-z"), Some(Effect::Suspend));
}

#[test]
fn the_line_that_is_copied_names_the_event_and_the_screen() {
    let mut app = app();
    app.go_to(EventId(20));
    let name = app.timeline.log().name(EventId(20));
    let line = format!("meshwalk open scenarios/basics/policies.yaml --at {name} --screen step");
    assert_eq!(press(&mut app, "y"), Some(Effect::Copy(line)));
}

#[test]
fn overlays_fit_every_size_and_what_is_cut_ends_with_a_sign() {
    let mut app = app();
    app.view = View::at(Cursor::on_main(EventId(40)), Screen::Step);
    for (width, height) in testing::SIZES {
        let mut shown = Vec::new();
        for (keys, typed) in
            [("?", ""), (":", "brea"), ("f", "verdict == "), ("f", "verdct == 3"), ("B", "")]
        {
            press(&mut app, keys);
            app.paste(typed);
            let screen = text(&app.draw(width, height));
            assert_eq!(screen.lines().count(), usize::from(height));
            shown.push(screen);
            press(&mut app, "esc");
        }
        insta::assert_snapshot!(format!("overlays_{width}x{height}"), shown.join("\n"));
    }
}

#[test]
fn conditions_stop_runs_and_choose_what_is_shown() {
    let mut app = app();
    let failed = |app: &App| {
        meshwalk_sim::timeline::is_failure(app.timeline.log().step(app.view.cursor.event))
    };
    press(&mut app, ":");
    enter(&mut app, "next failed");
    assert!(failed(&app) && at(&app) > 0);
    let first = at(&app);
    press(&mut app, "gg gb");
    enter(&mut app, "failed");
    assert_eq!(status(&app), "breakpoint where failed");
    press(&mut app, "c");
    assert_eq!(at(&app), first);
    assert_eq!(status(&app), format!("stopped at e{}: failed", first + 1));
    press(&mut app, "c C");
    assert_eq!(at(&app), first);
    press(&mut app, "gB gg ctrl-b");
    assert_eq!(status(&app), "breakpoint at every call_began");
    press(&mut app, "c");
    assert_eq!(app.timeline.log().kind(app.view.cursor.event).name(), "call_began");
    press(&mut app, "gg f");
    enter(&mut app, "failed");
    press(&mut app, "l");
    assert_eq!(at(&app), first);
    press(&mut app, "h");
    assert!(status(&app).contains("the filter shows no earlier event"), "{}", status(&app));
    assert!(hints(&app).contains("F all events"));
    press(&mut app, "F l");
    assert_eq!(at(&app), first + 1);
}

#[test]
fn a_condition_is_judged_while_it_is_typed() {
    let mut app = app();
    press(&mut app, "f");
    app.paste("faild");
    assert!(hints(&app).contains("did you mean `failed`"), "{}", hints(&app));
    press(&mut app, "backspace ed");
    assert!(hints(&app).contains("right"), "{}", hints(&app));
    press(&mut app, "esc");
    assert!(app.view.filter.is_none() && app.view.overlay.is_none());
}

#[test]
fn what_is_looked_for_can_be_stopped() {
    let mut app = testing::app("basics/policies.yaml", &["duration=8s"], Look::MONO);
    press(&mut app, "/");
    app.paste("nobody says this");
    app.press(crate::explore::keys::Chord::parse("enter").expect("a key"));
    assert!(app.is_busy());
    assert!(
        status(&app).starts_with("esc stops; 1000 events so far; looking for nobody says this")
    );
    assert!(hints(&app).contains("esc stop"), "{}", hints(&app));
    press(&mut app, "esc");
    assert!(!app.is_busy());
    assert!(status(&app).starts_with("stopped after"));
}

/// What an action that needs something is given.
fn given(row: &Row, name: &str) -> Option<String> {
    match row.takes {
        Takes::Must(Expected::Name | Expected::Event) => Some(name.to_owned()),
        Takes::Must(expected) => Some(expected.example().to_owned()),
        Takes::Nothing | Takes::May(_) => None,
    }
}

/// Answers what an action asks for.
fn answer(app: &mut App, row: &Row, given: Option<&str>) -> Option<Effect> {
    match (row.takes, given) {
        (Takes::Must(Expected::Mark), Some(letter)) => press(app, letter),
        (_, Some(text)) => enter(app, text),
        (_, None) => None,
    }
}

#[test]
fn every_action_does_the_same_by_key_by_command_and_from_the_list() {
    let mut app = app();
    app.go_to(EventId(70));
    press(&mut app, "b");
    app.go_to(EventId(40));
    press(&mut app, "ma gg 'a G o /");
    enter(&mut app, "call_ended");
    press(&mut app, "z");
    app.view.select(0, 3);
    app.view.message = None;
    let prepared = app.view.clone();
    let name = app.timeline.log().name(EventId(60));
    for row in rows() {
        let given = given(row, &name);
        let given = given.as_deref();
        let ways: [Way<'_>; 3] = [
            &|app| press(app, row.keys[0]).or(answer(app, row, given)),
            &|app| {
                press(app, ":");
                enter(app, &format!("{} {}", row.name, given.unwrap_or_default()))
            },
            &|app| {
                press(app, "?");
                enter(app, &row.name.replace('-', " ")).or(answer(app, row, given))
            },
        ];
        let outcomes = ways.map(|way| {
            app.view = prepared.clone();
            if !row.counts_on(app.view.screen) {
                let here = Screen::ALL.into_iter().find(|screen| row.counts_on(*screen));
                app.view.screen = here.expect("a screen");
            }
            app.resolver = Resolver::default();
            app.look_around();
            let effect = way(&mut app);
            (format!("{:?}", app.view), effect)
        });
        assert_eq!(outcomes[0], outcomes[1], "{}", row.name);
        assert_eq!(outcomes[0], outcomes[2], "{}", row.name);
        let (view, effect) = &outcomes[0];
        let is_there = row.id == Id::Show(prepared.screen);
        let changed = *view != format!("{prepared:?}");
        assert!(is_there || changed || effect.is_some(), "{}", row.name);
    }
}

#[test]
fn a_count_that_passes_by_screens_puts_back_the_one_before_whatever_its_first_digit() {
    for keys in ["23G", "83G", "912G"] {
        let mut app = app();
        app.show(Screen::Time);
        press(&mut app, keys);
        assert_eq!(app.view.screen, Screen::Time, "{keys}");
    }
}
