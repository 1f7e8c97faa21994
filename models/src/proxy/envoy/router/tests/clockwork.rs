//! Laws of requests in time: a driver that keeps the router's timers, so that nothing rings before
//! its time or after it was stopped.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::*;
use super::rig::{known, ms, plan, policy};
use crate::explain::{Probe, Silent};
use crate::units::{SimDuration, SimTime};

/// Rings at most, far beyond what a request with a time limit needs.
const RINGS_MAX: usize = 10_000;

/// A driver that keeps timers and writes down when attempts start.
#[derive(Debug, Default)]
struct Clockwork {
    now: SimTime,
    running: BTreeMap<Timer, SimTime>,
    starts: Vec<SimTime>,
    fates: Vec<Started>,
    retries_allowed: u32,
    retries_running: u32,
    draws: u64,
    answers: u32,
}

impl Effects for Clockwork {
    fn start_attempt(&mut self, _: Attempt, _: &mut impl Probe) -> Started {
        let fate = self.fates.get(self.starts.len()).copied();
        self.starts.push(self.now);
        fate.unwrap_or(Started::Connected)
    }

    fn reset_attempt(&mut self, _: Attempt) {}

    fn arm(&mut self, timer: Timer, after: SimDuration) {
        self.running.insert(timer, self.now + after);
    }

    fn disarm(&mut self, timer: Timer) {
        self.running.remove(&timer);
    }

    fn admit_retry(&mut self, _: &mut impl Probe) -> Admission {
        if self.retries_running >= self.retries_allowed {
            return Admission::Overflow;
        }
        self.retries_running += 1;
        Admission::Granted
    }

    fn release_retry(&mut self) {
        self.retries_running -= 1;
    }

    fn roll_backoff(&mut self) -> u64 {
        self.draws = self.draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.draws >> 33
    }

    fn report(&mut self, _: Attempt, _: AttemptResult) {}

    fn count(&mut self, _: Counter) {}

    fn forward(&mut self, _: Attempt) {
        self.answers += 1;
    }

    fn reply(&mut self, _: &LocalReply) {
        self.answers += 1;
    }

    fn cut_off(&mut self, _: &LocalReply) {}
}

/// What upstreams do, to the attempt so many before the latest.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Connects(u32),
    Answers(u32, u16, More),
    Sends(u32, More),
    Resets(u32, ResetReason),
}

fn deed() -> impl Strategy<Value = Deed> {
    let back = 0u32..3;
    let more = prop_oneof![Just(More::Follows), Just(More::End)];
    let status = prop_oneof![2 => Just(503u16), 1 => Just(500), 1 => Just(200)];
    let reason = prop_oneof![
        Just(ResetReason::ConnectionRefused),
        Just(ResetReason::RemoteReset),
        Just(ResetReason::ConnectionTermination),
    ];
    prop_oneof![
        back.clone().prop_map(Deed::Connects),
        (back.clone(), status, more.clone())
            .prop_map(|(back, it, more)| { Deed::Answers(back, it, more) }),
        (back.clone(), more).prop_map(|(back, more)| Deed::Sends(back, more)),
        (back, reason).prop_map(|(back, reason)| Deed::Resets(back, reason)),
    ]
}

fn fate() -> impl Strategy<Value = Started> {
    prop_oneof![
        6 => Just(Started::Connected),
        3 => Just(Started::Pending),
        1 => Just(Started::Overflow),
        1 => Just(Started::NoHost),
    ]
}

prop_compose! {
    fn route()(
        timeout_ms in 50u64..1_000,
        per_try_ms in prop_oneof![Just(0u64), 10u64..400],
        idle_ms in prop_oneof![Just(0u64), 10u64..400],
        life_ms in prop_oneof![Just(0u64), 10u64..400],
        retries in 0u32..8,
        hedges in any::<bool>(),
    ) -> RouterPlan {
        let mut route = plan(Some(policy("5xx,reset,connect-failure", retries)));
        route.timeout = known(ms(timeout_ms));
        route.per_try_timeout = known(ms(per_try_ms));
        route.per_try_idle_timeout = known(ms(idle_ms));
        route.max_attempt_duration = (life_ms > 0).then(|| known(ms(life_ms)));
        route.hedging = if hedges { Hedging::OnPerTryTimeout } else { Hedging::Off };
        route
    }
}

