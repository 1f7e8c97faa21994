//! Stories about the engine, told on small worlds from real manifests and scenarios.

mod agreement;
mod agreement_policy;
mod ambient;
mod asked;
mod boxes;
mod gates;
mod laws;
mod ledger;
mod mesh;
mod mixed;
mod policy;
mod policy_moments;
mod resilience;
pub(crate) mod rig;
mod waypoints;

use crate::kernel::Seed;
use crate::log::Step;
use crate::run::run;
use crate::stats::{Details, Ending, RetryReason, RunStatistics};

const GAVE_UP: Ending = Ending::without_answer(Details::CALLER_TIMEOUT);
const REFUSED: Ending = Ending::without_answer(Details::CONNECTION_REFUSED);

use rig::{NO_NETWORK, edge, prepared, services, workload};

fn run_of(manifests: &str, scenario: &str) -> (crate::run::Prepared, RunStatistics) {
    let prepared = prepared(manifests, scenario);
    assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
    let statistics = run(&prepared.plan, Seed(1)).expect("the load is below the capacity");
    (prepared, statistics)
}

#[test]
fn a_single_server_queue_waits_as_the_formula_says() {
    let scenario = format!(
        "version: 1
duration: 41s
warm_up: 1s
{NO_NETWORK}
workloads:
  station:
    workers: 1
    queue_limit: 1000000
    routes: [{{ steps: [{{ work: {{ exponential: {{ mean: 100us }} }} }}] }}]
traffic:
  - {{ name: load, to: station, load: {{ arrivals: {{ poisson: {{ rate: 8000/s }} }} }} }}
"
    );
    let (prepared, statistics) = run_of(&services(&[("station", 1)]), &scenario);
    let mean_us = statistics.edges[0].latency.mean_ns().expect("requests ended") / 1_000.0;
    // Each client has a connection of its own, which its node works for.
    let connects = prepared.plan.connects;
    let connect_us = (connects.connect + connects.pick).as_ns() as f64 / 1e3;
    let sojourn_us = mean_us - connect_us;
    assert!(
        (sojourn_us - 500.0).abs() < 25.0,
        "mean sojourn {sojourn_us} us, the formula says 500"
    );
    let utilisation = statistics.workloads[0].busy_ns as f64 / 40e9;
    assert!((utilisation - 0.8).abs() < 0.01, "utilisation {utilisation}");
}

/// `web` calls `api` over HTTP/2 from a single pod.
fn http2_scenario(data_path: &str) -> String {
    format!(
        "version: 1
duration: 5s
data_path: {data_path}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: api, protocol: http2 }} }}] }}] }}
traffic:
  - {{ name: load, to: web, load: {{ arrivals: {{ constant: {{ rate: 200/s }} }} }} }}
"
    )
}

#[test]
fn without_a_mesh_http2_sticks_to_the_one_pod_of_its_connection() {
    let manifests = services(&[("web", 1), ("api", 4)]);
    let (prepared, statistics) = run_of(&manifests, &http2_scenario("none"));
    let api = workload(&prepared, &statistics, "default/api");
    let busy_pods = api.busy_ns_by_pod.iter().filter(|busy_ns| **busy_ns > 0).count();
    assert_eq!(busy_pods, 1, "kube-proxy chose once, for the connection");
    assert_eq!(edge(&prepared, &statistics, "default/web", "default/api").connections_opened, 1);
}

#[test]
fn a_sidecar_spreads_http2_requests_over_all_pods() {
    let manifests = services(&[("web", 1), ("api", 4)]);
    let (prepared, statistics) = run_of(&manifests, &http2_scenario("istio-sidecar"));
    let api = workload(&prepared, &statistics, "default/api");
    let share_max =
        api.busy_ns_by_pod.iter().max().copied().unwrap_or(0) as f64 / api.busy_ns.max(1) as f64;
    assert!(share_max < 0.35, "one pod of four does {share_max} of the work");
    let edge = edge(&prepared, &statistics, "default/web", "default/api");
    assert_eq!(edge.connections_opened, 4, "one to each pod");
    assert_eq!(edge.tls_handshakes, 4, "both ends have sidecars");
}

