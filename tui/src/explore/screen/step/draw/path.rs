//! Draws the strip of boxes: as frames where there is room, else in one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::explore::frame::pane;
use crate::explore::hop::{Hop, LegFate};
use crate::explore::look::{Glyphs, Look, Role, Sign};
use crate::explore::scene::Scene;

use super::super::model::Model;
use super::super::path::{BoxCell, LegCell, arrow, boxes, fitted, legs, widths};
use super::super::{PANES, PATH, say};

/// How many lines the strip needs to be drawn with frames.
const FRAMES_HEIGHT: u16 = 6;

/// Draws it.
pub(in super::super) fn draw(
    scene: &Scene<'_>,
    model: &Model<'_>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let Some(hop) = &model.hop else {
        let inner = pane::border(scene, PATH, PANES[PATH], area, buffer);
        let text = "the entry at the cursor belongs to no call";
        pane::text(scene.look, &[Line::from(text)], inner, buffer);
        return;
    };
    let title = format!("{}  {}", PANES[PATH], say::call(model, scene, hop));
    let title = fitted(&title, usize::from(area.width).saturating_sub(6), scene.look);
    let inner = pane::border(scene, PATH, &title, area, buffer);
    let (boxes, legs) = (boxes(&model.words, hop, scene.event()), legs(hop));
    let strip = Strip { look: scene.look, boxes: &boxes, legs: &legs };
    let width = usize::from(inner.width);
    let selected = (scene.view.focus() == PATH).then(|| {
        let here = hop.here.map_or(0, |here| here.stop);
        scene.view.chosen(PATH).unwrap_or(here)
    });
    let mut lines = match widths(&boxes, width) {
        Some((of, gap)) if inner.height >= FRAMES_HEIGHT => strip.frames(&of, gap, selected),
        Some((of, gap)) => strip.line(&of, gap, selected),
        None => vec![Line::from(fitted(&strip.names(), width, scene.look))],
    };
    lines.push(Line::from(Span::raw(fitted(&say::here(model, hop), width, scene.look))));
    if inner.height >= FRAMES_HEIGHT {
        lines.push(legend(scene.look, hop, width));
    }
    pane::text(scene.look, &lines, inner, buffer);
    if inner.height > FRAMES_HEIGHT + 2 {
        let below = Rect { y: inner.y + 8, height: inner.height - 8, ..inner };
        let lines: Vec<Line<'_>> = say::legs(model, hop)
            .into_iter()
            .flat_map(|text| super::wrap(&text, width))
            .map(Line::from)
            .collect();
        pane::text(scene.look, &lines, below, buffer);
    }
}

fn legend<'a>(look: &Look, hop: &Hop, width: usize) -> Line<'a> {
    let (plain, encrypted) = (look.sign(Sign::Plain), look.sign(Sign::Encrypted));
    let (here, decision) = (look.sign(Sign::Here), look.sign(Sign::Decision));
    let cut = match hop.legs.iter().any(|leg| leg.fate != LegFate::Whole) {
        true => format!("  {} cut", look.sign(Sign::Dropped)),
        false => String::new(),
    };
    let text = format!(
        "{plain} plaintext  {encrypted} encrypted  {here} message{cut}  {decision} decides  \
         word~ as planned  (e..) to come"
    );
    Line::from(Span::styled(fitted(&text, width, look), look.style(Role::Dim)))
}

struct Strip<'a> {
    look: &'a Look,
    boxes: &'a [BoxCell],
    legs: &'a [LegCell],
}

