//! Timeouts and retries of one rule.
//!
//! Source: gateway-api `apis/v1/httproute_types.go`, `HTTPRouteTimeouts` and `HTTPRouteRetry`; for
//! Istio's reading istio `pilot/pkg/config/kube/gateway/conversion.go`, `convertHTTPRoute`.

use std::sync::Arc;

use crate::control::istio::routes;
use crate::explain::Sourced;
use crate::manifest::Located;
use crate::manifest::kinds::gateway::{RouteRetry, RouteRule};
use crate::profile::{BackendTimeout, ControllerFacts, GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::{Backoff, HostPredicate, RetryOn, RetryPolicy};
use crate::units::SimDuration;
use crate::world::Origin;

use super::Context;

/// Where the standard leaves the number open, the default of Istio's routes is taken.
const RETRIES: u32 = 2;
const BACKOFF_BASE: SimDuration = SimDuration::from_ms(25);
const BACKOFF_MAX_FACTOR: u64 = 10;
const HOST_SELECTION_ATTEMPTS: u32 = 5;

/// How long a request may take and when it is tried again.
pub(super) struct Limits {
    /// Zero is for ever.
    pub(super) timeout: Sourced<SimDuration>,
    pub(super) retry: Option<Arc<RetryPolicy>>,
}

/// The limits of a rule.
pub(super) fn limits(context: &Context<'_>, rule: &RouteRule) -> Limits {
    let not_zero = |time: &Option<Located<SimDuration>>| {
        time.as_ref().filter(|time| time.value != SimDuration::ZERO).map(sourced)
    };
    let (request, per_try) = (not_zero(&rule.request_timeout), not_zero(&rule.backend_timeout));
    let disabled = rule.request_timeout.as_ref().map(sourced);
    let facts = context.facts;
    let unsaid = facts.controller.as_ref().map_or(SimDuration::ZERO, |it| *it.request_timeout);
    let unsaid = Sourced::default_of(unsaid, "gateway.request-timeout");
    let timeout = request.or(disabled).unwrap_or(unsaid);
    if let Some(retry) = &rule.retry {
        return Limits { timeout, retry: policy(facts, retry, per_try).map(Arc::new) };
    }
    let mut retry = None;
    if facts.differs(GatewayDifference::DefaultRetries) {
        retry = routes::default_retries(context.profile);
    }
    let Some(per_try) = per_try else { return Limits { timeout, retry: retry.map(Arc::new) } };
    let controller = facts.controller.as_ref().map(|it| *it.backend_timeout);
    let of_request = controller == Some(BackendTimeout::Request);
    if of_request || facts.differs(GatewayDifference::BackendTimeout) {
        // An attempt that takes too long is not tried again, so its limit is the request's.
        return Limits { timeout: per_try, retry: retry.map(Arc::new) };
    }
    let retry = match retry {
        Some(retry) => RetryPolicy { per_try_timeout: Some(per_try), ..retry },
        None => single_attempt(per_try),
    };
    Limits { timeout, retry: Some(Arc::new(retry)) }
}

fn sourced<T: Copy>(value: &Located<T>) -> Sourced<T> {
    Sourced::new(value.value, Origin::Manifest(value.place))
}

/// One attempt with a limit of its own.
fn single_attempt(per_try: Sourced<SimDuration>) -> RetryPolicy {
    RetryPolicy {
        retry_on: Sourced::new(RetryOn::NONE, per_try.origin),
        retries: Sourced::new(0, per_try.origin),
        per_try_timeout: Some(per_try),
        ..empty(per_try.origin)
    }
}

fn empty(origin: Origin) -> RetryPolicy {
    let backoff = backoff_from(BACKOFF_BASE);
    RetryPolicy {
        retry_on: Sourced::new(RetryOn::NONE, origin),
        retries: Sourced::new(0, origin),
        per_try_timeout: None,
        per_try_idle_timeout: None,
        status_codes: Vec::new(),
        response_headers: Vec::new(),
        request_headers: Vec::new(),
        backoff: Sourced::default_of(backoff, "envoy.retry-backoff"),
        rate_limited: None,
        host_predicates: Vec::new(),
        host_selection_attempts: HOST_SELECTION_ATTEMPTS,
        previous_priorities: None,
        origin,
    }
}

fn backoff_from(base: SimDuration) -> Backoff {
    Backoff { base, max: SimDuration::from_ns(base.as_ns().saturating_mul(BACKOFF_MAX_FACTOR)) }
}

/// The policy of a `retry` stanza; `None` if nothing is tried again.
fn policy(
    facts: &GatewayFacts,
    retry: &RouteRetry,
    per_try: Option<Sourced<SimDuration>>,
) -> Option<RetryPolicy> {
    let origin = Origin::Manifest(retry.place);
    let attempts = retry.attempts.as_ref().map(sourced);
    let retries = attempts.unwrap_or(Sourced::default_of(RETRIES, "gateway.retry-attempts"));
    if retries.value == 0 && per_try.is_none() {
        return None;
    }
    // "Implementations SHOULD retry on connection errors (disconnect, reset, timeout, TCP failure)
    // if a retry stanza is configured."
    let connection = RetryOn::CONNECT_FAILURE.with(RetryOn::REFUSED_STREAM);
    let mut retry_on = if let Some(controller) = &facts.controller {
        conditions(controller)
    } else if facts.differs(GatewayDifference::RetryConditions) {
        connection.with(RetryOn::GRPC_UNAVAILABLE).with(RetryOn::GRPC_CANCELLED)
    } else {
        connection.with(RetryOn::RESET)
    };
    if !retry.codes.is_empty() {
        retry_on = retry_on.with(RetryOn::RETRIABLE_STATUS_CODES);
    }
    let backoff = retry.backoff.as_ref();
    let backoff = backoff.map(|base| sourced(base).map(backoff_from));
    let empty = empty(origin);
    Some(RetryPolicy {
        retry_on: Sourced::new(retry_on, origin),
        retries,
        per_try_timeout: per_try,
        status_codes: statuses(facts, retry),
        backoff: backoff.unwrap_or(empty.backoff),
        host_predicates: vec![HostPredicate::PreviousHosts],
        ..empty
    })
}

/// The conditions of a controller's own.
fn conditions(controller: &ControllerFacts) -> RetryOn {
    let words = controller.retry_on.split(',').filter_map(RetryOn::of_word);
    words.fold(RetryOn::NONE, RetryOn::with)
}

/// The statuses that are retried.
fn statuses(facts: &GatewayFacts, retry: &RouteRetry) -> Vec<u16> {
    match &facts.controller {
        Some(controller) if retry.codes.is_empty() => controller.retry_statuses.to_vec(),
        _ => retry.codes.clone(),
    }
}