#[test]
fn clients_outside_reach_all_pods_because_each_brings_its_own_connection() {
    let scenario = "version: 1
duration: 60s
traffic:
  - { name: load, to: web, protocol: http2, load: { arrivals: { poisson: { rate: 10/s } } } }
";
    let (prepared, statistics) = run_of(&services(&[("web", 3)]), scenario);
    let web = workload(&prepared, &statistics, "default/web");
    let share_min =
        web.busy_ns_by_pod.iter().min().copied().unwrap_or(0) as f64 / web.busy_ns.max(1) as f64;
    assert!(share_min > 0.25, "the least used of three pods does {share_min} of the work");
    let edge = edge(&prepared, &statistics, "traffic:load", "default/web");
    assert!(edge.connections_opened >= edge.attempts - 1, "one for each request");
}

#[test]
fn a_full_queue_turns_requests_away_with_503() {
    let scenario = format!(
        "version: 1
duration: 1s
{NO_NETWORK}
workloads:
  slow: {{ workers: 1, queue_limit: 2, routes: [{{ steps: [{{ work: 100ms }}] }}] }}
traffic:
  - {{ name: load, to: slow, load: {{ arrivals: {{ constant: {{ rate: 100/s }} }} }} }}
"
    );
    let (prepared, statistics) = run_of(&services(&[("slow", 1)]), &scenario);
    let slow = workload(&prepared, &statistics, "default/slow");
    let edge = edge(&prepared, &statistics, "traffic:load", "default/slow");
    assert_eq!(edge.endings.with_status(503), slow.rejected);
    assert!(slow.rejected >= 80, "ten of a hundred can be served, {} were not", slow.rejected);
    let wait_max = slow.wait.max().expect("some waited");
    assert!(wait_max.as_secs_f64() <= 0.2, "two before it, 100 ms each: {wait_max}");
}

/// `web` calls `slow` (50 ms) with the given call settings.
fn impatient(call: &str) -> String {
    format!(
        "version: 1
duration: 4s
{NO_NETWORK}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: slow, {call} }} }}] }}] }}
  slow: {{ workers: 64, routes: [{{ steps: [{{ work: 50ms }}] }}] }}
traffic:
  - {{ name: load, to: web, load: {{ arrivals: {{ constant: {{ rate: 20/s }} }} }} }}
"
    )
}

#[test]
fn a_caller_that_gives_up_fails_at_its_time_out_and_the_work_goes_on() {
    let manifests = services(&[("web", 1), ("slow", 1)]);
    let (prepared, statistics) = run_of(&manifests, &impatient("timeout: 10ms"));
    let call = edge(&prepared, &statistics, "default/web", "default/slow");
    assert_eq!(call.endings.of(GAVE_UP), call.requests());
    let latency = call.latency.max().expect("calls ended");
    assert!(latency.as_secs_f64() < 0.011, "{latency}");
    let slow = workload(&prepared, &statistics, "default/slow");
    assert!(slow.finished > 70 && slow.finished >= slow.arrived - 1, "worked on to the end");
    let wasted_ms = slow.wasted_ns as f64 / 1e6 / slow.finished as f64;
    assert!((wasted_ms - 40.0).abs() < 1.0, "{wasted_ms} of 50 ms come after ten of patience");
    let request = edge(&prepared, &statistics, "traffic:load", "default/web");
    assert_eq!(request.endings.with_status(500), request.requests());
}

#[test]
fn work_below_a_call_that_was_given_up_is_wasted_too() {
    let scenario = format!(
        "version: 1
duration: 4s
{NO_NETWORK}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: slow }} }}] }}] }}
  slow: {{ workers: 64, routes: [{{ steps: [{{ work: 50ms }}] }}] }}
traffic:
  - name: load
    to: web
    timeout: 20ms
    load: {{ arrivals: {{ constant: {{ rate: 20/s }} }} }}
"
    );
    let (prepared, statistics) = run_of(&services(&[("web", 1), ("slow", 1)]), &scenario);
    let slow = workload(&prepared, &statistics, "default/slow");
    let wasted_ms = slow.wasted_ns as f64 / 1e6 / slow.finished as f64;
    assert!((wasted_ms - 30.0).abs() < 1.0, "web waits on, but nobody waits for web: {wasted_ms}");
}

