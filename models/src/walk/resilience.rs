//! Effective time limits and retries: what several settings mean together for one request. How a
//! proxy carries them out is the router's business.

use crate::explain::{Probe, Sourced, Tree};
use crate::proxy::envoy::config::{RetryOn, RetryPolicy};
use crate::proxy::envoy::router::RouterPlan;
use crate::proxy::envoy::{HeaderMap, is_grpc};
use crate::units::SimDuration;
use crate::world::Origin;

use super::answer::{Finding, RetryInForce, Timeouts};
use super::rules;

/// Conditions that include an attempt that timed out (Envoy treats it as a local reset).
const TIMED_OUT: RetryOn = RetryOn::FIVE_XX.with(RetryOn::GATEWAY_ERROR).with(RetryOn::RESET);

/// Conditions under which the upstream has not begun to work on the request.
const NOT_STARTED: RetryOn = RetryOn::CONNECT_FAILURE
    .with(RetryOn::REFUSED_STREAM)
    .with(RetryOn::HTTP3_POST_CONNECT_FAILURE)
    .with(RetryOn::RESET_BEFORE_REQUEST)
    .with(RetryOn::ENVOY_RATE_LIMITED);

/// Conditions that look at the status of a gRPC response.
const GRPC: RetryOn = RetryOn::GRPC_CANCELLED
    .with(RetryOn::GRPC_DEADLINE_EXCEEDED)
    .with(RetryOn::GRPC_RESOURCE_EXHAUSTED)
    .with(RetryOn::GRPC_UNAVAILABLE)
    .with(RetryOn::GRPC_INTERNAL);

/// What the request is, as far as retries care.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind<'r> {
    pub(super) method: &'r str,
    pub(super) is_grpc: bool,
}

impl Kind<'static> {
    /// Any request: nothing is said about its method.
    pub(super) const UNKNOWN: Self = Self { method: "GET", is_grpc: false };
}

/// The limits of `plan`; `connect` is the cluster's. A per-try timeout is kept as it is written,
/// also where the timeout of the whole request always comes before it.
pub(super) fn timeouts(plan: &RouterPlan, connect: Option<Sourced<SimDuration>>) -> Timeouts {
    let written = plan.retry.as_ref().and_then(|policy| policy.per_try_timeout);
    let set = |limit: Sourced<SimDuration>| Some(limit).filter(|limit| limit.as_ns() > 0);
    Timeouts {
        request: Some(plan.timeout),
        per_try: set(plan.per_try_timeout).or(written.filter(|limit| limit.as_ns() > 0)),
        per_try_idle: set(plan.per_try_idle_timeout),
        idle: Some(plan.stream_idle_timeout),
        max_stream: plan.max_stream_duration,
        connect,
    }
}

/// The policy in force under `timeouts`.
pub(super) fn in_force(policy: &RetryPolicy, timeouts: &Timeouts) -> RetryInForce {
    let backoff = policy.backoff.map(|backoff| (backoff.base, backoff.max));
    let retries = policy.retries;
    RetryInForce {
        retries,
        retry_on: policy.retry_on,
        status_codes: policy.status_codes.clone(),
        backoff,
        reachable_when_slow: reachable_when_slow(policy, timeouts),
        worst_case: worst_case(policy, timeouts),
        origin: policy.origin,
    }
}

/// The limit of one attempt, unless that of the whole request ends it first.
fn per_try(timeouts: &Timeouts) -> Option<SimDuration> {
    let limit = timeouts.per_try.map(|limit| limit.value).filter(|limit| limit.as_ns() > 0)?;
    // Envoy drops a per-try timeout that is not below the route's (router, finalTimeout).
    request(timeouts).is_none_or(|whole| limit < whole).then_some(limit)
}

fn request(timeouts: &Timeouts) -> Option<SimDuration> {
    timeouts.request.map(|limit| limit.value).filter(|limit| limit.as_ns() > 0)
}

/// Whether an attempt that times out is tried again.
fn retries_time_outs(policy: &RetryPolicy) -> bool {
    policy.retry_on.has_any(TIMED_OUT)
        || (policy.retry_on.has(RetryOn::RETRIABLE_STATUS_CODES)
            && policy.status_codes.contains(&504))
}

/// How many retries can begin when every attempt lasts as long as it may, and no pause is drawn.
fn reachable_when_slow(policy: &RetryPolicy, timeouts: &Timeouts) -> u32 {
    let Some(attempt) = per_try(timeouts).filter(|_| retries_time_outs(policy)) else { return 0 };
    let Some(whole) = request(timeouts) else { return *policy.retries };
    // The attempts that begin before the time is up, without the first.
    let begun = (whole.as_ns() - 1) / attempt.as_ns();
    u32::try_from(begun).unwrap_or(u32::MAX).min(*policy.retries)
}

