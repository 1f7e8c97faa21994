//! A driver that writes down what the router asks for.

use std::fmt::Write;
use std::sync::Arc;

use crate::explain::{Explanation, Probe, Sourced, Tree};
use crate::proxy::envoy::config::{Backoff, RetryOn, RetryPolicy, RoutingPriority};
use crate::proxy::envoy::router::*;
use crate::units::{SimDuration, SimTime};
use crate::world::Origin;

pub(super) const TEST: Origin = Origin::Assumed("a test");

pub(super) fn ms(ms: u64) -> SimDuration {
    SimDuration::from_ms(ms)
}

pub(super) fn known<T>(value: T) -> Sourced<T> {
    Sourced::new(value, TEST)
}

/// A policy with these conditions and pauses below 25 ms, doubling up to 250 ms.
pub(super) fn policy(words: &str, retries: u32) -> RetryPolicy {
    let on = words.split(',').map(|word| RetryOn::of_word(word).expect(word));
    RetryPolicy {
        retry_on: known(on.fold(RetryOn::NONE, RetryOn::with)),
        retries: known(retries),
        per_try_timeout: None,
        per_try_idle_timeout: None,
        status_codes: Vec::new(),
        response_headers: Vec::new(),
        request_headers: Vec::new(),
        backoff: known(Backoff { base: ms(25), max: ms(250) }),
        rate_limited: None,
        host_predicates: Vec::new(),
        host_selection_attempts: 1,
        previous_priorities: None,
        origin: TEST,
    }
}

/// A route without any limit.
pub(super) fn plan(retry: Option<RetryPolicy>) -> RouterPlan {
    RouterPlan {
        timeout: known(SimDuration::ZERO),
        per_try_timeout: known(SimDuration::ZERO),
        per_try_idle_timeout: known(SimDuration::ZERO),
        hedging: Hedging::Off,
        retry: retry.map(Arc::new),
        priority: RoutingPriority::Default,
        buffer_bytes: None,
        stream_idle_timeout: known(SimDuration::ZERO),
        max_stream_duration: None,
        max_attempt_duration: None,
        grpc_timeout_max: None,
        timeout_status: 504,
    }
}

/// Writes down what is asked for, in a few words each.
#[derive(Debug, Default)]
pub(super) struct Scribe {
    pub(super) asked: Vec<String>,
    pub(super) counted: Vec<&'static str>,
    pub(super) retries_allowed: Option<u32>,
    pub(super) retries_running: u32,
    pub(super) next_start: Option<Started>,
    pub(super) draw: u64,
}

impl Scribe {
    fn note(&mut self, what: impl Into<String>) {
        self.asked.push(what.into());
    }
}

impl Effects for Scribe {
    fn start_attempt(&mut self, attempt: Attempt, _: &mut impl Probe) -> Started {
        self.note(format!("start {}", attempt.0));
        self.next_start.unwrap_or(Started::Connected)
    }

    fn reset_attempt(&mut self, attempt: Attempt) {
        self.note(format!("reset {}", attempt.0));
    }

    fn arm(&mut self, timer: Timer, after: SimDuration) {
        self.note(format!("{timer:?} in {after}"));
    }

    fn disarm(&mut self, timer: Timer) {
        self.note(format!("no {timer:?}"));
    }

    fn admit_retry(&mut self, _: &mut impl Probe) -> Admission {
        if self.retries_allowed.is_some_and(|allowed| self.retries_running >= allowed) {
            return Admission::Overflow;
        }
        self.retries_running += 1;
        Admission::Granted
    }

    fn release_retry(&mut self) {
        self.retries_running -= 1;
    }

    fn roll_backoff(&mut self) -> u64 {
        self.draw
    }

    fn report(&mut self, attempt: Attempt, result: AttemptResult) {
        if result != AttemptResult::Connected {
            self.note(format!("{} gave {result:?}", attempt.0));
        }
    }

    fn count(&mut self, counter: Counter) {
        self.counted.push(counter.name());
    }

    fn forward(&mut self, attempt: Attempt) {
        self.note(format!("forward {}", attempt.0));
    }

    fn reply(&mut self, reply: &LocalReply) {
        self.note(format!("{} {} {}", reply.status, reply.flags, reply.details));
    }

    fn cut_off(&mut self, reply: &LocalReply) {
        self.note(format!("cut off {} {}", reply.flags, reply.details));
    }
}

/// One request with its driver.
#[derive(Debug)]
pub(super) struct Rig {
    pub(super) state: RouterState,
    pub(super) plan: RouterPlan,
    pub(super) now: SimTime,
    pub(super) scribe: Scribe,
    pub(super) tree: Tree,
}

impl Rig {
    pub(super) fn new(plan: RouterPlan) -> Self {
        let (state, scribe) = (RouterState::new(), Scribe::default());
        Self { state, plan, now: SimTime::ZERO, scribe, tree: Tree::default() }
    }

    /// A request that came as a whole and whose first attempt has a connection.
    pub(super) fn begun(plan: RouterPlan) -> Self {
        let mut rig = Self::new(plan);
        rig.router().begin(RequestEnd::Complete, Retriable::Yes);
        rig
    }

    pub(super) fn router(&mut self) -> Router<'_, Scribe, Tree> {
        Router::new(&mut self.state, &self.plan, self.now, &mut self.scribe, &mut self.tree)
    }

    /// The latest attempt answers with a whole response.
    pub(super) fn answer(&mut self, status: u16) {
        let attempt = Attempt(self.state.attempts());
        self.router().headers(attempt, &ResponseHead::bare(status), More::End);
    }

    /// The pause before a retry is over.
    pub(super) fn pause_ends(&mut self) {
        self.router().timer(Timer::Backoff);
    }

    /// What was asked for since the last time.
    pub(super) fn asked(&mut self) -> String {
        let mut text = String::new();
        for what in self.scribe.asked.drain(..) {
            let _ = write!(text, "{}{what}", if text.is_empty() { "" } else { "; " });
        }
        text
    }

    /// The rules that were applied, in order.
    pub(super) fn rules(self) -> Vec<&'static str> {
        let tree: Vec<Explanation> = self.tree.finish();
        tree.iter().map(|step| step.rule.0).collect()
    }
}
