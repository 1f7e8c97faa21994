//! Stories about the proxies of callers, from Istio's own objects to what their callers see.

use meshwalk_models::proxy::envoy::ResponseFlag;

use crate::kernel::Seed;
use crate::run::{Prepared, run};
use crate::stats::{EdgeCounters, RetryReason, RunStatistics};

use super::rig::{NO_NETWORK, edge, prepared, services, workload};

/// `web` calls `api` 100 times a second for some seconds, both with sidecars.
fn world(rules: &str, api: &str, call: &str) -> (Prepared, RunStatistics) {
    world_of(&services(&[("web", 1), ("api", 2)]), rules, api, call)
}

fn world_of(manifests: &str, rules: &str, apps: &str, call: &str) -> (Prepared, RunStatistics) {
    let scenario = format!(
        "version: 1
duration: 10s
data_path: istio-sidecar
{NO_NETWORK}
workloads:
  web: {{ workers: 1000, routes: [{{ steps: [{{ call: {{ to: api, {call} }} }}] }}] }}
{apps}
traffic:
  - {{ name: users, to: web, stop: 9s, load: {{ arrivals: {{ constant: {{ rate: 100/s }} }} }} }}
"
    );
    let prepared = prepared(&format!("{manifests}\n---\n{rules}"), &scenario);
    assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
    let statistics = run(&prepared.plan, Seed(1)).expect("the load is below the capacity");
    (prepared, statistics)
}

fn api((prepared, statistics): &(Prepared, RunStatistics)) -> &EdgeCounters {
    edge(prepared, statistics, "default/web", "default/api")
}

/// A VirtualService for `api` with one rule.
fn route(rule: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: api }}
spec:
  hosts: [api]
  http:
    - {rule}
"
    )
}

const TO_API: &str = "route: [{ destination: { host: api } }]";

/// How calls ended, as lines of an access log.
fn endings(edge: &EdgeCounters) -> Vec<String> {
    edge.endings.iter().map(|(ending, _)| ending.to_string()).collect()
}

const FAILING: &str = "  api: { routes: [{ error_rate: 1.0, steps: [{ work: 1ms }] }] }";

#[test]
fn a_proxy_tries_again_as_often_as_its_route_says() {
    let rules = route(&format!(
        "{TO_API}
      retries: {{ attempts: 3, retryOn: 5xx }}"
    ));
    let run = world(&rules, FAILING, "optional: true");
    let api = api(&run);
    assert_eq!(api.attempts, 4 * api.requests());
    assert_eq!(api.retries.by_name(RetryReason::name)["500"], 3 * api.requests());
    assert_eq!(endings(api), ["500 URX"], "the last answer is the caller's");
    assert_eq!(api.originals, api.requests());
}

#[test]
fn istio_tries_no_500_again_by_itself() {
    let run = world("", FAILING, "optional: true");
    assert_eq!(api(&run).attempts, api(&run).requests());
    assert_eq!(endings(api(&run)), ["500"]);
}

#[test]
fn the_timeout_of_a_route_ends_the_wait_and_leaves_work_for_nobody() {
    let rules = route(&format!("{TO_API}\n      timeout: 50ms"));
    let slow = "  api: { workers: 100, routes: [{ steps: [{ work: 200ms }] }] }";
    let run = world(&rules, slow, "optional: true");
    let api = api(&run);
    assert_eq!(endings(api), ["504 UT response_timeout"]);
    let longest = api.latency.max().expect("calls ended").as_secs_f64();
    assert!((longest - 0.050).abs() < 0.002, "{longest}");
    let api = workload(&run.0, &run.1, "default/api");
    let wasted = api.wasted_ns as f64 / api.busy_ns as f64;
    assert!((wasted - 0.75).abs() < 0.05, "150 of 200 ms are for nobody: {wasted}");
}

#[test]
fn attempts_that_take_too_long_are_given_up_and_made_again() {
    let rules = route(&format!(
        "{TO_API}
      retries: {{ attempts: 2, perTryTimeout: 20ms, retryOn: 5xx }}"
    ));
    let slow = "  api: { workers: 100, routes: [{ steps: [{ work: 100ms }] }] }";
    let run = world(&rules, slow, "optional: true");
    let api = api(&run);
    assert_eq!(api.attempts, 3 * api.requests());
    let retries = api.retries.by_name(RetryReason::name);
    assert_eq!(retries["per_try_timeout"], 2 * api.requests());
    assert_eq!(endings(api), ["504 URX,UT upstream_per_try_timeout"]);
    let shortest = api.latency.min().expect("calls ended").as_secs_f64();
    assert!(shortest >= 0.060, "three times 20 ms and two pauses: {shortest}");
}

#[test]
fn a_breaker_turns_away_what_it_has_no_place_for() {
    let rules = "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } }
";
    let slow = "  api: { routes: [{ steps: [{ work: 50ms }] }] }";
    let run = world(rules, slow, "optional: true");
    let api = api(&run);
    let overflown = api.endings.with_flag(ResponseFlag::UpstreamOverflow);
    assert!(overflown > api.requests() / 3, "{:?}", endings(api));
    assert!(api.overflow.total() >= overflown, "{:?}", api.overflow);
    assert!(
        endings(api)
            .iter()
            .any(|ending| ending == "503 UO upstream_reset_before_response_started{overflow}")
    );
}

