//! The Time screen on real scenarios: what it shows at each size, what its keys do, and that its
//! figures are those of the log.

use meshwalk_sim::log::Step;
use meshwalk_sim::timeline::{EventId, Unit};
use meshwalk_sim::waterfall::of_log;

use super::{ACCOUNTING, RETRIES, SETTINGS, Subject, TIMELINE, enter, rows, sentences};

use crate::explore::App;
use crate::explore::look::Look;
use crate::explore::output::styled;
use crate::explore::screen::Screen;
use crate::explore::testing::{SIZES, app, body, shown, tell, text};

const PER_TRY: (&str, &[&str]) = ("basics/per-try.yaml", &["duration=12s", "warm_up=0s"]);
const RETRIES_OF_APPS: (&str, &[&str]) = ("basics/retries.yaml", &["duration=1s", "warm_up=0s"]);
const OVERLOAD: (&str, &[&str]) =
    ("shop/overload.yaml", &["duration=500ms", "warm_up=0s", "expectations=[]"]);

/// The request of a scenario that got the most attempts, at the entry in the middle of it.
fn busiest((scenario, edits): (&str, &[&str]), look: Look) -> App {
    let mut app = app(scenario, edits, look);
    let log = app.timeline.log();
    let ended = log.requests().filter_map(|row| log.request(row)).filter(|it| it.ended.is_some());
    let attempts = |row| of_log(log, row).map_or(0, |waterfall| waterfall.attempts.len());
    // The first of them, whatever comes later.
    let busiest = ended
        .map(|it| (attempts(it.row), std::cmp::Reverse(it.row)))
        .max()
        .map(|(_, std::cmp::Reverse(row))| row)
        .expect("requests ended");
    let events = log.events_of_request(busiest);
    let retried = events
        .iter()
        .copied()
        .find(|id| matches!(log.step(*id), Step::ProxyBacksOff { .. } | Step::BacksOff { .. }));
    let at = retried.unwrap_or(events[events.len() / 2]);
    app.go_to(at);
    app.show(Screen::Time);
    app
}

fn in_every_size(name: &str, app: &App) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), shown(app, (width, height)));
    }
}

#[test]
fn retries_of_a_proxy_below_those_of_an_application() {
    in_every_size("per_try", &busiest(PER_TRY, Look::MONO));
}

#[test]
fn retries_of_an_application_without_a_mesh() {
    in_every_size("retries", &busiest(RETRIES_OF_APPS, Look::MONO));
}

#[test]
fn a_page_of_the_shop_with_many_calls() {
    in_every_size("overload", &busiest(OVERLOAD, Look::MONO));
}

#[test]
fn colours_and_characters_of_seven_bits() {
    let ansi16 = body(&busiest(PER_TRY, Look::ANSI16), (120, 36));
    insta::assert_snapshot!("per_try_ansi16", styled(&ansi16));
    let ascii = Look { glyphs: crate::explore::look::Glyphs::Ascii, ..Look::MONO };
    let ascii = body(&busiest(PER_TRY, ascii), (120, 36));
    let ascii = text(&ascii);
    assert!(ascii.is_ascii());
    insta::assert_snapshot!("per_try_ascii", ascii);
}

#[test]
fn it_is_told_in_sentences() {
    let app = busiest(PER_TRY, Look::MONO);
    insta::assert_snapshot!("per_try_sentences", sentences(&app.scene()).join("\n"));
}

#[test]
fn every_pane_can_be_seen_at_the_smallest_size() {
    let mut app = busiest(PER_TRY, Look::MONO);
    for (pane, word) in [
        (TIMELINE, "nobody waits"),
        (ACCOUNTING, "= latency"),
        (RETRIES, "retry_on"),
        (SETTINGS, "per-try timeout: 2s"),
    ] {
        app.view.set_focus(pane);
        let screen = text(&app.draw(80, 24));
        assert!(screen.contains(word), "{word} in\n{screen}");
    }
}

#[test]
fn enter_folds_a_row_with_others_below_it_and_leads_from_others_to_their_first_entry() {
    let mut app = busiest(PER_TRY, Look::MONO);
    let all = rows(&app.scene(), TIMELINE);
    let jump = enter(&app.scene(), TIMELINE, 0).expect("the first row has rows below it");
    let (pane, key) = jump.unfold.expect("it folds");
    app.view.turn_over(pane, key);
    assert_eq!(rows(&app.scene(), TIMELINE), 1);
    assert!(text(&app.draw(120, 36)).contains(&format!("+{}", all - 1)));
    let (pane, key) =
        enter(&app.scene(), TIMELINE, 0).and_then(|it| it.unfold).expect("it unfolds");
    app.view.turn_over(pane, key);
    let leads = enter(&app.scene(), TIMELINE, all - 1).and_then(|it| it.event);
    let last = Subject::of(&app.scene()).expect("a request").waterfall;
    assert_eq!(leads.map(|id| u64::from(id.0)), last.attempts.last().map(|it| it.entry));
}

#[test]
fn a_decision_about_a_retry_leads_to_the_entry_that_tells_of_it() {
    let app = busiest(PER_TRY, Look::MONO);
    let event =
        enter(&app.scene(), RETRIES, 0).and_then(|jump| jump.event).expect("it leads there");
    assert!(matches!(app.timeline.log().step(event), Step::Decided { .. }));
}

