//! Stories of timers.

use super::super::*;
use super::rig::{Rig, known, ms, plan, policy};

fn with_per_try(retry: &str, per_try: u64) -> RouterPlan {
    let mut route = plan(Some(policy(retry, 1)));
    route.per_try_timeout = known(ms(per_try));
    route
}

#[test]
fn the_route_timeout_ends_the_request_and_is_not_retried() {
    let mut route = plan(Some(policy("5xx,reset", 3)));
    route.timeout = known(ms(200));
    let mut rig = Rig::begun(route);
    assert_eq!(rig.asked(), "start 1; Route in 200ms");
    rig.router().timer(Timer::Route);
    let end = "1 gave Timeout(504); reset 1; no Route; 504 UT response_timeout";
    assert_eq!(rig.asked(), end);
    assert!(rig.rules().contains(&"envoy.retry.route-timeout"));
}

#[test]
fn the_route_timeout_covers_the_pause_before_a_retry() {
    let mut route = plan(Some(policy("5xx", 3)));
    route.timeout = known(ms(200));
    let mut rig = Rig::begun(route);
    rig.answer(503);
    rig.asked();
    rig.router().timer(Timer::Route);
    assert_eq!(rig.asked(), "no Backoff; no Route; 504 UT response_timeout");
    rig.pause_ends();
    assert_eq!(rig.asked(), "", "nothing is sent after the route timeout");
}

#[test]
fn a_response_that_has_begun_is_cut_off_by_the_route_timeout() {
    let mut route = plan(None);
    route.timeout = known(ms(200));
    let mut rig = Rig::begun(route);
    rig.router().headers(Attempt::FIRST, &ResponseHead::bare(200), More::Follows);
    rig.asked();
    rig.router().timer(Timer::Route);
    assert_eq!(rig.asked(), "reset 1; no Route; cut off UT response_timeout");
}

#[test]
fn the_per_try_timeout_counts_from_the_connection_and_is_retried_like_a_reset() {
    let mut rig = Rig::new(with_per_try("5xx", 100));
    rig.scribe.next_start = Some(Started::Pending);
    rig.router().begin(RequestEnd::Complete, Retriable::Yes);
    assert_eq!(rig.asked(), "start 1");
    rig.router().connected(Attempt::FIRST);
    assert_eq!(rig.asked(), "PerTry(Attempt(1)) in 100ms");
    rig.router().timer(Timer::PerTry(Attempt::FIRST));
    let retried = "reset 1; 1 gave Timeout(504); Backoff in 0ns; no PerTry(Attempt(1))";
    assert_eq!(rig.asked(), retried);
    rig.pause_ends();
    rig.router().connected(Attempt(2));
    rig.asked();
    rig.router().timer(Timer::PerTry(Attempt(2)));
    assert!(rig.asked().ends_with("504 URX,UT upstream_per_try_timeout"));
}

#[test]
fn connect_failure_alone_does_not_retry_a_timeout() {
    let mut rig = Rig::begun(with_per_try("connect-failure", 100));
    rig.asked();
    rig.router().timer(Timer::PerTry(Attempt::FIRST));
    assert!(rig.asked().ends_with("504 UT upstream_per_try_timeout"));
    assert_eq!(rig.scribe.counted, ["upstream_rq_per_try_timeout", "upstream_rq_completed"]);
}

#[test]
fn the_per_try_timeout_does_not_touch_a_response_that_has_begun() {
    let mut rig = Rig::begun(with_per_try("5xx", 100));
    rig.router().headers(Attempt::FIRST, &ResponseHead::bare(200), More::Follows);
    rig.asked();
    rig.router().timer(Timer::PerTry(Attempt::FIRST));
    assert_eq!(rig.asked(), "");
}

#[test]
fn silence_within_a_response_ends_it() {
    let mut route = plan(None);
    route.per_try_idle_timeout = known(ms(100));
    let mut rig = Rig::begun(route);
    rig.router().headers(Attempt::FIRST, &ResponseHead::bare(200), More::Follows);
    rig.asked();
    rig.router().data(Attempt::FIRST, More::Follows);
    assert_eq!(rig.asked(), "PerTryIdle(Attempt(1)) in 100ms");
    rig.router().timer(Timer::PerTryIdle(Attempt::FIRST));
    assert!(rig.asked().ends_with("cut off UT upstream_per_try_idle_timeout"));
}

fn hedged() -> Rig {
    let mut route = with_per_try("5xx", 200);
    route.hedging = Hedging::OnPerTryTimeout;
    let mut rig = Rig::begun(route);
    rig.router().timer(Timer::PerTry(Attempt::FIRST));
    rig.pause_ends();
    rig.asked();
    rig
}

