//! Connections gained and lost, each with the line that makes the difference.

use std::io::{self, Write};

use meshwalk_models::policy::ConnectionSet;
use meshwalk_models::reach::{Change, Fate, Sort, names};
use serde::Serialize;

use crate::report::columns::{Align, Columns};
use crate::report::format::{ABSENT, counted};
use crate::report::json;
use crate::report::places::Places;
use crate::terminal::{Look, Paint};

use super::document::{FateRow, fate};
use super::{DiffView, few, lines, ports, requests, why};

/// How many rows are printed.
const ROWS_MAX: usize = 1_000;

/// Prints the differences for people.
pub(crate) fn print(out: &mut dyn Write, view: &DiffView<'_>, look: &Look) -> io::Result<()> {
    if view.changes.is_empty() {
        return writeln!(out, "no connection is gained or lost");
    }
    let headers = ["CHANGE", "FROM", "TO", "PORTS", "BEFORE", "AFTER", "BECAUSE"];
    let mut columns = Columns::new(headers.map(|header| (header, Align::Left)));
    for change in view.changes.iter().take(ROWS_MAX) {
        columns.row(vec![
            word(change.sort()).to_owned(),
            few(&names(view.parties, &change.from)),
            few(&names(view.parties, &change.to)),
            ports(&change.set),
            side(change.before.as_ref(), view.before),
            side(change.after.as_ref(), view.after),
            because(change, view),
        ]);
    }
    columns.print(out, look)?;
    if let Some(more) = view.changes.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        writeln!(out, "and {}: -o json lists them all", counted(more as u64, "more row"))?;
    }
    let count = |sort| view.changes.iter().filter(|change| change.sort() == sort).count();
    let each = [Sort::Lost, Sort::Gained, Sort::Changed, Sort::Unclear];
    let counts = each.map(|sort| format!("{} {}", count(sort), word(sort)));
    writeln!(out, "\n{}", look.paint(Paint::Faint, &counts.join(", ")))
}

const fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::Lost => "lost",
        Sort::Gained => "gained",
        Sort::Changed => "changed",
        Sort::Unclear => "unclear",
    }
}

fn side(fate: Option<&Fate>, places: Places<'_>) -> String {
    match fate {
        None => ABSENT.to_owned(),
        Some(Fate::Allowed(these)) => match requests(these, places) {
            all if all.is_empty() => "allowed".to_owned(),
            some => format!("allowed: {some}"),
        },
        Some(fate) => fate.word().to_owned(),
    }
}

/// What refuses it on the side where it does not pass.
fn because(change: &Change, view: &DiffView<'_>) -> String {
    let sides = [(change.after.as_ref(), view.after), (change.before.as_ref(), view.before)];
    let found = sides.into_iter().find_map(|(fate, places)| {
        let fate = fate?;
        let why = why(fate)?;
        let lines = lines(fate.origins(), places);
        Some(if lines.is_empty() { why.to_owned() } else { format!("{why}: {}", lines.join(", ")) })
    });
    found.unwrap_or_else(|| match (&change.before, &change.after) {
        (None, _) => "one of them is new".to_owned(),
        (_, None) => "one of them is gone".to_owned(),
        _ => ABSENT.to_owned(),
    })
}

#[derive(Serialize)]
struct Document<'a> {
    profile: &'a str,
    changes: Vec<ChangeRow<'a>>,
}

#[derive(Serialize)]
struct ChangeRow<'a> {
    change: Sort,
    from: Vec<String>,
    to: Vec<String>,
    ports: &'a ConnectionSet,
    before: Option<FateRow<'a>>,
    after: Option<FateRow<'a>>,
}

/// Prints the differences as one JSON document; its fields are described in JSON.md.
pub(crate) fn print_json(out: &mut dyn Write, view: &DiffView<'_>) -> io::Result<()> {
    let row = |change: &'_ Change| -> (Sort, Vec<String>, Vec<String>) {
        (change.sort(), names(view.parties, &change.from), names(view.parties, &change.to))
    };
    let changes = view.changes.iter().map(|it| {
        let (change, from, to) = row(it);
        ChangeRow {
            change,
            from,
            to,
            ports: &it.set,
            before: it.before.as_ref().map(|one| fate(one, view.before)),
            after: it.after.as_ref().map(|one| fate(one, view.after)),
        }
    });
    json::print(out, &Document { profile: view.profile, changes: changes.collect() })
}
