//! What the timers of a request do when they ring.
//!
//! Source: Envoy, router.cc `onResponseTimeout`, `onPerTryTimeoutCommon`, `onSoftPerTryTimeout`;
//! conn_manager_impl.cc `onIdleTimeout`, `onStreamMaxDurationReached`.

use crate::explain::{Probe, RuleId};

use super::super::flags::ResponseFlag;
use super::counter::Counter;
use super::effects::{AttemptResult, Effects, Timer};
use super::machine::Router;
use super::plan::Hedging;
use super::reply::{Details, ResetReason};
use super::retry::Verdict;
use super::state::{Attempt, Phase, RequestEnd, RetrySlot};

const ROUTE: RuleId = RuleId("envoy.retry.route-timeout");
const PER_TRY: RuleId = RuleId("envoy.retry.per-try-timeout");
const HEDGE: RuleId = RuleId("envoy.retry.hedge");
const STREAM: RuleId = RuleId("envoy.retry.stream-timeout");
const DURATION: RuleId = RuleId("envoy.retry.attempt-duration");

impl<E: Effects, P: Probe> Router<'_, E, P> {
    /// The stream has begun: its own timers start. Called before any filter looks at the request.
    pub fn open_stream(&mut self) {
        if let Some(max) = self.plan.max_stream_duration.filter(|max| !max.is_zero()) {
            self.effects.arm(Timer::MaxDuration, max.value);
        }
        self.touch_stream();
    }

    /// Something moved on the stream: its silence starts afresh.
    pub fn touch_stream(&mut self) {
        if !self.plan.stream_idle_timeout.is_zero() {
            self.effects.arm(Timer::StreamIdle, self.plan.stream_idle_timeout.value);
        }
    }

    /// The stream has ended: its own timers stop.
    pub fn close_stream(&mut self) {
        if self.plan.max_stream_duration.is_some_and(|max| !max.is_zero()) {
            self.effects.disarm(Timer::MaxDuration);
        }
        if !self.plan.stream_idle_timeout.is_zero() {
            self.effects.disarm(Timer::StreamIdle);
        }
    }

    /// A timer rings. One that was disarmed must not.
    pub fn timer(&mut self, timer: Timer) {
        if self.state.phase == Phase::Done {
            return;
        }
        match timer {
            Timer::Route => self.route_timeout(),
            Timer::PerTry(attempt) => {
                // A response that has begun has the route timeout only.
                if self.state.live.has(attempt) && self.state.phase == Phase::Waiting {
                    self.per_try_timeout(attempt, Counter::RqPerTryTimeout, Details::PerTryTimeout);
                }
            }
            Timer::PerTryIdle(attempt) => {
                if self.state.live.has(attempt) {
                    let details = Details::PerTryIdleTimeout;
                    self.per_try_timeout(attempt, Counter::RqPerTryIdleTimeout, details);
                }
            }
            Timer::AttemptDuration(attempt) => {
                if self.state.live.has(attempt) {
                    self.attempt_lived_too_long(attempt);
                }
            }
            Timer::Backoff => self.pause_ends(),
            Timer::StreamIdle => {
                self.state.flags.set(ResponseFlag::StreamIdleTimeout);
                self.stream_timeout(Details::StreamIdleTimeout);
            }
            Timer::MaxDuration => self.stream_timeout(Details::MaxDuration),
        }
    }

    pub(super) fn arm_attempt_timers(&mut self, attempt: Attempt) {
        if !self.plan.per_try_timeout.is_zero() {
            self.effects.arm(Timer::PerTry(attempt), self.plan.per_try_timeout.value);
        }
        self.touch_idle_timer(attempt);
    }

    /// The attempt has a connection: its longest life counts from now, whatever of the request has
    /// come.
    pub(super) fn arm_duration(&mut self, attempt: Attempt) {
        if let Some(limit) = self.plan.max_attempt_duration {
            self.effects.arm(Timer::AttemptDuration(attempt), limit.value);
        }
    }

    /// Source: Envoy, router.cc, `onStreamMaxDurationReached`; held to Envoy 1.40.
    fn attempt_lived_too_long(&mut self, attempt: Attempt) {
        let limit = self.plan.max_attempt_duration.map(|limit| limit.origin);
        self.probe.step(DURATION, limit, || {
            format!("attempt {} lived too long, it is given up", attempt.0)
        });
        self.effects.count(Counter::RqMaxDurationReached);
        self.effects.reset_attempt(attempt);
        let retry = self.retry_from_reset(attempt, ResetReason::LocalReset);
        self.forget(attempt);
        if retry != Verdict::Retry {
            self.state.flags.set(ResponseFlag::UpstreamMaxStreamDurationReached);
            self.clean_up();
            self.answer(self.too_late_status(), Details::UpstreamMaxDuration);
        }
    }

    pub(super) fn disarm_attempt_timers(&mut self, attempt: Attempt) {
        if !self.plan.per_try_timeout.is_zero() {
            self.effects.disarm(Timer::PerTry(attempt));
        }
        if !self.plan.per_try_idle_timeout.is_zero() {
            self.effects.disarm(Timer::PerTryIdle(attempt));
        }
    }

    pub(super) fn touch_idle_timer(&mut self, attempt: Attempt) {
        let counts = !self.plan.per_try_idle_timeout.is_zero()
            && self.state.request == RequestEnd::Complete
            && !self.state.reported.has(attempt);
        if counts {
            self.effects.arm(Timer::PerTryIdle(attempt), self.plan.per_try_idle_timeout.value);
        }
    }

    /// The route timeout covers all attempts and pauses, and is never retried.
    fn route_timeout(&mut self) {
        let timeout = self.plan.timeout;
        self.probe.step(ROUTE, Some(timeout.origin), || {
            format!("the {timeout} for all attempts are over: UT", timeout = timeout.value)
        });
        for attempt in self.state.live_attempts() {
            self.effects.count(Counter::RqTimeout);
            if self.state.awaiting.has(attempt) {
                if !self.state.reported.has(attempt) {
                    let status = self.plan.timeout_status;
                    self.effects.report(attempt, AttemptResult::Timeout(status));
                }
                self.count_reply();
            }
            self.effects.reset_attempt(attempt);
            self.forget(attempt);
        }
        self.time_out(Details::ResponseTimeout);
    }

    fn per_try_timeout(&mut self, attempt: Attempt, counter: Counter, details: Details) {
        let limit = match details {
            Details::PerTryIdleTimeout => self.plan.per_try_idle_timeout,
            _ => self.plan.per_try_timeout,
        };
        if self.plan.hedging == Hedging::OnPerTryTimeout {
            self.hedge_beside(attempt);
            return;
        }
        self.probe.step(PER_TRY, Some(limit.origin), || {
            format!("attempt {} took {}, it is given up", attempt.0, limit.value)
        });
        self.effects.count(counter);
        self.effects.reset_attempt(attempt);
        self.effects.report(attempt, AttemptResult::Timeout(self.plan.timeout_status));
        let retry = self.retry_from_reset(attempt, ResetReason::LocalReset);
        if retry != Verdict::Retry {
            self.count_reply();
        }
        self.forget(attempt);
        if retry != Verdict::Retry {
            self.time_out(details);
        }
    }

    /// With hedging the attempt goes on, and the client gets whichever response is better.
    fn hedge_beside(&mut self, attempt: Attempt) {
        self.effects.report(attempt, AttemptResult::Timeout(self.plan.timeout_status));
        self.state.reported.add(attempt);
        self.disarm_attempt_timers(attempt);
        let full = self.state.live.has(Attempt(self.state.attempts.wrapping_add(1)));
        let may = self.state.phase == Phase::Waiting
            && self.state.retry != RetrySlot::Never
            && !self.state.hedged.has(attempt)
            && !full;
        if may && self.hedge() == Verdict::Retry {
            self.state.hedged.add(attempt);
            self.probe.step(HEDGE, Some(self.plan.per_try_timeout.origin), || {
                format!("attempt {} goes on, and another one starts beside it", attempt.0)
            });
        }
    }

    fn time_out(&mut self, details: Details) {
        self.state.flags.set(ResponseFlag::UpstreamRequestTimeout);
        self.clean_up();
        self.answer(self.plan.timeout_status, details);
    }

    /// The connection manager's own timers: 504, or 408 while the request is still coming.
    fn stream_timeout(&mut self, details: Details) {
        self.probe.step(STREAM, Some(self.stream_limit(details)), || {
            format!("the stream is ended: {details}")
        });
        self.reset_all();
        self.clean_up();
        self.answer(self.too_late_status(), details);
    }

    /// 504, or 408 while the request is still coming.
    const fn too_late_status(&self) -> u16 {
        match self.state.request {
            RequestEnd::Complete => 504,
            RequestEnd::Open => 408,
        }
    }

    fn stream_limit(&self, details: Details) -> crate::world::Origin {
        match (details, self.plan.max_stream_duration) {
            (Details::MaxDuration, Some(max)) => max.origin,
            _ => self.plan.stream_idle_timeout.origin,
        }
    }
}