/// The longest that a client waits; `None` where no limit ends an attempt.
fn worst_case(policy: &RetryPolicy, timeouts: &Timeouts) -> Option<SimDuration> {
    if let Some(whole) = request(timeouts) {
        return Some(whole);
    }
    let attempt = per_try(timeouts)?;
    let retries = if retries_time_outs(policy) { *policy.retries } else { 0 };
    let attempts = u64::from(retries) + 1;
    let work = SimDuration::from_ns(attempt.as_ns().saturating_mul(attempts));
    Some(work.saturating_add(pauses(policy, retries)))
}

/// The longest pauses before so many retries: `min(base · 2^(n-1), max)` each.
fn pauses(policy: &RetryPolicy, retries: u32) -> SimDuration {
    let (base, max) = (policy.backoff.base.as_ns(), policy.backoff.max.as_ns());
    let mut sum: u64 = 0;
    let mut interval = base.min(max);
    for step in 0..retries {
        if interval >= max {
            // All further pauses are equally long.
            sum = sum.saturating_add(max.saturating_mul(u64::from(retries - step)));
            break;
        }
        sum = sum.saturating_add(interval);
        interval = interval.saturating_mul(2).min(max);
    }
    SimDuration::from_ns(sum)
}

/// Tells the time limits in force.
pub(super) fn explain_timeouts(timeouts: &Timeouts, tree: &mut Tree) {
    let origin = timeouts.request.map(|limit| limit.origin);
    tree.step(rules::TIMEOUTS, origin, || {
        let whole = request(timeouts)
            .map_or_else(|| "no timeout".to_owned(), |limit| format!("a timeout of {limit}"));
        let attempt = timeouts.per_try.filter(|limit| limit.as_ns() > 0);
        let attempt = attempt.map_or_else(String::new, |it| format!(", {} per attempt", it.value));
        format!("the request has {whole}{attempt}")
    });
}

/// Tells the retries in force.
pub(super) fn explain_retry(retry: &RetryInForce, tree: &mut Tree) {
    tree.step(rules::RETRIES, Some(retry.origin), || {
        let words = retry.retry_on.words().collect::<Vec<_>>().join(",");
        format!("{} attempts at most, retried on {words}", retry.attempts_max())
    });
}

/// What becomes of the deadline that a gRPC client sends.
pub(super) fn deadline(plan: &RouterPlan, headers: &HeaderMap) -> Option<Finding> {
    let asked = headers.get("grpc-timeout").filter(|_| is_grpc(headers))?;
    let Some(max) = plan.grpc_timeout_max else {
        let sentence = format!(
            "grpc-timeout {asked} is passed on and not enforced by this proxy: only the route's \
             own timeout counts here"
        );
        let origins = vec![plan.timeout.origin];
        return Some(Finding { id: "timeout.grpc-deadline", sentence, origins });
    };
    let bound = if max.as_ns() == 0 {
        "which nothing bounds".to_owned()
    } else {
        format!("which is held at {}", max.value)
    };
    let sentence = format!(
        "the deadline of the client is the timeout of the whole request here: grpc-timeout {asked}, \
         {bound}, makes {}. It covers all attempts and pauses together and does not begin again \
         with a retry; each attempt tells the server what is left, or the per-try timeout",
        plan.timeout.value
    );
    let origins = vec![max.origin];
    Some(Finding { id: "timeout.grpc-deadline", sentence, origins })
}

/// What the settings mean together, where that surprises.
pub(super) fn findings(
    policy: Option<&RetryPolicy>,
    timeouts: &Timeouts,
    kind: Kind<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(policy) = policy {
        findings.extend(budget(policy, timeouts));
        findings.extend(cut_off(policy, timeouts));
        findings.extend(runs_twice(policy, kind));
        findings.extend(conditions(policy));
        findings.extend(jitter(policy));
    }
    findings
}

