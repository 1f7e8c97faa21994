//! The Ladder screen: the life of one connection as messages between boxes, and what each end
//! believes at the cursor. It computes nothing that the engine or the evaluators decide; what it
//! derives from the protocols it marks.

mod beliefs;
mod build;
mod draw;
mod model;
mod say;
mod scene;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::explore::frame::room::Room;
use crate::explore::scene::Scene;
use crate::explore::screen::Screen;

use super::Jump;
use scene::Shown;

/// Its panes.
pub(in crate::explore) const PANES: &[&str] = &["Ladder", "Beliefs", "Why"];

const LADDER: usize = 0;
const BELIEFS: usize = 1;
const WHY: usize = 2;

/// How many lines the panes at the bottom take, their borders included.
const BELIEFS_HEIGHT: u16 = 7;

/// Draws it.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let shown = Shown::of(scene);
    let focus = scene.view.focus();
    match Room::for_screen(scene, area) {
        Room::Narrow => match focus {
            BELIEFS => draw::beliefs(scene, shown.as_ref(), area, buffer),
            WHY => draw::why(scene, shown.as_ref(), area, buffer),
            _ => draw::ladder(scene, shown.as_ref(), area, buffer),
        },
        Room::Middle | Room::Wide => {
            let rows = [Constraint::Min(1), Constraint::Length(BELIEFS_HEIGHT)];
            let [main, below] = Layout::vertical(rows).areas(area);
            let halves = [Constraint::Percentage(55), Constraint::Percentage(45)];
            let [beliefs, why] = Layout::horizontal(halves).areas(below);
            draw::ladder(scene, shown.as_ref(), main, buffer);
            draw::beliefs(scene, shown.as_ref(), beliefs, buffer);
            draw::why(scene, shown.as_ref(), why, buffer);
        }
    }
}

/// How many rows can be selected.
pub(in crate::explore) fn rows(scene: &Scene<'_>, pane: usize) -> usize {
    let shown = Shown::of(scene);
    match (pane, shown) {
        (LADDER, Some(shown)) => shown.ladder.rungs.len(),
        (BELIEFS, Some(shown)) => shown.beliefs.len(),
        (_, Some(_)) => 1,
        (_, None) => 0,
    }
}

/// The row of a pane that is selected while nobody selects another.
pub(in crate::explore) fn resting(scene: &Scene<'_>, pane: usize) -> usize {
    let at = Shown::of(scene).filter(|_| pane == LADDER).and_then(|shown| shown.at);
    at.unwrap_or(0)
}

/// Where Enter leads: from a row to its entry, from the rest to the reasons.
pub(in crate::explore) fn enter(scene: &Scene<'_>, pane: usize, row: usize) -> Option<Jump> {
    let shown = Shown::of(scene)?;
    if pane == LADDER {
        let rung = shown.ladder.rungs.get(row)?;
        return Some(Jump { event: Some(rung.anchor), ..Jump::default() });
    }
    Some(Jump { event: shown.decision, screen: Some(Screen::Why), ..Jump::default() })
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(scene: &Scene<'_>) -> Vec<String> {
    match Shown::of(scene) {
        Some(shown) => say::sentences(&shown, scene),
        None => vec![say::NOTHING.to_owned()],
    }
}
