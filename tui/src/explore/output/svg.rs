//! A screen as a picture that stands alone: no script, no style sheet, no font of its own.
//!
//! Text is stretched onto its grid, so that columns stand under each other in every font.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::escape;
use super::html::{FONTS, decoration};
use super::ink::{BACKGROUND, FOREGROUND, Ink, Rgb};
use super::rows::{Glyph, Run, rows};
use super::strokes::{Pen, Stroke, strokes};

/// In pixels; a monospace letter is 0.6 of its font's size wide.
pub(super) const CELL_WIDTH: i32 = 9;

/// In pixels.
pub(super) const CELL_HEIGHT: i32 = 18;

/// In pixels.
const FONT_SIZE: i32 = 15;

/// From the top of a cell to the line that letters stand on, in pixels.
const BASELINE: i32 = 14;

/// Around the screen, in pixels.
const MARGIN: i32 = 12;

/// The picture; `title` is its name for those who cannot see it.
pub(super) fn write(buffer: &Buffer, title: &str) -> String {
    let mut canvas = Canvas::default();
    for (row, runs) in (0..).zip(rows(buffer)) {
        for run in &runs {
            canvas.run(run, row);
        }
    }
    let width = i32::from(buffer.area.width) * CELL_WIDTH + 2 * MARGIN;
    let height = i32::from(buffer.area.height) * CELL_HEIGHT + 2 * MARGIN;
    let title = escape(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{title}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{BACKGROUND}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\" font-family=\"{FONTS}\" \
         font-size=\"{FONT_SIZE}\" fill=\"{FOREGROUND}\">\n{}</g>\n</svg>\n",
        canvas.finish()
    )
}

/// A colour and how thick; lines of one kind become one path.
type LineKind = (Rgb, Pen);

/// Place, from and to, in half pixels.
type Span = (i32, i32, i32);

/// What is drawn, in layers: paper, then lines, then letters.
#[derive(Default)]
struct Canvas {
    paper: String,
    levels: BTreeMap<LineKind, BTreeSet<Span>>,
    uprights: BTreeMap<LineKind, BTreeSet<Span>>,
    corners: BTreeMap<Rgb, String>,
    areas: BTreeMap<(Rgb, u8), String>,
    letters: String,
}

impl Canvas {
    fn run(&mut self, run: &Run<'_>, row: i32) {
        let ink = Ink::of(run.style);
        if let Some(bg) = ink.bg {
            let (x, y) = (i32::from(run.column()) * CELL_WIDTH, row * CELL_HEIGHT);
            let width = i32::from(run.width()) * CELL_WIDTH;
            let _ = writeln!(
                self.paper,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{CELL_HEIGHT}\" fill=\"{bg}\"/>"
            );
        }
        let mut letters = Vec::new();
        for glyph in &run.glyphs {
            match strokes(glyph.symbol) {
                Some(strokes) => self.strokes(&strokes, glyph, row, ink.fg),
                None => letters.push(glyph),
            }
        }
        for piece in pieces(&letters) {
            self.piece(piece, ink.fg, row);
        }
    }

    fn strokes(&mut self, strokes: &[Stroke], glyph: &Glyph<'_>, row: i32, fg: Rgb) {
        let left = i32::from(glyph.column) * CELL_WIDTH * 2;
        let top = row * CELL_HEIGHT * 2;
        for &stroke in strokes {
            match stroke {
                Stroke::Level { y, from, to, pen } => {
                    let lines = self.levels.entry((fg, pen)).or_default();
                    lines.insert((top + y, left + from, left + to));
                }
                Stroke::Upright { x, from, to, pen } => {
                    let lines = self.uprights.entry((fg, pen)).or_default();
                    lines.insert((left + x, top + from, top + to));
                }
                Stroke::Corner { x, y } => {
                    let (x, y) = (Half(left + x), Half(top + y));
                    let centre = (Half(left + CELL_WIDTH), Half(top + CELL_HEIGHT - 1));
                    let path = self.corners.entry(fg).or_default();
                    let _ = write!(path, "M{x} {1}Q{0} {1} {0} {y}", centre.0, centre.1);
                }
                Stroke::Area { x, y, width, height, percent } => {
                    let path = self.areas.entry((fg, percent)).or_default();
                    let (x, y) = (Half(left + x), Half(top + y));
                    let (width, height, back) = (Half(width), Half(height), Half(-width));
                    let _ = write!(path, "M{x} {y}h{width}v{height}h{back}z");
                }
            }
        }
    }