/// Retries that the time limit leaves no room for.
fn budget(policy: &RetryPolicy, timeouts: &Timeouts) -> Option<Finding> {
    let retries = *policy.retries;
    let whole = timeouts.request.filter(|limit| limit.value.as_ns() > 0)?;
    if retries == 0 || policy.retry_on.is_empty() {
        return None;
    }
    let own = timeouts.per_try.filter(|limit| limit.value.as_ns() > 0);
    let reachable = reachable_when_slow(policy, timeouts);
    if reachable >= retries {
        return None;
    }
    let mut origins = vec![whole.origin];
    origins.extend(own.map(|limit| limit.origin));
    origins.push(policy.retries.origin);
    let counts = format!("{reachable} of {retries} retries reachable on slow failure");
    let (id, sentence) = match own {
        None => (
            "retry.budget-spent",
            format!(
                "the first attempt can use the whole budget of {}: {counts}; give each \
                 attempt a limit below it (perTryTimeout, or backendRequest)",
                whole.value
            ),
        ),
        Some(own) if own.value == whole.value => (
            "retry.budget-spent",
            format!(
                "perTryTimeout equals the timeout ({}), so the first attempt can use the whole \
                 budget: {counts}",
                whole.value
            ),
        ),
        Some(own) if own.value > whole.value => (
            "retry.budget-spent",
            format!(
                "perTryTimeout ({}) is longer than the timeout ({}) and is ignored; the first \
                 attempt can use the whole budget: {counts}",
                own.value, whole.value
            ),
        ),
        Some(own) if !retries_time_outs(policy) => (
            "retry.timeout-not-retried",
            format!(
                "an attempt that times out after {} is not tried again: retryOn ({}) has neither \
                 5xx nor gateway-error nor reset; {counts}",
                own.value,
                words(policy)
            ),
        ),
        Some(own) => (
            "retry.budget-short",
            format!(
                "attempts of {} fit into the timeout of {} only {} times: {counts}",
                own.value,
                whole.value,
                reachable + 1
            ),
        ),
    };
    Some(Finding { id, sentence, origins })
}

/// A per-try timeout where nothing else limits a request.
fn cut_off(policy: &RetryPolicy, timeouts: &Timeouts) -> Option<Finding> {
    let own = timeouts.per_try.filter(|limit| limit.value.as_ns() > 0)?;
    if request(timeouts).is_some() {
        return None;
    }
    let after = if retries_time_outs(policy) && *policy.retries > 0 {
        format!("it is then tried again, {} times at most", *policy.retries)
    } else {
        format!(
            "it is then answered 504 and not tried again, as retryOn ({}) has neither 5xx nor \
             gateway-error nor reset",
            words(policy)
        )
    };
    let sentence = format!(
        "every attempt, also the first and only one, is cut off after {}; {after}. The request as \
         a whole has no timeout (Envoy before 1.14 ignored a per-try timeout then; Istio 1.6 was \
         the first with a newer one)",
        own.value
    );
    let mut origins = vec![own.origin];
    origins.extend(timeouts.request.map(|limit| limit.origin));
    Some(Finding { id: "retry.per-try-alone", sentence, origins })
}

/// A pause that somebody wrote down is no least pause.
fn jitter(policy: &RetryPolicy) -> Option<Finding> {
    let backoff = policy.backoff;
    if *policy.retries == 0 || !matches!(backoff.origin, Origin::Manifest(_)) {
        return None;
    }
    let sentence = format!(
        "backoff {} is no least pause: Envoy draws each pause evenly from zero to {}, doubled with \
         each retry and {} at most",
        backoff.base, backoff.base, backoff.max
    );
    Some(Finding { id: "retry.backoff-jitter", sentence, origins: vec![backoff.origin] })
}

/// Whether a retry can repeat work that was done already.
fn runs_twice(policy: &RetryPolicy, kind: Kind<'_>) -> Option<Finding> {
    let conditions = repeats_work(policy, kind.is_grpc)?;
    // gRPC is always POST; whether a method may be repeated is only the application's to know.
    let idempotent = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].contains(&kind.method);
    if idempotent && !kind.is_grpc {
        return None;
    }
    let sentence = format!(
        "{} is not idempotent and may run {} times: retries on {conditions} repeat a request that \
         the server may have carried out",
        kind.method,
        u64::from(*policy.retries) + 1,
    );
    let origins = vec![policy.retries.origin, policy.retry_on.origin];
    Some(Finding { id: "retry.runs-twice", sentence, origins })
}

