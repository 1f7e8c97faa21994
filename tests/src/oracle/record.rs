//! Writes a run down in the words of the recordings.

use std::collections::BTreeMap;

use meshwalk_models::proxy::envoy::HeaderMap;
use meshwalk_models::proxy::envoy::config::UpstreamProtocol;
use meshwalk_models::units::SimDuration;

use super::case::{Bodies, Case, ClientRequest, Names, Step};
use super::drive::{Answer, CallOutcome, Failure, HostHealth, Outcome, Seen, never_has_body};
use super::json::Json;
use super::render::ClientTransport;

/// Response headers that are written down, beside those that begin with `x-t-`.
const RESPONSE_HEADERS: [&str; 8] = [
    "location",
    "x-envoy-attempt-count",
    "x-envoy-overloaded",
    "retry-after",
    "x-envoy-ratelimited",
    "grpc-status",
    "grpc-message",
    "x-envoy-upstream-canary",
];

/// Request headers that are written down, beside those that begin with `x-t-`.
const REQUEST_HEADERS: [&str; 3] =
    ["x-envoy-expected-rq-timeout-ms", "x-envoy-original-path", "x-envoy-hedged"];

/// Counters of clusters that are written down.
const CLUSTER_COUNTERS: [&str; 34] = [
    "upstream_rq_retry",
    "upstream_rq_retry_overflow",
    "upstream_rq_retry_limit_exceeded",
    "upstream_rq_retry_success",
    "upstream_rq_pending_overflow",
    "upstream_rq_timeout",
    "upstream_rq_per_try_timeout",
    "upstream_rq_per_try_idle_timeout",
    "upstream_rq_total",
    "upstream_rq_completed",
    "upstream_cx_connect_fail",
    "upstream_cx_connect_timeout",
    "upstream_rq_rx_reset",
    "upstream_rq_tx_reset",
    "upstream_cx_none_healthy",
    "lb_healthy_panic",
    "upstream_rq_max_duration_reached",
    "retry_or_shadow_abandoned",
    "upstream_rq_retry_backoff_exponential",
    "upstream_rq_retry_backoff_ratelimited",
    "upstream_rq_pending_failure_eject",
    "upstream_cx_overflow",
    "upstream_rq_cancelled",
    "ejections_active",
    "ejections_enforced_total",
    "ejections_detected_consecutive_5xx",
    "ejections_enforced_consecutive_5xx",
    "ejections_detected_consecutive_gateway_failure",
    "ejections_enforced_consecutive_gateway_failure",
    "ejections_enforced_consecutive_local_origin_failure",
    "ejections_overflow",
    "ejections_enforced_failure_percentage",
    "ejections_enforced_success_rate",
    "upstream_internal_redirect_succeeded_total",
];

/// The longest part of a body that is written down.
const BODY_CHARS: usize = 160;

/// What hosts are called.
struct Naming {
    names: Names,
    given: BTreeMap<String, String>,
}

impl Naming {
    fn name(&mut self, endpoint: &str) -> String {
        if self.names == Names::AsWritten {
            return endpoint.to_owned();
        }
        let next = format!("h{}", self.given.len() + 1);
        self.given.entry(endpoint.to_owned()).or_insert(next).clone()
    }
}

/// The class of a time: 0 below 40 ms, else the nearest 20 ms.
pub(super) fn time_class(span: SimDuration) -> i64 {
    let ms = span.as_ns() as f64 / 1e6;
    if ms < 40.0 { 0 } else { ((ms / 20.0).round_ties_even() * 20.0) as i64 }
}

fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn optional(text: Option<&str>) -> Json {
    text.map_or(Json::Null, Json::text)
}

/// The run in the words of the recordings.
pub(super) fn observed(case: &Case, outcome: &Outcome) -> Json {
    let mut naming = Naming { names: case.terms.names, given: BTreeMap::new() };
    let specs = requests(&case.steps);
    let calls = outcome.calls.iter().zip(specs).enumerate();
    let requests =
        calls.map(|(at, (call, spec))| request(case, at, call, spec, &mut naming)).collect();
    let snapshots = outcome.snapshots.iter().map(|(label, hosts)| {
        let hosts = Json::Object(health(hosts, &mut naming));
        object([("label", Json::text(label)), ("hosts", hosts)])
    });
    let snapshots = snapshots.collect();
    let mut final_hosts = health(&outcome.final_hosts, &mut naming);
    final_hosts.retain(|(_, flags)| *flags != Json::List(Vec::new()));
    let stats = outcome.counters.iter().filter(|(name, _)| is_recorded(name));
    let stats = stats.map(|(name, count)| (name.clone(), Json::whole(*count)));
    object([
        ("requests", Json::List(requests)),
        ("snapshots", Json::List(snapshots)),
        ("final_hosts", Json::Object(final_hosts)),
        ("stats", Json::Object(stats.collect())),
    ])
}

/// The requests of all steps in the order in which they are made.
fn requests(steps: &[Step]) -> Vec<&ClientRequest> {
    let mut all = Vec::new();
    for step in steps {
        match step {
            Step::Together(requests) => all.extend(requests),
            Step::InTurn { request, times, .. } => all.extend((0..*times).map(|_| request)),
            Step::Sleep(_) | Step::Snapshot(_) => {}
        }
    }
    all
}

fn is_recorded(counter: &str) -> bool {
    counter.starts_with("http.")
        || counter.rsplit('.').next().is_some_and(|last| CLUSTER_COUNTERS.contains(&last))
}

