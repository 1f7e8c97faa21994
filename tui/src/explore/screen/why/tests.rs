//! The screen on real scenarios: what is told of a denial on each layer, and where keys lead.

use std::collections::BTreeSet;
use std::sync::mpsc;

use meshwalk_models::walk::Sender;
use meshwalk_sim::log::StepKind;
use meshwalk_sim::timeline::EventId;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::App;
use crate::explore::asking::call_at;
use crate::explore::look::Look;
use crate::explore::output::styled;
use crate::explore::screen::Screen;
use crate::explore::testing;

use super::about::About;
use super::agreement::{Agreement, agreement};
use super::{CHOICES, DECISION, ELSEWHERE, FLIPS, IDENTITY, Model};

/// One workload that calls another one in a folder of questions.
struct Asked {
    folder: &'static str,
    from: &'static str,
    to: &'static str,
    method: &'static str,
    path: &'static str,
}

const WHICH_POLICY: Asked = Asked {
    folder: "questions/33-which-policy",
    from: "shop/frontend",
    to: "charge.payments:8080",
    method: "POST",
    path: "/v1/charge",
};
const WHICH_IDENTITY: Asked = Asked {
    folder: "questions/27-which-identity",
    from: "web/frontend",
    to: "orders.shop:8080",
    method: "GET",
    path: "/",
};
const STRICT: Asked = Asked {
    folder: "questions/34-strict-and-plaintext",
    from: "shop/frontend",
    to: "ledger.shop:8080",
    method: "GET",
    path: "/",
};
const NOTHING_DENIED: Asked = Asked {
    folder: "questions/24-l7-deny-without-waypoint",
    from: "web/frontend",
    to: "orders.shop:8080",
    method: "DELETE",
    path: "/",
};
const PORT_OF_TUNNELS: Asked = Asked {
    folder: "questions/28-network-policy-and-hbone",
    from: "web/frontend",
    to: "orders.shop:8080",
    method: "GET",
    path: "/",
};
const NO_DNS: Asked = Asked {
    folder: "questions/31-trace-of-a-policy",
    from: "shop/web",
    to: "prices:8080",
    method: "GET",
    path: "/",
};

impl Asked {
    /// The Why screen at the first entry of a kind.
    fn at(&self, kind: StepKind, look: Look) -> App {
        let Self { folder, from, to, method, path } = self;
        let traffic = format!(
            "traffic=[{{name: calls, from: {from}, to: \"{to}\", requests: [{{method: {method}, \
             path: {path}}}], stop: 300ms, load: {{arrivals: {{constant: {{rate: 5/s}}}}}}}}]"
        );
        let edits = ["duration=20s", "warm_up=0s", &traffic];
        at(testing::app(folder, &edits, look), kind)
    }
}

fn at(mut app: App, kind: StepKind) -> App {
    let log = app.timeline.log();
    let mut all = (0..log.len() as u32).map(EventId);
    let event = all.find(|id| log.kind(*id) == kind).expect("the run has such an entry");
    app.go_to(event);
    app.show(Screen::Why);
    app
}

/// What is between the tabs and the line of time; what stands around it has tests of its own.
fn text(app: &App, (width, height): (u16, u16)) -> String {
    let all = testing::text(&app.draw(width, height));
    let lines = all.lines().skip(2).take(usize::from(height) - 5);
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_denial_names_the_policies_and_the_near_miss() {
    let app = WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::MONO);
    insta::assert_snapshot!("which_policy_80x24", text(&app, (80, 24)));
    insta::assert_snapshot!("which_policy_100x30", text(&app, (100, 30)));
    insta::assert_snapshot!("which_policy_120x36", text(&app, (120, 36)));
}

#[test]
fn a_waypoints_identity_is_followed_back_to_its_certificate() {
    let app = WHICH_IDENTITY.at(StepKind::CallEnded, Look::MONO);
    insta::assert_snapshot!("which_identity_120x36", text(&app, (120, 36)));
}

