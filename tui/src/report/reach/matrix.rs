//! Connections as a matrix: callers down, servers across. Where there are many workloads, those of
//! a namespace stand together.

use std::collections::BTreeMap;
use std::io::{self, Write};

use meshwalk_models::policy::ConnectionSet;
use meshwalk_models::reach::{Fate, Party, Requests};

use crate::report::format::ABSENT;
use crate::terminal::{Look, Paint};

use super::{View, ports};

/// With more parties than this, workloads stand together by their namespaces.
const PARTIES_MAX: usize = 40;
/// Spaces between two columns.
const GAP: &str = "  ";

/// What a cell knows.
#[derive(Default)]
struct Cell {
    passes: ConnectionSet,
    /// Whether only some requests pass on some of them.
    is_partly: bool,
    may_pass: ConnectionSet,
    /// Pairs of which something passes.
    pairs: usize,
}

/// Prints the matrix.
pub(crate) fn print(out: &mut dyn Write, view: &View<'_>, look: &Look) -> io::Result<()> {
    let parties = view.reach.parties();
    let together = parties.len() > PARTIES_MAX;
    let label = |party: &Party| match &party.namespace {
        Some(namespace) if together => format!("{namespace}/*"),
        _ => party.name.clone(),
    };
    let mut cells: BTreeMap<(String, String), Cell> = BTreeMap::new();
    for row in view.rows {
        for from in &row.from {
            for to in &row.to {
                let key = (label(&parties[*from]), label(&parties[*to]));
                let cell = cells.entry(key).or_default();
                match &row.link.fate {
                    Fate::Allowed(requests) => {
                        cell.passes = cell.passes.union(&row.link.set);
                        cell.is_partly |= *requests != Requests::All;
                        cell.pairs += 1;
                    }
                    Fate::Unknown { .. } => cell.may_pass = cell.may_pass.union(&row.link.set),
                    Fate::Refused { .. } => {}
                }
            }
        }
    }
    let mut from: Vec<String> = cells.keys().map(|(from, _)| from.clone()).collect();
    let mut to: Vec<String> = cells.keys().map(|(_, to)| to.clone()).collect();
    for names in [&mut from, &mut to] {
        names.sort();
        names.dedup();
    }
    let text = |cell: Option<&Cell>| cell.map_or_else(|| ABSENT.to_owned(), shown);
    let widths: Vec<usize> = to
        .iter()
        .map(|to| {
            let column = from.iter().map(|from| text(cells.get(&(from.clone(), to.clone()))));
            column.map(|cell| cell.chars().count()).max().unwrap_or(0).max(to.chars().count())
        })
        .collect();
    let first = from.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(4);
    let mut header = format!("{:<first$}", "FROM");
    for (name, width) in to.iter().zip(&widths) {
        header.push_str(&format!("{GAP}{name:<width$}"));
    }
    writeln!(out, "{}", look.paint(Paint::Heading, header.trim_end()))?;
    for from in &from {
        let mut line = format!("{from:<first$}");
        for (to, width) in to.iter().zip(&widths) {
            let cell = text(cells.get(&(from.clone(), to.clone())));
            line.push_str(&format!("{GAP}{cell:<width$}"));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    let key = "* some requests only   ? may pass, unknown   - nothing passes";
    let key = if together {
        format!(
            "{key}   workloads of a namespace stand together: a cell is what passes between any of them"
        )
    } else {
        key.to_owned()
    };
    writeln!(out, "\n{}", look.paint(Paint::Faint, &key))
}

fn shown(cell: &Cell) -> String {
    let mut text = match cell.passes.is_empty() {
        true => String::new(),
        false => ports(&cell.passes),
    };
    if cell.is_partly {
        text.push('*');
    }
    let open = cell.may_pass.difference(&cell.passes);
    if !open.is_empty() {
        let space = if text.is_empty() { "" } else { " " };
        text.push_str(&format!("{space}?{}", ports(&open)));
    }
    if text.is_empty() { ABSENT.to_owned() } else { text }
}
