//! The router's state machine: from the head of a request to the end of its response. Timers are
//! handled in `timeouts`, the decision to try again is made in `retry`.
//!
//! Source: Envoy, source/common/router/router.cc and upstream_request.cc.

use crate::explain::{Probe, RuleId};
use crate::units::SimTime;

use super::super::flags::ResponseFlag;
use super::backoff;
use super::counter::Counter;
use super::effects::{AttemptResult, Effects, Started, Timer};
use super::head::{More, ResponseHead};
use super::plan::RouterPlan;
use super::reply::{Details, LocalReply, ResetReason, Tries, http_status_of};
use super::retry::Verdict;
use super::state::{Attempt, AttemptSet, Phase, RequestEnd, RetrySlot, RouterState};

const NO_HOST: RuleId = RuleId("envoy.retry.no-host");
const RESPONSE_STARTED: RuleId = RuleId("envoy.retry.response-started");
const RESET_REPLY: RuleId = RuleId("envoy.retry.reset-reply");
const BUFFER: RuleId = RuleId("envoy.retry.buffer-limit");
const OTHERS_WAIT: RuleId = RuleId("envoy.retry.others-are-waited-for");

/// One request in the hands of the router, for as long as one event takes.
///
/// The state stays with the driver; this borrows it together with all that the event needs.
#[derive(Debug)]
pub struct Router<'r, E, P> {
    pub(super) state: &'r mut RouterState,
    pub(super) plan: &'r RouterPlan,
    pub(super) now: SimTime,
    pub(super) effects: &'r mut E,
    pub(super) probe: &'r mut P,
}

/// Whether a request may be tried again, as far as its own headers decide
/// (`retriable_request_headers`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retriable {
    /// It may.
    Yes,
    /// It may not.
    No,
}

impl<'r, E: Effects, P: Probe> Router<'r, E, P> {
    /// Puts a request into the router's hands.
    pub fn new(
        state: &'r mut RouterState,
        plan: &'r RouterPlan,
        now: SimTime,
        effects: &'r mut E,
        probe: &'r mut P,
    ) -> Self {
        Self { state, plan, now, effects, probe }
    }

    /// The head of the request has passed all filters: the first attempt starts.
    pub fn begin(&mut self, request: RequestEnd, retriable: Retriable) {
        debug_assert_eq!(self.state.attempts, 0, "a request begins once");
        if let Some(policy) = self.plan.retry.as_deref().filter(|retry| !retry.retry_on.is_empty())
        {
            self.state.retries_left = policy.retries.value;
            self.state.window_ms = backoff::first_window_ms(policy.backoff.value);
            if retriable == Retriable::Yes {
                self.state.retry = RetrySlot::Idle;
            }
        }
        self.start_attempt();
        if request == RequestEnd::Complete && self.state.phase == Phase::Waiting {
            self.request_complete();
        }
    }

    /// The last byte of the request has come: from now on its timeouts count.
    pub fn request_complete(&mut self) {
        self.state.request = RequestEnd::Complete;
        self.state.completed_at = self.now;
        if self.state.live.is_empty() {
            // Envoy sets no timer while a retry is waiting (Filter::onRequestComplete).
            return;
        }
        if !self.plan.timeout.is_zero() {
            self.effects.arm(Timer::Route, self.plan.timeout.value);
        }
        for attempt in self.state.live_attempts() {
            if self.state.connected.has(attempt) {
                self.arm_attempt_timers(attempt);
            }
        }
    }

    /// A part of the request's body has come; `kept_bytes` is all of it so far. What is too large
    /// to be kept is not sent twice.
    pub fn request_data(&mut self, kept_bytes: u64) {
        let Some(limit) = self.plan.buffer_bytes.filter(|limit| kept_bytes > *limit) else {
            return;
        };
        if self.state.retry == RetrySlot::Never {
            return;
        }
        let origin = self.plan.retry.as_ref().map(|retry| retry.origin);
        self.probe.step(BUFFER, origin, || {
            format!(
                "{kept_bytes} bytes of the request exceed the {limit} that are kept for retries"
            )
        });
        self.effects.count(Counter::RetryOrShadowAbandoned);
        self.give_up_retries();
        if self.state.live.is_empty() {
            self.clean_up();
            self.answer(507, Details::RetryBufferExceeded);
        }
    }

