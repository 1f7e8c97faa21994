//! Expectations as JUnit XML: one suite a run, one case an expectation, no wall-clock figure.

use std::io::Write;

use meshwalk_sim::stats::{ExpectationResult, RunResults};
use quick_junit::{
    NonSuccessKind, Property, Report, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use super::format::ending;

/// Prints the expectations of `results`; `suite` is the name of the scenario.
pub(crate) fn print(
    out: &mut dyn Write,
    suite: &str,
    results: &RunResults,
) -> Result<(), SerializeError> {
    let mut cases = TestSuite::new(suite);
    let identity = &results.identity;
    cases.add_properties([
        Property::new("state_hash", results.state_hash.as_str()),
        Property::new("seed", identity.seed.to_string()),
        Property::new("replications", results.replications.to_string()),
        Property::new("engine", identity.engine.as_str()),
    ]);
    for expectation in &results.expectations {
        let mut case = TestCase::new(expectation.name.as_str(), status(expectation));
        case.set_classname(suite);
        cases.add_test_case(case);
    }
    let mut report = Report::new(crate::NAME);
    report.add_test_suite(cases);
    report.serialize(out)
}

/// A case that passed or failed.
pub(crate) struct Case<'c> {
    /// Its name.
    pub(crate) name: &'c str,
    /// Where it stands.
    pub(crate) place: Option<&'c str>,
    /// What was wrong; `None` if it passed.
    pub(crate) failure: Option<&'c str>,
}

/// Prints `cases` as one suite.
pub(crate) fn print_cases<'c>(
    out: &mut dyn Write,
    suite: &str,
    cases: impl Iterator<Item = Case<'c>>,
) -> Result<(), SerializeError> {
    let mut tests = TestSuite::new(suite);
    for case in cases {
        let status = match case.failure {
            None => TestCaseStatus::success(),
            Some(failure) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(failure);
                let place = case.place.map_or_else(String::new, |place| format!("{place}: "));
                status.set_description(format!("{place}{failure}"));
                status
            }
        };
        let mut test = TestCase::new(case.name, status);
        test.set_classname(suite);
        tests.add_test_case(test);
    }
    let mut report = Report::new(crate::NAME);
    report.add_test_suite(tests);
    report.serialize(out)
}

/// One that cannot be told is an error, not a skip: a skipped check would let a pipeline pass.
fn status(expectation: &ExpectationResult) -> TestCaseStatus {
    let kind = match expectation.passed {
        Some(true) => return TestCaseStatus::success(),
        Some(false) => NonSuccessKind::Failure,
        None => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(expectation.form);
    status.set_message(expectation.message.as_deref().unwrap_or("it did not hold"));
    status.set_description(description(expectation));
    status
}

fn description(expectation: &ExpectationResult) -> String {
    let mut lines = vec![format!("{}: {}", expectation.form, expectation.expression)];
    lines.extend(expectation.values.iter().map(|(call, value)| format!("{call} = {value}")));
    if let Some(broken) = &expectation.first_broken {
        lines.push(format!(
            "first broken at {}s by {} ({}, {}ms), seed {}",
            broken.time_s,
            broken.request,
            ending(broken),
            broken.latency_ms,
            broken.seed
        ));
    }
    lines.join("\n")
}
