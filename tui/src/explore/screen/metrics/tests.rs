//! Metrics of real runs, in all sizes, and where its keys lead.

use meshwalk_models::units::SimTime;
use meshwalk_sim::timeline::EventId;
use meshwalk_sim::timeline::series::Signal;

use crate::explore::App;
use crate::explore::look::{Glyphs, Look};
use crate::explore::output::styled;
use crate::explore::screen::Screen;
use crate::explore::testing::{self, SIZES, body, shown};

use super::model::{Axis, CHARTS, LIST, Model};

const OVERLOAD: (&str, &[&str]) = ("basics/queue-overflow.yaml", &["duration=4s", "warm_up=0s"]);

/// Metrics two thirds into a run.
fn metrics((scenario, edits): (&str, &[&str]), look: Look) -> App {
    let mut app = testing::app(scenario, edits, look);
    let last = app.timeline.log().last().expect("the run has entries");
    app.go_to(EventId(last.0 / 3 * 2));
    app.show(Screen::Metrics);
    app
}

#[test]
fn an_overload_in_all_sizes() {
    let mut app = metrics(OVERLOAD, Look::MONO);
    for (width, height) in SIZES {
        let shown = shown(&app, (width, height));
        insta::assert_snapshot!(format!("overload_{width}x{height}"), shown);
    }
    app.view.set_focus(CHARTS);
    insta::assert_snapshot!("overload_charts_80x24", shown(&app, (80, 24)));
    insta::assert_snapshot!("overload_sentences", super::sentences(&app.scene()).join("\n"));
    let coloured = metrics(OVERLOAD, Look::ANSI16);
    insta::assert_snapshot!("overload_120x36_ansi16", styled(&body(&coloured, (120, 36))));
    let ascii = metrics(OVERLOAD, Look { glyphs: Glyphs::Ascii, ..Look::MONO });
    let shown = shown(&ascii, (100, 30));
    assert!(shown.is_ascii(), "{shown}");
    insta::assert_snapshot!("overload_100x30_ascii", shown);
}

#[test]
fn enter_on_a_window_leads_to_its_first_entry() {
    let mut app = metrics(OVERLOAD, Look::MONO);
    app.view.set_focus(CHARTS);
    let windows = super::rows(&app.scene(), CHARTS);
    for window in [0, windows / 2, windows - 1] {
        let start = Axis::of(&app.scene()).start(window);
        let jump = super::enter(&app.scene(), CHARTS, window).expect("the run has entries");
        let event = jump.event.expect("it leads to an entry");
        let log = app.timeline.log();
        assert!(log.time(event) >= start || Some(event) == log.last(), "{window}");
        let before = event.0.checked_sub(1).map(|id| log.time(EventId(id)));
        assert!(before.is_none_or(|time| time < start.max(SimTime::from_ns(1))), "{window}");
        app.go_to(event);
    }
}

#[test]
fn the_chosen_window_follows_the_cursor_again_once_that_moves() {
    let mut app = metrics(OVERLOAD, Look::MONO);
    app.view.select(CHARTS, 3);
    assert_eq!(Axis::of(&app.scene()).selected, 3);
    app.go_to(EventId(5));
    let axis = Axis::of(&app.scene());
    assert_eq!(axis.selected, axis.now);
}

#[test]
fn numbers_beside_the_charts_know_nothing_of_what_comes_later() {
    let short = testing::app(OVERLOAD.0, OVERLOAD.1, Look::MONO);
    let mut app = metrics(OVERLOAD, Look::MONO);
    app.go_to(EventId(0));
    let model = Model::of(&app.scene()).expect("there is something to measure");
    assert!(model.lately.count(Signal::Begun) <= 1, "the cursor's own entry at most");
    let errors = model.charts.iter().find(|chart| chart.title == "Errors");
    assert_eq!(errors.and_then(|chart| chart.traces[0].now), None);
    assert!(short.timeline.log().len() > 1000);
}

#[test]
fn every_subject_can_be_selected_in_every_size() {
    let mut app = metrics(OVERLOAD, Look::MONO);
    for row in 0..super::rows(&app.scene(), LIST) {
        app.view.select(LIST, row);
        for (width, height) in SIZES {
            let shown = shown(&app, (width, height));
            assert!(shown.contains("Signals"), "{shown}");
        }
        assert!(super::sentences(&app.scene()).len() >= 5);
    }
}

/// State, keys, and what the screen shows then.
#[test]
fn keys_lead_from_subject_to_subject_and_into_the_charts() {
    let mut app = metrics(OVERLOAD, Look::MONO);
    testing::tell(
        &mut app,
        (120, 36),
        &[
            ("7", &["[7 Metrics]", "╔ Signals", "▶src  too-much", "┌ source too-much"]),
            ("j", &["▶svc  default/server", "service default/server"]),
            ("k", &["┌ source too-much"]),
            ("tab", &["╔ source too-much", "↑2.61s"]),
            ("h h h h enter", &["[7 Metrics]", "╔ source too-much"]),
            ("z", &["╔ source too-much", "Latency"]),
            ("esc tab", &["╔ Signals"]),
            ("enter", &["[7 Metrics]", "▶src  too-much"]),
            ("w", &["[4 Why]"]),
        ],
    );
}