    /// An attempt has got a connection.
    pub fn connected(&mut self, attempt: Attempt) {
        if !self.state.live.has(attempt) {
            return;
        }
        self.state.connected.add(attempt);
        self.effects.report(attempt, AttemptResult::Connected);
        self.arm_duration(attempt);
        if self.state.request == RequestEnd::Complete {
            self.arm_attempt_timers(attempt);
        }
    }

    /// The head of a response has come.
    pub fn headers(&mut self, attempt: Attempt, head: &ResponseHead<'_>, more: More) {
        if !self.state.awaiting.has(attempt) {
            return;
        }
        self.touch_idle_timer(attempt);
        self.state.awaiting.remove(attempt);
        let counted = head.grpc_status().map_or(head.status, http_status_of);
        self.effects.report(attempt, AttemptResult::Response(counted));
        let verdict = if self.state.retry == RetrySlot::Never {
            Verdict::No
        } else if self.state.hedged.has(attempt) {
            self.would_have_retried(head)
        } else {
            self.retry_from_headers(head)
        };
        match verdict {
            Verdict::Retry => {
                self.effects.count(Counter::RetriedRqCompleted);
                self.drop_attempt(attempt, more);
            }
            Verdict::Refused if !self.state.awaiting.is_empty() || self.is_pausing() => {
                self.probe.step(OTHERS_WAIT, None, || {
                    let status = head.status;
                    format!("the {status} is thrown away: another attempt may still do better")
                });
                self.drop_attempt(attempt, more);
            }
            Verdict::Refused | Verdict::No => self.pass_on(attempt, more),
        }
    }

    /// More of the response's body has come, after its head.
    pub fn data(&mut self, attempt: Attempt, more: More) {
        if !self.state.live.has(attempt) || self.state.awaiting.has(attempt) {
            return;
        }
        self.touch_idle_timer(attempt);
        if more == More::End {
            self.finish(attempt);
        }
    }

    /// An attempt has ended before its response did.
    pub fn reset(&mut self, attempt: Attempt, reason: ResetReason) {
        if !self.state.live.has(attempt) {
            return;
        }
        self.state.awaiting.remove(attempt);
        if reason != ResetReason::Overflow {
            self.effects.report(attempt, AttemptResult::Reset(reason));
        }
        if self.retry_from_reset(attempt, reason) == Verdict::Retry {
            self.forget(attempt);
            return;
        }
        self.end_by_reset(attempt, reason);
    }

    fn end_by_reset(&mut self, attempt: Attempt, reason: ResetReason) {
        self.count_reply();
        self.forget(attempt);
        if !self.state.awaiting.is_empty() || self.is_pausing() {
            let words = reason.words();
            self.probe.step(OTHERS_WAIT, None, || {
                format!("the {words} is not told: another attempt may still answer")
            });
            return;
        }
        let started = self.state.phase == Phase::Responding;
        let details =
            if started { Details::LateReset(reason) } else { Details::EarlyReset(reason) };
        self.probe.step(RESET_REPLY, None, || {
            let (words, status) = (reason.words(), reason.status());
            format!("{words}: {status} and {}", reason.flag().short())
        });
        self.state.flags.set(reason.flag());
        self.clean_up();
        self.answer(reason.status(), details);
    }

    /// The client has gone away: whatever is under way is given up.
    pub fn client_gone(&mut self) {
        if self.state.phase == Phase::Done {
            return;
        }
        self.state.flags.set(ResponseFlag::DownstreamConnectionTermination);
        self.reset_all();
        self.clean_up();
        self.state.phase = Phase::Done;
    }