#[test]
fn plaintext_that_is_reset_names_both_lines() {
    let app = STRICT.at(StepKind::ConnectionReset, Look::MONO);
    insta::assert_snapshot!("strict_120x36", text(&app, (120, 36)));
}

#[test]
fn a_denial_that_does_nothing_is_allowed_and_says_why() {
    let app = NOTHING_DENIED.at(StepKind::CallEnded, Look::MONO);
    insta::assert_snapshot!("nothing_denied_120x36", text(&app, (120, 36)));
}

#[test]
fn a_dropped_packet_names_the_port_that_is_missing() {
    let app = PORT_OF_TUNNELS.at(StepKind::CallEnded, Look::MONO);
    insta::assert_snapshot!("port_of_tunnels_100x30", text(&app, (100, 30)));
}

#[test]
fn a_name_that_nobody_answers_for_names_the_policy() {
    let app = NO_DNS.at(StepKind::CallEnded, Look::MONO);
    insta::assert_snapshot!("no_dns_80x24", text(&app, (80, 24)));
}

#[test]
fn a_route_that_nearly_matched_is_marked_with_what_the_request_lacks() {
    let asked = Asked {
        folder: "questions/41-routes-in-ci",
        from: "web/frontend",
        to: "checkout.shop:8080",
        method: "GET",
        path: "/pay",
    };
    let app = asked.at(StepKind::CallEnded, Look::MONO);
    let model = Model::of(&app.scene());
    let mut rows = model.lists[DECISION].iter();
    let near = rows.find(|row| row.text.ends_with("is passed over")).expect("a near miss");
    let below: Vec<&str> = near.below.iter().map(|(_, text)| text.as_str()).collect();
    let told = ["found  x-user: (missing)", " it is missing ^^^^^^^^^", "wanted x-user: jane"];
    assert_eq!(below, told);
}

#[test]
fn the_run_and_the_answer_agree_in_every_question() {
    for asked in [WHICH_POLICY, WHICH_IDENTITY, STRICT, NOTHING_DENIED, PORT_OF_TUNNELS, NO_DNS] {
        let app = asked.at(StepKind::CallEnded, Look::MONO);
        let model = Model::of(&app.scene());
        let texts: Vec<&str> = model.headline.iter().map(|item| item.text.as_str()).collect();
        let agrees = texts.iter().any(|text| text.ends_with("this agrees with the answer"));
        assert!(agrees, "{}: {texts:?}", asked.folder);
    }
}

#[test]
fn sixteen_colours_add_nothing_that_characters_do_not_say() {
    let app = WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::ANSI16);
    let area = Rect::new(0, 0, 120, 31);
    let mut body = Buffer::empty(area);
    super::draw(&app.scene(), area, &mut body);
    insta::assert_snapshot!("which_policy_ansi16_120x36", styled(&body));
    let mono = WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::MONO);
    assert_eq!(text(&app, (120, 36)), text(&mono, (120, 36)));
}

#[test]
fn the_shop_tells_which_endpoint_was_chosen_among_which() {
    let edits = ["duration=300ms", "warm_up=0s", "expectations=[]"];
    let mut app = testing::app("shop/baseline.yaml", &edits, Look::MONO);
    let log = app.timeline.log();
    let mut all = (0..log.len() as u32).map(EventId);
    let is_of_pod = |id: EventId| {
        let call = call_at(log, id).expect("an endpoint is chosen for a call");
        let reply = app.asking.answer(call.call, call.pod, call.at);
        reply.is_ok_and(|answered| matches!(answered.question.sender, Sender::Pod(_)))
    };
    let event = all.find(|id| log.kind(*id) == StepKind::EndpointChosen && is_of_pod(*id));
    app.go_to(event.expect("a pod calls another"));
    app.show(Screen::Why);
    insta::assert_snapshot!("shop_120x36", text(&app, (120, 36)));
}

