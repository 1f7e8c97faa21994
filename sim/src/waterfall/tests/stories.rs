//! Stories about single requests.

use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::tests::rig::{NO_NETWORK, services};
use crate::kernel::Seed;
use crate::waterfall::{
    AttemptEnd, Cause, CutBy, Maker, PartOfTime, Spent, Verdict, Waterfall, account,
};

use super::rig::{Run, run};

const fn ms(ms: u64) -> SimDuration {
    SimDuration::from_ms(ms)
}

/// `api` works for 50 ms; `web` calls it with the given settings.
fn calls(call: &str) -> Run {
    let scenario = format!(
        "version: 1
duration: 4s
{NO_NETWORK}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: api, {call} }} }}] }}] }}
  api: {{ workers: 64, routes: [{{ steps: [{{ work: 50ms }}] }}] }}
traffic:
  - {{ name: load, to: web, stop: 10ms, load: {{ arrivals: {{ constant: {{ rate: 200/s }} }} }} }}
"
    );
    run(&services(&[("web", 1), ("api", 1)]), &scenario, Seed(1))
}

fn spent(parts: &[PartOfTime], spent: Spent) -> SimDuration {
    parts.iter().find(|part| part.spent == spent).map_or(SimDuration::ZERO, |part| part.total)
}

/// Attempts at `api`.
fn attempts(waterfall: &Waterfall) -> Vec<&crate::waterfall::Attempt> {
    let is_below = |maker| matches!(maker, Maker::Application(_));
    let below = waterfall.attempts.iter().enumerate();
    below
        .filter(|(number, _)| is_below(waterfall.calls[waterfall.call_of(*number)].maker))
        .map(|(_, attempt)| attempt)
        .collect()
}

#[test]
fn an_impatient_caller_leaves_work_that_nobody_waits_for() {
    let run = calls("timeout: 20ms, retries: 1, retry_backoff: 5ms");
    let waterfall = &run.waterfalls[0];
    let attempts = attempts(waterfall);
    assert_eq!(attempts.len(), 2);
    for attempt in &attempts {
        assert_eq!(attempt.end, AttemptEnd::CallerGone);
        let left = attempt.left.expect("its caller went");
        assert_eq!(attempt.unwanted, Some(left));
        assert!(attempt.last() - left > ms(29), "50 ms of work after 20 of patience");
    }
    let account = account(&run.prepared.plan, waterfall, SimTime::MAX);
    let api = account.services.iter().max_by_key(|it| it.made).expect("api was called");
    assert_eq!((api.wanted, api.made), (1, 2));
    assert_eq!(api.busy.all(), ms(100));
    assert!(api.busy.wasted > ms(59), "{:?}", api.busy);
    assert_eq!(api.busy.useful, SimDuration::ZERO);
    assert_eq!(spent(&account.parts, Spent::Pause), ms(5));
    let work = account.parts.iter().find(|part| part.spent == Spent::Work).expect("api worked");
    assert!(work.total < ms(41) && work.total > ms(38), "what was waited for: {work:?}");
    assert!(work.replaced < ms(21) && work.replaced > ms(18), "the first try: {work:?}");
}

#[test]
fn a_request_that_goes_well_is_work_and_little_else() {
    let run = calls("timeout: 1s");
    let waterfall = &run.waterfalls[0];
    let account = account(&run.prepared.plan, waterfall, SimTime::MAX);
    assert_eq!(spent(&account.parts, Spent::Work), ms(50));
    let api = account.services.iter().find(|it| !it.busy.all().is_zero()).expect("api worked");
    assert_eq!(api.busy.useful, ms(50));
    assert_eq!((api.wanted, api.made), (1, 1));
}

/// `api` errs always; `web` calls it through its sidecar with these retries.
fn through_sidecar(retries: &str, extra: &str) -> Run {
    let scenario = "version: 1
duration: 4s
data_path: istio-sidecar
workloads:
  web: { routes: [{ steps: [{ call: { to: api } }] }] }
  api: { workers: 64, routes: [{ error_rate: 1.0, steps: [{ work: 50ms }] }] }
traffic:
  - { name: load, to: web, stop: 10ms, load: { arrivals: { constant: { rate: 200/s } } } }
";
    let manifests = format!(
        "{}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: api }}
spec:
  hosts: [api]
  http:
    - route: [{{ destination: {{ host: api }} }}]
      retries: {{ {retries} }}
{extra}",
        services(&[("web", 1), ("api", 2)])
    );
    run(&manifests, scenario, Seed(1))
}

/// What was decided about retries of the call to `api`.
fn verdicts(run: &Run) -> Vec<(Cause, Verdict)> {
    let decisions = run.waterfalls[0].tries.iter().flat_map(|it| &it.retries);
    decisions.map(|decision| (decision.cause, decision.verdict)).collect()
}

#[test]
fn a_proxy_tries_again_until_the_policy_says_no() {
    let run = through_sidecar("attempts: 2, retryOn: 5xx", "");
    let verdicts = verdicts(&run);
    assert_eq!(verdicts.len(), 3, "{verdicts:?}");
    assert!(
        verdicts[..2]
            .iter()
            .all(|(cause, verdict)| { *cause == Cause::Status(500) && verdict.is_allowed() })
    );
    assert_eq!(verdicts[2], (Cause::Status(500), Verdict::LimitReached));
    let made: Vec<u32> = run.waterfalls[0]
        .tries
        .iter()
        .flat_map(|it| &it.retries)
        .map(|it| it.made_before)
        .collect();
    assert_eq!(made, [0, 1, 2]);
}

