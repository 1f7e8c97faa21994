//! The screen on real scenarios: a sidecar pair, a waypoint, a denial, a drop and no mesh at all.

use meshwalk_sim::log::StepKind;
use meshwalk_sim::timeline::EventId;

use crate::explore::App;
use crate::explore::look::Look;
use crate::explore::output::styled;
use crate::explore::screen::Screen;
use crate::explore::testing::{self, body, shown};

use super::{EVENTS, LAYERS, PATH, WHY};

const POLICIES: &str = "basics/policies.yaml";
const SHORT: &[&str] = &["duration=1s", "warm_up=0s", "expectations=[]"];

/// One workload that calls another one in a folder of questions.
fn asked(folder: &str, to: &str, look: Look) -> App {
    testing::called(folder, to, "duration=1s", look)
}

fn waypoint(to: &str) -> App {
    asked("questions/27-which-identity", to, Look::MONO)
}

fn policies(look: Look) -> App {
    testing::app(POLICIES, SHORT, look)
}

/// The first entry of a kind that belongs to a request.
fn at(app: App, request: &str, kind: StepKind) -> App {
    testing::at(app, request, kind, Screen::Step)
}

#[test]
fn a_request_between_two_sidecars_in_every_size() {
    let app = at(policies(Look::MONO), "web#0", StepKind::RequestAtServerProxy);
    insta::assert_snapshot!("sidecars_80x24", shown(&app, (80, 24)));
    insta::assert_snapshot!("sidecars_100x30", shown(&app, (100, 30)));
    insta::assert_snapshot!("sidecars_120x36", shown(&app, (120, 36)));
}

#[test]
fn sixteen_colours_say_nothing_that_words_do_not() {
    let app = at(policies(Look::ANSI16), "audit#0", StepKind::AnsweredByServerProxy);
    let styled = styled(&body(&app, (120, 36)));
    assert!(styled.contains("blue") && styled.contains("cyan"), "{styled}");
    let mono = at(policies(Look::MONO), "audit#0", StepKind::AnsweredByServerProxy);
    assert_eq!(shown(&app, (120, 36)), shown(&mono, (120, 36)));
}

#[test]
fn every_pane_of_the_small_screen_comes_with_tab() {
    let mut app = at(policies(Look::MONO), "web#0", StepKind::RequestAtServerProxy);
    for (pane, name) in [(LAYERS, "layers"), (PATH, "path"), (WHY, "why")] {
        app.view.set_focus(pane);
        insta::assert_snapshot!(format!("sidecars_{name}_80x24"), shown(&app, (80, 24)));
    }
}

#[test]
fn a_waypoint_changes_who_asks() {
    let app = at(waypoint("stock.shop:8080"), "calls#0", StepKind::Relayed);
    let text = shown(&app, (120, 36));
    assert!(
        text.contains("peer web/sa/frontend") && text.contains("as shop/sa/waypoint"),
        "{text}"
    );
    insta::assert_snapshot!("waypoint_120x36", text);
}

#[test]
fn a_ztunnel_puts_bytes_into_a_tunnel() {
    let mut app = at(waypoint("stock.shop:8080"), "calls#0", StepKind::RequestAtClientNodeProxy);
    app.view.set_focus(LAYERS);
    insta::assert_snapshot!("ztunnel_layers_100x30", shown(&app, (100, 30)));
}

#[test]
fn a_dropped_packet_is_a_cut_on_the_way() {
    let app = at(policies(Look::MONO), "reporter#0", StepKind::SynDropped);
    insta::assert_snapshot!("dropped_80x24", shown(&app, (80, 24)));
    let strip = |app: &App| {
        let screen = shown(app, (80, 24));
        let is_strip = |line: &&str| line.contains("[ payments-1 ]");
        screen.lines().find(is_strip).expect("the strip").to_owned()
    };
    assert!(strip(&app).contains('✗'), "{}", strip(&app));
    let app = at(policies(Look::MONO), "reporter#0", StepKind::ConnectionOpening);
    assert!(!strip(&app).contains('✗'), "not before it is sent: {}", strip(&app));
}

#[test]
fn without_a_mesh_two_applications_speak_in_plaintext() {
    let app = testing::app("shop/no-mesh.yaml", SHORT, Look::MONO);
    let request = app.timeline.log().requests().next().expect("a request");
    let name = app.timeline.log().request_name(request);
    let app = at(app, &name, StepKind::RequestAtApp);
    insta::assert_snapshot!("no_mesh_120x36", shown(&app, (120, 36)));
}

