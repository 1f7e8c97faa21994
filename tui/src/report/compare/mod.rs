//! A comparison of data paths for people: a table in columns or in Markdown, and below it what
//! does not fit a cell.

mod cells;
mod explain;
mod grid;
mod notes;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use meshwalk_sim::compare::{Comparison, Figure, Unit};

use crate::report::format::span_ms;
use crate::terminal::{Look, Paint};

use self::cells::Shown;
use self::grid::Grid;

/// Figures that only a wide table shows.
const WIDE_ONLY: [&str; 3] = ["latency_mean", "encrypted_bytes", "same_node_bytes"];

/// Prints the table that fits a terminal.
pub(crate) fn table(
    out: &mut dyn Write,
    title: &str,
    comparison: &Comparison,
    look: &Look,
) -> io::Result<()> {
    let is_shown = |figure: &Figure| !WIDE_ONLY.contains(&figure.name);
    heading(out, title, comparison, look)?;
    grid(comparison, Shown::Difference, look, is_shown).print(out, look)?;
    notes::print(out, comparison, notes::Detail::Differences, look)
}

/// Prints the table with everything.
pub(crate) fn wide(
    out: &mut dyn Write,
    title: &str,
    comparison: &Comparison,
    look: &Look,
) -> io::Result<()> {
    heading(out, title, comparison, look)?;
    grid(comparison, Shown::Both, look, |_| true).print(out, look)?;
    notes::print(out, comparison, notes::Detail::Everything, look)
}

/// Prints it as Markdown.
pub(crate) fn markdown(
    out: &mut dyn Write,
    title: &str,
    comparison: &Comparison,
) -> io::Result<()> {
    let look = Look::PLAIN;
    writeln!(out, "## {title}\n")?;
    writeln!(out, "{}.\n", scope(comparison))?;
    grid(comparison, Shown::Both, &look, |_| true).print_markdown(out)?;
    notes::print_markdown(out, comparison)
}

/// Prints where the differences come from.
pub(crate) fn explain(out: &mut dyn Write, comparison: &Comparison, look: &Look) -> io::Result<()> {
    explain::print(out, comparison, look)
}

/// The same in Markdown.
pub(crate) fn explain_markdown(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    explain::print_markdown(out, comparison)
}

fn heading(
    out: &mut dyn Write,
    title: &str,
    comparison: &Comparison,
    look: &Look,
) -> io::Result<()> {
    writeln!(out, "{}: {}\n", look.paint(Paint::Heading, title), scope(comparison))
}

/// What was measured, and against what.
fn scope(comparison: &Comparison) -> String {
    let measured = span_ms(comparison.measured_s * 1e3);
    let runs = match comparison.replications {
        1 => "1 replication of each data path".to_owned(),
        count => format!("{count} replications of each data path, intervals at 95%"),
    };
    format!("{measured} measured, {runs}; latency is what a path adds to {}", comparison.baseline)
}

fn grid(
    comparison: &Comparison,
    shown: Shown,
    look: &Look,
    is_shown: impl Fn(&Figure) -> bool,
) -> Grid {
    let headers = comparison.data_paths.iter().map(|path| path.name.clone());
    let mut grid = Grid::new(headers.collect());
    let mut section = None;
    let figures = comparison.figures.iter();
    for figure in figures.filter(|it| it.unit != Unit::Text && is_shown(it)) {
        let (of, title) = cells::title(figure);
        if section.as_ref() != Some(&of) {
            grid.section(&of);
            section = Some(of);
        }
        grid.row(title, cells::cells(figure, shown, look));
    }
    grid
}
