//! Whether an attempt is followed by another one, and after which pause.
//!
//! Source: Envoy, source/common/router/retry_state_impl.cc, and "HTTP headers consumed by the
//! router", `x-envoy-retry-on`.

use crate::explain::{Probe, RuleId};
use crate::units::SimDuration;

use super::super::config::{RetryOn, RetryPolicy};
use super::super::flags::ResponseFlag;
use super::backoff;
use super::counter::Counter;
use super::effects::{Admission, Effects, Timer};
use super::head::ResponseHead;
use super::machine::Router;
use super::reply::ResetReason;
use super::state::{Attempt, Phase, RetrySlot};

const HEADERS: RuleId = RuleId("envoy.retry.response");
const RESET: RuleId = RuleId("envoy.retry.reset");
const LIMIT: RuleId = RuleId("envoy.retry.limit");
const BREAKER: RuleId = RuleId("envoy.retry.breaker");
const BACKOFF: RuleId = RuleId("envoy.retry.back-off");
const RATE_LIMITED: RuleId = RuleId("envoy.retry.back-off-asked-for");

/// Whether there is a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is.
    Retry,
    /// There should be one, but it is not allowed.
    Refused,
    /// Nothing asks for one.
    No,
}

/// The gRPC conditions and the statuses they stand for.
const GRPC: [(RetryOn, u32); 5] = [
    (RetryOn::GRPC_CANCELLED, 1),
    (RetryOn::GRPC_DEADLINE_EXCEEDED, 4),
    (RetryOn::GRPC_RESOURCE_EXHAUSTED, 8),
    (RetryOn::GRPC_INTERNAL, 13),
    (RetryOn::GRPC_UNAVAILABLE, 14),
];

/// The condition that a response fulfils, if any.
///
/// A response that an Envoy made for a rate limit counts only for `envoy-ratelimited`, whatever
/// its status.
#[must_use]
pub fn response_condition(policy: &RetryPolicy, head: &ResponseHead<'_>) -> Option<RetryOn> {
    let on = policy.retry_on.value;
    let status = head.status;
    if head.headers.get("x-envoy-ratelimited").is_some() {
        return on.has(RetryOn::ENVOY_RATE_LIMITED).then_some(RetryOn::ENVOY_RATE_LIMITED);
    }
    let met = |condition| match condition {
        RetryOn::FIVE_XX => (500..600).contains(&status),
        RetryOn::GATEWAY_ERROR => (502..=504).contains(&status),
        RetryOn::RETRIABLE_4XX => status == 409,
        RetryOn::RETRIABLE_STATUS_CODES => policy.status_codes.contains(&status),
        RetryOn::RETRIABLE_HEADERS => policy
            .response_headers
            .iter()
            .any(|matcher| matcher.matches(head.headers, head.repeated)),
        _ => false,
    };
    let plain = [
        RetryOn::FIVE_XX,
        RetryOn::GATEWAY_ERROR,
        RetryOn::RETRIABLE_4XX,
        RetryOn::RETRIABLE_STATUS_CODES,
        RetryOn::RETRIABLE_HEADERS,
    ];
    plain.into_iter().find(|condition| on.has(*condition) && met(*condition)).or_else(|| {
        let grpc = head.grpc_status()?;
        GRPC.into_iter()
            .find(|(condition, code)| on.has(*condition) && *code == grpc)
            .map(|(condition, _)| condition)
    })
}

/// Whether an attempt's request had been sent when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// It had a connection.
    Yes,
    /// It had none yet.
    No,
}

/// The condition that a reset fulfils, if any. An overflow never does.
#[must_use]
pub fn reset_condition(on: RetryOn, reason: ResetReason, sent: Sent) -> Option<RetryOn> {
    if reason == ResetReason::Overflow {
        return None;
    }
    let met = |condition| match condition {
        RetryOn::CONNECT_FAILURE => reason.is_connect_failure(),
        RetryOn::RESET_BEFORE_REQUEST => sent == Sent::No,
        RetryOn::REFUSED_STREAM => reason == ResetReason::RemoteRefusedStream,
        // A reset would become a 5xx, so both of these include it.
        RetryOn::RESET | RetryOn::FIVE_XX | RetryOn::GATEWAY_ERROR => true,
        _ => false,
    };
    let in_order = [
        RetryOn::CONNECT_FAILURE,
        RetryOn::RESET_BEFORE_REQUEST,
        RetryOn::RESET,
        RetryOn::FIVE_XX,
        RetryOn::GATEWAY_ERROR,
        RetryOn::REFUSED_STREAM,
    ];
    in_order.into_iter().find(|condition| on.has(*condition) && met(*condition))
}

