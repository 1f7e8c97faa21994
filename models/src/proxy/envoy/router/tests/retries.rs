//! Stories of retries.

use super::super::*;
use super::rig::{Rig, ms, plan, policy};
use crate::proxy::envoy::config::{RateLimitedBackoff, ResetFormat, ResetHeader, RetryOn};
use crate::proxy::envoy::request::HeaderMap;

#[test]
fn a_failure_is_tried_again_until_a_success_goes_to_the_client() {
    let mut rig = Rig::begun(plan(Some(policy("5xx", 2))));
    rig.answer(503);
    assert_eq!(rig.asked(), "start 1; 1 gave Response(503); Backoff in 0ns");
    rig.pause_ends();
    rig.answer(200);
    assert_eq!(rig.asked(), "start 2; 2 gave Response(200); forward 2");
    assert_eq!((rig.state.phase(), rig.scribe.retries_running), (Phase::Done, 0));
    assert!(rig.scribe.counted.contains(&"upstream_rq_retry_success"));
}

#[test]
fn a_retry_is_counted_when_it_is_made_and_not_when_it_is_decided() {
    let counts = |rig: &Rig, name| rig.scribe.counted.iter().filter(|it| **it == name).count();
    let mut rig = Rig::begun(plan(Some(policy("5xx", 2))));
    rig.answer(503);
    assert_eq!(counts(&rig, "upstream_rq_retry"), 0);
    rig.pause_ends();
    assert_eq!(counts(&rig, "upstream_rq_retry"), 1);
    assert_eq!(counts(&rig, "upstream_rq_retry_backoff_exponential"), 1);
    rig.answer(503);
    rig.router().client_gone();
    assert_eq!(counts(&rig, "upstream_rq_retry"), 1, "the second was never made");
}

#[test]
fn the_last_failure_goes_to_the_client_when_all_retries_are_made() {
    let mut rig = Rig::begun(plan(Some(policy("5xx", 1))));
    rig.answer(503);
    rig.pause_ends();
    rig.asked();
    rig.answer(502);
    assert_eq!(rig.asked(), "2 gave Response(502); forward 2");
    assert_eq!(rig.state.flags().to_string(), "URX");
    assert_eq!(rig.scribe.retries_running, 0);
    assert!(rig.rules().contains(&"envoy.retry.limit"));
}

#[test]
fn zero_retries_are_none_but_the_limit_shows() {
    let mut rig = Rig::begun(plan(Some(policy("5xx", 0))));
    rig.answer(500);
    assert_eq!((rig.state.attempts(), rig.state.flags().to_string()), (1, "URX".to_owned()));
}

#[test]
fn each_condition_is_met_by_its_own_statuses_only() {
    let statuses = [200, 404, 409, 429, 500, 501, 502, 503, 504];
    let met = |words: &str| {
        let policy = policy(words, 1);
        let met =
            |status: &u16| response_condition(&policy, &ResponseHead::bare(*status)).is_some();
        statuses.into_iter().filter(met).collect::<Vec<_>>()
    };
    assert_eq!(met("5xx"), [500, 501, 502, 503, 504]);
    assert_eq!(met("gateway-error"), [502, 503, 504]);
    assert_eq!(met("retriable-4xx"), [409]);
    assert_eq!(met("connect-failure,reset,refused-stream,reset-before-request"), [0; 0]);
    assert_eq!(met("retriable-status-codes"), [0; 0], "no code is listed");
}

#[test]
fn each_reset_condition_is_met_by_its_own_resets_only() {
    use ResetReason::*;
    let reasons = [
        (ConnectionRefused, Sent::No),
        (ConnectionTimeout, Sent::No),
        (ConnectionTermination, Sent::Yes),
        (RemoteReset, Sent::Yes),
        (RemoteRefusedStream, Sent::Yes),
        (Overflow, Sent::No),
    ];
    let met = |words: &str| {
        let on = policy(words, 1).retry_on.value;
        let met = |(reason, sent): (ResetReason, Sent)| reset_condition(on, reason, sent).is_some();
        reasons.map(met)
    };
    assert_eq!(met("connect-failure"), [true, true, false, false, false, false]);
    assert_eq!(met("reset-before-request"), [true, true, false, false, false, false]);
    assert_eq!(met("refused-stream"), [false, false, false, false, true, false]);
    for all in ["5xx", "gateway-error", "reset"] {
        assert_eq!(met(all), [true, true, true, true, true, false], "{all}");
    }
    assert_eq!(met("retriable-4xx,cancelled"), [false; 6]);
}

