//! Draws the layers IN and OUT, and below them the fields of the one that is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::explore::frame::pane;
use crate::explore::look::{Look, Role, Sign};
use crate::explore::scene::Scene;

use super::super::layers::{Cell, Field, Layer, Layers, Row};
use super::super::model::Model;
use super::super::path::fitted;
use super::super::{LAYERS, PANES, say};
use super::wrap;

/// The column of the layers' names.
const LABEL_WIDTH: usize = 11;

/// Draws them.
pub(in super::super) fn draw(
    scene: &Scene<'_>,
    model: &Model<'_>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let Some(layers) = &model.layers else {
        let inner = pane::border(scene, LAYERS, PANES[LAYERS], area, buffer);
        pane::text(scene.look, &[Line::from("no message is on its way here")], inner, buffer);
        return;
    };
    let title = format!("{} {}", PANES[LAYERS], say::around(layers));
    let title = fitted(&title, usize::from(area.width).saturating_sub(6), scene.look);
    let inner = pane::border(scene, LAYERS, &title, area, buffer);
    let selected = selected(scene, layers);
    let width = usize::from(inner.width);
    let side = width.saturating_sub(1 + LABEL_WIDTH + 2) / 2;
    let mut lines = vec![heading(scene.look, layers, side)];
    for (place, row) in layers.rows.iter().enumerate() {
        lines.push(line(scene, (row, place == selected), side));
    }
    lines.push(Line::from(Span::styled(
        scene.look.sign(Sign::Line).repeat(width),
        scene.look.style(Role::Border),
    )));
    lines.extend(details(scene.look, &layers.rows[selected], width));
    if let Some(why) = &layers.missing {
        for piece in wrap(&format!("less is known here: {why}"), width) {
            lines.push(Line::from(Span::styled(piece, scene.look.style(Role::Warn))));
        }
    }
    let height = usize::from(inner.height);
    if lines.len() > height && height > 0 {
        let left = lines.len() - height + 1;
        lines.truncate(height - 1);
        let text = format!("{} {left} more lines: z enlarges", scene.look.sign(Sign::Ellipsis));
        lines.push(Line::from(Span::styled(text, scene.look.style(Role::Dim))));
    }
    pane::text(scene.look, &lines, inner, buffer);
}

/// The layer that is selected: by hand, else the first that changes here.
fn selected(scene: &Scene<'_>, layers: &Layers) -> usize {
    let has_fields = |cell: &Option<Cell>| cell.as_ref().is_some_and(|it| !it.fields.is_empty());
    let tells = |row: &Row| row.changes() && (has_fields(&row.inward) || has_fields(&row.outward));
    let first = layers.rows.iter().position(tells);
    let chosen = scene.view.chosen(LAYERS).or(first).unwrap_or(0);
    chosen.min(Layer::ALL.len() - 1)
}

fn heading<'a>(look: &Look, layers: &Layers, side: usize) -> Line<'a> {
    let name = |word: &str, of: &Option<String>, none: &str| match of {
        Some(name) => format!("{word} {name}"),
        None => none.to_owned(),
    };
    let inward = name("IN from", &layers.from, "IN: it begins here");
    let outward = name("OUT to", &layers.to, "OUT: it ends here");
    let (inward, outward) = (fitted(&inward, side, look), fitted(&outward, side, look));
    let text = format!(" {:LABEL_WIDTH$} {inward:<side$} {outward}", "LAYER");
    Line::from(Span::styled(text, look.style(Role::Title)))
}

fn line<'a>(scene: &Scene<'_>, (row, is_selected): (&Row, bool), side: usize) -> Line<'a> {
    let look = scene.look;
    let text = |cell: &Option<Cell>| match cell {
        Some(cell) => fitted(&cell.text, side, look),
        None => "-".to_owned(),
    };
    let changed = if row.changes() { look.sign(Sign::Changed) } else { " " };
    let mark = if is_selected { look.sign(Sign::Cursor) } else { " " };
    let (inward, outward) = (text(&row.inward), text(&row.outward));
    let label = row.layer.label();
    let style = match (is_selected && scene.view.focus() == LAYERS, row.changes()) {
        (true, _) => look.style(Role::Selected),
        (false, true) => look.style(Role::Warn),
        (false, false) => look.style(Role::Text),
    };
    let text = format!("{mark}{label:LABEL_WIDTH$} {inward:<side$}{changed}{outward}");
    Line::from(Span::styled(text, style))
}

/// The fields of a layer on both sides; what is the same on both stands once.
fn details<'a>(look: &Look, row: &Row, width: usize) -> Vec<Line<'a>> {
    let fields = |cell: &Option<Cell>| cell.as_ref().map_or_else(Vec::new, |it| it.fields.clone());
    let (inward, outward) = (fields(&row.inward), fields(&row.outward));
    let mut lines = Vec::new();
    let mut push = |side: &str, field: &Field| {
        let head = format!("{side:<4}{}: {}", field.name, field.value);
        for (place, piece) in wrap(&head, width.saturating_sub(2)).into_iter().enumerate() {
            let indent = if place == 0 { "" } else { "    " };
            lines.push(Line::from(format!("{indent}{piece}")));
        }
        for piece in wrap(&say::field_note(field), width.saturating_sub(6)) {
            if !piece.is_empty() {
                let text = format!("      {piece}");
                lines.push(Line::from(Span::styled(text, look.style(Role::Dim))));
            }
        }
    };
    for field in &inward {
        let side = if outward.contains(field) { "both" } else { "in" };
        push(&format!("{side} "), field);
    }
    for field in outward.iter().filter(|field| !inward.contains(field)) {
        push("out ", field);
    }
    if lines.is_empty() {
        lines.push(Line::from(Span::styled("no fields", look.style(Role::Dim))));
    }
    lines
}
