//! The State screen as sentences, for those who read it without a screen.

use meshwalk_sim::flow::inspect::ChangeKind;

use crate::explore::scene::Scene;

use super::changed::{self, Row};
use super::detail::{self, Line};
use super::objects::Objects;

/// Values that are told of each object at most.
const VALUES_MAX: usize = 40;
/// Changes that are told at most.
const CHANGES_MAX: usize = 20;

/// The state of the object that is shown, and what changed since the last stop.
pub(super) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    let list = Objects::of(scene);
    let mut said = Vec::new();
    match list.shown {
        Some(object) => {
            let lines = detail::lines(scene, object);
            said.extend(lines.iter().filter_map(line).take(VALUES_MAX));
        }
        None => said.push("No object is concerned by this event.".to_owned()),
    }
    let rows = changed::rows(scene);
    let changes: Vec<String> = rows.iter().filter_map(change).collect();
    let more = changes.len().saturating_sub(CHANGES_MAX);
    said.extend(changes.into_iter().take(CHANGES_MAX));
    if more > 0 {
        said.push(format!("And {more} more changed."));
    }
    said
}

fn line(line: &Line) -> Option<String> {
    match line {
        Line::Title(title, None) => Some(format!("State of {title}.")),
        Line::Title(title, Some(kind)) => Some(format!("State of {title}, {}.", kind.word())),
        Line::Section(title) => Some(format!("{title}:")),
        Line::Field { name, value, was, origin, .. } => {
            let was = was.as_ref().map(|was| format!(", was {was}")).unwrap_or_default();
            let origin = origin.as_ref().map(|it| format!(", from {it}")).unwrap_or_default();
            Some(format!("{name} is {value}{was}{origin}."))
        }
        Line::Cells { cells, .. } => {
            let texts: Vec<&str> = cells.iter().map(|cell| cell.text.trim()).collect();
            Some(format!("{}.", texts.join(", ")))
        }
        Line::Head(cells) => {
            let texts: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
            Some(format!("Columns: {}.", texts.join(", ")))
        }
        Line::Note(words) => Some(words.clone()),
        Line::Folding(_, words, _) => Some(format!("{words}.")),
    }
}

fn change(row: &Row) -> Option<String> {
    match row {
        Row::Object { title, kind: ChangeKind::New, .. } => Some(format!("New: {title}.")),
        Row::Object { title, kind: ChangeKind::Gone, .. } => Some(format!("Gone: {title}.")),
        Row::Object { title, kind: ChangeKind::Changed, .. } => Some(format!("Changed: {title}.")),
        Row::Value { path, before, now, .. } => {
            Some(format!("{path} went from {before} to {now}."))
        }
        Row::Note(words) => Some(words.clone()),
    }
}
