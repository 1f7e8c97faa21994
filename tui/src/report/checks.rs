//! Routing checks and how they ended.

use std::io::{self, Write};

use meshwalk_models::explain::Explanation;
use serde::Serialize;

use crate::terminal::{Look, Paint};

use super::json;
use super::places::Places;

/// How many deciding lines are named.
const LINES_MAX: usize = 3;

/// One check; the names of the fields are stable.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckResult {
    /// Its name.
    pub(crate) name: String,
    /// Where it stands: `file:line`.
    pub(crate) place: String,
    /// Where its expectation stands.
    #[serde(skip)]
    pub(crate) expect_place: String,
    /// What was expected.
    pub(crate) expected: String,
    /// What the request becomes; `None` where it could not be asked.
    pub(crate) got: Option<String>,
    /// Whether that is as expected.
    pub(crate) passed: bool,
    /// What is wrong.
    pub(crate) failure: Option<String>,
    /// The last lines of configuration that took part, for a check that failed.
    pub(crate) decided_by: Vec<String>,
}

/// Prints one line a check, more for those that failed, and the count.
pub(crate) fn print(out: &mut dyn Write, results: &[CheckResult], look: &Look) -> io::Result<()> {
    for result in results {
        let mark = if result.passed {
            look.paint(Paint::Good, look.tick())
        } else {
            look.paint(Paint::Bad, look.cross())
        };
        writeln!(out, "{mark} {}", result.name)?;
        if let Some(failure) = &result.failure {
            writeln!(out, "    {}: {failure}", result.expect_place)?;
            for line in &result.decided_by {
                writeln!(out, "    decided by {line}")?;
            }
        }
    }
    let passed = results.iter().filter(|result| result.passed).count();
    let title = format!("{passed} of {} checks pass", results.len());
    let paint = if passed == results.len() { Paint::Good } else { Paint::Bad };
    writeln!(out, "\n{}", look.paint(paint, &title))
}

/// Prints the checks as a JSON list.
pub(crate) fn print_json(out: &mut dyn Write, results: &[CheckResult]) -> io::Result<()> {
    json::print(out, &results)
}

/// The places of the last steps that name one.
pub(crate) fn decisive(because: &[Explanation], places: Places<'_>) -> Vec<String> {
    let mut found = Vec::new();
    collect(because, places, &mut found);
    found.dedup();
    found.split_off(found.len().saturating_sub(LINES_MAX))
}

fn collect(steps: &[Explanation], places: Places<'_>, found: &mut Vec<String>) {
    // What servers make of it stands at the end, and decides seldom.
    for step in steps.iter().filter(|step| step.rule.0 != "walk.server-side") {
        collect(&step.because, places, found);
        if let Some(place) = step.origin.and_then(|origin| places.file_line(origin)) {
            found.push(format!("{place}: {}", step.finding));
        }
    }
}
