//! The screen on real scenarios: what is told of a denial on each layer, and where keys lead.

use meshwalk_sim::log::StepKind;
use meshwalk_sim::timeline::EventId;

use crate::explore::App;
use crate::explore::look::Look;
use crate::explore::screen::Screen;
use crate::explore::testing;

use super::Model;

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

fn text(app: &App, (width, height): (u16, u16)) -> String {
    testing::text(&app.draw(width, height))
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
fn the_run_and_the_answer_agree_in_every_question() {
    for asked in [WHICH_POLICY, WHICH_IDENTITY, STRICT, NOTHING_DENIED, PORT_OF_TUNNELS, NO_DNS] {
        let app = asked.at(StepKind::CallEnded, Look::MONO);
        let model = Model::of(&app.scene());
        let texts: Vec<&str> = model.headline.iter().map(|item| item.text.as_str()).collect();
        let said = "the run and the answer agree";
        assert!(texts.contains(&said), "{}: {texts:?}", asked.folder);
    }
}
