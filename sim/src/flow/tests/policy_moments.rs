//! Stories about policies whose word depends on the moment: external authorisers that take their
//! time or fail, and tokens that expire while a run goes on.

use meshwalk_models::proxy::envoy::config::HttpFilterKind;

use crate::flow::plan::RequestGate;
use crate::kernel::Seed;
use crate::run::{Prepared, run};
use crate::stats::{EdgeCounters, Ruling};

use super::rig::{NO_NETWORK, edge, prepared, services};

/// `web` calls `api` once a second for two minutes; both have sidecars.
struct Story<'a> {
    policies: String,
    scenario: &'a str,
    call: String,
}

impl Story<'_> {
    fn prepared(&self) -> Prepared {
        let Self { policies, scenario, call } = self;
        let scenario = format!(
            "version: 1
duration: 140s
data_path: istio-sidecar
{NO_NETWORK}
{scenario}
workloads:
  web:
    routes: [{{ steps: [{{ call: {{ to: api, optional: true, {call} }} }}] }}]
traffic:
  - {{ name: users, to: web, stop: 120s, load: {{ arrivals: {{ constant: {{ rate: 1/s }} }} }} }}
"
        );
        let names = [("web", 1), ("api", 1), ("judge", 1)];
        prepared(&format!("{}{policies}", services(&names)), &scenario)
    }

    fn api(&self) -> EdgeCounters {
        let prepared = self.prepared();
        assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
        let statistics = run(&prepared.plan, Seed(1)).expect("the load is below the capacity");
        edge(&prepared, &statistics, "default/web", "default/api").clone()
    }
}

/// `judge` is asked about everything that comes to `api`.
fn judged(provider: &str, judge: &str) -> EdgeCounters {
    let scenario = format!("external_authorizers: {{ judge: {judge} }}");
    asked(provider, &scenario).api()
}

fn asked<'a>(provider: &str, scenario: &'a str) -> Story<'a> {
    let policies = format!(
        "apiVersion: v1
kind: ConfigMap
metadata: {{ name: istio, namespace: istio-system }}
data:
  mesh: |
    extensionProviders:
    - name: judge
      envoyExtAuthzHttp: {{ service: judge.default.svc.cluster.local, port: 80, {provider} }}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{ name: api }}
spec:
  selector: {{ matchLabels: {{ app: api }} }}
  action: CUSTOM
  provider: {{ name: judge }}
  rules: [{{}}]
"
    );
    Story { policies, scenario, call: String::new() }
}

fn endings(edge: &EdgeCounters) -> Vec<String> {
    edge.endings.iter().map(|(ending, _)| ending.to_string()).collect()
}

fn seconds_at_least(edge: &EdgeCounters) -> f64 {
    edge.latency.min().expect("calls ended").as_secs_f64()
}

#[test]
fn an_authorizer_that_allows_costs_its_time_and_nothing_else() {
    let api = judged("", "{ answer: allow, latency: 50ms }");
    assert_eq!((endings(&api), api.rulings.total()), (vec!["200".to_owned()], 0));
    assert!(seconds_at_least(&api) >= 0.05, "{api:?}");
    let quick = judged("", "{ answer: allow, latency: 1ms }");
    let dearer = seconds_at_least(&api) - seconds_at_least(&quick);
    assert!((0.0489..0.0491).contains(&dearer), "{dearer}");
}

#[test]
fn an_authorizer_denies_with_its_status() {
    let api = judged("", "{ answer: deny, status: 451, latency: 20ms }");
    assert_eq!(endings(&api), ["451"]);
    assert_eq!(api.rulings.iter().collect::<Vec<_>>(), [(Ruling::Denied, api.requests())]);
    assert!(seconds_at_least(&api) >= 0.02, "who is denied has waited too");
    assert_eq!(endings(&judged("", "{ answer: deny }")), ["403"]);
}

#[test]
fn what_the_failure_of_an_authorizer_means_is_said_by_its_provider() {
    assert_eq!(endings(&judged("", "{ answer: fail }")), ["403"]);
    assert_eq!(endings(&judged("statusOnError: '503'", "{ answer: fail }")), ["503"]);
    assert_eq!(endings(&judged("failOpen: true", "{ answer: fail }")), ["200"]);
    let often = judged("statusOnError: '503'", "{ answer: allow, failures: 0.5 }");
    let denied = often.endings.with_status(503);
    assert!((35..85).contains(&denied), "about half of {}: {denied}", often.requests());
    assert_eq!(often.endings.with_status(200) + denied, often.requests());
}