#[test]
fn an_event_of_no_request_says_so() {
    let mut app = app(RETRIES_OF_APPS.0, RETRIES_OF_APPS.1, Look::MONO);
    app.show(Screen::Time);
    let log = app.timeline.log();
    let last = log.last().expect("something happens");
    let none = (0..=last.0).map(EventId).find(|id| log.request_at(*id).is_none());
    if let Some(none) = none {
        app.go_to(none);
        assert_eq!(sentences(&app.scene()), [super::NO_REQUEST]);
    }
    assert!(app.draw(80, 24).area.width == 80);
}

#[test]
fn going_on_moves_the_cursor_along_the_axis_and_what_is_so_far_grows() {
    let mut app = busiest(PER_TRY, Look::MONO);
    let so_far = |app: &App| {
        let subject = Subject::of(&app.scene()).expect("a request");
        super::accounting::Accounts::of(&app.scene(), &subject.waterfall, subject.now).so_far.whole
    };
    let before = so_far(&app);
    for _ in 0..5 {
        let log = app.timeline.log();
        let next = log.next(Unit::OfRequest, app.view.cursor.event).expect("it goes on");
        app.go_to(next);
    }
    assert!(so_far(&app) > before);
}

/// State, keys, and what the screen shows then.
#[test]
fn keys_lead_through_the_panes_and_along_the_axis() {
    let mut app = busiest(PER_TRY, Look::MONO);
    tell(
        &mut app,
        (120, 36),
        &[
            ("5", &["[5 Time]", "╔ Timeline  readers#12", "1 column = 151ms"]),
            ("+", &["1 column = 75."]),
            ("-", &["1 column = 151ms"]),
            ("k enter", &["1 column = 151ms"]),
            ("tab", &["╔ Accounting", "= latency"]),
            ("tab", &["╔ Retries"]),
            ("enter", &["[5 Time]", "e945 of"]),
            ("tab", &["╔ Settings"]),
            ("z", &["╔ Settings"]),
            ("esc w", &["[4 Why]"]),
            ("esc", &["[5 Time]"]),
        ],
    );
}

#[test]
fn the_settings_name_the_way_that_was_drawn_and_its_chance() {
    let to = "checkout.shop:8080";
    let app =
        crate::explore::testing::called("questions/41-routes-in-ci", to, "duration=1s", Look::MONO);
    let kind = meshwalk_sim::log::StepKind::DestinationDrawn;
    let app = crate::explore::testing::at(app, "calls#0", kind, Screen::Time);
    let said = sentences(&app.scene()).join("\n");
    let way = "by a draw: to outbound|8080|v1|checkout.shop.svc.cluster.local, weight 90 of 100 [";
    assert!(said.contains(way) && said.contains("routes.yaml:18"), "{said}");
    assert_eq!(said.matches("by a draw").count(), 1, "only the way that was taken:\n{said}");
}

#[test]
fn the_settings_tell_how_long_a_connection_may_take_to_be_made() {
    use meshwalk_sim::log::StepKind;
    let edits = ["duration=12s", "warm_up=0s", "expectations=[]"];
    let settings = |scenario: &str, edits: &[&str], request: &str, kind: StepKind| {
        let app = app(scenario, edits, Look::MONO);
        let app = crate::explore::testing::at(app, request, kind, Screen::Time);
        sentences(&app.scene()).join("\n")
    };
    let own = settings("basics/policies.yaml", &edits, "reporter#0", StepKind::SynDropped);
    assert!(own.contains("waits for ever once connected"), "{own}");
    assert!(own.contains("connect timeout: 10s"), "{own}");
    let kernel = ["duration=1s", "warm_up=0s", "expectations=[]", "workloads.reporter={}"];
    let kernel = settings("basics/policies.yaml", &kernel, "reporter#0", StepKind::SynDropped);
    assert!(kernel.contains("connect timeout: 127s, the kernel's"), "{kernel}");
    let proxy = settings("basics/policies.yaml", &edits, "web#0", StepKind::CallBegan);
    assert!(proxy.contains("connect timeout: 10s ["), "with what sets it: {proxy}");
}

#[test]
fn a_refused_retry_says_how_full_the_breaker_was_and_which_line_limits_it() {
    use meshwalk_sim::waterfall::Verdict;
    let edits = ["duration=3s", "warm_up=0s", "expectations=[]"];
    let mut app = app("basics/limits.yaml", &edits, Look::MONO);
    let log = app.timeline.log();
    let mut decisions = log
        .requests()
        .filter_map(|row| of_log(log, row))
        .flat_map(|it| it.tries.into_iter().flat_map(|it| it.retries).collect::<Vec<_>>());
    let is_full = |decision: &meshwalk_sim::waterfall::RetryDecision| {
        matches!(decision.verdict, Verdict::BreakerFull(_))
    };
    let refused = decisions.find(is_full).expect("retries are refused");
    drop(decisions);
    app.go_to(EventId(refused.entry as u32));
    app.show(Screen::Time);
    let said = sentences(&app.scene()).join("\n");
    assert!(said.contains("refused: the retry breaker is full, 1 of 1"), "{said}");
    let line = "max_retries: 1 of 1 retries under way [../scenarios/basics/";
    assert!(said.contains(line), "{said}");
}