    /// The next attempt starts.
    pub(super) fn start_attempt(&mut self) {
        self.state.attempts = self.state.attempts.saturating_add(1);
        let attempt = Attempt(self.state.attempts);
        self.state.live.add(attempt);
        self.state.awaiting.add(attempt);
        self.state.connected.remove(attempt);
        self.state.hedged.remove(attempt);
        self.state.reported.remove(attempt);
        match self.effects.start_attempt(attempt, self.probe) {
            Started::Pending => {}
            Started::Connected => self.connected(attempt),
            Started::Overflow => self.reset(attempt, ResetReason::Overflow),
            Started::NoHost => self.no_host(attempt),
        }
    }

    fn no_host(&mut self, attempt: Attempt) {
        self.probe.step(NO_HOST, None, || {
            "no host can take the request: 503 and UH, and no further attempt".to_owned()
        });
        self.state.awaiting.remove(attempt);
        self.forget(attempt);
        self.state.flags.set(ResponseFlag::NoHealthyUpstream);
        self.count_reply();
        self.reset_all();
        self.clean_up();
        self.answer(503, Details::NoHealthyUpstream);
    }

    /// The response of `attempt` is the one that the client gets.
    fn pass_on(&mut self, attempt: Attempt, more: More) {
        self.probe.step(RESPONSE_STARTED, None, || {
            "the response goes to the client: from here on there is no retry".to_owned()
        });
        self.give_up_retries();
        self.effects.count(Counter::RqCompleted);
        self.state.phase = Phase::Responding;
        for other in self.state.live_attempts().filter(|other| *other != attempt) {
            self.effects.reset_attempt(other);
            self.forget(other);
        }
        self.effects.forward(attempt);
        if more == More::End {
            self.finish(attempt);
        }
    }

    /// All of the response has come.
    fn finish(&mut self, attempt: Attempt) {
        if self.state.request == RequestEnd::Open {
            self.effects.reset_attempt(attempt);
        }
        self.forget(attempt);
        self.clean_up();
        self.state.phase = Phase::Done;
    }

    /// A response that is thrown away.
    fn drop_attempt(&mut self, attempt: Attempt, more: More) {
        if more == More::Follows || self.state.request == RequestEnd::Open {
            self.effects.reset_attempt(attempt);
        }
        self.forget(attempt);
    }

    /// Takes an attempt that has ended out of the books.
    pub(super) fn forget(&mut self, attempt: Attempt) {
        if self.state.connected.has(attempt) {
            if self.plan.max_attempt_duration.is_some() {
                self.effects.disarm(Timer::AttemptDuration(attempt));
            }
            if self.state.request == RequestEnd::Complete {
                self.disarm_attempt_timers(attempt);
            }
        }
        self.state.live.remove(attempt);
        self.state.awaiting.remove(attempt);
    }

    /// Gives up all attempts that are under way.
    pub(super) fn reset_all(&mut self) {
        for attempt in self.state.live_attempts() {
            self.effects.reset_attempt(attempt);
            self.forget(attempt);
        }
        debug_assert_eq!(self.state.live, AttemptSet::default());
    }

    /// There will be no more retries: the pause ends, and the breaker gets its place back.
    pub(super) fn give_up_retries(&mut self) {
        self.release_retry();
        self.state.retry = RetrySlot::Never;
    }

    /// Nothing is under way any more.
    pub(super) fn clean_up(&mut self) {
        self.give_up_retries();
        if self.state.request == RequestEnd::Complete && !self.plan.timeout.is_zero() {
            self.effects.disarm(Timer::Route);
        }
    }

    /// Counts a reply of the router, unless the response was counted when it began.
    pub(super) fn count_reply(&mut self) {
        if self.state.phase == Phase::Waiting {
            self.effects.count(Counter::RqCompleted);
        }
    }

    /// Answers, or cuts the response off if it has begun.
    pub(super) fn answer(&mut self, status: u16, details: Details) {
        let tries = if self.state.attempts > 1 { Tries::Retried } else { Tries::First };
        let reply = LocalReply { status, details, tries, flags: self.state.flags };
        match std::mem::replace(&mut self.state.phase, Phase::Done) {
            Phase::Waiting => self.effects.reply(&reply),
            Phase::Responding => self.effects.cut_off(&reply),
            Phase::Done => debug_assert!(false, "a request is answered once"),
        }
    }
}
