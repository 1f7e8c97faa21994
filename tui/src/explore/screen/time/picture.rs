//! The waterfall as lines of characters: labels, bars, marks and notes on one axis, with the
//! cursor as a column. Where on the screen the lines stand is told elsewhere.

use meshwalk_models::units::SimTime;
use meshwalk_sim::waterfall::{Spent, Waterfall};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::explore::look::{Glyphs, Look, Role, Sign};
use crate::explore::screen::signals;

use super::axis::Axis;
use super::naming::Naming;
use super::rows::{Kind, Row};

/// How wide the parts of a row are, in columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Widths {
    /// The label at the left.
    pub(super) label: usize,
    /// The bars.
    pub(super) bars: usize,
    /// The note at the right.
    pub(super) note: usize,
}

impl Widths {
    /// The widths in a pane of so many columns; each part but the first has a blank before it.
    pub(super) fn of(columns: usize) -> Self {
        let (label, note) = match columns {
            0..=88 => (22, 18),
            89..=108 => (27, 24),
            _ => (31, 30),
        };
        Self { label, bars: columns.saturating_sub(label + note + 2).max(1), note }
    }
}

/// What a picture is made of.
pub(super) struct Picture<'a> {
    pub(super) look: &'a Look,
    pub(super) naming: Naming<'a>,
    pub(super) waterfall: &'a Waterfall,
    pub(super) axis: Axis,
    pub(super) widths: Widths,
    /// When it is at the cursor.
    pub(super) now: SimTime,
}

impl Picture<'_> {
    /// The axis: ticks with units, and where the cursor is.
    pub(super) fn axis_line(&self) -> Line<'static> {
        let mut cells = vec![' '; self.widths.bars];
        for (column, text) in self.axis.ticks(self.waterfall.begun) {
            let bar = self.look.sign(Sign::Bar);
            let text = format!("{bar}{text}");
            if column + text.chars().count() <= cells.len() {
                for (offset, sign) in text.chars().enumerate() {
                    cells[column + offset] = sign;
                }
            }
        }
        let cursor = self.axis.column(self.now);
        let scale = format!("1 column = {}", signals::span(Some(self.axis.per_column())));
        let mut spans = vec![Span::raw(padded("", self.widths.label + 1, self.look))];
        for (column, sign) in cells.into_iter().enumerate() {
            if Some(column) == cursor {
                let down = self.look.sign(Sign::Down);
                spans.push(Span::styled(down, self.look.style(Role::Cursor)));
            } else {
                spans.push(Span::styled(sign.to_string(), self.look.style(Role::Dim)));
            }
        }
        spans.push(Span::raw(" "));
        let note = padded(&scale, self.widths.note, self.look);
        spans.push(Span::styled(note, self.look.style(Role::Dim)));
        Line::from(merged(spans))
    }

    /// One row.
    pub(super) fn row(&self, row: &Row) -> Line<'static> {
        let indent = "  ".repeat(row.depth.min(6));
        let fold = match (row.below, row.is_folded) {
            (0, _) => " ",
            (_, true) => self.look.sign(Sign::Folded),
            (_, false) => self.look.sign(Sign::Unfolded),
        };
        let hidden = if row.is_folded { format!(" +{}", row.below) } else { String::new() };
        let label = format!("{indent}{fold}{hidden} {}", self.naming.label(self.waterfall, row));
        let note = self.naming.note(self.waterfall, row);
        let is_ahead = row.stretches.first().is_some_and(|first| first.from > self.now);
        let text = if is_ahead { Role::Dim } else { Role::Text };
        let mut spans =
            vec![Span::styled(padded(&label, self.widths.label, self.look), self.look.style(text))];
        spans.push(Span::raw(" "));
        spans.extend(self.bars(row));
        spans.push(Span::raw(" "));
        spans.push(Span::styled(padded(&note, self.widths.note, self.look), self.look.style(text)));
        Line::from(merged(spans))
    }

    fn bars(&self, row: &Row) -> Vec<Span<'static>> {
        let cursor = self.axis.column(self.now);
        let marks: Vec<(usize, &'static str)> = row
            .marks
            .iter()
            .filter_map(|mark| Some((self.axis.column(mark.at)?, mark.what.letter())))
            .collect();
        let cells = (0..self.axis.columns).map(|column| {
            let mark = marks.iter().find(|(at, _)| *at == column).map(|(_, letter)| *letter);
            let kind = self.kind_at(row, column);
            let (sign, role) = match (mark, kind) {
                (Some(letter), _) => (letter, Role::Warn),
                (None, Some(kind)) => (sign(self.look.glyphs, kind), role(kind)),
                (None, None) if Some(column) == cursor => (self.look.sign(Sign::Bar), Role::Cursor),
                (None, None) => (" ", Role::Text),
            };
            let style = if Some(column) == cursor {
                self.look.style(Role::Cursor)
            } else if self.axis.cell(column).0 > self.now {
                self.look.style(Role::Dim)
            } else {
                self.look.style(role)
            };
            Span::styled(sign, style)
        });
        cells.collect()
    }

    /// What takes the most of a column; what is too short for a column counts where nothing else
    /// is.
    fn kind_at(&self, row: &Row, column: usize) -> Option<Kind> {
        let (from, to) = self.axis.cell(column);
        let overlap = |stretch: &&super::rows::Stretch| {
            let (begin, end) = (stretch.from.max(from), stretch.to.min(to));
            if end > begin { (end - begin).as_ns() } else { 0 }
        };
        let inside = row.stretches.iter().filter(|stretch| overlap(stretch) > 0);
        inside.max_by_key(overlap).map(|stretch| stretch.kind)
    }
}

