//! Draws the panes of the State screen.

use meshwalk_sim::flow::inspect::ChangeKind;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line as Text, Span};

use crate::explore::frame::pane;
use crate::explore::look::{Look, Role, Sign};
use crate::explore::scene::Scene;

use super::changed::Row as Changed;
use super::detail::{Cell, Line};
use super::objects::{Fold, News, Objects, Row};
use super::{CHANGES, OBJECTS, PANES, STATE};

/// How wide the column of names is.
const NAME_WIDTH: usize = 24;

/// Draws the list of objects.
pub(super) fn objects(scene: &Scene<'_>, list: &Objects, area: Rect, buffer: &mut Buffer) {
    let inner = pane::border(scene, OBJECTS, PANES[OBJECTS], area, buffer);
    let rows: Vec<Text<'_>> = list.rows.iter().map(|row| object_row(scene.look, row)).collect();
    pane::rows(scene, (OBJECTS, list.selected), &rows, inner, buffer);
}

fn object_row(look: &Look, row: &Row) -> Text<'static> {
    match row {
        Row::Heading(words) => Text::from(Span::styled(*words, look.style(Role::Title))),
        Row::Object { title, news, .. } => {
            Text::from(vec![mark(look, *news), Span::raw(title.clone())])
        }
        Row::Group { kind, count, changed, fold } => {
            let mut spans = vec![Span::raw(format!("{} {kind} {count}", fold_sign(look, *fold)))];
            if *changed > 0 {
                let words = format!("  {} {changed} changed", look.sign(Sign::Changed));
                spans.push(Span::styled(words, look.style(Role::Warn)));
            }
            Text::from(spans)
        }
        Row::More(more) => {
            Text::from(Span::styled(format!("  and {more} more"), look.style(Role::Dim)))
        }
    }
}

fn mark(look: &Look, news: News) -> Span<'static> {
    match news {
        News::Changed => {
            Span::styled(format!("{} ", look.sign(Sign::Changed)), look.style(Role::Warn))
        }
        News::Same => Span::raw("  "),
    }
}

const fn fold_sign(look: &Look, fold: Fold) -> &'static str {
    match fold {
        Fold::Folded => look.sign(Sign::Folded),
        Fold::Unfolded => look.sign(Sign::Unfolded),
    }
}

/// Draws the state of the object that is shown.
pub(super) fn state(scene: &Scene<'_>, lines: &[Line], area: Rect, buffer: &mut Buffer) {
    let inner = pane::border(scene, STATE, PANES[STATE], area, buffer);
    let rows: Vec<Text<'_>> = lines.iter().map(|line| state_row(scene.look, line)).collect();
    let selected = scene.view.chosen(STATE).unwrap_or(0).min(lines.len().saturating_sub(1));
    pane::rows(scene, (STATE, selected), &rows, inner, buffer);
}

fn state_row(look: &Look, line: &Line) -> Text<'static> {
    match line {
        Line::Title(title, kind) => {
            let mut spans = Vec::new();
            if let Some(kind) = kind {
                let words = format!("{} {} ", look.sign(Sign::Changed), kind.word());
                spans.push(Span::styled(words, look.style(Role::Warn)));
            }
            spans.push(Span::styled(title.clone(), look.style(Role::Title)));
            Text::from(spans)
        }
        Line::Section(title) => Text::from(Span::styled(title.clone(), look.style(Role::Info))),
        Line::Folding(_, words, fold) => {
            Text::from(format!("  {} {words}", fold_sign(look, *fold)))
        }
        Line::Field { .. } => field_row(look, line),
        Line::Head(cells) => {
            let words = format!("    {}", cells.join("  "));
            Text::from(Span::styled(words.trim_end().to_owned(), look.style(Role::Dim)))
        }
        Line::Cells { cells, .. } => cells_row(look, cells),
        Line::Note(words) => Text::from(format!("  {words}")),
    }
}

fn field_row(look: &Look, line: &Line) -> Text<'static> {
    let Line::Field { name, value, was, origin, leads } = line else { return Text::default() };
    let news = if was.is_some() { News::Changed } else { News::Same };
    let mut spans = vec![mark(look, news), Span::raw(format!("{name:<NAME_WIDTH$} "))];
    let role = match (was, leads) {
        (Some(_), _) => Role::Warn,
        (None, Some(_)) => Role::Key,
        (None, None) => Role::Text,
    };
    spans.push(Span::styled(value.clone(), look.style(role)));
    if let Some(was) = was {
        spans.push(Span::styled(format!("  was {was}"), look.style(Role::Warn)));
    }
    if let Some(origin) = origin {
        // Folders are left to the sentences: a line is found by its file.
        let file = origin.rsplit('/').next().unwrap_or(origin);
        spans.push(Span::styled(format!("  {file}"), look.style(Role::Dim)));
    }
    Text::from(spans)
}

fn cells_row(look: &Look, cells: &[Cell]) -> Text<'static> {
    let changed = cells.iter().any(|cell| cell.news == News::Changed);
    let mut spans = vec![Span::raw("  ")];
    spans.push(mark(look, if changed { News::Changed } else { News::Same }));
    for (place, cell) in cells.iter().enumerate() {
        let role = match cell.news {
            News::Changed => Role::Warn,
            News::Same => Role::Text,
        };
        if place > 0 {
            spans.push(Span::raw("  "));
        }
        spans.push(Span::styled(cell.text.clone(), look.style(role)));
    }
    Text::from(spans)
}

/// Draws what changed since the last stop.
pub(super) fn changes(scene: &Scene<'_>, rows: &[Changed], area: Rect, buffer: &mut Buffer) {
    let objects = rows.iter().filter(|row| matches!(row, Changed::Object { .. })).count();
    let from = scene.view.last_stop.event.dense_name();
    let title = format!("{} since {from}: {objects} objects", PANES[CHANGES]);
    let inner = pane::border(scene, CHANGES, &title, area, buffer);
    let lines: Vec<Text<'_>> = rows.iter().map(|row| change_row(scene.look, row)).collect();
    let selected = scene.view.chosen(CHANGES).unwrap_or(0).min(rows.len().saturating_sub(1));
    pane::rows(scene, (CHANGES, selected), &lines, inner, buffer);
}

fn change_row(look: &Look, row: &Changed) -> Text<'static> {
    match row {
        Changed::Object { title, kind, .. } => {
            let role = match kind {
                ChangeKind::New => Role::Good,
                ChangeKind::Gone => Role::Bad,
                ChangeKind::Changed => Role::Warn,
            };
            let sign = match kind {
                ChangeKind::New => "+",
                ChangeKind::Gone => "-",
                ChangeKind::Changed => look.sign(Sign::Changed),
            };
            Text::from(vec![
                Span::styled(format!("{sign} {} ", kind.word()), look.style(role)),
                Span::raw(title.clone()),
            ])
        }
        Changed::Value { path, before, now, .. } => Text::from(vec![
            Span::raw(format!("    {path}: ")),
            Span::styled(before.clone(), look.style(Role::Dim)),
            Span::raw(format!(" {} ", look.sign(Sign::Right))),
            Span::styled(now.clone(), look.style(Role::Warn)),
        ]),
        Changed::Note(words) => Text::from(format!("  {words}")),
    }
}
