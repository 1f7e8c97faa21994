//! The Step screen: one entry after the other. Where the request is on its way, what happened
//! before and what comes, which layers change there, and the last decision. It computes nothing
//! that the engine or the evaluators decide.

mod draw;
mod events;
mod layers;
mod model;
mod path;
mod say;
#[cfg(test)]
mod tests;
mod why;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::explore::frame::room::Room;
use crate::explore::scene::Scene;
use crate::explore::screen::Screen;

use super::Jump;
use events::Events;
use model::Model;

pub(super) use draw::wrap;
pub(super) use events::time_ms;
pub(super) use path::fitted;
pub(super) use why::lines as decision_lines;

/// Its panes.
pub(in crate::explore) const PANES: &[&str] = &["Events", "Layers", "Path", "Why"];

const EVENTS: usize = 0;
const LAYERS: usize = 1;
const PATH: usize = 2;
const WHY: usize = 3;

/// What the entry at the cursor turns over in the events: all entries of the run, or those of the
/// request.
const ALL_ENTRIES: &str = "all entries";

/// How many lines the path takes, its border included, where it is not the main pane.
const STRIP_HEIGHT: u16 = 5;
const PATH_HEIGHT: u16 = 8;
const WHY_HEIGHT: u16 = 6;

/// Draws it.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let focus = scene.view.focus();
    let model = Model::of(scene);
    match Room::for_screen(scene, area) {
        Room::Narrow => {
            let rows = [Constraint::Length(STRIP_HEIGHT), Constraint::Min(1)];
            let [strip, main] = Layout::vertical(rows).areas(area);
            if focus == PATH {
                draw::path(scene, &model, area, buffer);
                return;
            }
            draw::path(scene, &model, strip, buffer);
            pane(scene, &model, focus, main, buffer);
        }
        Room::Middle => {
            let rows = [
                Constraint::Length(STRIP_HEIGHT),
                Constraint::Min(1),
                Constraint::Length(WHY_HEIGHT),
            ];
            let [path, main, why] = Layout::vertical(rows).areas(area);
            draw::path(scene, &model, path, buffer);
            let shown = if focus == LAYERS { LAYERS } else { EVENTS };
            pane(scene, &model, shown, main, buffer);
            draw::why(scene, &model, why, buffer);
        }
        Room::Wide => {
            let rows = [
                Constraint::Length(PATH_HEIGHT),
                Constraint::Min(1),
                Constraint::Length(WHY_HEIGHT),
            ];
            let [path, middle, why] = Layout::vertical(rows).areas(area);
            let halves = [Constraint::Percentage(50), Constraint::Percentage(50)];
            let [events, layers] = Layout::horizontal(halves).areas(middle);
            draw::path(scene, &model, path, buffer);
            draw::events(scene, &model, events, buffer);
            draw::layers(scene, &model, layers, buffer);
            draw::why(scene, &model, why, buffer);
        }
    }
}

fn pane(scene: &Scene<'_>, model: &Model<'_>, pane: usize, area: Rect, buffer: &mut Buffer) {
    match pane {
        LAYERS => draw::layers(scene, model, area, buffer),
        PATH => draw::path(scene, model, area, buffer),
        WHY => draw::why(scene, model, area, buffer),
        _ => draw::events(scene, model, area, buffer),
    }
}

/// How many rows can be selected.
pub(in crate::explore) fn rows(scene: &Scene<'_>, pane: usize) -> usize {
    match pane {
        EVENTS => Events::of(scene).len(),
        LAYERS => layers::Layer::ALL.len(),
        PATH => Model::of(scene).hop.map_or(0, |hop| hop.stops.len()),
        _ => usize::from(why::last_decision(scene).is_some()),
    }
}

/// The row of a pane that is selected while nobody selects another.
pub(in crate::explore) fn resting(scene: &Scene<'_>, pane: usize) -> usize {
    match pane {
        EVENTS => Events::of(scene).row_of(scene.event()),
        PATH => Model::of(scene).hop.and_then(|hop| hop.here).map_or(0, |here| here.stop),
        _ => 0,
    }
}

/// Where Enter leads: from an entry to itself, and from the one at the cursor to all entries of
/// the run and back; from a layer to the reasons; from a box to the first entry there.
pub(in crate::explore) fn enter(scene: &Scene<'_>, pane: usize, row: usize) -> Option<Jump> {
    match pane {
        EVENTS => {
            let event = Events::of(scene).get(row)?;
            if event == scene.event() {
                let unfold = Some((EVENTS, ALL_ENTRIES.to_owned()));
                return Some(Jump { unfold, ..Jump::default() });
            }
            Some(Jump { event: Some(event), ..Jump::default() })
        }
        LAYERS => Some(Jump { screen: Some(Screen::Why), ..Jump::default() }),
        PATH => {
            let hop = Model::of(scene).hop?;
            let (first, _) = hop.stops.get(row)?.entries?;
            Some(Jump { event: Some(first), ..Jump::default() })
        }
        _ => {
            let event = Some(why::last_decision(scene)?);
            Some(Jump { event, screen: Some(Screen::Why), ..Jump::default() })
        }
    }
}

/// What Esc narrows again: all entries of the run, where those of a request could be listed.
pub(in crate::explore) fn widened(scene: &Scene<'_>) -> Option<(usize, String)> {
    let is_wide = scene.view.is_turned_over(EVENTS, ALL_ENTRIES)
        && scene.log().request_at(scene.event()).is_some();
    is_wide.then(|| (EVENTS, ALL_ENTRIES.to_owned()))
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    say::sentences(&Model::of(scene), scene)
}
