use std::collections::BTreeSet;

use meshwalk_models::explain::RuleId;
use meshwalk_models::path::Protection;
use meshwalk_models::units::SimDuration;
use meshwalk_sim::flow::plan::Decision;
use meshwalk_sim::log::{Step, StepKind};
use meshwalk_sim::stats::{Details, Ending, Full, RetryReason};

use crate::explore::testing;

use super::{Happened, Words, ending};

const POLICIES: &str = "basics/policies.yaml";
const RULE: RuleId = RuleId("path.plain");

/// A step of every kind.
fn steps() -> Vec<Step> {
    use Step::*;
    let (pause, decision) = (SimDuration::from_ms(25), Decision(0));
    let unanswered = Ending::without_answer(Details::CALLER_TIMEOUT);
    let (by, details) = (Ending::answered(200), Details::of_name("rbac_access_denied"));
    let with_details = vec![
        CallBegan { parent: None, edge: 0, call: 0 },
        Retried { previous: 0 },
        AttemptBegan { of: 0 },
        Relayed { outer: 0 },
        NotReachable { ending: unanswered },
        RouteDrawn { route: 0 },
        DestinationDrawn { route: 0, destination: 0 },
        EndpointChosen { pod: 0, candidates: 3, rule: RULE },
        ConnectionOpening { connection: 0, server: 0, protection: Protection::MutualTls },
        ConnectionReused { connection: 0 },
        Decided { rule: RULE },
        Delayed { pause },
        Asks { pause },
        Overflowed { of: Full::Pending, count: 3, limit: 3, cluster: 0, rule: RULE },
        AttemptReset { reason: "connection termination" },
        ProxyBacksOff { pause, reason: RetryReason::PerTryTimeout },
        HostEjected { pod: 0, ejected: 1, hosts: 3, rule: RULE },
        HostSpared { pod: 0, ejected: 1, hosts: 3, rule: RULE },
        HostReturned { pod: 0, ejected: 0, hosts: 3, rule: RULE },
        SynDropped { decision },
        ConnectionRefused { decision },
        ConnectionReset { decision },
        AnsweredByServerProxy { status: 403, details, decision },
        TunnelOpening { server: 0, connection: None },
        Answered { status: 200 },
        BacksOff { pause },
        CallEnded { ending: by, latency: pause },
    ];
    [with_details, bare_steps()].concat()
}

/// A step of every kind that says nothing but itself.
fn bare_steps() -> Vec<Step> {
    use Step::*;
    vec![
        WaitsForConnection,
        AttemptGivenUp,
        SynSentAgain,
        TcpEstablished,
        TlsEstablished,
        ConnectionClosed,
        RequestAtClientProxy,
        RequestLeftClientProxy,
        RequestSent,
        RequestAtClientNodeProxy,
        RequestLeftClientNodeProxy,
        RequestAtServerNodeProxy,
        RequestLeftServerNodeProxy,
        ResponseAtServerNodeProxy,
        ResponseLeftServerNodeProxy,
        ResponseAtClientNodeProxy,
        ResponseLeftClientNodeProxy,
        TunnelOpened,
        TunnelFailed,
        TunnelClosed,
        StreamAsked,
        StreamOpened,
        RequestAtServerProxy,
        RequestLeftServerProxy,
        RequestAtApp,
        TurnedAway,
        WaitsForWorker,
        WorkBegan,
        WorkEnded,
        MessageSent,
        ResponseAtServerProxy,
        ResponseLeftServerProxy,
        ResponseAtClientProxy,
        ResponseLeftClientProxy,
        ResponseAtCaller,
        TimedOut,
        ResetAtServer,
    ]
}

#[test]
fn a_step_of_every_kind_is_said_in_words() {
    let session = testing::session(POLICIES, &["duration=1s"]);
    let words = Words::of(&session);
    let mut said = BTreeSet::new();
    for step in steps() {
        let summary = words.summary(Happened { step, pod: 0, connection: Some(4) });
        // The name of a step is what is shown where nobody has found words for it.
        assert_ne!(summary, step.name().replace('_', " "), "{step:?}");
        assert!(summary.len() > 8 && !summary.ends_with('.'), "{summary}");
        said.insert(step.kind());
    }
    assert_eq!(said, BTreeSet::from(StepKind::ALL), "every kind has a sample");
}

#[test]
fn a_sentence_names_the_box_that_acts() {
    let session = testing::session(POLICIES, &["duration=1s"]);
    let words = Words::of(&session);
    let pod_of = |name: &str| {
        let pods = session.world().pods.iter();
        pods.zip(0..).find(|(pod, _)| pod.name.starts_with(name)).expect("a pod").1
    };
    let sentence = |step, pod| words.sentence(Happened { step, pod, connection: None });
    let said = sentence(Step::RequestAtClientProxy, pod_of("web"));
    assert!(said.starts_with("the sidecar of ") && said.ends_with(" gets the request"), "{said}");
    let said = sentence(Step::TimedOut, pod_of("batch"));
    assert!(!said.contains("sidecar") && said.contains("batch"), "{said}");
}

#[test]
fn an_ending_is_told_to_those_who_know_no_flags() {
    assert_eq!(ending(Ending::answered(200)), "200");
    let gave_up = Ending::without_answer(Details::CALLER_TIMEOUT);
    assert_eq!(ending(gave_up), "no answer: the caller gave up");
    let refused = Ending::without_answer(Details::CONNECTION_REFUSED);
    assert_eq!(ending(refused), "no answer: connection refused");
}
