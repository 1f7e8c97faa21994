//! Time limits and retries of nginx in the terms of the proxy model. Which backend is asked next is
//! the balancer's business.
//!
//! Source: nginx `ngx_http_proxy_module`, `proxy_next_upstream`: an error or a silence before the
//! first byte of the answer; requests with POST, LOCK and PATCH are not sent again once they were
//! sent, unless `non_idempotent` is among the words.

use crate::explain::Sourced;
use crate::proxy::envoy::config::{
    Backoff, Cluster, HostPredicate, LoadBalancer, RetryOn, RetryPolicy, RoutingPriority,
    Thresholds,
};
use crate::units::SimDuration;

use super::settings::Settings;

/// How often a balancer may draw before it takes a backend that was asked before.
const HOST_SELECTION_ATTEMPTS: u32 = 5;

/// The methods that are not sent twice.
pub(super) const NOT_IDEMPOTENT: [&str; 3] = ["POST", "LOCK", "PATCH"];

/// Whether a method may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// It may.
    Idempotent,
    /// Only if it was not sent.
    NotIdempotent,
}

/// The words of `proxy_next_upstream` that are statuses.
const STATUSES: [(&str, u16); 7] = [
    ("http_500", 500),
    ("http_502", 502),
    ("http_503", 503),
    ("http_504", 504),
    ("http_403", 403),
    ("http_404", 404),
    ("http_429", 429),
];

/// When the next backend is asked; the attempts' own time limit holds in any case.
pub(super) fn retry(settings: &Settings, method: Method) -> RetryPolicy {
    let words: Vec<&str> = settings.next_upstream.value.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    let twice = method == Method::Idempotent || has("non_idempotent");
    let mut retry_on = RetryOn::NONE;
    let mut status_codes = Vec::new();
    if !has("off") && (has("error") || has("timeout")) {
        retry_on = retry_on.with(RetryOn::CONNECT_FAILURE).with(RetryOn::REFUSED_STREAM);
        if twice {
            retry_on = retry_on.with(RetryOn::RESET);
        }
    }
    if !has("off") && twice {
        let named = STATUSES.iter().filter(|(word, _)| has(word));
        status_codes = named.map(|(_, status)| *status).collect();
    }
    if !status_codes.is_empty() {
        retry_on = retry_on.with(RetryOn::RETRIABLE_STATUS_CODES);
    }
    let origin = settings.next_upstream.origin;
    let pause = Backoff { base: SimDuration::from_ms(1), max: SimDuration::from_ms(1) };
    RetryPolicy {
        retry_on: Sourced::new(retry_on, origin),
        retries: settings.tries.map(|tries| match tries {
            // Without a limit each backend is asked once; nobody has more than these.
            0 => HOST_SELECTION_ATTEMPTS,
            tries => tries - 1,
        }),
        per_try_timeout: None,
        per_try_idle_timeout: Some(settings.read_timeout),
        status_codes,
        response_headers: Vec::new(),
        request_headers: Vec::new(),
        backoff: Sourced::default_of(pause, "nginx.no-pause"),
        rate_limited: None,
        host_predicates: vec![HostPredicate::PreviousHosts],
        host_selection_attempts: HOST_SELECTION_ATTEMPTS,
        previous_priorities: None,
        origin,
    }
}

/// What nginx does with every backend: in turn, with connections that are kept for a minute, and
/// without limits.
pub(super) fn settle(cluster: &mut Cluster) {
    let unlimited = |name| Sourced::default_of(u32::MAX, name);
    cluster.balancer = Sourced::default_of(LoadBalancer::RoundRobin(None), "nginx.balancer");
    cluster.connect_timeout =
        Sourced::default_of(SimDuration::from_secs(5), "nginx.connect-timeout");
    cluster.http.idle_timeout =
        Sourced::default_of(SimDuration::from_secs(60), "nginx.upstream-keepalive-timeout");
    cluster.thresholds.insert(
        RoutingPriority::Default,
        Thresholds {
            max_connections: unlimited("nginx.no-limit"),
            max_pending: unlimited("nginx.no-limit"),
            max_requests: unlimited("nginx.no-limit"),
            max_retries: unlimited("nginx.no-limit"),
            ..Thresholds::DEFAULT
        },
    );
}
