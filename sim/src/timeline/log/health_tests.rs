//! What outlier detection decides, and the calls that made it decide.

use crate::flow::tests::rig::{prepared, services};
use crate::log::{Step, StepKind, SubjectKind};
use crate::timeline::tests::recorded;
use crate::timeline::{EventId, Log, Unit};

/// `web` calls `api`, one of whose answers in three is a 500; three in a row eject a pod, a second
/// later it is back.
fn log_of_ejections() -> Log {
    let rule = "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 3
      interval: 1s
      baseEjectionTime: 1s
      maxEjectionPercent: 100
      minHealthPercent: 60
";
    let scenario = "version: 1
duration: 8s
data_path: istio-sidecar
workloads:
  web: { routes: [{ steps: [{ call: { to: api, optional: true } }] }] }
  api: { routes: [{ error_rate: 0.5, steps: [{ work: 1ms }] }] }
traffic:
  - { name: load, to: web, load: { arrivals: { constant: { rate: 60/s } } } }
";
    let manifests = format!("{}{rule}", services(&[("web", 1), ("api", 2)]));
    let plan = prepared(&manifests, scenario).plan;
    recorded(&plan, 1).log().clone()
}

fn all_of(log: &Log, kind: StepKind) -> Vec<EventId> {
    (0..log.len() as u32).map(EventId).filter(|id| log.kind(*id) == kind).collect()
}

#[test]
fn an_ejection_is_caused_by_the_call_whose_failure_was_one_too_many() {
    let log = log_of_ejections();
    let ejections = all_of(&log, StepKind::HostEjected);
    assert!(ejections.len() > 3, "{}", ejections.len());
    for ejection in ejections {
        let Step::HostEjected { pod, ejected, hosts, .. } = log.step(ejection) else {
            panic!("it is one")
        };
        assert!((1..=2).contains(&ejected) && hosts == 2);
        let cause = log.cause(ejection).expect("a call made it happen");
        assert_eq!(log.time(cause), log.time(ejection));
        let track = log.track(log.subject(cause));
        assert!(matches!(track.kind, SubjectKind::Try | SubjectKind::Attempt));
        // The call was answered by that pod, and badly.
        let request = log.request_at(ejection).expect("it is one of a request");
        assert_eq!(Some(request), log.request_at(cause));
        let events = log.events_of_request(request);
        let is_failure =
            |id: &EventId| log.pod(*id) == pod && log.step(*id) == Step::Answered { status: 500 };
        assert!(events.iter().any(is_failure), "{}", log.name(ejection));
    }
}

#[test]
fn a_call_leads_to_the_ejection_that_it_caused_and_back() {
    let log = log_of_ejections();
    let mut caused = 0;
    for request in log.requests() {
        for ejection in log.health_changes_of(request) {
            caused += 1;
            let cause = log.cause(ejection).expect("a call made it happen");
            let mut at = Some(cause);
            while at.is_some_and(|id| id < ejection) {
                at = log.next(Unit::OfRequest, at.expect("it is there"));
            }
            assert_eq!(at, Some(ejection), "going on by the request comes to it");
            let back = log.previous(Unit::OfRequest, ejection).expect("something went before");
            assert!(back >= cause);
        }
    }
    let told = all_of(&log, StepKind::HostEjected).len() + all_of(&log, StepKind::HostSpared).len();
    assert_eq!(caused, told);
}

#[test]
fn a_host_that_is_back_was_ejected_before() {
    let log = log_of_ejections();
    let returns = all_of(&log, StepKind::HostReturned);
    assert!(returns.len() > 2, "{}", returns.len());
    for back in returns {
        let Step::HostReturned { pod, .. } = log.step(back) else { panic!("it is one") };
        let cause = log.cause(back).expect("it was ejected");
        let Step::HostEjected { pod: ejected, .. } = log.step(cause) else {
            panic!("its cause is its ejection, not {:?}", log.step(cause))
        };
        assert_eq!(ejected, pod);
        let between = (cause.0 + 1..back.0).map(EventId);
        let again = between.filter(
            |id| matches!(log.step(*id), Step::HostEjected { pod: other, .. } if other == pod),
        );
        assert_eq!(again.count(), 0, "it is the latest one of that pod");
    }
}

#[test]
fn a_panic_is_told_at_the_pick_that_it_changes() {
    let log = log_of_ejections();
    let panics = (0..log.len() as u32)
        .map(EventId)
        .filter(|id| log.step(*id).rule().is_some_and(|rule| rule.0 == "envoy.balance.panic"));
    let panics: Vec<EventId> = panics.collect();
    assert!(!panics.is_empty(), "half of the pods are ejected at times");
    for id in panics {
        let subject = log.subject(id);
        let next = log.events_of(subject).find(|other| *other > id).expect("a host is picked");
        assert_eq!(log.kind(next), StepKind::EndpointChosen);
    }
}
