//! Time-outs and retries of routes.

use super::*;
use crate::proxy::envoy::config::{HostPredicate, RetryOn, RetryPolicy};
use crate::units::SimDuration;

fn retry(retries: &str) -> Option<Arc<RetryPolicy>> {
    forward(&format!("  - {{route: [{{destination: {{host: web}}}}], {retries}}}\n")).retry
}

#[test]
fn a_route_without_a_timeout_has_none() {
    let forward = forward("  - {route: [{destination: {host: web}}]}\n");
    assert_eq!(forward.timeout.value, SimDuration::ZERO);
    assert_eq!(forward.timeout.origin, Origin::Default("istio.route-timeout"));
}

#[test]
fn a_timeout_that_is_written_caps_that_of_grpc_too() {
    let forward = forward("  - {route: [{destination: {host: web}}], timeout: 3s}\n");
    assert_eq!(forward.timeout.value, SimDuration::from_secs(3));
    let Origin::Manifest(place) = forward.timeout.origin else { panic!("a place") };
    assert_eq!(place.line, 7);
    assert_eq!(forward.grpc_timeout_max.map(|it| it.value), Some(SimDuration::from_secs(3)));
}

#[test]
fn without_a_policy_two_retries_are_made_and_a_plain_503_is_none_of_them() {
    let policy = retry("name: a").expect("the default policy");
    assert_eq!(policy.retries.value, 2);
    assert_eq!(policy.retries.origin, Origin::Default("istio.retry-attempts"));
    let words: Vec<_> = policy.retry_on.words().collect();
    assert_eq!(
        words,
        ["connect-failure", "refused-stream", "cancelled", "unavailable", "retriable-status-codes"]
    );
    assert!(policy.status_codes.is_empty());
    assert_eq!(policy.host_predicates, [HostPredicate::PreviousHosts]);
    assert_eq!(policy.host_selection_attempts, 5);
}

#[test]
fn older_versions_retry_a_503_by_default() {
    let old = Profile::named("istio-1.17").expect("a built-in profile");
    let policy = super::retry::policy(None, super::retry::Hashing::No, old).expect("a policy");
    assert_eq!(policy.status_codes, [503]);
}

#[test]
fn attempts_alone_keep_the_default_conditions() {
    let policy = retry("retries: {attempts: 5}").expect("a policy");
    assert_eq!(policy.retries.value, 5);
    assert_eq!(policy.retry_on.origin, Origin::Default("istio.retry-on"));
    assert!(policy.retry_on.has(RetryOn::CONNECT_FAILURE));
}

#[test]
fn no_attempts_disable_retries() {
    assert_eq!(retry("retries: {attempts: 0}"), None);
    assert_eq!(retry("retries: {perTryTimeout: 2s}"), None);
}

#[test]
fn numerals_are_status_codes_and_imply_their_condition() {
    let policy = retry("retries: {attempts: 1, retryOn: 'reset, 503,418'}").expect("a policy");
    assert_eq!(policy.status_codes, [503, 418]);
    let both = RetryOn::RESET.with(RetryOn::RETRIABLE_STATUS_CODES);
    assert_eq!(policy.retry_on.value, both);
    // 599 is no status that Go has a name for, so it stays a word, and Envoy knows no such word.
    let policy = retry("retries: {attempts: 1, retryOn: '599'}").expect("a policy");
    assert!(policy.retry_on.is_empty() && policy.status_codes.is_empty());
}

#[test]
fn a_hashed_destination_is_tried_again_on_the_same_host() {
    let text = "  - {route: [{destination: {host: sticky}}]}\n";
    let policy = forward(text).retry.expect("a policy");
    assert!(policy.host_predicates.is_empty());
    let asked = "  - {route: [{destination: {host: sticky}}], \
                 retries: {attempts: 1, retryIgnorePreviousHosts: true}}\n";
    let policy = forward(asked).retry.expect("a policy");
    assert_eq!(policy.host_predicates, [HostPredicate::PreviousHosts]);
}

#[test]
fn the_mesh_has_a_policy_for_routes_without_one() {
    let mut asker = Asker::sidecar();
    let rule = rules("  - {route: [{destination: {host: web}}], retries: {attempts: 7}}\n");
    asker.default_retry = rule[0].retries.clone();
    let route = asker.only("  - {route: [{destination: {host: web}}]}\n");
    let RouteAction::Forward(forward) = route.action else { panic!("it forwards") };
    assert_eq!(forward.retry.map(|policy| policy.retries.value), Some(7));
}

#[test]
fn backoff_localities_and_the_timeout_of_a_try_are_taken_over() {
    let policy = retry(
        "retries: {attempts: 1, perTryTimeout: 250ms, backoff: 10ms, retryRemoteLocalities: true}",
    )
    .expect("a policy");
    assert_eq!(policy.per_try_timeout.map(|it| it.value), Some(SimDuration::from_ms(250)));
    assert_eq!(policy.backoff.max, SimDuration::from_ms(100));
    assert_eq!(policy.previous_priorities, Some(2));
}
