//! Stories about waypoints: requests are balanced, tried again and judged in a pod between caller
//! and server.

use crate::kernel::Seed;
use crate::log::Step;
use crate::run::{Prepared, record, run};
use crate::stats::{BoxCounters, Details, RetryReason, Ruling, RunStatistics};

use super::rig::{edge, prepared, services, workload};

/// A waypoint for each namespace.
const WAYPOINT: &str = "istio-ambient+waypoint";

/// `web` calls `api`, with the given settings of the call and of `api`.
fn scenario(data_path: &str, call: &str, api: &str) -> String {
    format!(
        "version: 1
duration: 8s
data_path: {data_path}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: api, {call} }} }}] }}] }}
  api: {{ {api} }}
traffic:
  - name: load
    to: web
    stop: 6s
    load: {{ arrivals: {{ poisson: {{ rate: 100/s }} }} }}
"
    )
}

fn of(manifests: &str, scenario: &str) -> (Prepared, RunStatistics) {
    let prepared = prepared(manifests, scenario);
    assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
    let statistics = run(&prepared.plan, Seed(1)).expect("the load is below the capacity");
    (prepared, statistics)
}

fn busy_pods(prepared: &Prepared, statistics: &RunStatistics) -> usize {
    let api = workload(prepared, statistics, "default/api");
    api.busy_ns_by_pod.iter().filter(|busy_ns| **busy_ns > 0).count()
}

#[test]
fn a_waypoint_spreads_the_requests_of_one_connection_and_a_ztunnel_does_not() {
    let manifests = services(&[("web", 1), ("api", 4)]);
    let scenario = scenario("istio-ambient", "protocol: grpc", "workers: 8");
    let (prepared, statistics) = of(&manifests, &scenario);
    assert_eq!(busy_pods(&prepared, &statistics), 1, "ztunnel balances connections");
    let scenario = scenario.replace("istio-ambient", WAYPOINT);
    let (prepared, statistics) = of(&manifests, &scenario);
    assert_eq!(busy_pods(&prepared, &statistics), 4, "the waypoint balances requests");
    let call = edge(&prepared, &statistics, "default/web", "default/api");
    assert_eq!(call.successes(), call.requests());
    assert_eq!(call.attempts, call.requests());
}

#[test]
fn applications_draw_the_same_work_whatever_carries_their_traffic() {
    let manifests = services(&[("web", 2), ("api", 3)]);
    let api = "workers: 64, routes: [{ steps: [{ work: { exponential: { mean: 2ms } } }] }]";
    let done = |data_path: &str| {
        let (prepared, statistics) = of(&manifests, &scenario(data_path, "protocol: http1", api));
        let sent = statistics.traffic[0].sent;
        let api = workload(&prepared, &statistics, "default/api");
        (sent, api.finished, api.busy_ns)
    };
    let plain = done("none");
    assert!(plain.0 > 400, "{plain:?}");
    for data_path in ["istio-sidecar", "istio-ambient", WAYPOINT] {
        assert_eq!(done(data_path), plain, "{data_path}");
    }
}

#[test]
fn a_waypoint_tries_again_and_its_caller_sees_one_answer() {
    let manifests = services(&[("web", 1), ("api", 2)]);
    let retries = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: api }
spec:
  hosts: [api]
  http:
    - route: [{ destination: { host: api } }]
      retries: { attempts: 3, retryOn: 5xx }
---
";
    let api = "routes: [{ error_rate: 0.5, steps: [{ work: 1ms }] }]";
    let scenario = scenario(WAYPOINT, "protocol: http1", api);
    let (prepared, statistics) = of(&format!("{retries}{manifests}"), &scenario);
    let call = edge(&prepared, &statistics, "default/web", "default/api");
    let retried: u64 = call.retries.by_name(RetryReason::name).values().sum();
    assert_eq!(call.attempts, call.requests() + retried);
    assert!(retried > call.requests() / 2, "{retried} retries of {}", call.requests());
    let failed = 1.0 - call.successes() as f64 / call.requests() as f64;
    assert!(failed < 0.12, "one in sixteen fails four times, not {failed}");
    let api = workload(&prepared, &statistics, "default/api");
    assert_eq!(api.arrived, call.attempts);
}