#[test]
fn what_no_condition_names_is_not_tried_again() {
    let run = through_sidecar("attempts: 2, retryOn: connect-failure", "");
    assert_eq!(verdicts(&run), [(Cause::Status(500), Verdict::NoCondition)]);
}

#[test]
fn a_per_try_timeout_is_named_and_its_attempt_works_on_for_nobody() {
    let run = through_sidecar("attempts: 1, perTryTimeout: 20ms, retryOn: 5xx", "");
    let verdicts = verdicts(&run);
    assert!(matches!(verdicts[0], (Cause::PerTryTimeout, Verdict::Again(_))), "{verdicts:?}");
    assert_eq!(verdicts[1], (Cause::PerTryTimeout, Verdict::LimitReached));
    let given_up = attempts(&run.waterfalls[0]);
    assert!(given_up.iter().all(|attempt| attempt.end == AttemptEnd::GivenUp));
    let account = account(&run.prepared.plan, &run.waterfalls[0], SimTime::MAX);
    let wasted: u64 = account.services.iter().map(|it| it.busy.wasted.as_ns()).sum();
    assert!(wasted > 2 * ms(29).as_ns() && wasted < 2 * ms(32).as_ns(), "{wasted}");
}

#[test]
fn a_full_breaker_refuses_the_retry_of_the_second_request() {
    let rule = "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  trafficPolicy: { connectionPool: { http: { maxRetries: 1 } } }
";
    let run = through_sidecar("attempts: 1, retryOn: 5xx", rule);
    let decisions = run.waterfalls[1].tries.iter().flat_map(|it| &it.retries);
    let verdicts: Vec<Verdict> = decisions.map(|decision| decision.verdict).collect();
    let [Verdict::BreakerFull(full)] = verdicts.as_slice() else { panic!("{verdicts:?}") };
    assert_eq!((full.count, full.limit), (1, 1));
}

#[test]
fn a_spent_retry_budget_is_told_apart_from_a_full_breaker() {
    let rule = "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  trafficPolicy: { retryBudget: { percent: 1, minRetryConcurrency: 1 } }
";
    let run = through_sidecar("attempts: 1, retryOn: 5xx", rule);
    let decisions = run.waterfalls[1].tries.iter().flat_map(|it| &it.retries);
    let verdicts: Vec<Verdict> = decisions.map(|decision| decision.verdict).collect();
    let [Verdict::BudgetSpent(full)] = verdicts.as_slice() else { panic!("{verdicts:?}") };
    assert_eq!((full.count, full.limit), (1, 1));
}

#[test]
fn a_retry_that_the_route_timeout_leaves_no_time_for_was_granted_and_never_made() {
    let run =
        through_sidecar("attempts: 1, retryOn: 5xx, backoff: 10s }\n      timeout: 60ms #", "");
    let verdicts = verdicts(&run);
    let [(Cause::Status(500), Verdict::NeverMade { at, by: CutBy::RouteTimeout, .. }), second] =
        verdicts.as_slice()
    else {
        panic!("{verdicts:?}")
    };
    assert_eq!(*second, (Cause::RouteTimeout, Verdict::OutOfTime));
    assert_eq!(attempts(&run.waterfalls[0]).len(), 1);
    let decided = run.waterfalls[0].tries.iter().flat_map(|it| &it.retries).next();
    assert!(*at > decided.expect("it was granted").at);
}

#[test]
fn a_failure_that_is_never_tried_again_says_that_nobody_asked() {
    let run = through_sidecar("attempts: 0", "");
    assert_eq!(verdicts(&run), [(Cause::Status(500), Verdict::NotConsidered)]);
}

#[test]
fn an_attempt_without_a_place_says_how_full_the_breaker_was() {
    let scenario = "version: 1
duration: 4s
data_path: istio-sidecar
workloads:
  web: { routes: [{ steps: [{ call: { to: api } }] }] }
  api: { workers: 64, routes: [{ steps: [{ work: 50ms }] }] }
traffic:
  - { name: load, to: web, stop: 200ms, load: { arrivals: { constant: { rate: 200/s } } } }
";
    let limits = "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 2 }, http: { http1MaxPendingRequests: 3 } }
";
    let manifests = format!("{}{limits}", services(&[("web", 1), ("api", 1)]));
    let run = run(&manifests, scenario, Seed(1));
    let ends = run.waterfalls.iter().flat_map(|it| &it.attempts).map(|it| it.end);
    let full = ends.filter_map(|end| match end {
        AttemptEnd::NoPlace(full) => Some((full.of, full.count, full.limit)),
        _ => None,
    });
    let full: Vec<_> = full.collect();
    assert!(full.len() > 10, "{full:?}");
    assert!(full.iter().all(|it| *it == (crate::stats::Full::Pending, 3, 3)), "{full:?}");
    let edges = run.statistics.edges.iter();
    let counted = edges.flat_map(|edge| edge.overflow.iter());
    let counted = counted.filter(|(of, _)| *of == crate::stats::Full::Pending);
    let counted: u64 = counted.map(|(_, count)| count).sum();
    assert_eq!(counted, full.len() as u64, "as many as the engine counted");
}