fn health(hosts: &[HostHealth], naming: &mut Naming) -> Vec<(String, Json)> {
    let host = |host: &HostHealth| {
        let flags = host.flags.iter().map(|flag| Json::text(*flag)).collect();
        (naming.name(&host.name), Json::List(flags))
    };
    hosts.iter().map(host).collect()
}

fn request(
    case: &Case,
    at: usize,
    call: &CallOutcome,
    spec: &ClientRequest,
    naming: &mut Naming,
) -> Json {
    let answer = &call.answer;
    let log = call.log.as_ref();
    let elapsed = answer.finished.map_or(SimDuration::ZERO, |end| end - call.started);
    let status = answer.status.filter(|_| answer.failure.is_none());
    let mut members = vec![
        ("id", Json::text(format!("q{}", at + 1))),
        ("req", Json::text(format!("{} {}", spec.method, spec.path))),
        ("status", status.map_or(Json::Null, Json::whole)),
        ("elapsed_class", Json::Whole(time_class(elapsed))),
        ("flags", log.map_or(Json::Null, |log| Json::text(log.flags.to_string()))),
        ("details", optional(log.map(|log| log.details.as_str()))),
        ("log_attempts", log.map_or(Json::Null, |log| Json::whole(log.attempts))),
        ("cluster", optional(log.and_then(|log| log.cluster.as_deref()))),
        ("route", optional(log.and_then(|log| log.route.as_deref()))),
    ];
    if let Some(log) = log.filter(|log| Some(log.code) != status) {
        members.push(("log_code", Json::whole(log.code)));
    }
    match answer.failure {
        Some(failure) => members.push(("error", Json::text(error(case, failure)))),
        None => answered(case, spec, answer, naming, &mut members),
    }
    let attempts = call.seen.iter().map(|seen| attempt(case, call, spec, seen, naming));
    members.push(("attempts", Json::List(attempts.collect())));
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn error(case: &Case, failure: Failure) -> &'static str {
    match (case.world.transport, failure) {
        (ClientTransport::Tls, _) | (_, Failure::Handshake) => "tls_or_connection_error",
        (ClientTransport::Plaintext, Failure::Impatience) => "client_timeout",
    }
}

fn answered(
    case: &Case,
    spec: &ClientRequest,
    answer: &Answer,
    naming: &mut Naming,
    members: &mut Vec<(&'static str, Json)>,
) {
    let kept = answer
        .headers
        .iter()
        .filter(|(name, _)| RESPONSE_HEADERS.contains(name) || name.starts_with("x-t-"));
    let kept = kept.map(|(name, value)| Json::List(vec![Json::text(name), Json::text(value)]));
    members.push(("resp_headers", Json::List(kept.collect())));
    let length = answer.headers.get("content-length").and_then(|it| it.parse::<usize>().ok());
    let complete = match length {
        Some(length) => spec.method == "HEAD" || answer.body.len() == length,
        None if answer.status.is_some_and(never_has_body) => true,
        // The end of a chunked answer is marked, but not on HEAD.
        None => answer.ended && spec.method != "HEAD",
    };
    members.push(("complete", Json::Bool(complete)));
    if !complete || answer.status != Some(200) || case.terms.bodies == Bodies::OfAll {
        let is_endpoint = case
            .world
            .clusters
            .iter()
            .any(|cluster| cluster.upstreams.iter().any(|it| it.name == answer.body));
        let body = if is_endpoint {
            naming.name(&answer.body)
        } else {
            answer.body.chars().take(BODY_CHARS).collect()
        };
        members.push(("body", Json::text(body)));
    }
}

fn attempt(
    case: &Case,
    call: &CallOutcome,
    spec: &ClientRequest,
    seen: &Seen,
    naming: &mut Naming,
) -> Json {
    let number = seen.headers.get("x-envoy-attempt-count");
    let mut members = vec![
        ("ep", Json::text(naming.name(&seen.endpoint))),
        ("n", optional(number)),
        ("t_class", Json::Whole(time_class(seen.at - call.started))),
    ];
    let headers = request_headers(case, seen);
    if !headers.is_empty() {
        members.push(("hdrs", Json::Object(headers)));
    }
    let path = seen.headers.get(":path").unwrap_or_default();
    if path != spec.path {
        members.push(("path", Json::text(path)));
    }
    let host = seen.headers.get(":authority").unwrap_or_default();
    if host != spec.host {
        members.push(("host", Json::text(host)));
    }
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The headers of an attempt that are written down. Upstreams join repeated headers with commas;
/// on HTTP/2 the last one counts.
fn request_headers(case: &Case, seen: &Seen) -> Vec<(String, Json)> {
    let multiplexed = case.world.clusters.iter().any(|cluster| {
        cluster.upstreams.iter().any(|it| it.name == seen.endpoint)
            && cluster.cluster.http.protocol.value == UpstreamProtocol::Http2
    });
    let mut kept: Vec<(String, Json)> = Vec::new();
    let headers: &HeaderMap = &seen.headers;
    for (name, _) in headers.iter() {
        let wanted = name.starts_with("x-t-") || REQUEST_HEADERS.contains(&name);
        if !wanted || kept.iter().any(|(known, _)| known == name) {
            continue;
        }
        let values: Vec<&str> = headers.all(name).collect();
        let value = match values.last() {
            Some(last) if multiplexed => (*last).to_owned(),
            _ => values.join(","),
        };
        kept.push((name.to_owned(), Json::text(value)));
    }
    kept
}
