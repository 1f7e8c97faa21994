//! Stories about what policy does to connections and requests in time, with gates put into the
//! plan by hand. Who decides on gates is told in `policy`.

use std::sync::Arc;

use meshwalk_models::path::Protection;

use crate::flow::plan::{
    ConnectionFate, ConnectionGate, Decision, DecisionPlan, DestinationEnd, GateKey, GatePlan,
    Plan, RequestGate, RouteAction,
};
use crate::kernel::Seed;
use crate::log::Step;
use crate::run::{record, run};
use crate::stats::{Details, EdgeCounters, Ruling};

use super::rig::{NO_NETWORK, edge, prepared, services};

/// `web` calls `api` ten times, once a minute.
struct Story {
    data_path: &'static str,
    call: &'static str,
    web: &'static str,
}

const PLAIN: Story = Story { data_path: "none", call: "", web: "" };
const MESHED: Story = Story { data_path: "istio-sidecar", ..PLAIN };

/// How calls ended, as lines of an access log.
fn endings(edge: &EdgeCounters) -> Vec<String> {
    edge.endings.iter().map(|(ending, _)| ending.to_string()).collect()
}

impl Story {
    /// Ten calls, all of which meet this gate.
    fn behind(&self, gate: GatePlan) -> (EdgeCounters, Vec<Step>) {
        let Self { data_path, call, web } = self;
        let comma = if call.is_empty() { "" } else { ", " };
        let scenario = format!(
            "version: 1
duration: 1200s
data_path: {data_path}
{NO_NETWORK}
workloads:
  web: {{ {web} routes: [{{ steps: [{{ call: {{ to: api, optional: true{comma}{call} }} }}] }}] }}
traffic:
  - {{ name: load, to: web, stop: 599s, load: {{ arrivals: {{ constant: {{ rate: 1/min }} }} }} }}
"
        );
        let prepared = prepared(&services(&[("web", 1), ("api", 1)]), &scenario);
        let mut plan: Plan = prepared.plan.as_ref().clone();
        let decision = DecisionPlan {
            ruling: Ruling::Denied,
            sentence: "by hand".to_owned(),
            origins: Vec::new(),
        };
        assert_eq!(plan.gates.decision(decision), BY_HAND);
        for sending in sendings_to_api(&plan) {
            plan.gates.insert(GateKey { sending, client: 0, server: 0 }, gate.clone());
        }
        let plan = Arc::new(plan);
        let mut steps = Vec::new();
        let recorded = record(&plan, Seed(1), |entry| steps.push(entry.step)).expect("short");
        let quiet = run(&plan, Seed(1)).expect("short");
        assert_eq!(recorded.state_hash, quiet.state_hash, "who listens changes nothing");
        (edge(&prepared, &quiet, "default/web", "default/api").clone(), steps)
    }
}

/// Only `web` has a proxy that sends anything, and it sends to `api` alone.
fn sendings_to_api(plan: &Plan) -> Vec<u32> {
    let routes = plan.mesh.routes.iter().filter_map(|route| match &route.action {
        RouteAction::Forward(terms) => Some(&terms.destinations),
        RouteAction::Answer(_) => None,
    });
    let by_proxy = routes.flatten().filter_map(|destination| match destination.end {
        DestinationEnd::Cluster { sending, .. } => Some(sending),
        DestinationEnd::Missing(_) => None,
    });
    by_proxy.chain(plan.calls[0].sending).collect()
}

const BY_HAND: Decision = Decision(0);

fn ends(fate: ConnectionFate, protection: Protection) -> GatePlan {
    let connection = ConnectionGate::Ends(fate, BY_HAND);
    GatePlan { protection, connection, request: RequestGate::Through }
}

fn answered(status: u16, protection: Protection) -> GatePlan {
    let details = Details::of_name("rbac_access_denied");
    let request = RequestGate::Answered { status, details, decision: BY_HAND };
    GatePlan { protection, connection: ConnectionGate::Open, request }
}

