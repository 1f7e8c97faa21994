//! A table whose columns are data paths: names on the left, figures on the right, in sections.

use std::io::{self, Write};

use crate::terminal::{Look, Paint};

/// Spaces between two columns.
const GAP: usize = 3;

/// Rows in sections under the names of data paths.
#[derive(Debug)]
pub(super) struct Grid {
    headers: Vec<String>,
    lines: Vec<Line>,
}

#[derive(Debug)]
enum Line {
    Section(String),
    Row(String, Vec<String>),
}

impl Grid {
    /// No rows yet; `headers` name the data paths.
    pub(super) fn new(headers: Vec<String>) -> Self {
        Self { headers, lines: Vec::new() }
    }

    /// Begins a section.
    pub(super) fn section(&mut self, title: &str) {
        self.lines.push(Line::Section(title.to_owned()));
    }

    /// Adds a row with one cell for each data path.
    pub(super) fn row(&mut self, name: &str, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.headers.len(), "a cell for each data path");
        self.lines.push(Line::Row(name.to_owned(), cells));
    }

    /// Prints it in columns.
    pub(super) fn print(&self, out: &mut dyn Write, look: &Look) -> io::Result<()> {
        let width = |text: &str| text.chars().count();
        let names = self.lines.iter().map(|line| match line {
            Line::Section(title) => width(title),
            Line::Row(name, _) => width(name) + 2,
        });
        let first = names.max().unwrap_or(0);
        let mut widths: Vec<usize> = self.headers.iter().map(|it| width(it)).collect();
        for line in &self.lines {
            let Line::Row(_, cells) = line else { continue };
            for (widest, cell) in widths.iter_mut().zip(cells) {
                *widest = (*widest).max(width(cell));
            }
        }
        let print = |name: &str, cells: &[String]| {
            let mut line = format!("{name:<first$}");
            for (cell, &width) in cells.iter().zip(&widths) {
                line.push_str(&" ".repeat(GAP));
                line.push_str(&format!("{cell:>width$}"));
            }
            line.trim_end().to_owned()
        };
        let headers: Vec<String> = self.headers.iter().map(|it| it.to_uppercase()).collect();
        writeln!(out, "{}", look.paint(Paint::Heading, &print("", &headers)))?;
        for line in &self.lines {
            match line {
                Line::Section(title) => writeln!(out, "{}", look.paint(Paint::Heading, title))?,
                Line::Row(name, cells) => writeln!(out, "{}", print(&format!("  {name}"), cells))?,
            }
        }
        Ok(())
    }

    /// Prints it as a table of Markdown.
    pub(super) fn print_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|it| it.replace('|', "\\|")).collect();
            format!("| {} |", cells.join(" | "))
        };
        let mut head = vec![String::new()];
        head.extend(self.headers.iter().cloned());
        writeln!(out, "{}", row(&head))?;
        writeln!(out, "|---|{}", "---:|".repeat(self.headers.len()))?;
        for line in &self.lines {
            let cells = match line {
                Line::Section(title) => {
                    let mut cells = vec![format!("**{title}**")];
                    cells.extend(self.headers.iter().map(|_| String::new()));
                    cells
                }
                Line::Row(name, cells) => {
                    std::iter::once(name.clone()).chain(cells.iter().cloned()).collect()
                }
            };
            writeln!(out, "{}", row(&cells))?;
        }
        Ok(())
    }
}