/// One request in time.
struct Story {
    route: RouterPlan,
    state: RouterState,
    driver: Clockwork,
    probe: Silent,
}

impl Story {
    fn router(&mut self) -> Router<'_, Clockwork, Silent> {
        let now = self.driver.now;
        Router::new(&mut self.state, &self.route, now, &mut self.driver, &mut self.probe)
    }

    /// Lets time pass up to `until`, and timers ring in their order.
    fn pass(&mut self, until: SimTime) {
        for _ in 0..RINGS_MAX {
            let due = self.driver.running.iter().map(|(timer, at)| (*at, *timer)).min();
            let Some((at, timer)) = due.filter(|(at, _)| *at <= until) else { break };
            self.driver.now = at;
            self.driver.running.remove(&timer);
            self.router().timer(timer);
        }
        self.driver.now = self.driver.now.max(until);
    }

    fn happens(&mut self, deed: Deed) {
        let latest = self.state.attempts();
        let attempt = |back: u32| Attempt(latest.saturating_sub(back).max(1));
        match deed {
            Deed::Connects(back) => self.router().connected(attempt(back)),
            Deed::Answers(back, status, more) => {
                self.router().headers(attempt(back), &ResponseHead::bare(status), more);
            }
            Deed::Sends(back, more) => self.router().data(attempt(back), more),
            Deed::Resets(back, reason) => self.router().reset(attempt(back), reason),
        }
    }
}

proptest! {
    #[test]
    fn a_request_in_time_keeps_its_limits_and_is_over_when_its_time_is(
        route in route(),
        deeds in proptest::collection::vec((0u64..300, deed()), 0..40),
        fates in proptest::collection::vec(fate(), 0..6),
        retries_allowed in 0u32..4,
        body_ms in prop_oneof![Just(0u64), 1u64..200],
        draws in any::<u64>(),
    ) {
        let allowed = 1 + route.retry.as_ref().map_or(0, |retry| retry.retries.value);
        let timeout = route.timeout.value;
        let driver = Clockwork { fates, retries_allowed, draws, ..Clockwork::default() };
        let mut story = Story { route, state: RouterState::new(), driver, probe: Silent };
        let open = body_ms > 0;
        let end = if open { RequestEnd::Open } else { RequestEnd::Complete };
        story.router().begin(end, Retriable::Yes);
        let complete_at = SimTime::ZERO + ms(body_ms);
        let mut complete = !open;
        for (pause_ms, deed) in deeds {
            let next = story.driver.now + ms(pause_ms);
            if !complete && complete_at <= next {
                story.pass(complete_at);
                if story.state.phase() != Phase::Done {
                    story.router().request_complete();
                }
                complete = true;
            }
            story.pass(next);
            if story.state.phase() != Phase::Done {
                story.happens(deed);
            }
        }
        let deadline = complete_at + timeout;
        story.pass(deadline);
        let starts = story.driver.starts.clone();
        prop_assert!(starts.len() <= allowed as usize, "{starts:?}");
        prop_assert_eq!(starts.len(), story.state.attempts() as usize);
        prop_assert!(story.driver.answers <= 1);
        // A request that completes while a retry waits has no route timeout, as in Envoy.
        if !open {
            prop_assert!(starts.iter().all(|start| *start < deadline), "{starts:?}");
            prop_assert_eq!(story.state.phase(), Phase::Done);
            prop_assert_eq!(story.driver.answers, 1);
            prop_assert_eq!(story.driver.retries_running, 0);
            story.pass(deadline + SimDuration::from_secs(100));
            prop_assert_eq!(story.driver.starts.len(), starts.len(), "nothing is sent afterwards");
        }
    }
}