impl<E: Effects, P: Probe> Router<'_, E, P> {
    pub(super) fn retry_from_headers(&mut self, head: &ResponseHead<'_>) -> Verdict {
        let Some(policy) = self.plan.retry.as_deref() else { return Verdict::No };
        let condition = response_condition(policy, head);
        self.explain_condition(HEADERS, policy, condition, || format!("status {}", head.status));
        let asked_for = match (&policy.rate_limited, condition) {
            (Some(rate_limited), Some(_)) => {
                let clock = self.effects.unix_seconds();
                backoff::asked_for(rate_limited, head.headers, clock)
            }
            _ => None,
        };
        self.decide(policy, condition, asked_for)
    }

    /// The verdict on a response of an attempt beside which another one was started already.
    pub(super) fn would_have_retried(&mut self, head: &ResponseHead<'_>) -> Verdict {
        let Some(policy) = self.plan.retry.as_deref() else { return Verdict::No };
        let condition = response_condition(policy, head);
        self.explain_condition(HEADERS, policy, condition, || {
            format!("status {} of an attempt that was hedged", head.status)
        });
        if condition.is_some() { Verdict::Refused } else { Verdict::No }
    }

    pub(super) fn retry_from_reset(&mut self, attempt: Attempt, reason: ResetReason) -> Verdict {
        let allowed = self.state.phase == Phase::Waiting
            && self.state.retry != RetrySlot::Never
            && !self.state.hedged.has(attempt);
        let Some(policy) = self.plan.retry.as_deref().filter(|_| allowed) else {
            return Verdict::No;
        };
        let sent = if self.state.connected.has(attempt) { Sent::Yes } else { Sent::No };
        let condition = reset_condition(policy.retry_on.value, reason, sent);
        self.explain_condition(RESET, policy, condition, || reason.words().to_owned());
        self.decide(policy, condition, None)
    }

    /// A retry beside an attempt that takes too long: it needs no condition.
    pub(super) fn hedge(&mut self) -> Verdict {
        let Some(policy) = self.plan.retry.as_deref() else { return Verdict::No };
        self.decide(policy, Some(policy.retry_on.value), None)
    }

    fn explain_condition(
        &mut self,
        rule: RuleId,
        policy: &RetryPolicy,
        condition: Option<RetryOn>,
        what: impl FnOnce() -> String,
    ) {
        self.probe.step(rule, Some(policy.retry_on.origin), || {
            let list = |set: RetryOn| set.words().collect::<Vec<_>>().join(",");
            match condition {
                Some(met) => format!("{} fulfils {}", what(), list(met)),
                None => format!("{} fulfils none of {}", what(), list(policy.retry_on.value)),
            }
        });
    }

    /// Limit, breaker and pause, in this order. An attempt that a retry was made for gives its
    /// place in the breaker back first.
    fn decide(
        &mut self,
        policy: &RetryPolicy,
        condition: Option<RetryOn>,
        asked_for: Option<SimDuration>,
    ) -> Verdict {
        if self.state.attempts > 1 && condition.is_none() {
            self.effects.count(Counter::RqRetrySuccess);
        }
        self.release_retry();
        if condition.is_none() {
            return Verdict::No;
        }
        if self.state.retries_left == 0 {
            self.effects.count(Counter::RqRetryLimitExceeded);
            self.state.flags.set(ResponseFlag::UpstreamRetryLimitExceeded);
            self.probe.step(LIMIT, Some(policy.retries.origin), || {
                format!("all {} retries are made: URX", policy.retries.value)
            });
            return Verdict::Refused;
        }
        self.state.retries_left -= 1;
        if self.effects.admit_retry(self.probe) == Admission::Overflow {
            self.effects.count(Counter::RqRetryOverflow);
            self.state.flags.set(ResponseFlag::UpstreamOverflow);
            self.probe.step(BREAKER, None, || {
                "too many retries of this cluster are under way: UO, and no retry".to_owned()
            });
            return Verdict::Refused;
        }
        self.state.retry = match asked_for {
            Some(_) => RetrySlot::PausingAsAsked,
            None => RetrySlot::Pausing,
        };
        let pause = self.pause(policy, asked_for);
        self.effects.arm(Timer::Backoff, pause);
        Verdict::Retry
    }

    fn pause(&mut self, policy: &RetryPolicy, asked_for: Option<SimDuration>) -> SimDuration {
        let draw = self.effects.roll_backoff();
        if let Some(least) = asked_for {
            let pause = backoff::at_least(least, draw);
            self.probe.step(RATE_LIMITED, Some(policy.origin), || {
                format!("the upstream asks for {least}: the retry comes after {pause}")
            });
            return pause;
        }
        let window_ms = self.state.window_ms;
        self.state.window_ms = backoff::next_window_ms(window_ms, policy.backoff.value);
        let pause = backoff::jittered(window_ms, draw);
        self.probe.step(BACKOFF, Some(policy.backoff.origin), || {
            format!("the retry comes after {pause}, drawn from 0 to below {window_ms}ms")
        });
        pause
    }

    pub(super) fn is_pausing(&self) -> bool {
        matches!(self.state.retry, RetrySlot::Pausing | RetrySlot::PausingAsAsked)
    }

    /// The pause is over: the retry is made, and only now it is counted.
    pub(super) fn pause_ends(&mut self) {
        let counter = match self.state.retry {
            RetrySlot::Pausing => Counter::RqRetryBackoffExponential,
            RetrySlot::PausingAsAsked => Counter::RqRetryBackoffRatelimited,
            RetrySlot::Never | RetrySlot::Idle | RetrySlot::Held => return,
        };
        self.effects.count(Counter::RqRetry);
        self.effects.count(counter);
        self.state.retry = RetrySlot::Held;
        self.start_attempt();
    }

    /// The breaker gets its place back; a pause that is running ends.
    pub(super) fn release_retry(&mut self) {
        match self.state.retry {
            RetrySlot::Never => return,
            RetrySlot::Idle => {}
            RetrySlot::Pausing | RetrySlot::PausingAsAsked => {
                self.effects.disarm(Timer::Backoff);
                self.effects.release_retry();
            }
            RetrySlot::Held => self.effects.release_retry(),
        }
        self.state.retry = RetrySlot::Idle;
    }
}