fn count(steps: &[Step], name: &str) -> usize {
    steps.iter().filter(|step| step.name() == name).count()
}

#[test]
fn a_dropped_syn_is_sent_again_after_doubling_pauses_until_the_application_gives_up() {
    let story = Story { web: "connect_timeout: 10s,", ..PLAIN };
    let (api, steps) = story.behind(ends(ConnectionFate::Dropped, Protection::Plaintext));
    assert_eq!(endings(&api), ["no answer connect_timeout"]);
    assert_eq!((api.requests(), api.rulings.total()), (10, 10));
    assert_eq!(api.latency.min().map(|it| it.as_secs_f64()), Some(10.0));
    // At 1, 3 and 7 seconds.
    assert_eq!(count(&steps, "syn_sent_again"), 30);
    assert_eq!(api.wire.total(), 0, "nothing is sent");
}

#[test]
fn without_a_limit_of_its_own_a_client_waits_as_long_as_linux_does() {
    let (api, _) = PLAIN.behind(ends(ConnectionFate::Dropped, Protection::Plaintext));
    assert_eq!(api.latency.min().map(|it| it.as_secs_f64()), Some(127.0));
}

#[test]
fn a_call_that_gives_up_first_hears_nothing_of_the_drop() {
    let story = Story { call: "timeout: 2s", ..PLAIN };
    let (api, _) = story.behind(ends(ConnectionFate::Dropped, Protection::Plaintext));
    assert_eq!(endings(&api), ["no answer caller_timeout"]);
    assert_eq!(api.latency.max().map(|it| it.as_secs_f64()), Some(2.0));
}

#[test]
fn a_proxy_answers_for_a_dropped_connection_when_its_connect_timeout_and_retries_are_over() {
    let (api, _) = MESHED.behind(ends(ConnectionFate::Dropped, Protection::MutualTls));
    let words = "503 URX,UF upstream_reset_before_response_started{connection_timeout}";
    assert_eq!(endings(&api), [words]);
    assert_eq!((api.attempts, api.rulings.total()), (30, 30), "two retries each");
    let seconds = api.latency.min().expect("calls ended").as_secs_f64();
    assert!((30.0..31.0).contains(&seconds), "three times 10 s: {seconds}");
}

#[test]
fn a_reset_ends_a_plain_call_at_once() {
    let (api, _) = PLAIN.behind(ends(ConnectionFate::Refused, Protection::Plaintext));
    assert_eq!(endings(&api), ["no answer connection_refused"]);
    assert!(api.latency.max().expect("calls ended").as_secs_f64() < 0.001);
    let (api, _) = MESHED.behind(ends(ConnectionFate::Closed, Protection::Plaintext));
    assert_eq!(
        endings(&api),
        ["503 UC upstream_reset_before_response_started{connection_termination}"]
    );
    assert!(api.latency.max().expect("calls ended").as_secs_f64() < 0.01);
}

#[test]
fn a_handshake_that_fails_is_a_connection_failure_to_the_proxy() {
    let (api, _) = MESHED.behind(ends(ConnectionFate::NoHandshake, Protection::MutualTls));
    let words = "503 URX,UF upstream_reset_before_response_started{remote_connection_failure|\
                 delayed_connect_error:_Connection_reset_by_peer}";
    assert_eq!(endings(&api), [words]);
    assert_eq!(api.tls_handshakes, 0);
}

#[test]
fn an_answer_of_the_servers_proxy_is_an_answer() {
    let (api, steps) = MESHED.behind(answered(403, Protection::MutualTls));
    assert_eq!(endings(&api), ["403"]);
    assert_eq!(api.rulings.iter().collect::<Vec<_>>(), [(Ruling::Denied, 10)]);
    assert_eq!(count(&steps, "answered_by_server_proxy"), 10);
    assert_eq!(api.connections_opened, 1, "the connection stays");
    let (api, _) = MESHED.behind(answered(401, Protection::MutualTls));
    assert_eq!(api.rulings.iter().collect::<Vec<_>>(), [(Ruling::Unauthenticated, 10)]);
}
