//! The State screen on real runs: what it shows at a moment, what it marks as changed, and where
//! its rows lead.

use meshwalk_sim::log::Step;
use meshwalk_sim::timeline::EventId;

use crate::explore::App;
use crate::explore::look::Look;
use crate::explore::output::styled;
use crate::explore::screen::Screen;
use crate::explore::testing::{self, SIZES, body, shown};

use super::{CHANGES, OBJECTS, STATE, enter, rows, sentences};

const LIMITS: &str = "basics/limits.yaml";
const SHORT: [&str; 2] = ["duration=6s", "warm_up=0s"];

fn at_first(scenario: &str, edits: &[&str], look: Look, wanted: fn(Step) -> bool) -> App {
    let mut app = testing::app(scenario, edits, look);
    let all = (0..app.timeline.log().len() as u32).map(EventId);
    let first = all.into_iter().find(|event| wanted(app.timeline.log().step(*event)));
    let first = first.expect("it happens in this scenario");
    // Events of one moment see the same state.
    let time = |event: EventId| app.timeline.log().time(event);
    let earlier = (0..first.0).rev().map(EventId).find(|event| time(*event) < time(first));
    app.go_to(earlier.expect("it is not the first moment"));
    app.show(Screen::State);
    app.go_to(first);
    app
}

fn ejected(step: Step) -> bool {
    matches!(step, Step::HostEjected { .. })
}

fn overflowed(step: Step) -> bool {
    matches!(step, Step::Overflowed { .. })
}

/// Presses Enter on a row of a pane.
fn press_enter(app: &mut App, pane: usize, row: usize) {
    app.view.set_focus(pane);
    app.view.select(pane, row);
    testing::press(app, "enter");
}

#[test]
fn an_ejection_in_every_size() {
    let app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    for size in SIZES {
        insta::assert_snapshot!(format!("ejection_{}x{}", size.0, size.1), shown(&app, size));
    }
}

#[test]
fn an_ejection_in_sixteen_colours() {
    let app = at_first(LIMITS, &SHORT, Look::ANSI16, ejected);
    insta::assert_snapshot!("ejection_120x36_16_colours", styled(&body(&app, (120, 36))));
    insta::assert_snapshot!("ejection_80x24_16_colours", styled(&body(&app, (80, 24))));
}

#[test]
fn a_full_breaker_in_every_size() {
    let app = at_first(LIMITS, &SHORT, Look::MONO, overflowed);
    for size in SIZES {
        insta::assert_snapshot!(format!("breaker_{}x{}", size.0, size.1), shown(&app, size));
    }
}

#[test]
fn the_narrow_screen_shows_the_other_panes_behind_tab() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    app.view.set_focus(OBJECTS);
    insta::assert_snapshot!("narrow_objects", shown(&app, (80, 24)));
    app.view.set_focus(CHANGES);
    insta::assert_snapshot!("narrow_changes", shown(&app, (80, 24)));
}

#[test]
fn going_back_shows_the_same_bytes() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    let (here, before) = (app.view.cursor.event, app.view.last_stop.event);
    let there = shown(&app, (120, 36));
    for event in [EventId(3), EventId(here.0 + 500), before, here] {
        app.go_to(event);
    }
    assert_eq!(shown(&app, (120, 36)), there);
}

#[test]
fn what_changed_is_marked_by_a_sign_and_a_word() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    let here = app.view.cursor.event;
    app.go_to(EventId(0));
    app.go_to(here);
    let text = shown(&app, (120, 36));
    assert!(text.contains("▲ changed sidecar of"), "{text}");
    assert!(text.contains("+ new cluster"), "{text}");
}

#[test]
fn a_picked_object_stays_when_the_cursor_moves() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    let text = shown(&app, (120, 36));
    assert!(text.contains("cluster outbound"), "{text}");
    let row = (0..rows(&app.scene(), OBJECTS)).find(|row| {
        let jump = enter(&app.scene(), OBJECTS, *row);
        jump.and_then(|jump| jump.pick).is_some_and(|(_, key)| key.starts_with("cluster"))
    });
    press_enter(&mut app, OBJECTS, row.expect("the cluster is listed"));
    app.go_to(EventId(app.view.cursor.event.0 + 40));
    app.view.set_focus(STATE);
    let text = shown(&app, (80, 24));
    assert!(text.contains("cluster outbound|80||stock"), "{text}");
}

