//! What a route asks of the router, worked out once for all its requests; what a single request
//! changes of it is the business of `overrides`.

use std::sync::Arc;

use crate::explain::Sourced;
use crate::units::SimDuration;

use super::super::config::{Forward, HttpManager, RetryPolicy, RoutingPriority, VirtualHost};

/// The answer to a request that timed out.
const TIMED_OUT: u16 = 504;

/// What a connection holds of a request, and so what is kept of it where the virtual host does not
/// say otherwise.
///
/// Source: Envoy, `Listener.per_connection_buffer_limit_bytes`; held to Envoy 1.40.
const CONNECTION_BUFFER_BYTES: u64 = 1 << 20;

/// The router's terms for the requests of one route. A duration of zero is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterPlan {
    /// From the end of the request to the end of the response, all attempts and pauses included.
    pub timeout: Sourced<SimDuration>,
    /// From the moment an attempt has a connection to its response headers.
    pub per_try_timeout: Sourced<SimDuration>,
    /// The longest silence of an attempt that has a connection.
    pub per_try_idle_timeout: Sourced<SimDuration>,
    /// What the end of `per_try_timeout` means.
    pub hedging: Hedging,
    /// When to try again; `None` and a policy without conditions are never.
    pub retry: Option<Arc<RetryPolicy>>,
    /// Which circuit-breaker thresholds count.
    pub priority: RoutingPriority,
    /// Bytes of the request that are kept for retries; `None` is no limit.
    pub buffer_bytes: Option<u64>,
    /// The longest silence of the stream.
    pub stream_idle_timeout: Sourced<SimDuration>,
    /// The longest life of the stream; no limit if absent.
    pub max_stream_duration: Option<Sourced<SimDuration>>,
    /// The longest life of an attempt that has a connection; no limit if absent.
    pub max_attempt_duration: Option<Sourced<SimDuration>>,
    /// `grpc-timeout` of a gRPC request counts as the timeout, up to this; zero is no limit.
    pub grpc_timeout_max: Option<Sourced<SimDuration>>,
    /// The status of a reply to a request that timed out: 504 unless the client asked otherwise.
    pub timeout_status: u16,
}

/// What the end of the per-try timeout means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Hedging {
    /// The attempt is given up.
    #[default]
    Off,
    /// The attempt goes on, and another one starts beside it.
    OnPerTryTimeout,
}

impl RouterPlan {
    /// The terms of `forward`, a route of `host` behind `manager`.
    ///
    /// A route with a longest stream duration has no route timeout: Envoy takes its presence for
    /// the newer way to set time limits (`RouteEntry::usingNewTimeouts`, router.cc
    /// `FilterUtility::finalTimeout`).
    #[must_use]
    pub fn of(forward: &Forward, host: &VirtualHost, manager: &HttpManager) -> Self {
        let retry = forward.retry.clone().or_else(|| host.retry.clone());
        let hedge = forward.hedge.or(host.hedge);
        let none = Sourced::default_of(SimDuration::ZERO, "envoy.no-per-try-timeout");
        let per_try = retry.as_ref().and_then(|retry| retry.per_try_timeout);
        let idle = retry.as_ref().and_then(|retry| retry.per_try_idle_timeout);
        let new_timeouts = forward.max_stream_duration;
        let mut plan = Self {
            timeout: match new_timeouts {
                Some(limit) => Sourced::new(SimDuration::ZERO, limit.origin),
                None => forward.timeout,
            },
            per_try_timeout: per_try.unwrap_or(none),
            per_try_idle_timeout: idle.unwrap_or(none),
            hedging: match hedge {
                Some(hedge) if hedge.on_per_try_timeout.value => Hedging::OnPerTryTimeout,
                _ => Hedging::Off,
            },
            retry,
            priority: forward.priority,
            buffer_bytes: Some(host.request_buffer_bytes.unwrap_or(CONNECTION_BUFFER_BYTES)),
            stream_idle_timeout: forward.idle_timeout.unwrap_or(manager.stream_idle_timeout),
            max_stream_duration: forward.max_stream_duration.or(manager.max_stream_duration),
            max_attempt_duration: None,
            grpc_timeout_max: forward.grpc_timeout_max.filter(|_| new_timeouts.is_none()),
            timeout_status: TIMED_OUT,
        };
        plan.settle();
        plan
    }

    /// A per-try timeout that the route timeout would always come before has no effect.
    pub(super) fn settle(&mut self) {
        if !self.timeout.is_zero() && self.per_try_timeout.value >= self.timeout.value {
            self.per_try_timeout.value = SimDuration::ZERO;
        }
    }

    /// `x-envoy-expected-rq-timeout-ms` of an attempt that starts `elapsed` after the end of the
    /// request, in whole milliseconds; `None` without a limit.
    ///
    /// Source: Envoy, router.cc, `FilterUtility::setTimeoutHeaders`.
    #[must_use]
    pub fn expected_timeout_ms(&self, elapsed: SimDuration) -> Option<u64> {
        let global = self.timeout.as_ms();
        let per_try = match self.hedging {
            Hedging::Off => self.per_try_timeout.as_ms(),
            Hedging::OnPerTryTimeout => 0,
        };
        let expected = if per_try == 0 { global } else { per_try };
        let elapsed = elapsed.as_ms();
        match (expected, global) {
            (0, _) => None,
            (_, 0) => Some(expected),
            // Zero would mean no limit.
            (_, _) if elapsed >= global => Some(1),
            (_, _) => Some(expected.min(global - elapsed)),
        }
    }
}