#[test]
fn keys_lead_from_an_entry_to_the_run_and_from_a_box_to_its_first_entry() {
    let app = at(policies(Look::MONO), "web#0", StepKind::RequestAtServerProxy);
    let scene = app.scene();
    let log = app.timeline.log();
    let row = super::Events::of(&scene).row_of(scene.event());
    let jump = super::enter(&scene, EVENTS, row).expect("the entry at the cursor leads on");
    assert_eq!(jump.unfold, Some((EVENTS, super::ALL_ENTRIES.to_owned())));
    let jump = super::enter(&scene, EVENTS, 0).expect("an entry leads to itself");
    assert_eq!(jump.event.map(|id| log.kind(id)), Some(StepKind::CallBegan));
    let jump = super::enter(&scene, PATH, 3).expect("a box leads to its first entry");
    assert_eq!(jump.event.map(|id| log.kind(id)), Some(StepKind::RequestAtApp));
    let jump = super::enter(&scene, WHY, 0).expect("a decision leads to its reasons");
    assert_eq!(jump.screen, Some(Screen::Why));
    assert_eq!(super::rows(&scene, PATH), 4, "two applications and two sidecars");
}

#[test]
fn all_entries_of_the_run_are_listed_where_they_are_asked_for() {
    let mut app = at(policies(Look::MONO), "web#0", StepKind::RequestAtServerProxy);
    let own = super::rows(&app.scene(), EVENTS);
    app.view.turn_over(EVENTS, super::ALL_ENTRIES.to_owned());
    let all = super::rows(&app.scene(), EVENTS);
    assert_eq!(all, app.timeline.log().len());
    assert!(own < all, "{own} of {all}");
}

#[test]
fn no_entry_of_these_runs_breaks_the_screen() {
    for mut app in [policies(Look::MONO), waypoint("orders.shop:8080")] {
        app.show(Screen::Step);
        for event in 0..app.timeline.log().len() as u32 {
            app.go_to(EventId(event));
            let said = super::sentences(&app.scene());
            assert!(said.iter().all(|it| !it.is_empty()), "{said:?}");
            shown(&app, (80, 24));
        }
    }
}

#[test]
fn the_screen_is_told_in_sentences() {
    let app = at(policies(Look::MONO), "web#0", StepKind::RequestAtServerProxy);
    insta::assert_snapshot!("sidecars_sentences", super::sentences(&app.scene()).join("\n"));
}

/// State, keys, and what the screen shows then.
#[test]
fn keys_lead_through_events_layers_and_screens() {
    let mut app = at(policies(Look::MONO), "web#0", StepKind::RequestAtServerProxy);
    testing::tell(
        &mut app,
        (120, 36),
        &[
            ("2", &["[2 Step]", "╔ Events", "▶● e34"]),
            ("j enter", &["▶● e39"]),
            ("o", &["▶● e34"]),
            ("tab", &["╔ Layers of the request at payments-1 sidecar"]),
            ("z", &["╔ Layers"]),
            ("esc tab", &["╔ Path  web#0"]),
            ("tab", &["╔ Why: last decision"]),
            ("w", &["[4 Why]"]),
            ("esc", &["[2 Step]", "● e34"]),
            ("L", &["● e55"]),
        ],
    );
}

#[test]
fn esc_leads_back_from_all_events_to_those_of_the_request() {
    let mut app = at(policies(Look::MONO), "web#0", StepKind::RequestAtServerProxy);
    testing::tell(
        &mut app,
        (120, 36),
        &[
            ("enter", &["of the whole run"]),
            ("j enter", &["of the whole run"]),
            ("o", &["of the whole run", "● e34"]),
            ("esc", &["[2 Step]", "of web#0", "● e34"]),
        ],
    );
}

#[test]
fn a_weighted_destination_is_told_with_its_chance_and_the_line_that_sets_it() {
    let app = asked("questions/41-routes-in-ci", "checkout.shop:8080", Look::MONO);
    let app = at(app, "calls#0", StepKind::DestinationDrawn);
    let said = super::sentences(&app.scene()).join("\n");
    let drawn = "draws outbound|8080|v1|checkout.shop.svc.cluster.local, weight 90 of 100 \
                 [../scenarios/questions/41-routes-in-ci/routes.yaml:18";
    assert!(said.contains(drawn), "{said}");
    let mut app = app;
    app.view.set_focus(LAYERS);
    let layers = shown(&app, (120, 36));
    assert!(layers.contains("weight 90 of 100"), "{layers}");
}