#[test]
fn a_call_at_an_unseen_controller_shows_its_rule_and_the_way_to_the_pod() {
    let edits = ["duration=300ms", "warm_up=0s", "expectations=[]"];
    let app = at(testing::app("shop/baseline.yaml", &edits, Look::MONO), StepKind::EndpointChosen);
    insta::assert_snapshot!("shop_ingress_80x24", text(&app, (80, 24)));
    insta::assert_snapshot!("shop_ingress_120x36", text(&app, (120, 36)));
}

/// For each call site of a run, where it ends first.
fn ends(app: &App) -> Vec<EventId> {
    let log = app.timeline.log();
    let mut seen = BTreeSet::new();
    let all = (0..log.len() as u32).map(EventId);
    all.filter(|id| log.kind(*id) == StepKind::CallEnded)
        .filter(|id| call_at(log, *id).is_some_and(|at| seen.insert(at.call)))
        .collect()
}

/// All scenarios of two folders, with how long they run here: until a caller has given up where
/// packets are dropped, and not for long where there are many.
fn scenarios() -> Vec<(String, &'static str)> {
    let folder = std::fs::read_dir("../scenarios/basics").expect("the folder is there");
    let names = folder.map(|entry| entry.expect("it can be read").file_name());
    let names = names.map(|name| format!("basics/{}", name.to_string_lossy()));
    let mut all: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    all.sort();
    let long = |name: String| match name.as_str() {
        "basics/policies.yaml" => (name, "duration=12s"),
        "basics/outside.yaml" => (name, "duration=150s"),
        _ => (name, "duration=1s"),
    };
    let mut all: Vec<_> = all.into_iter().map(long).collect();
    for name in ["baseline", "no-mesh", "overload"] {
        all.push((format!("shop/{name}.yaml"), "duration=500ms"));
    }
    // Manifests alone: clients outside call what is open to them, or else all Services.
    all.push(("basics/manifests/outside.yaml".to_owned(), "duration=140s"));
    for name in ["24-l7-deny-without-waypoint", "34-strict-and-plaintext", "27-which-identity"] {
        all.push((format!("questions/{name}"), "duration=1s"));
    }
    all
}

/// Whether the run and the answer agree, for the first end of each call site that can be walked;
/// also who calls.
fn agreements(app: &App) -> Vec<(String, Sender, Agreement)> {
    let (log, plan) = (app.timeline.log(), app.session.plan());
    let mut all = Vec::new();
    for event in ends(app) {
        let about = About::at(log, plan, event).expect("a call ends here");
        let call = about.call;
        let Ok(answered) = app.asking.answer(call.call, call.pod, call.at) else { continue };
        let answer = &answered.answer;
        let found = agreement(answer, answer.verdict, &about.fate);
        all.push((log.name(event).to_string(), answered.question.sender.clone(), found));
    }
    all
}

#[test]
fn no_run_of_a_scenario_differs_from_its_answers() {
    let (mut compared, mut from_outside, mut at_controllers) = (0, 0, 0);
    for (scenario, duration) in scenarios() {
        let edits = [duration, "warm_up=0s", "expectations=[]"];
        let app = testing::app(&scenario, &edits, Look::MONO);
        for (event, sender, found) in agreements(&app) {
            let differs = matches!(found, Agreement::Differ(_));
            assert!(!differs, "{scenario} {event}: {found:?}");
            compared += 1;
            from_outside += u32::from(matches!(sender, Sender::Client(_)));
            if matches!(sender, Sender::Controller(_)) {
                assert_ne!(found, Agreement::Unknown, "{scenario} {event}");
                at_controllers += 1;
            }
        }
    }
    assert!(compared > 60, "{compared} calls were compared");
    assert!(from_outside > 15, "{from_outside} of them of clients outside");
    assert!(at_controllers >= 3, "{at_controllers} of them at controllers that no manifest holds");
}

#[test]
fn what_ends_a_call_of_clients_outside_is_known_at_every_service_that_is_open_to_them() {
    for (scenario, calls) in [("basics/outside.yaml", 7), ("basics/manifests/outside.yaml", 5)] {
        let app = testing::app(scenario, &["duration=150s", "warm_up=0s"], Look::MONO);
        let found = agreements(&app);
        assert_eq!(found.len(), calls, "{scenario}");
        for (event, sender, agreement) in found {
            let is_outside = matches!(sender, Sender::Client(_));
            assert!(is_outside && agreement == Agreement::Same, "{event}: {agreement:?}");
        }
    }
}