#[test]
fn a_server_sends_no_more_messages_once_it_knows_that_its_caller_has_gone() {
    let scenario = "version: 1
duration: 10s
workloads:
  web:
    routes:
      - steps:
          - call:
              to: feed
              protocol: grpc
              timeout: 250ms
              optional: true
              streaming: { messages: 100, interval: 100ms }
traffic:
  - { name: load, to: web, load: { arrivals: { constant: { rate: 1/s } } } }
";
    let prepared = prepared(&services(&[("web", 1), ("feed", 1)]), scenario);
    let (mut sent, mut told) = (0, 0);
    let statistics = crate::run::record(&prepared.plan, Seed(1), |entry| match entry.step {
        Step::MessageSent => sent += 1,
        Step::ResetAtServer => told += 1,
        _ => {}
    })
    .expect("the load is below the capacity");
    let stream = edge(&prepared, &statistics, "default/web", "default/feed");
    assert_eq!(stream.endings.of(GAVE_UP), stream.requests());
    assert!(told >= stream.requests(), "{told} servers were told");
    assert!(sent <= 4 * stream.attempts, "web's answer and three in 250 ms each: {sent}");
}

#[test]
fn retries_are_attempts_of_one_request() {
    let manifests = services(&[("web", 1), ("slow", 1)]);
    let settings = "timeout: 10ms, retries: 2, retry_backoff: 5ms";
    let (prepared, statistics) = run_of(&manifests, &impatient(settings));
    let call = edge(&prepared, &statistics, "default/web", "default/slow");
    assert_eq!(call.attempts, 3 * call.requests(), "the first try and two more");
    assert_eq!(call.originals, call.requests(), "without retries there would be one each");
    assert_eq!(call.retries.by_name(RetryReason::name)["application"], 2 * call.requests());
    let latency = call.latency.max().expect("calls ended").as_secs_f64();
    assert!((latency - 0.040).abs() < 0.001, "three time-outs and two pauses: {latency}");
}

#[test]
fn retries_of_callers_multiply_on_the_way_down() {
    let scenario = format!(
        "version: 1
duration: 4s
{NO_NETWORK}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: api, retries: 2 }} }}] }}] }}
  api: {{ routes: [{{ steps: [{{ call: {{ to: db, retries: 3 }} }}] }}] }}
  db: {{ routes: [{{ error_rate: 1.0, steps: [{{ work: 1ms }}] }}] }}
traffic:
  - {{ name: load, to: web, load: {{ arrivals: {{ constant: {{ rate: 20/s }} }} }} }}
"
    );
    let manifests = services(&[("web", 1), ("api", 1), ("db", 1)]);
    let (prepared, statistics) = run_of(&manifests, &scenario);
    let db = edge(&prepared, &statistics, "default/api", "default/db");
    let amplification = db.attempts as f64 / db.originals as f64;
    assert_eq!(amplification, 12.0, "three tries of web times four of api");
    assert_eq!(db.attempts, 4 * db.requests(), "api sees only its own");
}

#[test]
fn a_failed_optional_call_does_not_fail_its_caller() {
    let manifests = services(&[("web", 1), ("slow", 1)]);
    let (prepared, statistics) = run_of(&manifests, &impatient("timeout: 10ms, optional: true"));
    let request = edge(&prepared, &statistics, "traffic:load", "default/web");
    assert_eq!(request.successes(), request.requests());
}

