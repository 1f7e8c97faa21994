//! The State screen: the state of anything at the cursor, and what changed since the last stop. It
//! computes nothing that the engine or the evaluators decide.

mod changed;
mod concerned;
mod config;
mod detail;
mod draw;
mod key;
mod objects;
mod say;
#[cfg(test)]
mod tests;

use meshwalk_sim::flow::inspect::Object;
use meshwalk_sim::timeline::Way;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::explore::frame::room::Room;
use crate::explore::scene::Scene;

use super::Jump;
use detail::Line;
use objects::{Objects, Row};

/// Its panes.
pub(in crate::explore) const PANES: &[&str] = &["State", "Objects", "Changes"];

const STATE: usize = 0;
const OBJECTS: usize = 1;
const CHANGES: usize = 2;

/// How wide the list of objects is, where it has a place of its own.
const OBJECTS_WIDTH: u16 = 42;

/// Draws it.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let list = Objects::of(scene);
    let lines = shown(scene, &list);
    match (Room::for_screen(scene, area), scene.view.focus()) {
        (Room::Narrow, OBJECTS) => draw::objects(scene, &list, area, buffer),
        (Room::Narrow, CHANGES) => draw::changes(scene, &changed::rows(scene), area, buffer),
        (Room::Narrow, _) => draw::state(scene, &lines, area, buffer),
        (Room::Middle, focus) => {
            let [left, right] = split(area);
            draw::objects(scene, &list, left, buffer);
            if focus == CHANGES {
                draw::changes(scene, &changed::rows(scene), right, buffer);
            } else {
                draw::state(scene, &lines, right, buffer);
            }
        }
        (Room::Wide, _) => {
            let [left, right] = split(area);
            let halves = [Constraint::Percentage(66), Constraint::Min(6)];
            let [above, below] = Layout::vertical(halves).areas(right);
            draw::objects(scene, &list, left, buffer);
            draw::state(scene, &lines, above, buffer);
            draw::changes(scene, &changed::rows(scene), below, buffer);
        }
    }
}

fn split(area: Rect) -> [Rect; 2] {
    Layout::horizontal([Constraint::Length(OBJECTS_WIDTH), Constraint::Min(1)]).areas(area)
}

fn shown(scene: &Scene<'_>, list: &Objects) -> Vec<Line> {
    match list.shown {
        Some(object) => detail::lines(scene, object),
        None => vec![Line::Note("Select an object on the left.".to_owned())],
    }
}

/// How many rows can be selected.
pub(in crate::explore) fn rows(scene: &Scene<'_>, pane: usize) -> usize {
    match pane {
        OBJECTS => Objects::of(scene).rows.len(),
        CHANGES => changed::rows(scene).len(),
        _ => shown(scene, &Objects::of(scene)).len(),
    }
}

/// The row of a pane that is selected while nobody selects another.
pub(in crate::explore) fn resting(scene: &Scene<'_>, pane: usize) -> usize {
    if pane == OBJECTS { Objects::of(scene).selected } else { 0 }
}

/// The next object after the one that is shown that has all these words in its title, and where it
/// leads: it is picked.
pub(in crate::explore) fn named(scene: &Scene<'_>, words: &[String], way: Way) -> Option<Jump> {
    let objects = scene.timeline.here().objects();
    let title = |object: &Object| {
        let title = objects::called(scene, *object).unwrap_or_default();
        format!("{} {title}", object.kind()).to_lowercase()
    };
    let all: Vec<String> = objects.iter().map(title).collect();
    let shown = Objects::of(scene).shown;
    let from = objects.iter().position(|object| Some(*object) == shown).unwrap_or(0);
    let row = super::next_named(&all, words, from, way)?;
    Some(pick(objects[row]))
}

/// Where Enter leads: a group unfolds, and an object is shown until another one is picked.
pub(in crate::explore) fn enter(scene: &Scene<'_>, pane: usize, row: usize) -> Option<Jump> {
    match pane {
        OBJECTS => match Objects::of(scene).rows.get(row)? {
            Row::Object { object, .. } => Some(pick(*object)),
            Row::Group { kind, .. } => Some(turn_over(OBJECTS, (*kind).to_owned())),
            Row::Heading(_) | Row::More(_) => None,
        },
        CHANGES => changed::rows(scene).get(row)?.object().map(pick),
        _ => match shown(scene, &Objects::of(scene)).get(row)? {
            Line::Folding(key, ..) => Some(turn_over(STATE, key.clone())),
            line => line.leads().map(pick),
        },
    }
}

fn pick(object: Object) -> Jump {
    Jump { pick: Some((OBJECTS, key::of(object))), ..Jump::default() }
}

fn turn_over(pane: usize, key: String) -> Jump {
    Jump { unfold: Some((pane, key)), ..Jump::default() }
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    say::sentences(scene)
}
