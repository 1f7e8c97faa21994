//! The rows of a buffer as runs of one style; a wide character counts once.

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::style::{Color, Modifier};

/// How a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) fg: Color,
    pub(super) bg: Color,
    pub(super) modifier: Modifier,
}

impl Style {
    /// The terminal's own colours and nothing else.
    pub(super) const PLAIN: Self =
        Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    const fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }

    /// Whether a blank in this style can be told from a blank without one.
    pub(super) fn shows_on_blanks(self) -> bool {
        let marks = Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT;
        self.bg != Color::Reset || self.modifier.intersects(marks)
    }
}

/// A character as it stands on the screen.
#[derive(Clone, Debug)]
pub(super) struct Glyph<'a> {
    /// Counted from the left edge of the buffer.
    pub(super) column: u16,
    /// In columns; at least one.
    pub(super) width: u16,
    pub(super) symbol: &'a str,
    pub(super) style: Style,
}

/// Neighbours of one style.
#[derive(Clone, Debug)]
pub(super) struct Run<'a> {
    pub(super) glyphs: Vec<Glyph<'a>>,
    pub(super) style: Style,
}

impl Run<'_> {
    /// Counted from the left edge of the buffer.
    pub(super) fn column(&self) -> u16 {
        self.glyphs.first().map_or(0, |glyph| glyph.column)
    }

    /// In columns.
    pub(super) fn width(&self) -> u16 {
        self.glyphs.iter().map(|glyph| glyph.width).sum()
    }

    pub(super) fn text(&self) -> String {
        self.glyphs.iter().map(|glyph| glyph.symbol).collect()
    }
}

/// The rows from top to bottom, without the blanks at their ends that nobody sees.
pub(super) fn rows(buffer: &Buffer) -> Vec<Vec<Run<'_>>> {
    let width = usize::from(buffer.area.width.max(1));
    buffer.content.chunks(width).map(|cells| runs(glyphs(cells))).collect()
}

fn glyphs(cells: &[Cell]) -> Vec<Glyph<'_>> {
    let mut glyphs = Vec::with_capacity(cells.len());
    for (column, cell) in (0..).zip(cells) {
        let covered = glyphs.last().map_or(0, |last: &Glyph<'_>| last.column + last.width);
        if column >= covered {
            let symbol = shown(cell.symbol());
            // Nothing reaches over the right edge.
            let width = symbol.cell_width().clamp(1, cells.len() as u16 - column);
            glyphs.push(Glyph { column, width, symbol, style: Style::of(cell) });
        }
    }
    let is_seen = |glyph: &Glyph<'_>| glyph.symbol != " " || glyph.style.shows_on_blanks();
    let end = glyphs.iter().rposition(is_seen).map_or(0, |last| last + 1);
    glyphs.truncate(end);
    glyphs
}

/// A cell that nobody wrote to is blank; what a file smuggles in must not steer a terminal.
fn shown(symbol: &str) -> &str {
    if symbol.is_empty() {
        " "
    } else if symbol.chars().any(char::is_control) {
        "\u{fffd}"
    } else {
        symbol
    }
}

fn runs(glyphs: Vec<Glyph<'_>>) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for glyph in glyphs {
        match runs.last_mut() {
            Some(run) if run.style == glyph.style => run.glyphs.push(glyph),
            _ => runs.push(Run { style: glyph.style, glyphs: vec![glyph] }),
        }
    }
    runs
}
