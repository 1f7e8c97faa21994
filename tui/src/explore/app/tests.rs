use std::sync::Arc;

use meshwalk_sim::timeline::EventId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::explore::action::rows;
use crate::explore::app::Effect;
use crate::explore::look::Look;
use crate::explore::screen::Screen;
use crate::explore::{App, Session, testing};

const POLICIES: &str = "basics/policies.yaml";

#[test]
fn every_screen_has_its_frame_in_every_size() {
    let mut app = testing::app(POLICIES, &["duration=1s"], Look::MONO);
    for (width, height) in testing::SIZES {
        for screen in Screen::ALL {
            app.show(screen);
            let text = testing::text(&app.draw(width, height));
            assert!(text.contains("meshwalk"), "{text}");
            assert!(text.contains(&format!("{}]", screen.title())), "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
        }
    }
}

#[test]
fn a_window_that_is_too_small_says_what_to_do() {
    let app = testing::app(POLICIES, &["duration=1s"], Look::MONO);
    for (width, height) in [(79, 24), (80, 23), (20, 5), (1, 1)] {
        let text = testing::text(&app.draw(width, height));
        assert_eq!(text.lines().count(), usize::from(height));
    }
    assert!(testing::text(&app.draw(60, 10)).contains("step --plain"));
}

#[test]
fn going_there_and_back_shows_the_same_bytes() {
    let mut app = testing::app(POLICIES, &["duration=1s"], Look::MONO);
    app.go_to(EventId(40));
    let there = testing::text(&app.draw(120, 36));
    for event in [41, 300, 3, 40] {
        app.go_to(EventId(event));
    }
    assert_eq!(testing::text(&app.draw(120, 36)), there);
}

#[test]
fn a_run_in_which_nothing_happens_says_so_and_takes_every_key() {
    let edits = ["traffic=[]", "expectations=[]"];
    let mut app = testing::app(POLICIES, &edits, Look::MONO);
    for key in rows().flat_map(|row| row.keys.iter().copied()) {
        testing::press(&mut app, key);
        testing::press(&mut app, "1 enter esc");
        for (width, height) in testing::SIZES {
            let text = testing::text(&app.draw(width, height));
            assert!(text.contains("Nothing happens in this run"), "after {key}:\n{text}");
        }
    }
    for screen in Screen::ALL {
        app.show(screen);
        app.draw(80, 24);
    }
    app.view.overlay = None;
    assert_eq!(testing::press(&mut app, "q"), Some(Effect::Quit));
}

#[test]
fn no_name_is_so_long_that_the_line_of_time_is_gone() {
    let edits = ["duration=1s", "traffic[0].name=a-name-that-is-longer-than-any-line-has-room-for"];
    let edits = [&edits[..], &["expectations=[]"]].concat();
    let mut app = testing::app(POLICIES, &edits, Look::MONO);
    for screen in Screen::ALL {
        app.show(screen);
        let text = testing::text(&app.draw(80, 24));
        assert!(text.contains("ends at"), "{text}");
    }
}

#[test]
fn the_titles_of_the_ladder_leave_the_border_alone() {
    let mut app = testing::app(POLICIES, &["duration=1s"], Look::MONO);
    app.show(Screen::Ladder);
    for (width, height) in testing::SIZES {
        let text = testing::text(&app.draw(width, height));
        let body = text.lines().skip(3).take(3);
        let is_closed = |line: &str| line.ends_with(['\u{2551}', '\u{2502}']);
        assert!(body.clone().all(is_closed), "{text}");
    }
}

/// Every key of the table, and what people press when something is open.
fn any_key() -> impl Strategy<Value = &'static str> {
    let open = ["enter", "esc", "tab", "backspace", "up", "down", "a", "7", "9", "space", "'"];
    let bound = rows().flat_map(|row| row.keys.iter().copied());
    select(bound.chain(open).collect::<Vec<_>>())
}

/// A machine after `keys`, drawn after each of them; every cursor on the way is in the log.
fn after(session: &Arc<Session>, keys: &[&str]) -> [String; 2] {
    let mut app = App::new(Arc::clone(session), Look::MONO);
    while app.timeline.record(u64::MAX).complete.is_none() {}
    for key in keys {
        testing::press(&mut app, key);
        let event = app.view.cursor.event;
        assert!(app.timeline.log().get(event).is_some(), "{keys:?} led to {event:?}");
        app.draw(80, 24);
    }
    [testing::text(&app.draw(80, 24)), testing::text(&app.draw(120, 36))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_same_keys_lead_to_the_same_screen_and_never_out_of_the_log(
        keys in vec(any_key(), 1..40)
    ) {
        let session = testing::session(POLICIES, &["warm_up=0s", "duration=200ms"]);
        prop_assert_eq!(after(&session, &keys), after(&session, &keys));
    }
}
