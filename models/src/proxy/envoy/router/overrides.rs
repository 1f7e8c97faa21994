//! What the headers of one request change of the router's terms: `x-envoy-*` of a caller that is
//! trusted, and `grpc-timeout`. Whether the caller is trusted is decided by who calls this.
//!
//! Source: Envoy, "HTTP headers consumed by the router"; `RetryStateImpl`'s constructor and
//! `FilterUtility::finalTimeout`.

use std::sync::Arc;

use crate::explain::Sourced;
use crate::units::SimDuration;
use crate::world::Origin;

use super::super::config::{
    Backoff, HeaderMatcher, HeaderTest, Invert, MissingHeader, RetryOn, RetryPolicy,
};
use super::super::matching::is_grpc;
use super::super::request::HeaderMap;
use super::plan::{Hedging, RouterPlan};

/// The origin of a value that came with the request.
const FROM_HEADER: Origin = Origin::Assumed("a header of the request");

/// Headers of a trusted caller that change the router's terms. The router takes them out of the
/// request; a connection manager that does not trust the caller takes them out before.
pub const ROUTER_HEADERS: [&str; 10] = [
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-retriable-status-codes",
    "x-envoy-retriable-header-names",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-upstream-stream-duration-ms",
];

/// Whether a caller's `x-envoy-*` headers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// They do.
    Trusted,
    /// They do not.
    Untrusted,
}

impl RouterPlan {
    /// The terms for one request, where its headers change those of the route.
    #[must_use]
    pub fn for_request(&self, headers: &HeaderMap, caller: Caller) -> Option<Self> {
        let trusted = caller == Caller::Trusted
            && headers.iter().any(|(name, _)| ROUTER_HEADERS.contains(&name));
        let grpc = self.grpc_timeout_max.filter(|_| is_grpc(headers));
        if !trusted && grpc.is_none() {
            return None;
        }
        let mut plan = self.clone();
        if let Some(max) = grpc {
            plan.timeout = grpc_timeout(headers, max);
        }
        if let Some(per_try) = self.retry.as_ref().and_then(|retry| retry.per_try_timeout) {
            plan.per_try_timeout = per_try;
        }
        if trusted {
            plan.take_timeouts(headers);
            plan.take_retries(headers);
        }
        plan.settle();
        Some(plan)
    }

    fn take_timeouts(&mut self, headers: &HeaderMap) {
        if let Some(timeout) = milliseconds(headers, "x-envoy-upstream-rq-timeout-ms") {
            self.timeout = timeout;
        }
        if let Some(timeout) = milliseconds(headers, "x-envoy-upstream-rq-per-try-timeout-ms") {
            self.per_try_timeout = timeout;
        }
        if let Some(limit) = milliseconds(headers, "x-envoy-upstream-stream-duration-ms") {
            self.max_attempt_duration = Some(limit).filter(|limit| !limit.is_zero());
        }
        if headers.get("x-envoy-upstream-rq-timeout-alt-response").is_some() {
            self.timeout_status = 204;
        }
        match headers.get("x-envoy-hedge-on-per-try-timeout") {
            Some("true") => self.hedging = Hedging::OnPerTryTimeout,
            Some("false") => self.hedging = Hedging::Off,
            _ => {}
        }
    }

    fn take_retries(&mut self, headers: &HeaderMap) {
        let mut on = self.retry.as_ref().map_or(RetryOn::NONE, |retry| retry.retry_on.value);
        let words = ["x-envoy-retry-on", "x-envoy-retry-grpc-on"];
        let asked = words.iter().any(|name| headers.get(name).is_some());
        if !asked && on.is_empty() {
            return;
        }
        for word in words.iter().filter_map(|name| headers.get(name)).flat_map(list) {
            on = on.with(RetryOn::of_word(word).unwrap_or_default());
        }
        let mut policy = self.retry.as_deref().cloned().unwrap_or_else(default_policy);
        if asked {
            policy.retry_on = Sourced::new(on, FROM_HEADER);
        }
        let retries = headers.get("x-envoy-max-retries").and_then(|text| text.trim().parse().ok());
        if let Some(retries) = retries {
            policy.retries = Sourced::new(retries, FROM_HEADER);
        }
        let codes = headers.get("x-envoy-retriable-status-codes").into_iter().flat_map(list);
        policy.status_codes.extend(codes.filter_map(|code| code.parse::<u16>().ok()));
        let names = headers.get("x-envoy-retriable-header-names").into_iter().flat_map(list);
        policy.response_headers.extend(names.map(|name| HeaderMatcher {
            name: name.to_ascii_lowercase(),
            test: HeaderTest::Present,
            invert: Invert::No,
            missing: MissingHeader::NoMatch,
        }));
        self.retry = Some(Arc::new(policy));
    }
}

/// The words of a list with commas.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// A header that holds whole milliseconds.
fn milliseconds(headers: &HeaderMap, name: &str) -> Option<Sourced<SimDuration>> {
    let ms: u64 = headers.get(name)?.trim().parse().ok()?;
    Some(Sourced::new(SimDuration::from_ns(ms.saturating_mul(1_000_000)), FROM_HEADER))
}

/// `grpc-timeout` (at most eight digits and a unit), held at `max`; without it the timeout is as
/// long as `max` allows.
fn grpc_timeout(headers: &HeaderMap, max: Sourced<SimDuration>) -> Sourced<SimDuration> {
    let asked = headers.get("grpc-timeout").and_then(parse_grpc_timeout);
    match asked {
        Some(asked) if !asked.is_zero() && (max.is_zero() || asked <= max.value) => {
            Sourced::new(asked, FROM_HEADER)
        }
        _ => max,
    }
}

fn parse_grpc_timeout(text: &str) -> Option<SimDuration> {
    let digits = text.len().checked_sub(1).filter(|digits| (1..=8).contains(digits))?;
    let (number, unit) = text.split_at_checked(digits)?;
    let unit_ns: u64 = match unit {
        "H" => 3_600_000_000_000,
        "M" => 60_000_000_000,
        "S" => 1_000_000_000,
        "m" => 1_000_000,
        "u" => 1_000,
        "n" => 1,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ns = number.parse::<u64>().ok()? * unit_ns;
    // The proxy counts in milliseconds and rounds up, so that a short timeout is not none at all.
    Some(SimDuration::from_ns(ns.div_ceil(1_000_000) * 1_000_000))
}

/// The policy of a route without one, for a request that asks for retries.
fn default_policy() -> RetryPolicy {
    let base = SimDuration::from_ms(25);
    RetryPolicy {
        retry_on: Sourced::default_of(RetryOn::NONE, "envoy.no-retries"),
        retries: Sourced::default_of(1, "envoy.num-retries"),
        per_try_timeout: None,
        per_try_idle_timeout: None,
        status_codes: Vec::new(),
        response_headers: Vec::new(),
        request_headers: Vec::new(),
        backoff: Sourced::default_of(
            Backoff { base, max: SimDuration::from_ms(250) },
            "envoy.retry-back-off",
        ),
        rate_limited: None,
        host_predicates: Vec::new(),
        host_selection_attempts: 1,
        previous_priorities: None,
        origin: FROM_HEADER,
    }
}
