//! Stories about policies, from manifests to what callers see.

use meshwalk_models::manifest::Severity;

use crate::kernel::Seed;
use crate::run::{Prepared, run};
use crate::stats::{EdgeCounters, Ruling, RunStatistics};

use super::rig::{NO_NETWORK, edge, prepared, services};

/// `web` calls `api` once a second, and gives up connecting after 5 s.
fn world(policies: &str, data_path: &str) -> (Prepared, RunStatistics) {
    let scenario = format!(
        "version: 1
duration: 30s
data_path: {data_path}
{NO_NETWORK}
workloads:
  web:
    connect_timeout: 5s
    routes: [{{ steps: [{{ call: {{ to: api, optional: true }} }}] }}]
traffic:
  - {{ name: users, to: web, stop: 10s, load: {{ arrivals: {{ constant: {{ rate: 1/s }} }} }} }}
"
    );
    let prepared =
        prepared(&format!("{}\n---\n{policies}", services(&[("web", 2), ("api", 2)])), &scenario);
    let statistics = run(&prepared.plan, Seed(1)).expect("the load is below the capacity");
    (prepared, statistics)
}

fn api(policies: &str, data_path: &str) -> EdgeCounters {
    let (prepared, statistics) = world(policies, data_path);
    let errors = prepared.findings.iter().filter(|it| it.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "{:?}", prepared.findings);
    edge(&prepared, &statistics, "default/web", "default/api").clone()
}

fn endings(edge: &EdgeCounters) -> Vec<String> {
    edge.endings.iter().map(|(ending, _)| ending.to_string()).collect()
}

fn ruled(edge: &EdgeCounters) -> Vec<(Ruling, u64)> {
    edge.rulings.iter().collect()
}

/// Lets `from` alone reach the pods of `api`.
fn only(from: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ name: api }}
spec:
  podSelector: {{ matchLabels: {{ app: api }} }}
  ingress: [{{ from: [{{ podSelector: {{ matchLabels: {{ app: {from} }} }} }}] }}]
"
    )
}

#[test]
fn a_policy_that_lets_nobody_in_costs_callers_the_time_to_connect() {
    let api = api(&only("api"), "none");
    assert_eq!(endings(&api), ["no answer connect_timeout"]);
    assert_eq!(ruled(&api), [(Ruling::Dropped, api.requests())]);
    assert_eq!(api.latency.min().map(|it| it.as_secs_f64()), Some(5.0));
}

#[test]
fn a_policy_that_lets_the_caller_in_costs_nothing() {
    let api = api(&only("web"), "none");
    assert_eq!((endings(&api), api.rulings.total()), (vec!["200".to_owned()], 0));
}

#[test]
fn a_sidecar_does_not_help_against_the_network() {
    let (prepared, statistics) = world(&only("nobody"), "istio-sidecar");
    let api = edge(&prepared, &statistics, "default/web", "default/api");
    assert!(api.rulings.total() > 0 && api.successes() == 0, "{api:?}");
    let why = &prepared.plan.gates.decisions[0];
    assert!(why.sentence.contains("default/api"), "{why:?}");
    assert_eq!(why.origins.len(), 1, "the policy's line");
}

#[test]
fn a_server_that_demands_mutual_tls_resets_a_plaintext_caller_and_takes_a_meshed_one() {
    let strict = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: api }
spec:
  selector: { matchLabels: { app: api } }
  mtls: { mode: STRICT }
";
    let meshed = api(strict, "istio-sidecar");
    assert_eq!((endings(&meshed), meshed.rulings.total()), (vec!["200".to_owned()], 0));
    let (prepared, statistics) = world(strict, "istio-sidecar\ndata_paths: { web: none }");
    assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
    let plain = edge(&prepared, &statistics, "default/web", "default/api");
    assert_eq!(endings(plain), ["no answer connection_reset"]);
    assert_eq!(ruled(plain), [(Ruling::Reset, plain.requests())]);
    let latest = plain.latency.max().expect("calls ended").as_secs_f64();
    assert!(latest < 0.01, "at once: {latest}");
    let why = &prepared.plan.gates.decisions[0];
    assert!(why.sentence.contains("STRICT") && !why.origins.is_empty(), "{why:?}");
}

#[test]
fn an_access_rule_that_does_not_name_the_caller_answers_403() {
    let rule = |account: &str| {
        format!(
            "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{ name: api }}
spec:
  selector: {{ matchLabels: {{ app: api }} }}
  rules: [{{ from: [{{ source: {{ principals: [cluster.local/ns/default/sa/{account}] }} }}] }}]
"
        )
    };
    let denied = api(&rule("nobody"), "istio-sidecar");
    assert_eq!(endings(&denied), ["403"]);
    assert_eq!(ruled(&denied), [(Ruling::Denied, denied.requests())]);
    let allowed = api(&rule("default"), "istio-sidecar");
    assert_eq!((endings(&allowed), allowed.rulings.total()), (vec!["200".to_owned()], 0));
}

/// Isolates what `web` sends, but for connections to pods of the same namespace, and `more`.
fn egress(more: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ name: web }}
spec:
  podSelector: {{ matchLabels: {{ app: web }} }}
  policyTypes: [Egress]
  egress: [{{ to: [{{ podSelector: {{}} }}] }}{more}]
"
    )
}

#[test]
fn a_caller_that_is_kept_from_name_servers_waits_for_its_resolver_and_calls_nobody() {
    for data_path in ["none", "istio-sidecar"] {
        let (prepared, statistics) = world(&egress(""), data_path);
        let api = edge(&prepared, &statistics, "default/web", "default/api");
        assert_eq!(endings(api), ["no answer name_servers_silent"], "{data_path}");
        assert_eq!(ruled(api), [(Ruling::Dropped, api.requests())]);
        assert_eq!(api.latency.min().map(|it| it.as_secs_f64()), Some(10.0));
        let [finding] = &prepared.findings[..] else { panic!("{:?}", prepared.findings) };
        assert_eq!(finding.code, "scenario.name-servers");
        assert!(finding.message.contains("default/web"), "{finding:?}");
    }
}

#[test]
fn a_caller_that_may_ask_name_servers_calls_as_ever() {
    let api = api(&egress(", { ports: [{ port: 53, protocol: UDP }] }"), "none");
    assert_eq!((endings(&api), api.rulings.total()), (vec!["200".to_owned()], 0));
}