#[test]
fn grpc_conditions_look_at_the_status_in_the_headers() {
    let trailers_only: HeaderMap = [("grpc-status", "14")].into_iter().collect();
    let head = ResponseHead::new(200, &trailers_only);
    let met = |words| response_condition(&policy(words, 1), &head);
    assert_eq!(met("unavailable"), Some(RetryOn::GRPC_UNAVAILABLE));
    assert_eq!(met("cancelled,internal,5xx"), None);
}

#[test]
fn an_answer_of_a_rate_limit_is_retried_only_if_asked_for() {
    let headers: HeaderMap = [("x-envoy-ratelimited", "true")].into_iter().collect();
    let head = ResponseHead::new(503, &headers);
    assert_eq!(response_condition(&policy("5xx,gateway-error", 1), &head), None);
    assert!(response_condition(&policy("envoy-ratelimited", 1), &head).is_some());
}

#[test]
fn a_full_breaker_lets_the_failure_through() {
    let mut rig = Rig::begun(plan(Some(policy("5xx", 3))));
    rig.scribe.retries_allowed = Some(0);
    rig.answer(503);
    assert_eq!(rig.asked(), "start 1; 1 gave Response(503); forward 1");
    assert_eq!(rig.state.flags().to_string(), "UO");
    assert!(rig.rules().contains(&"envoy.retry.breaker"));
}

#[test]
fn a_retry_counts_in_the_breaker_until_it_has_an_answer() {
    let mut rig = Rig::begun(plan(Some(policy("5xx", 3))));
    rig.answer(503);
    assert_eq!(rig.scribe.retries_running, 1);
    rig.pause_ends();
    assert_eq!(rig.scribe.retries_running, 1);
    rig.answer(200);
    assert_eq!(rig.scribe.retries_running, 0);
}

#[test]
fn an_overflow_is_answered_and_not_tried_again() {
    let mut rig = Rig::new(plan(Some(policy("5xx,reset", 3))));
    rig.scribe.next_start = Some(Started::Overflow);
    rig.router().begin(RequestEnd::Complete, Retriable::Yes);
    let details = "upstream_reset_before_response_started{overflow}";
    assert_eq!(rig.asked(), format!("start 1; 503 UO {details}"));
}

#[test]
fn without_a_host_there_is_no_further_attempt() {
    let mut rig = Rig::new(plan(Some(policy("5xx", 3))));
    rig.scribe.next_start = Some(Started::NoHost);
    rig.router().begin(RequestEnd::Complete, Retriable::Yes);
    assert_eq!(rig.asked(), "start 1; 503 UH no_healthy_upstream");
}

#[test]
fn a_reset_becomes_a_reply_that_names_it() {
    let mut rig = Rig::begun(plan(None));
    rig.asked();
    rig.router().reset(Attempt::FIRST, ResetReason::ConnectionRefused);
    let why = "remote_connection_failure|delayed_connect_error:_Connection_refused";
    let reply = format!("503 UF upstream_reset_before_response_started{{{why}}}");
    assert_eq!(rig.asked(), format!("1 gave Reset(ConnectionRefused); {reply}"));
    let mut rig = Rig::begun(plan(None));
    rig.asked();
    rig.router().reset(Attempt::FIRST, ResetReason::ProtocolError);
    let reply = "502 UPE upstream_reset_before_response_started{protocol_error}";
    assert_eq!(rig.asked(), format!("1 gave Reset(ProtocolError); {reply}"));
}

#[test]
fn a_response_that_has_begun_is_never_tried_again() {
    let mut rig = Rig::begun(plan(Some(policy("5xx,reset", 3))));
    rig.router().headers(Attempt::FIRST, &ResponseHead::bare(200), More::Follows);
    rig.asked();
    rig.router().reset(Attempt::FIRST, ResetReason::ProtocolError);
    let details = "upstream_reset_after_response_started{protocol_error}";
    assert_eq!(rig.asked(), format!("1 gave Reset(ProtocolError); cut off UPE {details}"));
    assert!(rig.rules().contains(&"envoy.retry.response-started"));
}

