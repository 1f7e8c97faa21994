//! Expectations whose form makes sense; their expressions are compiled by `expect`.

use meshwalk_models::units::SimDuration;

use super::Findings;
use crate::scenario::file::{Expectation, ScenarioFile};
use crate::scenario::key_path::KeyPath;
use crate::scenario::limits::WINDOWS_MAX;

pub(super) fn check(file: &ScenarioFile, at: &KeyPath, findings: &mut Findings) {
    let measured_ns = file.duration.as_ns().saturating_sub(file.warm_up.as_ns());
    let measured = SimDuration::from_ns(measured_ns);
    for (index, expectation) in file.expectations.iter().enumerate() {
        let at = at.index(index);
        check_form(expectation, &at, findings);
        check_window(expectation, measured, &at, findings);
    }
}

fn check_form(expectation: &Expectation, at: &KeyPath, findings: &mut Findings) {
    let forms = [&expectation.that, &expectation.always, &expectation.eventually];
    let given = forms.into_iter().flatten().count();
    if given != 1 {
        let message = format!("expected one of `that`, `always` and `eventually`, got {given}");
        findings.add(at.clone(), message, None);
        return;
    }
    if expectation.window.is_some() && expectation.that.is_some() {
        findings.add(
            at.key("window"),
            "`that` looks at the whole measured run",
            Some("use `always` or `eventually` with a window"),
        );
    }
    if expectation.within.is_some() && expectation.eventually.is_none() {
        findings.add(at.key("within"), "only `eventually` has a deadline", None);
    }
}

fn check_window(
    expectation: &Expectation,
    measured: SimDuration,
    at: &KeyPath,
    findings: &mut Findings,
) {
    // A run that measures nothing has its own finding.
    let has_windows = expectation.always.is_some() || expectation.eventually.is_some();
    if !has_windows || measured == SimDuration::ZERO {
        return;
    }
    // Without a window of its own, the default may be what does not fit.
    let window = expectation.window_or_default();
    let at_window = at.key("window");
    let limit = expectation.within.unwrap_or(measured).min(measured);
    if window == SimDuration::ZERO {
        findings.add(at_window, "expected more than no time", None);
    } else if window > limit {
        let message = format!("no window of {window} fits into {limit}");
        findings.add(at_window, message, Some("give a shorter `window`"));
    } else if limit.as_ns() / window.as_ns() > WINDOWS_MAX {
        let message = format!("windows of {window} would be more than {WINDOWS_MAX}");
        findings.add(at_window, message, Some("give a longer `window`"));
    }
    if expectation.within.is_some_and(|within| within > measured) {
        let message = format!("only {measured} are measured");
        findings.add(at.key("within"), message, None);
    }
}
