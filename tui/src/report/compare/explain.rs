//! Where the difference of each path comes from, part by part.

use std::io::{self, Write};

use meshwalk_sim::compare::Comparison;
use meshwalk_sim::stats::Estimate;

use crate::terminal::{Look, Paint};

use super::cells::signed_ms;

/// Parts that are smaller than this share of the largest are told together.
const TOLD_SHARE: f64 = 0.01;
/// How many parts are told one by one.
const TOLD_MAX: usize = 30;

/// Prints an account of each path; its lines add up to the difference.
pub(super) fn print(out: &mut dyn Write, comparison: &Comparison, look: &Look) -> io::Result<()> {
    for explanation in &comparison.explanations {
        let added = signed_ms(explanation.added_ms, look);
        let title =
            format!("Where {added} on {} comes from, for the mean request", explanation.data_path);
        writeln!(out, "\n{}", look.paint(Paint::Heading, &title))?;
        let largest = explanation.parts.first().map_or(0.0, |it| it.added_ms.value.abs());
        let is_told = |ms: f64| ms.abs() >= largest * TOLD_SHARE;
        let (mut rows, mut smaller_ms, mut smaller) = (Vec::new(), 0.0, 0);
        for part in &explanation.parts {
            if is_told(part.added_ms.value) && rows.len() < TOLD_MAX {
                let name = part.part.replace('_', " ");
                rows.push((signed_ms(part.added_ms, look), name, part.at.clone()));
            } else {
                smaller_ms += part.added_ms.value;
                smaller += 1;
            }
        }
        let overlap = "calls that go on at the same time, and what nothing else explains";
        let overlap_ms = signed_ms(explanation.overlap_ms, look);
        rows.push((overlap_ms, "overlap".to_owned(), overlap.to_owned()));
        if smaller > 0 {
            let rest = Estimate { value: smaller_ms, half_width: None };
            let count = format!("{smaller} of them");
            rows.push((signed_ms(rest, look), "smaller parts".to_owned(), count));
        }
        let widest = |pick: fn(&(String, String, String)) -> &String| {
            rows.iter().map(|row| pick(row).chars().count()).max().unwrap_or(0)
        };
        let (first, second) = (widest(|row| &row.0), widest(|row| &row.1));
        for (ms, part, at) in &rows {
            writeln!(out, "{ms:<first$}   {part:<second$}   {at}")?;
        }
    }
    Ok(())
}