#[test]
fn a_request_that_may_not_be_retried_is_not() {
    let mut rig = Rig::new(plan(Some(policy("5xx", 3))));
    rig.router().begin(RequestEnd::Complete, Retriable::No);
    rig.answer(503);
    assert_eq!((rig.state.attempts(), rig.state.flags().to_string()), (1, "-".to_owned()));
}

#[test]
fn a_body_too_large_to_keep_is_sent_once() {
    let mut route = plan(Some(policy("5xx", 3)));
    route.buffer_bytes = Some(100);
    let mut rig = Rig::new(route);
    rig.router().begin(RequestEnd::Open, Retriable::Yes);
    rig.router().request_data(101);
    rig.router().request_complete();
    rig.answer(503);
    assert_eq!((rig.state.attempts(), rig.state.flags().to_string()), (1, "-".to_owned()));
    assert_eq!(rig.scribe.counted, ["retry_or_shadow_abandoned", "upstream_rq_completed"]);
}

#[test]
fn a_body_that_grows_too_large_during_a_pause_ends_the_request() {
    let mut route = plan(Some(policy("5xx", 3)));
    route.buffer_bytes = Some(100);
    let mut rig = Rig::new(route);
    rig.router().begin(RequestEnd::Open, Retriable::Yes);
    rig.answer(503);
    rig.asked();
    rig.router().request_data(101);
    assert_eq!(rig.asked(), "no Backoff; 507 - request_payload_exceeded_retry_buffer_limit");
    assert_eq!(rig.scribe.retries_running, 0);
}

#[test]
fn pauses_are_drawn_from_a_window_that_doubles() {
    let mut rig = Rig::begun(plan(Some(policy("5xx", 3))));
    rig.scribe.draw = 249;
    let mut pauses = Vec::new();
    for _ in 0..3 {
        rig.asked();
        rig.answer(503);
        pauses.push(rig.asked().rsplit(' ').next().unwrap_or_default().to_owned());
        rig.pause_ends();
    }
    assert_eq!(pauses, ["24ms", "49ms", "49ms"], "249 modulo 25, 50 and 100");
}

#[test]
fn a_pause_that_the_response_asks_for_takes_the_place_of_the_drawn_one() {
    let mut retry = policy("5xx", 3);
    let header = |name: &str, format| ResetHeader { name: name.to_owned(), format };
    retry.rate_limited = Some(RateLimitedBackoff {
        headers: vec![
            header("x-until", ResetFormat::UnixTimestamp),
            header("retry-after", ResetFormat::Seconds),
        ],
        max: ms(3_000),
    });
    let mut rig = Rig::begun(plan(Some(retry)));
    for (asked_for, pause) in [("2", "Backoff in 2s"), ("4", "Backoff in 0ns")] {
        let headers = [("x-until", "9"), ("retry-after", asked_for)].into_iter().collect();
        let attempt = Attempt(rig.state.attempts());
        rig.asked();
        rig.router().headers(attempt, &ResponseHead::new(503, &headers), More::End);
        assert!(rig.asked().ends_with(pause), "{asked_for}");
        rig.pause_ends();
    }
    assert!(rig.rules().contains(&"envoy.retry.back-off-asked-for"));
}

#[test]
fn events_of_an_attempt_that_was_given_up_are_ignored() {
    let mut rig = Rig::begun(plan(Some(policy("5xx", 3))));
    rig.answer(503);
    rig.asked();
    rig.router().reset(Attempt::FIRST, ResetReason::ConnectionTermination);
    rig.router().headers(Attempt::FIRST, &ResponseHead::bare(200), More::End);
    assert_eq!(rig.asked(), "");
}

#[test]
fn a_client_that_goes_away_ends_all_work() {
    let mut rig = Rig::begun(plan(Some(policy("5xx", 3))));
    rig.asked();
    rig.router().client_gone();
    assert_eq!(rig.asked(), "reset 1");
    assert_eq!(rig.state.flags().to_string(), "DC");
    rig.router().client_gone();
    assert_eq!(rig.asked(), "");
}
