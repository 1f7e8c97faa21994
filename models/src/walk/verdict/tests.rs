//! Stories of verdicts: what the client sees of each way to fail, and who is believed to be whom.

use super::super::answer::{Answer, Outcome};
use super::super::server_side::By;
use super::super::testing::{answer, sourced};
use super::*;
use crate::explain::Tree;

fn heard(by: By, fate: Fate, answer: &Answer) -> (Sees, Option<String>) {
    hears(by, fate, answer, &mut Tree::default())
}

#[test]
fn packets_that_are_dropped_cost_the_connect_time_out() {
    let mut answer = answer(Outcome::Routed);
    let (sees, _) = heard(By::Itself, Fate::Dropped, &answer);
    assert_eq!(sees, Sees::TimeOut { after: SimDuration::from_secs(127), syns: 7 });
    answer.timeouts.connect = Some(sourced(SimDuration::from_secs(10)));
    let (sees, flags) = heard(By::ProxyOfRequests, Fate::Dropped, &answer);
    let Sees::Answer(seen) = sees else { panic!("the proxy answers: {sees:?}") };
    assert_eq!((seen.status, flags.as_deref()), (503, Some("UF")));
    assert_eq!(seen.after, Some(SimDuration::from_secs(10)));
    let (sees, _) = heard(By::ProxyOfBytes, Fate::Dropped, &answer);
    assert_eq!(sees, Sees::Reset { after: Some(SimDuration::from_secs(10)) });
}

#[test]
fn the_timeout_of_the_route_may_end_a_wait_for_a_connection() {
    let mut answer = answer(Outcome::Routed);
    answer.timeouts.connect = Some(sourced(SimDuration::from_secs(10)));
    answer.timeouts.request = Some(sourced(SimDuration::from_secs(3)));
    let (sees, flags) = heard(By::ProxyOfRequests, Fate::Dropped, &answer);
    let Sees::Answer(seen) = sees else { panic!("the proxy answers: {sees:?}") };
    assert_eq!((seen.status, seen.after), (504, Some(SimDuration::from_secs(3))));
    assert_eq!(flags.as_deref(), Some("UT"));
}

#[test]
fn connections_that_fail_at_once_are_seen_for_what_they_are() {
    let answer = answer(Outcome::Routed);
    assert_eq!(heard(By::Itself, Fate::Closed, &answer).0, Sees::Reset { after: None });
    assert_eq!(heard(By::Itself, Fate::Refused, &answer).0, Sees::Refused);
    assert_eq!(heard(By::Itself, Fate::NoHandshake, &answer).0, Sees::TlsError);
    let (sees, flags) = heard(By::ProxyOfRequests, Fate::Closed, &answer);
    let Sees::Answer(seen) = sees else { panic!("the proxy answers: {sees:?}") };
    assert_eq!((seen.status, flags.as_deref()), (503, Some("UC")));
    assert!(seen.body.is_some_and(|body| body.ends_with("reset reason: connection termination")));
}

#[test]
fn an_answer_of_a_box_is_allowed_only_if_it_is_no_error() {
    let verdict = |outcome, status| {
        let mut answer = Answer { status, ..answer(outcome) };
        settle(&mut answer);
        answer.verdict
    };
    assert_eq!(verdict(Outcome::DirectResponse, Some(204)), Verdict::Allowed);
    assert_eq!(verdict(Outcome::DirectResponse, Some(502)), Verdict::Denied);
    assert_eq!(verdict(Outcome::NoRoute, Some(404)), Verdict::Denied);
    assert_eq!(verdict(Outcome::NoRoute, None), Verdict::Reset);
    assert_eq!(verdict(Outcome::Denied, Some(401)), Verdict::Unauthenticated);
    assert_eq!(verdict(Outcome::Denied, Some(403)), Verdict::Denied);
    assert_eq!(verdict(Outcome::Unknown, None), Verdict::Unknown);
    assert_eq!(verdict(Outcome::Routed, None), Verdict::Allowed);
}
