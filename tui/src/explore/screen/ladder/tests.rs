//! The screen on real scenarios: mutual TLS, HBONE, a refusal, a silence, and plaintext.

use meshwalk_sim::log::StepKind;
use meshwalk_sim::timeline::EventId;

use crate::explore::App;
use crate::explore::look::Look;
use crate::explore::output::styled;
use crate::explore::screen::Screen;
use crate::explore::testing::{self, SIZES, body, shown};

use super::model::{Basis, What};
use super::scene::Shown;
use super::{BELIEFS, LADDER, WHY};

const POLICIES: &str = "basics/policies.yaml";
const SHOP_SHORT: &[&str] = &["duration=2s", "warm_up=0s", "expectations=[]"];
const SHORT: &[&str] = &["duration=1s", "warm_up=0s", "expectations=[]"];

fn asked(folder: &str, to: &str, duration: &str) -> App {
    testing::called(folder, to, duration, Look::MONO)
}

fn waypoint() -> App {
    asked("questions/27-which-identity", "stock.shop:8080", "duration=1s")
}

fn policies(look: Look) -> App {
    testing::app(POLICIES, SHORT, look)
}

/// The first entry of a kind that belongs to a request.
fn at(app: App, request: &str, kind: StepKind) -> App {
    testing::at(app, request, kind, Screen::Ladder)
}

/// What the client's end and the server's believe of a thing.
fn believed(app: &App, about: &str) -> (String, String) {
    let shown = Shown::of(&app.scene()).expect("a connection");
    let belief = shown.beliefs.iter().find(|it| it.about == about).expect("a belief");
    (belief.client.clone(), belief.server.clone())
}

#[test]
fn mutual_tls_in_every_size() {
    let app = at(policies(Look::MONO), "web#0", StepKind::TlsEstablished);
    insta::assert_snapshot!("mutual_tls_80x24", shown(&app, (80, 24)));
    insta::assert_snapshot!("mutual_tls_100x30", shown(&app, (100, 30)));
    insta::assert_snapshot!("mutual_tls_120x36", shown(&app, (120, 36)));
}