#[test]
fn a_group_unfolds_to_all_its_objects() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    let before = rows(&app.scene(), OBJECTS);
    let group = (0..before)
        .find(|row| enter(&app.scene(), OBJECTS, *row).is_some_and(|jump| jump.unfold.is_some()));
    press_enter(&mut app, OBJECTS, group.expect("there is a group"));
    assert!(rows(&app.scene(), OBJECTS) > before);
}

#[test]
fn a_value_that_names_an_object_leads_there() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    let leads = (0..rows(&app.scene(), STATE)).find(|row| {
        let jump = enter(&app.scene(), STATE, *row);
        jump.and_then(|jump| jump.pick).is_some_and(|(_, key)| key.starts_with("pool"))
    });
    press_enter(&mut app, STATE, leads.expect("a cluster names its pools"));
    let text = shown(&app, (80, 24));
    assert!(text.contains("pool default/orders"), "{text}");
}

#[test]
fn configuration_stands_beside_the_state_with_its_lines() {
    let app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    let said = sentences(&app.scene()).join("\n");
    assert!(said.contains("limits.yaml:"), "{said}");
}

#[test]
fn sentences_tell_state_and_changes() {
    let app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    insta::assert_snapshot!("sentences", sentences(&app.scene()).join("\n"));
}

#[test]
fn before_the_cursor_moved_nothing_has_changed() {
    let mut app = testing::app(LIMITS, &SHORT, Look::MONO);
    app.show(Screen::State);
    let text = shown(&app, (120, 36));
    assert!(text.contains("the cursor has not moved"), "{text}");
}

/// State, keys, and what the screen shows then.
#[test]
fn keys_lead_through_the_panes() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    app.show(Screen::Step);
    let story: [(&str, &[&str]); 3] = [
        ("6", &["State]", "cluster outbound|80||stock", "breakers"]),
        ("tab", &["Objects", "of this event", "all objects"]),
        ("tab", &["Changes since"]),
    ];
    for (keys, shown) in story {
        testing::press(&mut app, keys);
        let text = testing::text(&app.draw(80, 24));
        for words in shown {
            assert!(text.contains(words), "{keys}: {words}\n{text}");
        }
    }
}

#[test]
fn escape_lets_go_of_a_picked_object_before_it_leaves_the_screen() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    let leads = (0..rows(&app.scene(), STATE)).find(|row| {
        let jump = enter(&app.scene(), STATE, *row);
        jump.and_then(|jump| jump.pick).is_some_and(|(_, key)| key.starts_with("pod"))
    });
    press_enter(&mut app, STATE, leads.expect("a cluster names its hosts"));
    assert!(shown(&app, (80, 24)).contains("pod default/"));
    testing::press(&mut app, "esc");
    assert!(shown(&app, (80, 24)).contains("cluster outbound|80||stock"));
}

#[test]
fn objects_are_found_by_their_names() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, ejected);
    testing::tell(
        &mut app,
        (120, 36),
        &[
            ("6", &["[6 State]", "cluster outbound|80||stock", "pool 1 to default/stock-"]),
            (
                "/ p o o l space o r d e r s enter",
                &["picked", "▶pool traffic:shoppers -> default/orders"],
            ),
            ("n", &["▶pool default/orders-0 -> default/"]),
            ("esc", &["changed cluster outbound|80||stock"]),
            ("z tab", &["╔ Objects"]),
            ("esc w", &["[4 Why]"]),
        ],
    );
}

#[test]
fn the_log_tells_of_a_full_breaker_what_state_shows() {
    let mut app = at_first(LIMITS, &SHORT, Look::MONO, overflowed);
    let last = app.timeline.log().last().expect("something happens").0;
    let full = (app.view.cursor.event.0..=last).map(EventId);
    let full: Vec<EventId> =
        full.filter(|id| overflowed(app.timeline.log().step(*id))).take(20).collect();
    for event in full {
        let Step::Overflowed { of, count, limit, .. } = app.timeline.log().step(event) else {
            panic!("it is full")
        };
        app.go_to(event);
        let said = crate::explore::screen::state::say::sentences(&app.scene()).join("\n");
        assert!(said.contains(&format!("{} is {count} of {limit}", of.name())), "{said}");
    }
}