impl Strip<'_> {
    /// Boxes in frames: nodes, frames with names and arrows, entries.
    fn frames(&self, widths: &[usize], gap: usize, selected: Option<usize>) -> Vec<Line<'static>> {
        let blank = |cells: usize| Span::raw(" ".repeat(cells));
        let [mut nodes, mut tops, mut names, mut bottoms, mut entries]: [Vec<Span<'static>>; 5] =
            Default::default();
        let mut last_node = "";
        for (place, cell) in self.boxes.iter().enumerate() {
            let width = widths[place];
            let node = if cell.node == last_node { "" } else { cell.node.as_str() };
            last_node = &cell.node;
            let is_last = place + 1 == self.boxes.len();
            let span = if is_last { width.max(cell.node.len() + 1) } else { width + gap };
            let node = format!("{:<span$}", fitted(node, span.saturating_sub(1), self.look));
            nodes.push(Span::styled(node, self.look.style(Role::Dim)));
            let style = self.style(place, selected);
            let [top, name, bottom] = self.frame(cell, width);
            tops.push(Span::styled(top, style));
            names.push(Span::styled(name, style));
            bottoms.push(Span::styled(bottom, style));
            let told = format!("{:^width$}", fitted(&cell.entries, width, self.look));
            entries.push(Span::styled(told, self.look.style(Role::Dim)));
            let Some(leg) = self.legs.get(place) else { continue };
            let word = format!("{:^gap$}", fitted(&leg.word, gap, self.look));
            tops.push(Span::styled(word, self.leg_style(leg)));
            names.push(Span::styled(arrow(leg, gap, self.look), self.leg_style(leg)));
            bottoms.push(blank(gap));
            entries.push(blank(gap));
        }
        vec![
            Line::from(nodes),
            Line::from(tops),
            Line::from(names),
            Line::from(bottoms),
            Line::from(entries),
        ]
    }

    /// Boxes in brackets, and what lies between below them.
    fn line(&self, widths: &[usize], gap: usize, selected: Option<usize>) -> Vec<Line<'static>> {
        let (mut names, mut below) = (Vec::new(), Vec::new());
        for (place, cell) in self.boxes.iter().enumerate() {
            let width = widths[place];
            let style = self.style(place, selected);
            let name = self.marked(cell, width - 2);
            names.push(Span::styled(format!("[{name}]"), style));
            let told = format!("{:^width$}", fitted(&cell.entries, width, self.look));
            below.push(Span::styled(told, self.look.style(Role::Dim)));
            let Some(leg) = self.legs.get(place) else { continue };
            names.push(Span::styled(arrow(leg, gap, self.look), self.leg_style(leg)));
            let word = format!("{:^gap$}", fitted(&leg.word, gap, self.look));
            below.push(Span::styled(word, self.leg_style(leg)));
        }
        vec![Line::from(names), Line::from(below)]
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.boxes.iter().map(|cell| cell.name.as_str()).collect();
        names.join(" > ")
    }

    /// A frame around a name.
    fn frame(&self, cell: &BoxCell, width: usize) -> [String; 3] {
        let line = self.look.sign(Sign::Line).repeat(width - 2);
        let bar = self.look.sign(Sign::Bar);
        let [left_top, right_top, left_bottom, right_bottom] = match self.look.glyphs {
            Glyphs::Ascii => ["+"; 4],
            Glyphs::Unicode => ["┌", "┐", "└", "┘"],
        };
        [
            format!("{left_top}{line}{right_top}"),
            format!("{bar}{}{bar}", self.marked(cell, width - 2)),
            format!("{left_bottom}{line}{right_bottom}"),
        ]
    }

    /// A name in the middle of so many cells, with its signs.
    fn marked(&self, cell: &BoxCell, width: usize) -> String {
        let here = if cell.here { self.look.sign(Sign::Here) } else { " " };
        let decides = if cell.decides { self.look.sign(Sign::Decision) } else { " " };
        let name = fitted(&cell.name, width.saturating_sub(2), self.look);
        let inner = width.saturating_sub(2);
        format!("{here}{name:^inner$}{decides}")
    }

    fn style(&self, place: usize, selected: Option<usize>) -> ratatui::style::Style {
        let cell = &self.boxes[place];
        match (selected == Some(place), cell.here) {
            (true, _) => self.look.style(Role::Selected),
            (false, true) => self.look.style(Role::Title),
            (false, false) if cell.entries.starts_with('(') => self.look.style(Role::Dim),
            (false, false) => self.look.style(Role::Text),
        }
    }

    fn leg_style(&self, leg: &LegCell) -> ratatui::style::Style {
        match (leg.fate, leg.encrypted) {
            (LegFate::Dropped | LegFate::Refused, _) => self.look.style(Role::Bad),
            (LegFate::Whole, Some(true)) => self.look.style(Role::Encrypted),
            (LegFate::Whole, _) => self.look.style(Role::Text),
        }
    }
}
