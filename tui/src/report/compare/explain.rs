//! Where the difference of each path comes from, part by part.

use std::io::{self, Write};

use meshwalk_sim::compare::{Comparison, Explanation};
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
        let title = title(explanation, look);
        writeln!(out, "\n{}", look.paint(Paint::Heading, &title))?;
        let rows = rows(explanation, look);
        let widest =
            |place: usize| rows.iter().map(|row| row[place].chars().count()).max().unwrap_or(0);
        let (first, second) = (widest(0), widest(1));
        for [added, part, at] in &rows {
            writeln!(out, "{added:<first$}   {part:<second$}   {at}")?;
        }
    }
    Ok(())
}

/// Prints the same account as tables of Markdown.
pub(super) fn print_markdown(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    for explanation in &comparison.explanations {
        writeln!(out, "\n### {}\n", title(explanation, &Look::PLAIN))?;
        writeln!(out, "| added | part | at |\n|---:|---|---|")?;
        for row in rows(explanation, &Look::PLAIN) {
            writeln!(out, "| {} |", row.map(|cell| cell.replace('|', "\\|")).join(" | "))?;
        }
    }
    Ok(())
}

fn title(explanation: &Explanation, look: &Look) -> String {
    let added = signed_ms(explanation.added_ms, look);
    format!("Where {added} on {} comes from, for the mean request", explanation.data_path)
}

/// What is added, by which part, and where.
fn rows(explanation: &Explanation, look: &Look) -> Vec<[String; 3]> {
    let largest = explanation.parts.first().map_or(0.0, |it| it.added_ms.value.abs());
    let is_told = |ms: f64| ms.abs() >= largest * TOLD_SHARE;
    let (mut rows, mut smaller_ms, mut smaller) = (Vec::new(), 0.0, 0);
    for part in &explanation.parts {
        if is_told(part.added_ms.value) && rows.len() < TOLD_MAX {
            let name = part.part.replace('_', " ");
            rows.push([signed_ms(part.added_ms, look), name, part.at.clone()]);
        } else {
            smaller_ms += part.added_ms.value;
            smaller += 1;
        }
    }
    let overlap = "calls that go on at the same time, and what nothing else explains";
    let overlap_ms = signed_ms(explanation.overlap_ms, look);
    rows.push([overlap_ms, "overlap".to_owned(), overlap.to_owned()]);
    if smaller > 0 {
        let rest = Estimate { value: smaller_ms, half_width: None };
        let count = format!("{smaller} of them");
        rows.push([signed_ms(rest, look), "smaller parts".to_owned(), count]);
    }
    rows
}
