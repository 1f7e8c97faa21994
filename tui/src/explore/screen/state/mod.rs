//! The State screen. The state of anything at the cursor, and what changed since the last stop. It computes nothing that the engine or the evaluators decide.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::explore::frame::pane;
use crate::explore::scene::Scene;

use super::Jump;

/// Its panes.
pub(in crate::explore) const PANES: &[&str] = &["State"];

/// Draws it.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let inner = pane::border(scene, 0, PANES[0], area, buffer);
    pane::rows(scene, (0, 0), &[], inner, buffer);
}

/// How many rows can be selected.
pub(in crate::explore) fn rows(_: &Scene<'_>, _: usize) -> usize {
    0
}

/// Where Enter leads.
pub(in crate::explore) fn enter(_: &Scene<'_>, _: usize, _: usize) -> Option<Jump> {
    None
}

/// What it shows, in sentences.
pub(in crate::explore) fn sentences(_: &Scene<'_>) -> Vec<String> {
    Vec::new()
}