#[test]
fn word_that_a_caller_has_gone_travels_on_from_the_waypoint() {
    let manifests = services(&[("web", 1), ("api", 1)]);
    let call = "protocol: grpc, timeout: 250ms, optional: true, streaming: { messages: 100, \
                interval: 100ms }";
    let prepared = prepared(&manifests, &scenario(WAYPOINT, call, "workers: 64"));
    let (mut sent, mut told) = (0, 0);
    let statistics = record(&prepared.plan, Seed(1), |entry| match entry.step {
        Step::MessageSent => sent += 1,
        Step::ResetAtServer => told += 1,
        _ => {}
    })
    .expect("the load is below the capacity");
    let stream = edge(&prepared, &statistics, "default/web", "default/api");
    let gave_up = stream.endings.having(|ending| ending.details == Details::CALLER_TIMEOUT);
    assert_eq!(gave_up, stream.requests());
    assert!(told >= 2 * stream.requests(), "the waypoint and the server are told: {told}");
    assert!(sent <= 4 * stream.attempts, "web's answer and three in 250 ms each: {sent}");
}

#[test]
fn a_policy_of_the_waypoint_turns_requests_away_before_they_reach_a_server() {
    let policy = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: api }
spec:
  targetRefs: [{ kind: Service, group: '', name: api }]
  action: DENY
  rules: [{ to: [{ operation: { methods: [GET] } }] }]
---
";
    let manifests = format!("{policy}{}", services(&[("web", 1), ("api", 1)]));
    let (prepared, statistics) =
        of(&manifests, &scenario(WAYPOINT, "protocol: http1", "workers: 8"));
    let call = edge(&prepared, &statistics, "default/web", "default/api");
    assert_eq!(call.endings.with_status(403), call.requests());
    let ruled: Vec<(Ruling, u64)> = call.rulings.iter().collect();
    assert_eq!(ruled, [(Ruling::Denied, call.requests())]);
    assert_eq!(workload(&prepared, &statistics, "default/api").arrived, 0);
}

#[test]
fn a_waypoint_is_one_more_trip_over_the_network() {
    let manifests = services(&[("web", 1), ("api", 1)]);
    let latency = |data_path: &str| {
        let network = "network:
  same_node: { round_trip: 10ms }
  same_zone: { round_trip: 10ms }
  same_region: { round_trip: 10ms }
workloads:";
        let scenario = scenario(data_path, "protocol: http1", "workers: 64");
        let (prepared, statistics) = of(&manifests, &scenario.replace("workloads:", network));
        let call = edge(&prepared, &statistics, "default/web", "default/api");
        call.latency.quantile(0.5).expect("calls ended").as_secs_f64()
    };
    let more = latency(WAYPOINT) - latency("istio-ambient");
    assert!((0.0099..0.0125).contains(&more), "{more}");
}

#[test]
fn all_bytes_that_go_into_boxes_come_out_and_every_handshake_has_two_ends() {
    let manifests = services(&[("web", 2), ("api", 3)]);
    for data_path in ["istio-sidecar", "istio-ambient", WAYPOINT] {
        for protocol in ["http1", "http2", "grpc", "tcp"] {
            let call = format!("protocol: {protocol}, request_size: 100B");
            let (_, statistics) = of(&manifests, &scenario(data_path, &call, "workers: 8"));
            let mut all = BoxCounters::default();
            statistics.proxies.iter().for_each(|row| all.merge(&row.all));
            assert!(all.requests > 500, "{data_path}: {all:?}");
            assert_eq!(all.bytes_in, all.bytes_out, "{data_path}, {protocol}");
            assert_eq!(all.requests, all.responses, "{data_path}, {protocol}");
            let ends = (all.handshakes_as_client, all.handshakes_as_server);
            assert_eq!(ends.0, ends.1, "{data_path}, {protocol}");
        }
    }
}