#[test]
fn a_client_outside_sees_why_it_is_reset_and_which_line_says_so() {
    let edits = ["duration=2s", "warm_up=0s", "expectations=[]"];
    let app = testing::app("basics/outside.yaml", &edits, Look::MONO);
    let app = at(app, StepKind::ConnectionReset);
    insta::assert_snapshot!("outside_120x36", text(&app, (120, 36)));
    insta::assert_snapshot!("outside_80x24", text(&app, (80, 24)));
}

#[test]
fn enter_unfolds_what_has_reasons_and_goes_to_what_proved_an_identity() {
    let mut app = WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::MONO);
    let scene = app.scene();
    let model = Model::of(&scene);
    let tree = &model.lists[DECISION];
    let folded = tree.iter().position(|item| item.text.starts_with("Service payments/charge"));
    let folded = folded.expect("how the name is resolved is folded");
    let jump = super::enter(&scene, DECISION, folded).expect("it unfolds");
    let before = super::rows(&scene, DECISION);
    let (pane, key) = jump.unfold.expect("a key");
    app.view.turn_over(pane, key);
    assert_eq!(super::rows(&app.scene(), DECISION), before + 3);

    let scene = app.scene();
    let chain = &model.lists[IDENTITY];
    let proved = chain.iter().position(|item| item.text.contains("mTLS")).expect("a leg");
    let jump = super::enter(&scene, IDENTITY, proved).expect("it leads to an entry");
    let kind = scene.log().kind(jump.event.expect("an entry"));
    assert_eq!(kind, StepKind::TlsEstablished);
}

#[test]
fn prose_says_what_the_panes_show() {
    let app = WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::MONO);
    insta::assert_snapshot!("which_policy_sentences", super::sentences(&app.scene()).join("\n"));
}

#[test]
fn a_worker_finds_what_waiting_would_have_found() {
    let mut app = WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::MONO);
    let waited = text(&app, (120, 36));
    let (tell, told) = mpsc::channel();
    app.ask_beside(Box::new(move || {
        let _ = tell.send(());
    }));
    let texts = |app: &App, pane: usize| -> Vec<String> {
        let model = Model::of(&app.scene());
        model.lists[pane].iter().map(|item| item.text.clone()).collect()
    };
    assert!(texts(&app, FLIPS)[0].starts_with("looking"));
    while app.asking.is_looking() {
        told.recv().expect("the worker is there");
        app.asking.take();
    }
    assert_eq!(text(&app, (120, 36)), waited);

    app.ask_beside(Box::new(|| {}));
    texts(&app, FLIPS);
    app.asking.cancel();
    let stopped = texts(&app, FLIPS);
    assert!(stopped[0].starts_with("stopped"), "{stopped:?}");
    app.view.set_focus(FLIPS);
    testing::press(&mut app, "enter");
    assert!(texts(&app, FLIPS)[0].starts_with("looking"));
    testing::press(&mut app, "esc");
    assert!(texts(&app, FLIPS)[0].starts_with("stopped"), "esc stops it");
    assert_eq!(app.view.screen, Screen::Why, "and leads nowhere else");
}

/// Keys on the Why screen, and what is at its foot or in its panes afterwards.
#[test]
fn keys_lead_where_the_screen_says() {
    let begin = || WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::MONO);
    for (keys, said) in [
        ("enter", "╔ Proof"),
        ("k enter", "▸ denied: none of the 2 policies"),
        ("tab", "╔ Identity"),
        ("tab tab tab", "╔ Other data paths"),
        ("tab tab tab tab", "What would change it  5 of 6"),
        ("tab tab tab tab", "apps.yaml:15"),
    ] {
        let mut app = begin();
        testing::press(&mut app, keys);
        if keys == "tab tab tab tab" {
            testing::press(&mut app, "j");
        }
        let shown = text(&app, (120, 36));
        assert!(shown.contains(said), "{keys} shows {said}:\n{shown}");
    }
}

