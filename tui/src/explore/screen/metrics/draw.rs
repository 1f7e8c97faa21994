//! Metrics on a buffer: the list of everything that has signals at the left, the charts of what is
//! selected at the right.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout as Split, Rect};
use ratatui::text::Line;

use crate::explore::frame::pane;
use crate::explore::frame::room::Room;
use crate::explore::look::Role;
use crate::explore::scene::Scene;
use crate::explore::screen::map::cut;
use crate::explore::screen::signals;

use super::PANES;
use super::chart;
use super::list;
use super::model::{Axis, CHARTS, LIST, Model};

/// Draws it.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    match (Room::for_screen(scene, area), scene.view.focus()) {
        (Room::Narrow, CHARTS) => draw_charts(scene, area, buffer),
        (Room::Narrow, _) => draw_list(scene, area, buffer),
        (room, _) => {
            let list = if room == Room::Wide { 44 } else { 38 };
            let parts = [Constraint::Length(list), Constraint::Min(1)];
            let [left, right] = Split::horizontal(parts).areas(area);
            draw_list(scene, left, buffer);
            draw_charts(scene, right, buffer);
        }
    }
}

fn draw_list(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let subjects = scene.session.subjects();
    let selected = scene.view.selected(LIST).min(subjects.len().saturating_sub(1));
    let group = subjects.get(selected).map_or("", |subject| list::heading(subject.sort));
    let title = format!("{}  {group}", PANES[LIST]);
    let inner = pane::border(scene, LIST, &title, area, buffer);
    let axis = Axis::of(scene);
    let at = scene.timeline.series().upto(cut(scene));
    let seen = pane::seen(selected, subjects.len(), inner);
    let width = usize::from(inner.width.saturating_sub(1));
    let lines: Vec<Line<'_>> = subjects
        .iter()
        .enumerate()
        .map(|(row, subject)| {
            // Rows that are not seen need not be measured.
            match seen.contains(&row) {
                true => list::line(scene.look, (&axis, &at), subject, width),
                false => Line::default(),
            }
        })
        .collect();
    pane::rows(scene, (LIST, selected), &lines, inner, buffer);
}

fn draw_charts(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(model) = Model::of(scene) else {
        pane::border(scene, CHARTS, PANES[CHARTS], area, buffer);
        return;
    };
    let title = format!("{} {}", model.subject.sort, model.subject.name);
    let inner = pane::border(scene, CHARTS, &title, area, buffer);
    let [body, note] = Split::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(inner);
    let text = note_text(&model);
    buffer.set_stringn(note.x, note.y, text, note.width.into(), scene.look.style(Role::Dim));
    let halves = Split::vertical([Constraint::Fill(1); 2]).areas::<2>(body);
    let columns = [Constraint::Fill(1), Constraint::Length(1), Constraint::Fill(1)];
    for (half, charts) in halves.into_iter().zip(model.charts.chunks(2)) {
        let [left, _, right] = Split::horizontal(columns).areas(half);
        for (area, of) in [left, right].into_iter().zip(charts) {
            chart::draw(of, &model.axis, scene.look, area, buffer);
        }
    }
}

/// What the numbers are about.
fn note_text(model: &Model<'_>) -> String {
    let axis = &model.axis;
    let failures = signals::failures(&model.lately);
    let failures = if failures.is_empty() {
        String::new()
    } else {
        format!("; failed: {}", failures.join(", "))
    };
    format!(
        "windows of {}; numbers of the last {}{failures}",
        signals::span(Some(axis.width)),
        signals::span(Some(model.lately.span())),
    )
}