#[test]
fn a_hedge_starts_beside_the_slow_attempt_and_the_first_good_answer_wins() {
    let mut rig = hedged();
    rig.router().headers(Attempt::FIRST, &ResponseHead::bare(200), More::End);
    let end = "1 gave Response(200); reset 2; no PerTry(Attempt(2)); forward 1; \
               no PerTry(Attempt(1))";
    assert_eq!(rig.asked(), end);
    assert!(rig.rules().contains(&"envoy.retry.hedge"));
}

#[test]
fn a_hedge_that_may_not_be_hedged_again_still_counts_as_a_success() {
    let mut rig = hedged();
    rig.router().connected(Attempt(2));
    rig.router().timer(Timer::PerTry(Attempt(2)));
    assert!(rig.scribe.counted.contains(&"upstream_rq_retry_limit_exceeded"));
    rig.router().headers(Attempt(2), &ResponseHead::bare(200), More::End);
    assert!(rig.scribe.counted.contains(&"upstream_rq_retry_success"));
    assert_eq!(rig.state.flags().to_string(), "URX");
}

#[test]
fn the_longest_life_of_an_attempt_counts_from_its_connection_and_is_retried_as_a_reset() {
    let mut route = plan(Some(policy("reset", 1)));
    route.max_attempt_duration = Some(known(ms(300)));
    let mut rig = Rig::begun(route);
    assert_eq!(rig.asked(), "start 1; AttemptDuration(Attempt(1)) in 300ms");
    rig.router().timer(Timer::AttemptDuration(Attempt::FIRST));
    let asked = "reset 1; Backoff in 0ns; no AttemptDuration(Attempt(1))";
    assert_eq!(rig.asked(), asked);
    rig.pause_ends();
    rig.asked();
    rig.router().timer(Timer::AttemptDuration(Attempt(2)));
    assert!(rig.asked().ends_with("504 URX,UMSDR upstream_max_stream_duration_reached"));
    assert!(rig.rules().contains(&"envoy.retry.attempt-duration"));
}

#[test]
fn a_bad_answer_is_thrown_away_while_its_hedge_may_do_better() {
    let mut rig = hedged();
    rig.router().headers(Attempt::FIRST, &ResponseHead::bare(503), More::End);
    assert!(!rig.asked().contains("forward"));
    rig.router().reset(Attempt(2), ResetReason::RemoteReset);
    let details = "upstream_reset_before_response_started{remote_reset}";
    assert!(rig.asked().ends_with(&format!("503 URX,UR {details}")));
    assert!(rig.rules().contains(&"envoy.retry.others-are-waited-for"));
}

#[test]
fn silence_of_the_stream_is_the_connection_managers_business() {
    let mut route = plan(None);
    route.stream_idle_timeout = known(ms(300));
    route.max_stream_duration = Some(known(ms(500)));
    let mut rig = Rig::new(route);
    rig.router().open_stream();
    assert_eq!(rig.asked(), "MaxDuration in 500ms; StreamIdle in 300ms");
    rig.router().begin(RequestEnd::Complete, Retriable::Yes);
    rig.asked();
    rig.router().timer(Timer::StreamIdle);
    assert_eq!(rig.asked(), "reset 1; 504 SI stream_idle_timeout");
    assert_eq!(rig.scribe.counted, [""; 0], "the cluster does not count it");
    assert!(rig.rules().contains(&"envoy.retry.stream-timeout"));
}

#[test]
fn a_stream_that_ends_while_its_request_still_comes_is_the_clients_fault() {
    let mut route = plan(None);
    route.max_stream_duration = Some(known(ms(500)));
    let mut rig = Rig::new(route);
    rig.router().begin(RequestEnd::Open, Retriable::Yes);
    rig.asked();
    rig.router().timer(Timer::MaxDuration);
    assert_eq!(rig.asked(), "reset 1; 408 - max_duration_timeout");
}

#[test]
fn the_expected_time_is_the_shorter_of_what_is_left() {
    let mut route = with_per_try("5xx", 200);
    assert_eq!(route.expected_timeout_ms(ms(0)), Some(200));
    route.timeout = known(ms(1_000));
    assert_eq!(route.expected_timeout_ms(ms(900)), Some(100));
    assert_eq!(route.expected_timeout_ms(ms(1_000)), Some(1), "zero would mean no limit");
    route.hedging = Hedging::OnPerTryTimeout;
    assert_eq!(route.expected_timeout_ms(ms(200)), Some(800));
    assert_eq!(plan(None).expected_timeout_ms(ms(5)), None);
}
