//! Conditions over a recorded run, and what is wrong with those that are none.

use crate::log::{Step, StepKind};
use crate::timeline::tests::{WORLDS, prepared, recorded};
use crate::timeline::{EventId, Log, Way, is_decision, is_failure};

use super::{Condition, ConditionError, ConditionNames, Found, Search};

fn error(text: &str) -> ConditionError {
    let names = ConditionNames::new(&prepared(WORLDS[0]).plan);
    Condition::compile(text, &names).expect_err("it is no condition")
}

/// The entries that fit, by looking at each of them.
fn fitting(log: &Log, condition: &Condition, names: &ConditionNames) -> Vec<EventId> {
    (0..log.len() as u32).map(EventId).filter(|id| condition.holds(log, *id, names)).collect()
}

#[test]
fn a_condition_that_is_too_long_is_to_be_put_shorter() {
    let long = vec!["status > 1"; 140].join(" && ");
    assert_eq!(error(&long).help.as_deref(), Some("put it shorter"));
}

#[test]
fn variables_say_what_entries_say() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let (log, names) = (timeline.log(), ConditionNames::new(&plan));
    let of = |text: &str| {
        let condition =
            Condition::compile(text, &names).unwrap_or_else(|it| panic!("{text}: {it}"));
        fitting(log, &condition, &names)
    };
    let by_hand = |is_it: &dyn Fn(EventId) -> bool| -> Vec<EventId> {
        (0..log.len() as u32).map(EventId).filter(|id| is_it(*id)).collect()
    };
    assert_eq!(
        of("step == \"call_ended\" && latency > duration(\"20ms\")"),
        by_hand(&|id| match log.step(id) {
            Step::CallEnded { latency, .. } => latency.as_ns() > 20_000_000,
            _ => false,
        })
    );
    assert_eq!(
        of("status >= 500 && step != \"call_ended\""),
        by_hand(&|id| match log.step(id) {
            Step::Answered { status } => status >= 500,
            Step::NotReachable { ending } => ending.status >= 500,
            _ => false,
        })
    );
    assert_eq!(of("failed"), by_hand(&|id| is_failure(log.step(id))));
    assert_eq!(of("decision"), by_hand(&|id| is_decision(log.kind(id))));
    assert_eq!(of("!decision"), by_hand(&|id| !is_decision(log.kind(id))));
    assert_eq!(
        of("request == \"shoppers#7\""),
        log.events_of_request(
            log.request_at(log.find("shoppers#7").expect("it began")).expect("it is a request")
        )
    );
    assert_eq!(of("time < duration(\"0s\")"), Vec::new());
    assert_eq!(of("true").len(), log.len());
    let mut wrong = Vec::new();
    for text in [
        "pod.startsWith(\"default/web\")",
        "workload == \"web\" && namespace == \"default\"",
        "service == \"api\" && from == \"web\"",
        "source == \"jobs\" && kind == \"attempt\"",
        "hop.startsWith(\"0.\") && try == 1",
        "attempt > 0 || connection == 0",
        "flags != \"UX\" && (details == \"answered\" || details == \"via_upstream\")",
        "rule == \"envoy.lb.least-request\" || rule.startsWith(\"envoy.\")",
        "verdict == \"allow\"",
        "pause > duration(\"1ms\")",
        "endpoint.contains(\"api\") && reason == \"\" || endpoint.contains(\"api\")",
        "(status == 200) == (step == \"answered\")",
    ] {
        let found = of(text);
        if found.is_empty() || found.len() == log.len() {
            wrong.push((text, found.len()));
        }
    }
    assert_eq!(wrong, [], "each fits some entries and not others");
}

#[test]
fn a_search_on_and_back_finds_what_looking_at_each_finds() {
    let plan = prepared(WORLDS[0]).plan;
    let timeline = recorded(&plan, 1);
    let (log, names) = (timeline.log(), ConditionNames::new(&plan));
    let last = log.last().expect("it has entries");
    for text in ["failed", "step == \"retried\" || status == 500", "latency > duration(\"30ms\")"] {
        let condition = Condition::compile(text, &names).expect("a good condition");
        let expected = fitting(log, &condition, &names);
        assert!(expected.len() > 2, "{text}");
        for (way, from) in [(Way::On, EventId(0)), (Way::Back, last)] {
            let mut found = Vec::new();
            let mut at = from;
            loop {
                let mut search = Search::new(condition.clone(), at, way);
                let result = loop {
                    if let Some(result) = search.advance(log, &names, 3) {
                        break result;
                    }
                };
                match result {
                    Found::Entry(id) => {
                        found.push(id);
                        at = id;
                    }
                    Found::Nothing => break,
                }
            }
            found.sort_unstable();
            let inner: Vec<_> = expected.iter().copied().filter(|id| *id != from).collect();
            assert_eq!(found, inner, "{text}");
        }
    }
}

#[test]
fn a_search_goes_on_where_more_is_recorded() {
    let plan = prepared(WORLDS[0]).plan;
    let names = ConditionNames::new(&plan);
    let condition = Condition::compile("step == \"call_ended\"", &names).expect("a condition");
    let mut timeline = crate::timeline::Timeline::begin(
        plan,
        crate::kernel::Seed(1),
        crate::timeline::TimelineLimits::default(),
    );
    timeline.record(20);
    let mut search = Search::new(condition, EventId(0), Way::On);
    assert_eq!(search.advance(timeline.log(), &names, 1_000), Some(Found::Nothing));
    timeline.record(2_000);
    let found = search.advance(timeline.log(), &names, 1_000);
    let Some(Found::Entry(id)) = found else { panic!("{found:?}") };
    assert_eq!(timeline.log().kind(id), StepKind::CallEnded);
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_was_meant() {
    for (text, at, message, help) in [
        ("stattus == 200", 0, "there is no variable `stattus`", "did you mean `status`?"),
        (
            "failed && step == \"cal_ended\"",
            19,
            "there is no step `cal_ended`",
            "did you mean `call_ended`?",
        ),
        ("service == \"apo\"", 12, "there is no service `apo`", "did you mean `api`?"),
        ("verdict == \"alow\"", 12, "there is no verdict `alow`", "did you mean `allow`?"),
        ("latency > 5", 0, "cannot compare a duration and a number", "duration("),
        ("request < \"a\"", 0, "texts are the same or not", "startsWith"),
        ("status", 0, "expected a condition, got a number", "compare it"),
        ("request.startWith(\"a\")", 8, "there is no method `startWith`", "`startsWith`?"),
        ("p99(\"web\") < 1", 0, "there is no function `p99`", "duration"),
    ] {
        let error = error(text);
        assert!(error.message.starts_with(message), "{text}: {}", error.message);
        assert!(error.help.as_deref().unwrap_or("").contains(help), "{text}: {:?}", error.help);
        assert_eq!(error.at, at, "{text}");
    }
    let broken = error("status == ");
    assert!(broken.message.starts_with("this is no CEL expression"), "{}", broken.message);
    assert!(error("status == [1]").message.contains("has no meaning in a condition"));
    assert_eq!(error("status == 1 && x[0]").at, 16);
}

#[test]
fn without_the_names_of_a_run_only_variables_and_types_are_checked() {
    let names = ConditionNames::default();
    assert!(Condition::compile("service == \"nowhere\" && failed", &names).is_ok());
    assert!(Condition::compile("servise == \"nowhere\"", &names).is_err());
}