#[test]
fn enter_on_a_leg_goes_to_the_handshake_and_back_leads_here_again() {
    let mut app = WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::MONO);
    let here = app.view.cursor;
    testing::press(&mut app, "tab j j enter");
    let there = app.view.cursor.event;
    assert_eq!(app.timeline.log().kind(there), StepKind::TlsEstablished);
    testing::press(&mut app, "o");
    assert_eq!(app.view.cursor, here);
}

/// State, keys, and what the screen shows then.
#[test]
fn keys_lead_from_pane_to_pane_and_away() {
    let mut app = WHICH_POLICY.at(StepKind::AnsweredByServerProxy, Look::MONO);
    testing::tell(
        &mut app,
        (120, 36),
        &[
            ("4", &["[4 Why]", "╔ Decision e12", "one token differs"]),
            ("tab", &["╔ Identity"]),
            ("tab z", &["╔ Choices"]),
            ("esc enter", &["e4"]),
            ("o", &["[4 Why]", "Decision e12"]),
            ("2", &["[2 Step]", "● e12"]),
            ("w", &["[4 Why]"]),
            ("esc", &["[2 Step]"]),
        ],
    );
}

#[test]
fn a_weighted_destination_is_a_choice_with_its_line_in_place() {
    let to = "checkout.shop:8080";
    let app = testing::called("questions/41-routes-in-ci", to, "duration=1s", Look::MONO);
    let app = testing::at(app, "calls#0", StepKind::DestinationDrawn, Screen::Why);
    let model = Model::of(&app.scene());
    let is_drawn = |item: &&super::Item| item.text.contains("weight 90 of 100");
    let item = model.lists[CHOICES].iter().find(is_drawn).expect("the draw is listed");
    assert_eq!(item.rule.map(|rule| rule.0), Some("envoy.route.weights"));
    let place = item.origin.expect("a line sets the weight");
    let lines = super::proof::sentences(&app.scene(), &item.clone().from(Some(place)));
    assert!(lines.iter().any(|line| line.contains("weight: 90")), "{lines:?}");
}

#[test]
fn an_ejection_leads_to_the_failure_that_made_it_and_the_failing_call_to_the_ejection() {
    let edits = ["duration=3s", "warm_up=0s", "expectations=[]"];
    let mut app = testing::app("basics/limits.yaml", &edits, Look::MONO);
    let log = app.timeline.log();
    let all = (0..log.len() as u32).map(EventId);
    let ejection = all.into_iter().find(|id| log.kind(*id) == StepKind::HostEjected);
    let ejection = ejection.expect("a host is ejected");
    let cause = log.cause(ejection).expect("a call made it happen");
    let request = log.request_at(cause).expect("it is one of a request");
    let name = log.request_name(request);
    app.go_to(ejection);
    app.show(Screen::Why);
    let model = Model::of(&app.scene());
    let listed = |event| model.lists[CHOICES].iter().position(|it| it.event == Some(event));
    let row = listed(cause).expect("the failure is listed");
    assert!(listed(ejection).expect("the ejection is listed") > row);
    let jump = super::enter(&app.scene(), CHOICES, row).expect("it leads there");
    assert_eq!(jump.event, Some(cause));
    app.show(Screen::Step);
    let said = Screen::Step.sentences(&app.scene()).join("\n");
    assert!(said.contains(&format!("because of {} of {name}", cause.dense_name())), "{said}");
    // And from the failing call on: its next entries come to the ejection.
    app.go_to(cause);
    let on = app.timeline.log().next(meshwalk_sim::timeline::Unit::OfRequest, cause);
    let on = on.expect("the request goes on");
    assert!(on <= ejection, "{on:?}");
    let screen = testing::text(&app.draw(120, 36));
    assert!(screen.contains("ejects stock-"), "{screen}");
}