    fn piece(&mut self, piece: &[&Glyph<'_>], fg: Rgb, row: i32) {
        let modifier = piece[0].style.modifier;
        let text: String = piece.iter().map(|glyph| glyph.symbol).collect();
        let x = i32::from(piece[0].column) * CELL_WIDTH;
        let y = row * CELL_HEIGHT + BASELINE;
        let columns: u16 = piece.iter().map(|glyph| glyph.width).sum();
        let mut look = String::new();
        if fg != FOREGROUND {
            let _ = write!(look, " fill=\"{fg}\"");
        }
        if modifier.contains(Modifier::BOLD) {
            look.push_str(" font-weight=\"bold\"");
        }
        if modifier.contains(Modifier::ITALIC) {
            look.push_str(" font-style=\"italic\"");
        }
        if let Some(lines) = decoration(modifier) {
            let _ = write!(look, " text-decoration=\"{lines}\"");
        }
        let _ = writeln!(
            self.letters,
            "<text x=\"{x}\" y=\"{y}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"{look}>{}</text>",
            i32::from(columns) * CELL_WIDTH,
            escape(&text)
        );
    }

    fn finish(self) -> String {
        let mut text = self.paper;
        for ((fg, percent), path) in &self.areas {
            let opacity = match percent {
                100 => String::new(),
                percent => format!(" fill-opacity=\"0.{percent}\""),
            };
            let _ = writeln!(text, "<path d=\"{path}\" fill=\"{fg}\"{opacity}/>");
        }
        let mut lines: BTreeMap<LineKind, String> = BTreeMap::new();
        for (kind, spans) in &self.levels {
            let path = lines.entry(*kind).or_default();
            for (y, from, to) in joined(spans) {
                let _ = write!(path, "M{} {}H{}", Half(from), Half(y), Half(to));
            }
        }
        for (kind, spans) in &self.uprights {
            let path = lines.entry(*kind).or_default();
            for (x, from, to) in joined(spans) {
                let _ = write!(path, "M{} {}V{}", Half(x), Half(from), Half(to));
            }
        }
        for (fg, corners) in &self.corners {
            lines.entry((*fg, Pen::Thin)).or_default().push_str(corners);
        }
        for ((fg, pen), path) in &lines {
            let width = match pen {
                Pen::Thin => 1,
                Pen::Thick => 3,
            };
            let _ = writeln!(
                text,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{fg}\" stroke-width=\"{width}\" \
                 stroke-linecap=\"square\"/>"
            );
        }
        text + &self.letters
    }
}

/// Lines that touch as one.
fn joined(spans: &BTreeSet<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::new();
    for &(place, from, to) in spans {
        match joined.last_mut() {
            Some(last) if last.0 == place && from <= last.2 => last.2 = last.2.max(to),
            _ => joined.push((place, from, to)),
        }
    }
    joined
}

/// Letters that are stretched together: neighbours of one sort, and no row of blanks, since not
/// every viewer keeps those.
fn pieces<'a, 'b>(letters: &'a [&'b Glyph<'b>]) -> Vec<&'a [&'b Glyph<'b>]> {
    let goes_on = |before: &&Glyph<'_>, after: &&Glyph<'_>| {
        let touches = before.column + before.width == after.column;
        let both_blank = before.symbol == " " && after.symbol == " ";
        touches && !both_blank && sort(before) == sort(after)
    };
    letters.chunk_by(goes_on).map(trimmed).filter(|piece| !piece.is_empty()).collect()
}

fn trimmed<'a, 'b>(piece: &'a [&'b Glyph<'b>]) -> &'a [&'b Glyph<'b>] {
    let is_text = |glyph: &&Glyph<'_>| glyph.symbol != " ";
    let from = piece.iter().position(is_text).unwrap_or(piece.len());
    let to = piece.iter().rposition(is_text).map_or(from, |last| last + 1);
    &piece[from..to]
}

/// A font that has one letter of a sort has the others, and draws them equally wide.
fn sort<'a>(glyph: &Glyph<'a>) -> Option<(u16, &'a str)> {
    if glyph.symbol.is_ascii() { None } else { Some((glyph.width, glyph.symbol)) }
}

/// Half pixels, written as pixels.
struct Half(i32);

impl std::fmt::Display for Half {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let half = if self.0 % 2 == 0 { "" } else { ".5" };
        write!(f, "{sign}{}{half}", self.0.abs() / 2)
    }
}