/// The conditions of a policy that can repeat work, as words; `None` if there are none.
pub(super) fn repeats_work(policy: &RetryPolicy, is_grpc: bool) -> Option<String> {
    if *policy.retries == 0 {
        return None;
    }
    let codes = !policy.status_codes.is_empty();
    let counts = |one: RetryOn| {
        !NOT_STARTED.has(one)
            && (is_grpc || !GRPC.has(one))
            && (codes || one != RetryOn::RETRIABLE_STATUS_CODES)
    };
    let set = RetryOn::WORDS.into_iter().filter(|&(_, one)| policy.retry_on.has(one));
    let words: Vec<&str> = set.filter(|&(_, one)| counts(one)).map(|(word, _)| word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Conditions that can never be met.
fn conditions(policy: &RetryPolicy) -> Option<Finding> {
    let origins = vec![policy.retry_on.origin];
    if *policy.retries > 0 && policy.retry_on.is_empty() {
        let sentence = "retries are configured but no condition asks for one: there are none";
        return Some(Finding { id: "retry.no-condition", sentence: sentence.to_owned(), origins });
    }
    let has_codes = policy.retry_on.has(RetryOn::RETRIABLE_STATUS_CODES);
    if *policy.retries == 0 || !has_codes || !policy.status_codes.is_empty() {
        return None;
    }
    if policy.retry_on.has_any(RetryOn::FIVE_XX.with(RetryOn::GATEWAY_ERROR)) {
        return None;
    }
    let sentence = "`retriable-status-codes` lists no codes: a plain HTTP response, 503 included, \
                    is not tried again";
    Some(Finding { id: "retry.no-codes", sentence: sentence.to_owned(), origins })
}

fn words(policy: &RetryPolicy) -> String {
    policy.retry_on.words().collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::envoy::config::Backoff;

    const HERE: Origin = Origin::Assumed("a test");

    fn ms(value: u64) -> SimDuration {
        SimDuration::from_ms(value)
    }

    fn policy(retries: u32, retry_on: RetryOn) -> RetryPolicy {
        RetryPolicy {
            retry_on: Sourced::new(retry_on, HERE),
            retries: Sourced::new(retries, HERE),
            per_try_timeout: None,
            per_try_idle_timeout: None,
            status_codes: Vec::new(),
            response_headers: Vec::new(),
            request_headers: Vec::new(),
            backoff: Sourced::new(Backoff { base: ms(25), max: ms(250) }, HERE),
            rate_limited: None,
            host_predicates: Vec::new(),
            host_selection_attempts: 1,
            previous_priorities: None,
            origin: HERE,
        }
    }

    fn limits(request: u64, per_try: u64) -> Timeouts {
        let sourced = |value| Some(Sourced::new(ms(value), HERE));
        Timeouts {
            request: sourced(request),
            per_try: if per_try > 0 { sourced(per_try) } else { None },
            ..Timeouts::default()
        }
    }

    const POST: Kind<'static> = Kind { method: "POST", is_grpc: false };

    fn said(policy: &RetryPolicy, timeouts: &Timeouts) -> String {
        let findings = findings(Some(policy), timeouts, POST);
        findings.iter().map(|it| format!("{}: {}\n", it.id, it.sentence)).collect()
    }

    #[test]
    fn without_a_per_try_timeout_the_first_attempt_may_use_it_all() {
        let policy = policy(3, RetryOn::FIVE_XX);
        let said = said(&policy, &limits(2000, 0));
        assert!(said.contains("0 of 3 retries reachable on slow failure"), "{said}");
    }

    #[test]
    fn a_per_try_timeout_as_long_as_the_whole_leaves_no_retry() {
        let policy = policy(3, RetryOn::FIVE_XX);
        assert!(said(&policy, &limits(2000, 2000)).contains("perTryTimeout equals the timeout"));
        assert!(said(&policy, &limits(2000, 3000)).contains("is ignored"));
        assert!(said(&policy, &limits(2000, 900)).contains("2 of 3 retries reachable"));
        assert!(!said(&policy, &limits(2000, 500)).contains("reachable"));
    }

    #[test]
    fn a_time_out_is_only_retried_where_a_condition_covers_it() {
        let policy = policy(3, RetryOn::CONNECT_FAILURE);
        assert_eq!(reachable_when_slow(&policy, &limits(0, 100)), 0);
        let said = said(&policy, &limits(2000, 500));
        assert!(said.contains("retry.timeout-not-retried"), "{said}");
    }

    #[test]
    fn the_worst_case_is_the_timeout_or_all_attempts_with_their_pauses() {
        let policy = policy(3, RetryOn::FIVE_XX);
        assert_eq!(worst_case(&policy, &limits(2000, 500)), Some(ms(2000)));
        // Pauses: 25 + 50 + 100.
        assert_eq!(worst_case(&policy, &limits(0, 500)), Some(ms(2175)));
        assert_eq!(worst_case(&policy, &limits(0, 0)), None);
    }

    #[test]
    fn only_conditions_after_the_work_began_can_repeat_it() {
        assert_eq!(repeats_work(&policy(2, RetryOn::CONNECT_FAILURE), false), None);
        let unavailable = policy(2, RetryOn::GRPC_UNAVAILABLE);
        assert_eq!(repeats_work(&unavailable, false), None);
        assert_eq!(repeats_work(&unavailable, true).as_deref(), Some("unavailable"));
        let reset = policy(2, RetryOn::RESET.with(RetryOn::CONNECT_FAILURE));
        assert_eq!(repeats_work(&reset, false).as_deref(), Some("reset"));
    }

    #[test]
    fn pauses_of_a_huge_policy_do_not_overflow() {
        let policy = policy(u32::MAX, RetryOn::FIVE_XX);
        let longest = worst_case(&policy, &limits(0, 500)).expect("a limit ends each attempt");
        assert!(longest > SimDuration::from_secs(3600));
    }
}
