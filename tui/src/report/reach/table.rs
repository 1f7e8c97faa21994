//! Connections as rows.

use std::io::{self, Write};

use meshwalk_models::reach::{Fate, names};

use crate::report::columns::{Align, Columns};
use crate::report::format::{ABSENT, counted};
use crate::terminal::{Look, Paint};

use super::{Detail, View, enforced_by, few, lines, ports, requests, why};

/// How many rows are printed.
const ROWS_MAX: usize = 1_000;
/// How many doubts are printed.
const DOUBTS_MAX: usize = 20;

/// Prints the table.
pub(crate) fn print(
    out: &mut dyn Write,
    view: &View<'_>,
    detail: Detail,
    look: &Look,
) -> io::Result<()> {
    let mut headers = vec!["FROM", "TO", "PORTS", "VERDICT"];
    let has_requests = view.rows.iter().any(|row| !requests_of(view, &row.link.fate).is_empty());
    if has_requests {
        headers.push("REQUESTS");
    }
    if detail == Detail::Wide {
        headers.extend(["ENFORCED BY", "WHY", "LINES"]);
    }
    let mut columns = Columns::new(headers.into_iter().map(|header| (header, Align::Left)));
    let parties = view.reach.parties();
    for row in view.rows.iter().take(ROWS_MAX) {
        let fate = &row.link.fate;
        let mut cells = vec![
            few(&names(parties, &row.from)),
            few(&names(parties, &row.to)),
            ports(&row.link.set),
            fate.word().to_owned(),
        ];
        let or_absent = |text: String| if text.is_empty() { ABSENT.to_owned() } else { text };
        if has_requests {
            cells.push(or_absent(requests_of(view, fate)));
        }
        if detail == Detail::Wide {
            cells.push(or_absent(enforced_by(fate).unwrap_or_default().to_owned()));
            cells.push(or_absent(why(fate).unwrap_or_default().to_owned()));
            cells.push(or_absent(lines(fate.origins(), view.places).join(", ")));
        }
        columns.row(cells);
    }
    if columns.is_empty() {
        writeln!(out, "no connection passes, and none may")?;
    } else {
        columns.print(out, look)?;
    }
    if let Some(more) = view.rows.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        writeln!(out, "and {}: -o json lists them all", counted(more as u64, "more row"))?;
    }
    if detail == Detail::Normal {
        print_doubts(out, view, look)?;
    }
    print_untold(out, view, look)?;
    let workloads = parties.iter().filter(|party| party.namespace.is_some()).count();
    let summary = format!(
        "{} in {}, profile {}",
        counted(workloads as u64, "workload"),
        if view.reach.class_count() == 1 {
            "1 class".to_owned()
        } else {
            format!("{} classes with what is outside", view.reach.class_count())
        },
        view.profile
    );
    writeln!(out, "\n{}", look.paint(Paint::Faint, &summary))
}

fn requests_of(view: &View<'_>, fate: &Fate) -> String {
    match fate {
        Fate::Allowed(these) => requests(these, view.places),
        Fate::Unknown { .. } | Fate::Refused { .. } => String::new(),
    }
}

/// Why something is unknown, each reason once.
fn print_doubts(out: &mut dyn Write, view: &View<'_>, look: &Look) -> io::Result<()> {
    let mut doubts: Vec<String> = Vec::new();
    for row in view.rows {
        if let Fate::Unknown { why, origins } = &row.link.fate {
            let lines = lines(origins, view.places);
            let doubt = match lines.is_empty() {
                true => why.clone(),
                false => format!("{why} ({})", lines.join(", ")),
            };
            if !doubts.contains(&doubt) {
                doubts.push(doubt);
            }
        }
    }
    if doubts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Paint::Heading, "Unknown, because of"))?;
    for doubt in doubts.iter().take(DOUBTS_MAX) {
        writeln!(out, "- {doubt}")?;
    }
    match doubts.len().checked_sub(DOUBTS_MAX).filter(|more| *more > 0) {
        Some(more) => writeln!(out, "- and {}", counted(more as u64, "more reason")),
        None => Ok(()),
    }
}

fn print_untold(out: &mut dyn Write, view: &View<'_>, look: &Look) -> io::Result<()> {
    let left_out = view.left_out();
    if left_out.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", look.paint(Paint::Heading, "Not modelled"))?;
    for line in left_out {
        writeln!(out, "- {line}")?;
    }
    Ok(())
}
