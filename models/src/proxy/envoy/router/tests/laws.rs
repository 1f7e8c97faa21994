//! Laws of all requests, whatever happens to them.

use proptest::prelude::*;

use super::super::*;
use super::rig::{Rig, known, ms, plan, policy};
use crate::units::SimTime;

/// Something that may happen, to the attempt so many before the latest.
#[derive(Clone, Debug)]
enum Happening {
    Connected(u32),
    Headers(u32, u16, More),
    Data(u32, More),
    Reset(u32, ResetReason),
    Timer(Timer),
    AttemptTimer(u32, fn(Attempt) -> Timer),
}

fn happening() -> impl Strategy<Value = Happening> {
    let back = 0u32..3;
    let more = prop_oneof![Just(More::Follows), Just(More::End)];
    let status = prop_oneof![Just(200u16), Just(409), Just(500), Just(503), Just(504)];
    let reason = prop_oneof![
        Just(ResetReason::ConnectionRefused),
        Just(ResetReason::RemoteReset),
        Just(ResetReason::RemoteRefusedStream),
        Just(ResetReason::Overflow),
        Just(ResetReason::ProtocolError),
    ];
    prop_oneof![
        1 => back.clone().prop_map(Happening::Connected),
        2 => (back.clone(), status, more.clone())
            .prop_map(|(back, status, more)| Happening::Headers(back, status, more)),
        1 => (back.clone(), more).prop_map(|(back, more)| Happening::Data(back, more)),
        1 => (back.clone(), reason).prop_map(|(back, reason)| Happening::Reset(back, reason)),
        6 => Just(Happening::Timer(Timer::Backoff)),
        1 => back.clone().prop_map(|back| Happening::AttemptTimer(back, Timer::PerTry)),
        1 => back.prop_map(|back| Happening::AttemptTimer(back, Timer::PerTryIdle)),
    ]
}

fn happens(rig: &mut Rig, what: &Happening) {
    let latest = rig.state.attempts();
    let attempt = |back: u32| Attempt(latest.saturating_sub(back).max(1));
    match *what {
        Happening::Connected(back) => rig.router().connected(attempt(back)),
        Happening::Headers(back, status, more) => {
            rig.router().headers(attempt(back), &ResponseHead::bare(status), more);
        }
        Happening::Data(back, more) => rig.router().data(attempt(back), more),
        Happening::Reset(back, reason) => rig.router().reset(attempt(back), reason),
        Happening::Timer(timer) => rig.router().timer(timer),
        Happening::AttemptTimer(back, timer) => rig.router().timer(timer(attempt(back))),
    }
}

fn route() -> impl Strategy<Value = RouterPlan> {
    let words = prop_oneof![
        Just("5xx"),
        Just("5xx,reset,retriable-4xx"),
        Just("connect-failure,refused-stream"),
        Just("gateway-error"),
        Just("reset-before-request"),
    ];
    (words, 0u32..5, any::<bool>()).prop_map(|(words, retries, hedges)| {
        let mut route = plan(Some(policy(words, retries)));
        route.timeout = known(ms(1_000));
        route.per_try_timeout = known(ms(100));
        route.per_try_idle_timeout = known(ms(50));
        route.hedging = if hedges { Hedging::OnPerTryTimeout } else { Hedging::Off };
        route
    })
}

fn starts(asked: &str) -> usize {
    asked.matches("start ").count()
}

proptest! {
    #[test]
    fn attempts_never_exceed_one_and_the_retries(
        route in route(),
        story in proptest::collection::vec(happening(), 0..60),
    ) {
        let allowed = 1 + route.retry.as_ref().map_or(0, |retry| retry.retries.value);
        let mut rig = Rig::begun(route);
        for what in &story {
            happens(&mut rig, what);
        }
        let asked = rig.asked();
        prop_assert!(rig.state.attempts() <= allowed);
        prop_assert_eq!(starts(&asked), rig.state.attempts() as usize);
    }

    #[test]
    fn nothing_is_sent_after_the_route_timeout(
        route in route(),
        before in proptest::collection::vec(happening(), 0..20),
        after in proptest::collection::vec(happening(), 0..20),
    ) {
        let mut rig = Rig::begun(route);
        for what in &before {
            happens(&mut rig, what);
        }
        rig.now = SimTime::from_ns(1_000_000_000);
        rig.router().timer(Timer::Route);
        prop_assert_eq!(rig.state.phase(), Phase::Done);
        rig.asked();
        for what in &after {
            happens(&mut rig, what);
        }
        prop_assert_eq!(rig.asked(), "", "the request is over");
    }

    #[test]
    fn a_request_is_answered_at_most_once_and_gives_everything_back(
        route in route(),
        story in proptest::collection::vec(happening(), 0..60),
    ) {
        let mut rig = Rig::begun(route);
        for what in &story {
            happens(&mut rig, what);
        }
        rig.router().client_gone();
        let asked = rig.asked();
        let answers = asked.split("; ").filter(|what| {
            what.starts_with("forward") || what.starts_with("50")
        });
        prop_assert!(answers.count() <= 1, "{}", asked);
        prop_assert_eq!(rig.scribe.retries_running, 0);
    }
}