#[test]
fn a_blocking_worker_waits_for_its_calls_and_an_event_loop_does_not() {
    let utilisation = |threads: &str| {
        let scenario = format!(
            "version: 1
duration: 10s
{NO_NETWORK}
workloads:
  web:
    workers: 10
    threads: {threads}
    routes: [{{ steps: [{{ work: 1ms }}, {{ call: {{ to: slow }} }}] }}]
  slow: {{ workers: 64, routes: [{{ steps: [{{ work: 9ms }}] }}] }}
traffic:
  - {{ name: load, to: web, load: {{ arrivals: {{ constant: {{ rate: 100/s }} }} }} }}
"
        );
        let (prepared, statistics) = run_of(&services(&[("web", 1), ("slow", 1)]), &scenario);
        workload(&prepared, &statistics, "default/web").busy_ns as f64 / 10e9
    };
    let (blocking, event_loop) = (utilisation("blocking"), utilisation("async"));
    assert!((blocking - 1.0).abs() < 0.01, "100/s of 10 ms keep one of ten workers: {blocking}");
    assert!((event_loop - 0.1).abs() < 0.001, "100/s of 1 ms: {event_loop}");
}

#[test]
fn parallel_calls_take_as_long_as_the_longest_and_sequential_ones_the_sum() {
    let mean_ms = |steps: &str| {
        let scenario = format!(
            "version: 1
duration: 2s
{NO_NETWORK}
workloads:
  web: {{ routes: [{{ steps: [{steps}] }}] }}
  a: {{ routes: [{{ steps: [{{ work: 10ms }}] }}] }}
  b: {{ routes: [{{ steps: [{{ work: 30ms }}] }}] }}
traffic:
  - {{ name: load, to: web, load: {{ arrivals: {{ constant: {{ rate: 5/s }} }} }} }}
"
        );
        let manifests = services(&[("web", 1), ("a", 1), ("b", 1)]);
        let (prepared, statistics) = run_of(&manifests, &scenario);
        let edge = edge(&prepared, &statistics, "traffic:load", "default/web");
        edge.latency.mean_ns().expect("requests ended") / 1e6
    };
    let parallel = mean_ms("{ parallel: [{ to: a }, { to: b }] }");
    let sequential = mean_ms("{ call: { to: a } }, { call: { to: b } }");
    assert!((parallel - 30.0).abs() < 0.1, "{parallel} ms");
    assert!((sequential - 40.0).abs() < 0.1, "{sequential} ms");
}

#[test]
fn a_stream_ends_with_its_last_message() {
    let scenario = format!(
        "version: 1
duration: 4s
{NO_NETWORK}
workloads:
  web:
    routes:
      - steps:
          - call:
              to: feed
              protocol: grpc
              streaming: {{ messages: 5, interval: 100ms }}
  feed: {{ routes: [{{ response_size: 1000, steps: [{{ work: 1ms }}] }}] }}
traffic:
  - {{ name: load, to: web, load: {{ arrivals: {{ constant: {{ rate: 1/s }} }} }} }}
"
    );
    let (prepared, statistics) = run_of(&services(&[("web", 1), ("feed", 1)]), &scenario);
    let stream = edge(&prepared, &statistics, "default/web", "default/feed");
    let latency = stream.latency.max().expect("streams ended").as_secs_f64();
    assert!((latency - 0.401).abs() < 0.003, "four pauses and the work: {latency}");
    assert_eq!(stream.response_bytes, stream.requests() * 5_000);
}

#[test]
fn a_service_without_pods_refuses_at_once() {
    let scenario = "version: 1
duration: 2s
traffic:
  - { name: load, to: empty, load: { arrivals: { constant: { rate: 10/s } } } }
";
    let prepared = prepared(&services(&[("empty", 0)]), scenario);
    let statistics = run(&prepared.plan, Seed(1)).expect("nothing piles up");
    let edge = edge(&prepared, &statistics, "traffic:load", "default/empty");
    assert_eq!(edge.endings.of(REFUSED), edge.requests());
    assert!(edge.requests() > 0);
}

#[test]
fn users_who_think_send_no_faster_than_they_are_answered() {
    let scenario = format!(
        "version: 1
duration: 100s
{NO_NETWORK}
workloads:
  web: {{ workers: 64, routes: [{{ steps: [{{ work: 100ms }}] }}] }}
traffic:
  - {{ name: load, to: web, load: {{ users: {{ count: 10, think_time: 900ms }} }} }}
"
    );
    let (_, statistics) = run_of(&services(&[("web", 1)]), &scenario);
    let sent = statistics.traffic[0].sent;
    assert!((990..=1_000).contains(&sent), "ten users, one request a second each: {sent}");
}
