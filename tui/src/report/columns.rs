//! Columns as kubectl prints them: upper-case headers, spaces between, no boxes.

use std::io::{self, Write};

use crate::terminal::{Look, Paint};

/// Spaces between two columns.
const GAP: usize = 3;

/// On which side the cells of a column line up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Names.
    Left,
    /// Numbers.
    Right,
}

/// One column: its header and its side.
pub(super) type Column = (&'static str, Align);

/// Rows under headers.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// No rows yet.
    pub(super) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row with one cell for each column.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// Whether there are no rows.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints headers and rows.
    pub(super) fn print(&self, out: &mut dyn Write, look: &Look) -> io::Result<()> {
        let mut widths: Vec<usize> = self.columns.iter().map(|(header, _)| header.len()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let headers = self.columns.iter().map(|&(header, _)| header);
        writeln!(out, "{}", look.paint(Paint::Heading, &self.line(headers, &widths)))?;
        for row in &self.rows {
            writeln!(out, "{}", self.line(row.iter().map(String::as_str), &widths))?;
        }
        Ok(())
    }

    fn line<'c>(&self, cells: impl Iterator<Item = &'c str>, widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, &width), (_, align)) in cells.zip(widths).zip(&self.columns) {
            if !line.is_empty() {
                line.push_str(&" ".repeat(GAP));
            }
            match align {
                Align::Left => line.push_str(&format!("{cell:<width$}")),
                Align::Right => line.push_str(&format!("{cell:>width$}")),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_line_up_on_the_left_and_numbers_on_the_right() {
        let mut columns =
            Columns::new([("SERVICE", Align::Left), ("P50", Align::Right), ("NOTE", Align::Left)]);
        columns.row(["shop/checkout", "1.25ms", "x"].map(str::to_owned).to_vec());
        columns.row(["shop/web", "12.3±0.4ms", ""].map(str::to_owned).to_vec());
        let mut out = Vec::new();
        columns.print(&mut out, &Look::PLAIN).expect("memory takes everything");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        SERVICE                P50   NOTE
        shop/checkout       1.25ms   x
        shop/web        12.3±0.4ms
        ");
    }
}