/// What the signs mean, in lines of at most so many columns. All signs are told, whether they
/// stand on the screen or not.
pub(super) fn legend(look: &Look, columns: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<Span<'static>>> = Vec::new();
    let mut taken = usize::MAX;
    for (sign, words, style) in entries(look) {
        let width = sign.chars().count() + 1 + words.chars().count() + 2;
        if taken.saturating_add(width) > columns {
            lines.push(Vec::new());
            taken = 0;
        }
        taken += width;
        let line = lines.last_mut().expect("a line was begun");
        line.push(Span::styled(sign, style));
        line.push(Span::styled(format!(" {words}  "), look.style(Role::Dim)));
    }
    lines.into_iter().map(Line::from).collect()
}

fn entries(look: &Look) -> Vec<(&'static str, &'static str, Style)> {
    let spent = [
        (Kind::Spent(Spent::Work), "work"),
        (Kind::Spent(Spent::Queue), "queue"),
        (Kind::Spent(Spent::Connection), "connecting"),
        (Kind::Spent(Spent::Network), "network"),
        (Kind::Spent(Spent::Proxy), "proxy"),
        (Kind::Spent(Spent::Filter), "filter"),
        (Kind::Open, "waits for calls"),
        (Kind::Spent(Spent::BackOff), "pause"),
        (Kind::Spent(Spent::Stream), "stream"),
        (Kind::Spent(Spent::OwnSide), "own side"),
        (Kind::Zombie, "nobody waits"),
    ];
    let mut entries: Vec<_> = spent
        .into_iter()
        .map(|(kind, words)| (sign(look.glyphs, kind), words, look.style(role(kind))))
        .collect();
    let warn = look.style(Role::Warn);
    entries.push(("P", "per-try", warn));
    entries.push(("R", "route", warn));
    entries.push(("D", "caller's time-out", warn));
    entries.push((look.sign(Sign::Bar), "cursor, the future dim", look.style(Role::Cursor)));
    entries
}

/// The sign of a stretch.
const fn sign(glyphs: Glyphs, kind: Kind) -> &'static str {
    let [ascii, unicode] = match kind {
        Kind::Zombie => ["z", "░"],
        Kind::Open | Kind::Spent(Spent::Calls) => ["-", "─"],
        Kind::Spent(Spent::Work) => ["#", "█"],
        Kind::Spent(Spent::Queue) => ["q", "▒"],
        Kind::Spent(Spent::Connection) => ["c", "≈"],
        Kind::Spent(Spent::Network | Spent::NodeProxy | Spent::Loopback) => ["~", "~"],
        Kind::Spent(Spent::Proxy) => ["p", "▪"],
        Kind::Spent(Spent::Filter) => ["f", "▽"],
        Kind::Spent(Spent::BackOff | Spent::Pause) => [".", "·"],
        Kind::Spent(Spent::Stream) => ["s", "∷"],
        Kind::Spent(Spent::OwnSide) => ["o", "○"],
    };
    match glyphs {
        Glyphs::Ascii => ascii,
        Glyphs::Unicode => unicode,
    }
}

const fn role(kind: Kind) -> Role {
    match kind {
        Kind::Zombie => Role::Bad,
        Kind::Spent(Spent::Work) => Role::Good,
        Kind::Spent(
            Spent::Queue | Spent::Connection | Spent::Filter | Spent::BackOff | Spent::Pause,
        ) => Role::Warn,
        Kind::Spent(Spent::Proxy) => Role::Info,
        Kind::Open | Kind::Spent(_) => Role::Text,
    }
}

/// `text` in exactly so many columns, with a sign where it was cut. Names are of one column a
/// character.
fn padded(text: &str, columns: usize, look: &Look) -> String {
    let count = text.chars().count();
    if count <= columns {
        return format!("{text}{}", " ".repeat(columns - count));
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{kept}{}", look.sign(Sign::Ellipsis))
}

/// Neighbours of one style as one span.
fn merged(spans: Vec<Span<'static>>) -> Vec<Span<'static>> {
    let mut merged: Vec<Span<'static>> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if last.style == span.style => last.content.to_mut().push_str(&span.content),
            _ => merged.push(span),
        }
    }
    merged
}
