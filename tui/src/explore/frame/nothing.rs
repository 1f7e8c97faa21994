//! What is shown of a run in whose log there is no entry: why, and what to do. No screen can be
//! drawn from it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use crate::explore::look::Role;
use crate::explore::scene::Scene;

/// Says why there is nothing to see.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let so_far = match scene.timeline.recording().complete {
        Some(_) => "Nothing happens in this run.",
        None => "Nothing has happened so far; the run is being recorded.",
    };
    let lines = [
        Line::styled(scene.session.title.clone(), scene.look.style(Role::Title)),
        Line::default(),
        Line::from(so_far),
        Line::from(
            "No traffic begins before its end: add `traffic` to the scenario, let it begin \
             earlier, or make the `duration` longer.",
        ),
        Line::default(),
        Line::from("q quits."),
    ];
    let text = Text::from_iter(lines);
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}