#[test]
fn an_authorizer_that_is_too_slow_fails_when_its_provider_stops_waiting() {
    let api = judged("timeout: 100ms, statusOnError: '503'", "{ answer: allow, latency: 1s }");
    assert_eq!(endings(&api), ["503"]);
    let latest = api.latency.max().expect("calls ended").as_secs_f64();
    assert!(seconds_at_least(&api) >= 0.1 && latest < 0.12, "{latest}");
}

#[test]
fn a_run_does_not_begin_before_somebody_says_what_the_authorizer_answers() {
    let prepared = asked("", "").prepared();
    let finding = &prepared.findings[0];
    assert_eq!(finding.code, "scenario.undecided-policy");
    assert!(finding.message.contains("judge"), "{finding:?}");
    let assumed = asked("", "undecided_policies: assume-allowed").api();
    assert_eq!(endings(&assumed), ["200"]);
}

/// Of `jane`; it expires on 2026-05-01 at 09:30:10.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsifQ.\
    eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiamFuZSIsImlhdCI6MTc3NzYyNDIxMCwiZXhwIjox\
    Nzc3NjI3ODEwfQ.ONs7CuP3sXSTjO7JeKr4ygGXvRwHPMj1IvLdFnGmJ_A";
/// The key it was made with, which protects nothing.
const KEYS: &str = "{\"keys\": [{\"kty\": \"oct\", \"kid\": \"k\", \"k\": \
    \"YSBzZWNyZXQgb2YgdGhlIHRlc3RzLCBsb25nIGVub3VnaCBmb3IgYSBrZXk\"}]}";

fn checked<'a>(scenario: &'a str, token: &str) -> Story<'a> {
    let policies = format!(
        "apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {{ name: api }}
spec:
  selector: {{ matchLabels: {{ app: api }} }}
  jwtRules: [{{ issuer: 'https://issuer.example', jwks: '{KEYS}' }}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{ name: api }}
spec:
  selector: {{ matchLabels: {{ app: api }} }}
  rules: [{{ from: [{{ source: {{ requestPrincipals: ['https://issuer.example/jane'] }} }}] }}]
"
    );
    let call = match token {
        "" => String::new(),
        token => format!("headers: {{ authorization: 'Bearer {token}' }}"),
    };
    Story { policies, scenario, call }
}

#[test]
fn a_token_that_expires_during_a_run_is_taken_until_then_and_a_minute_more() {
    let api = checked("starts_at: 2026-05-01T09:30:00Z", TOKEN).api();
    assert_eq!(endings(&api), ["200", "401"]);
    // Ten seconds are left, and clocks may be a minute apart.
    let taken = api.endings.with_status(200);
    assert!((70..=72).contains(&taken), "{taken}");
    let late = api.requests() - taken;
    assert_eq!(api.rulings.iter().collect::<Vec<_>>(), [(Ruling::Unauthenticated, late)]);
    let later = checked("starts_at: 2026-05-01T09:32:00Z", TOKEN).api();
    assert_eq!(endings(&later), ["401"]);
}

#[test]
fn who_sends_no_token_or_a_forged_one_is_turned_away_at_any_time() {
    let (name, _) = TOKEN.rsplit_once('.').expect("three parts");
    for scenario in ["", "starts_at: 2026-05-01T09:30:00Z"] {
        assert_eq!(endings(&checked(scenario, "").api()), ["403"], "{scenario}");
        let forged = format!("{name}.{}", "A".repeat(43));
        assert_eq!(endings(&checked(scenario, &forged).api()), ["401"], "{scenario}");
    }
}

#[test]
fn the_sidecar_of_a_server_has_the_filter_that_checks_tokens() {
    let prepared = checked("starts_at: 2026-05-01T09:30:00Z", TOKEN).prepared();
    let gates = &prepared.plan.gates;
    let mut checking = 0;
    for row in 0.. {
        let Some(gate) = gates.get(row) else { break };
        let RequestGate::Filters(filters, _) = &gate.request else { continue };
        let is_check = |kind: &HttpFilterKind| matches!(kind, HttpFilterKind::Jwt(_));
        assert!(filters.manager.filters.iter().any(|filter| is_check(&filter.kind)));
        checking += 1;
    }
    assert_eq!(checking, 1, "one sort of client at one sort of server");
}

#[test]
fn without_a_time_it_cannot_be_told_whether_a_token_has_expired() {
    let prepared = checked("", TOKEN).prepared();
    assert_eq!(prepared.findings[0].code, "scenario.undecided-policy");
    assert!(prepared.findings[0].message.contains("exp"), "{:?}", prepared.findings[0]);
}