#[test]
fn sixteen_colours_say_nothing_that_words_do_not() {
    let app = at(policies(Look::ANSI16), "batch#0", StepKind::ConnectionReset);
    for size in SIZES {
        let name = format!("reset_ansi16_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, styled(&body(&app, size)));
    }
    let mono = at(policies(Look::MONO), "batch#0", StepKind::ConnectionReset);
    assert_eq!(shown(&app, (120, 36)), shown(&mono, (120, 36)));
}

#[test]
fn the_client_is_connected_before_the_server_has_checked_it() {
    let app = at(policies(Look::MONO), "web#0", StepKind::TlsEstablished);
    let (client, server) = believed(&app, "TLS");
    assert!(client.starts_with("connected"), "{client}");
    assert_eq!(server, "has yet to check the client");
    let (client, server) = believed(&app, "peer is");
    assert_eq!((client.as_str(), server.as_str()), ("default/sa/payments", "unknown yet"));
    let app = at(policies(Look::MONO), "web#0", StepKind::RequestAtServerProxy);
    assert_eq!(believed(&app, "TLS").1, "connected, client checked");
    assert_eq!(believed(&app, "peer is").1, "default/sa/web");
}

#[test]
fn a_tunnel_is_made_before_connect_is_asked_on_it() {
    let app = at(waypoint(), "calls#0", StepKind::StreamOpened);
    insta::assert_snapshot!("hbone_120x36", shown(&app, (120, 36)));
    let shown = Shown::of(&app.scene()).expect("a connection");
    let place = |words: &str| {
        let is_it = |what: &What| match what {
            What::Message(message) => message.kind.words().0.contains(words),
            What::Note(note) => note.text.contains(words),
        };
        shown.ladder.rungs.iter().position(|rung| is_it(&rung.what)).expect("a row")
    };
    assert!(place("opens a tunnel") < place("ClientHello"));
    assert!(place("ClientHello") < place("CONNECTED"));
    assert!(place("CONNECTED") < place("h2 CONNECT"));
}

#[test]
fn what_the_engine_does_not_simulate_has_no_time() {
    let app = at(waypoint(), "calls#0", StepKind::StreamOpened);
    let shown = Shown::of(&app.scene()).expect("a connection");
    for rung in &shown.ladder.rungs {
        assert_eq!(rung.at.is_none(), rung.basis == Basis::Derived, "{rung:?}");
    }
    assert!(super::say::derived(&shown.ladder) > 0);
}

#[test]
fn the_client_hears_of_a_reset_later_than_the_server_decides_it() {
    let app = at(policies(Look::MONO), "batch#0", StepKind::ConnectionReset);
    let (client, server) = believed(&app, "error seen");
    assert_eq!(client, "none");
    assert!(server.contains("STRICT"), "{server}");
    let app = at(policies(Look::MONO), "batch#0", StepKind::AttemptReset);
    assert!(believed(&app, "error seen").0.starts_with("turned away"));
}

#[test]
fn a_dropped_packet_leaves_the_server_ignorant() {
    let app = at(policies(Look::MONO), "reporter#0", StepKind::SynDropped);
    insta::assert_snapshot!("dropped_80x24", shown(&app, (80, 24)));
    assert_eq!(believed(&app, "TCP").1, "never saw a SYN");
}

#[test]
fn a_connection_that_never_opened_sends_no_close() {
    let edits = ["duration=12s", "warm_up=0s", "expectations=[]"];
    let app = testing::app(POLICIES, &edits, Look::MONO);
    let app = at(app, "reporter#0", StepKind::ConnectionClosed);
    let screen = shown(&app, (80, 24));
    assert!(screen.contains("is given up: it never opened"), "{screen}");
    assert!(!screen.contains(" close "), "no message is drawn:\n{screen}");
    let (client, server) = believed(&app, "TCP");
    assert!(client.starts_with("given up"), "{client}");
    assert_eq!(server, "never saw a SYN");
}

#[test]
fn a_tunnel_that_is_dropped_is_given_up() {
    let folder = "questions/28-network-policy-and-hbone";
    let app = asked(folder, "orders.shop:8080", "duration=12s");
    let app = at(app, "calls#0", StepKind::SynDropped);
    insta::assert_snapshot!("tunnel_dropped_100x30", shown(&app, (100, 30)));
}

#[test]
fn plaintext_has_no_handshake() {
    let app = testing::app("shop/no-mesh.yaml", SHORT, Look::MONO);
    let request = app.timeline.log().requests().next().expect("a request");
    let name = app.timeline.log().request_name(request);
    let app = at(app, &name, StepKind::RequestAtApp);
    assert_eq!(believed(&app, "TLS").0, "none: plaintext");
    insta::assert_snapshot!("plaintext_80x24", shown(&app, (80, 24)));
}

#[test]
fn beliefs_and_reasons_have_the_small_screen_for_themselves() {
    let mut app = at(policies(Look::MONO), "batch#0", StepKind::ConnectionReset);
    for (pane, name) in [(BELIEFS, "beliefs"), (WHY, "why")] {
        app.view.set_focus(pane);
        insta::assert_snapshot!(format!("reset_{name}_80x24"), shown(&app, (80, 24)));
    }
}

#[test]
fn keys_lead_from_a_row_to_its_entry_and_from_a_belief_to_the_reasons() {
    let app = at(policies(Look::MONO), "batch#0", StepKind::ConnectionReset);
    let (scene, log) = (app.scene(), app.timeline.log());
    let jump = super::enter(&scene, LADDER, 0).expect("a row leads to its entry");
    assert_eq!(jump.event.map(|id| log.kind(id)), Some(StepKind::ConnectionOpening));
    let jump = super::enter(&scene, BELIEFS, 0).expect("a belief leads to the reasons");
    assert_eq!(jump.screen, Some(Screen::Why));
    assert_eq!(jump.event.map(|id| log.kind(id)), Some(StepKind::ConnectionReset));
    assert_eq!(super::enter(&scene, LADDER, 1_000), None);
}

#[test]
fn no_entry_of_these_runs_breaks_the_screen() {
    for mut app in [policies(Look::MONO), waypoint()] {
        app.show(Screen::Ladder);
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
    let app = at(policies(Look::MONO), "batch#0", StepKind::ConnectionReset);
    insta::assert_snapshot!("reset_sentences", super::sentences(&app.scene()).join("\n"));
}

/// State, keys, and what the screen shows then.
#[test]
fn keys_lead_along_the_ladder_and_to_its_reasons() {
    let mut app = at(policies(Look::MONO), "web#0", StepKind::TlsEstablished);
    testing::tell(
        &mut app,
        (120, 36),
        &[
            ("3", &["[3 Ladder]", "╔ Connection #2", "phase 4 of 5"]),
            ("j enter", &["▶● e32", "phase 5 of 5"]),
            ("o", &["phase 4 of 5"]),
            ("tab", &["╔ What each end believes"]),
            ("enter", &["[4 Why]"]),
            ("esc", &["[3 Ladder]", "╔ What each end believes"]),
            ("tab", &["╔ Why "]),
            ("tab z", &["╔ Connection #2", "ClientHello"]),
            ("esc w", &["[4 Why]"]),
        ],
    );
}

/// Tunnels between the same pods serve many connections.
#[test]
fn a_tunnel_that_another_connection_asked_for_is_told_apart() {
    // More calls than one while the tunnel is made.
    let traffic = "traffic=[{name: calls, from: web/frontend, to: \"stock.shop:8080\", requests: \
                   [{method: GET, path: /}], stop: 3ms, load: {arrivals: {constant: {rate: \
                   2000/s}}}}]";
    let edits = ["duration=1s", "warm_up=0s", traffic];
    let app = testing::app("questions/27-which-identity", &edits, Look::MONO);
    let log = app.timeline.log();
    let words = app.session.words();
    let mut of_others = 0;
    for number in 0.. {
        let row = meshwalk_sim::log::ConnectionRow(number);
        let last = log.last().expect("the run has entries");
        let Some(ladder) = super::build::build(&words, log, row, last) else { break };
        let said = |words: &str| {
            let has = |what: &What| match what {
                What::Note(note) => note.text.starts_with(words),
                What::Message(_) => false,
            };
            ladder.rungs.iter().filter(|rung| has(&rung.what)).count()
        };
        let own = said("opens a tunnel");
        assert!(own <= 1, "a connection asks for one tunnel at most: {ladder:?}");
        assert_eq!(said("CONNECTED: the tunnel"), own, "{ladder:?}");
        of_others += said("for another connection");
    }
    assert!(of_others > 0, "some wait for the tunnel of another");
}

#[test]
fn long_numbers_of_entries_and_times_leave_the_lifelines_where_they_are() {
    let mut app = testing::app("shop/baseline.yaml", SHOP_SHORT, Look::MONO);
    app.show(Screen::Ladder);
    let screen = shown(&app, (80, 24));
    let is_rung = |line: &&str| line.contains(" e") && line.contains('\u{2502}');
    let rungs: Vec<&str> = screen.lines().filter(is_rung).collect();
    assert!(rungs.iter().any(|line| line.contains(" e1064")), "it ends far on:\n{screen}");
    let lifeline = |line: &&str| line.chars().position(|it| it == '\u{2502}');
    let first = rungs.first().and_then(lifeline);
    assert!(rungs.len() > 3 && rungs.iter().all(|line| lifeline(line) == first), "{screen}");
}