/// One Service over a good and a bad workload.
fn good_and_bad() -> String {
    let both = services(&[("web", 1), ("good", 3), ("bad", 1)]);
    let both = both
        .replace("labels: { app: good }", "labels: { app: good, side: api }")
        .replace("labels: { app: bad }", "labels: { app: bad, side: api }");
    format!(
        "{both}
apiVersion: v1
kind: Service
metadata: {{ name: api }}
spec:
  selector: {{ side: api }}
  ports: [{{ name: http, port: 80, targetPort: 8080 }}]
"
    )
}

const GOOD_AND_BAD: &str = "  good: { routes: [{ steps: [{ work: 1ms }] }] }
  bad: { routes: [{ error_rate: 1.0, steps: [{ work: 1ms }] }] }";

#[test]
fn a_host_that_fails_is_ejected_and_comes_back() {
    let rules = "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 3
      interval: 1s
      baseEjectionTime: 2s
      maxEjectionPercent: 50
";
    let plain = world_of(&good_and_bad(), "", GOOD_AND_BAD, "optional: true");
    let run = world_of(&good_and_bad(), rules, GOOD_AND_BAD, "optional: true");
    let arrived = |run: &(Prepared, RunStatistics)| workload(&run.0, &run.1, "default/bad").arrived;
    assert!(arrived(&plain) > 200, "a quarter of the calls fail: {}", arrived(&plain));
    assert_eq!(api(&plain).ejections, 0);
    let ejections = api(&run).ejections;
    assert!((2..=4).contains(&ejections), "after 2, 4 and 6 seconds it is back: {ejections}");
    assert!(arrived(&run) < arrived(&plain) / 3, "{}", arrived(&run));
    assert!(arrived(&run) >= 3 * ejections, "each time it has failed three times");
}

#[test]
fn faults_hold_up_and_abort_their_share_of_the_requests() {
    let rules = route(&format!(
        "{TO_API}
      fault:
        delay: {{ fixedDelay: 100ms, percentage: {{ value: 100 }} }}
        abort: {{ httpStatus: 418, percentage: {{ value: 30 }} }}"
    ));
    let run = world(&rules, "  api: { routes: [{ steps: [{ work: 1ms }] }] }", "optional: true");
    let api = api(&run);
    let aborted = api.endings.with_status(418) as f64 / api.requests() as f64;
    assert!((aborted - 0.3).abs() < 0.06, "{aborted}");
    let mut seen = endings(api);
    seen.sort();
    assert_eq!(seen, ["200 DI", "418 DI,FI fault_filter_abort"]);
    assert!(api.latency.min().expect("calls ended").as_secs_f64() >= 0.100);
    assert_eq!(api.attempts, api.endings.with_status(200), "an abort reaches no server");
}

#[test]
fn weights_split_the_requests_between_subsets() {
    let rules = format!(
        "{}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{ name: api }}
spec:
  host: api
  subsets:
    - {{ name: good, labels: {{ app: good }} }}
    - {{ name: bad, labels: {{ app: bad }} }}
",
        route(
            "route:
        - { destination: { host: api, subset: good }, weight: 90 }
        - { destination: { host: api, subset: bad }, weight: 10 }"
        )
    );
    let run = world_of(&good_and_bad(), &rules, GOOD_AND_BAD, "optional: true");
    let api = api(&run);
    let failed = api.endings.with_status(500) as f64 / api.requests() as f64;
    assert!((failed - 0.1).abs() < 0.04, "{failed}");
}

#[test]
fn what_a_proxy_answers_itself_reaches_no_server() {
    for (rule, expected) in [
        ("directResponse: { status: 429 }", "429 direct_response"),
        ("redirect: { uri: /elsewhere }", "301 direct_response"),
        (
            "match: [{ uri: { exact: /other } }]\n      route: [{ destination: { host: api } }]",
            "404 NR route_not_found",
        ),
        ("route: [{ destination: { host: api, subset: none } }]", "503 NC cluster_not_found"),
    ] {
        let text = route(rule);
        let scenario = "version: 1
duration: 1s
data_path: istio-sidecar
traffic:
  - { name: load, from: web, to: api, load: { arrivals: { constant: { rate: 10/s } } } }
";
        let manifests = format!("{}\n---\n{text}", services(&[("web", 1), ("api", 1)]));
        let prepared = prepared(&manifests, scenario);
        let statistics = run(&prepared.plan, Seed(1)).expect("nothing piles up");
        let api = edge(&prepared, &statistics, "default/web", "default/api");
        assert_eq!(endings(api), [expected], "{rule}");
        assert_eq!(api.attempts, 0, "{rule}");
    }
}

#[test]
fn a_rewritten_path_meets_the_program_of_the_new_path() {
    let rules = route(
        "match: [{ uri: { exact: /v1 } }]
      route: [{ destination: { host: api } }]
      rewrite: { uri: /v2 }",
    );
    let apps = "  api:
    routes:
      - { match: { path: /v2 }, steps: [{ work: 1ms }] }
      - { error_rate: 1.0, steps: [{ work: 1ms }] }";
    let run = world(&rules, apps, "optional: true, path: /v1");
    assert_eq!(endings(api(&run)), ["200"]);
}

#[test]
fn a_service_without_pods_is_503_and_uh_in_the_callers_proxy() {
    let manifests = services(&[("web", 1), ("api", 0)]);
    let run = world_of(&manifests, &route(TO_API), "", "optional: true");
    assert_eq!(endings(api(&run)), ["503 UH no_healthy_upstream"]);
}
