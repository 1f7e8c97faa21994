//! The table of queueing laws that `meshwalk validate` prints.

use std::io::{self, Write};

use meshwalk_sim::validate::{JOINT_CONFIDENCE, LawResult, RELATIVE_HALF_WIDTH_MAX};
use serde::Serialize;

use crate::terminal::{Look, Paint};

use super::columns::{Align, Columns};

/// The part of the JSON document that is about the laws.
#[derive(Serialize)]
pub(crate) struct Laws<'a> {
    /// The probability that all checks hold if the engine is right.
    joint_confidence: f64,
    /// The widest relative half-width that a check may have.
    relative_half_width_max: f64,
    /// Whether all checks hold.
    holds: bool,
    /// The checks.
    checks: &'a [LawResult],
}

/// Prints one row for each check, and a sentence that sums up.
pub(crate) fn print(out: &mut dyn Write, results: &[LawResult], look: &Look) -> io::Result<()> {
    let mut table = Columns::new([
        ("LAW", Align::Left),
        ("QUANTITY", Align::Left),
        ("CLOSED FORM", Align::Right),
        ("MEASURED", Align::Right),
        ("HALF-WIDTH", Align::Right),
        ("RELATIVE", Align::Right),
        ("HOLDS", Align::Left),
    ]);
    for result in results {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        table.row(vec![
            result.law.to_owned(),
            result.quantity.to_owned(),
            format!("{:.4}", result.closed_form),
            format!("{:.4}", result.measured),
            or_dash(result.half_width.map(|width| format!("{}{width:.4}", look.plus_minus()))),
            or_dash(result.relative_half_width.map(|width| format!("{:.2}%", width * 100.0))),
            if result.holds { "yes" } else { "NO" }.to_owned(),
        ]);
    }
    table.print(out, look)?;
    let failed = results.iter().filter(|result| !result.holds).count();
    let percent = JOINT_CONFIDENCE * 100.0;
    let width = RELATIVE_HALF_WIDTH_MAX * 100.0;
    let (paint, sentence) = match failed {
        0 => (Paint::Good, "every closed form lies in its interval".to_owned()),
        _ => (Paint::Bad, format!("{failed} of {} checks failed", results.len())),
    };
    writeln!(out, "\n{}", look.paint(paint, &sentence))?;
    writeln!(out, "intervals: {percent}% for all checks together, at most {width}% wide each way")
}

impl<'a> Laws<'a> {
    /// What `results` say.
    pub(crate) fn new(results: &'a [LawResult]) -> Self {
        Self {
            joint_confidence: JOINT_CONFIDENCE,
            relative_half_width_max: RELATIVE_HALF_WIDTH_MAX,
            holds: results.iter().all(|result| result.holds),
            checks: results,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_that_fails_is_told_in_its_row_and_in_the_sum() {
        let good = LawResult {
            law: "M/M/1",
            quantity: "mean wait (ms)",
            closed_form: 7.0 / 3.0,
            measured: 2.335,
            half_width: Some(0.0123),
            relative_half_width: Some(0.005_27),
            holds: true,
        };
        let alone = LawResult {
            quantity: "utilisation",
            half_width: None,
            relative_half_width: None,
            holds: false,
            ..good.clone()
        };
        let mut out = Vec::new();
        print(&mut out, &[good, alone], &Look::PLAIN).expect("memory takes everything");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        LAW     QUANTITY         CLOSED FORM   MEASURED   HALF-WIDTH   RELATIVE   HOLDS
        M/M/1   mean wait (ms)        2.3333     2.3350      ±0.0123      0.53%   yes
        M/M/1   utilisation           2.3333     2.3350            -          -   NO

        1 of 2 checks failed
        intervals: 99.9% for all checks together, at most 1% wide each way
        ");
    }
}
