//! What is said where nothing useful fits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Widget, Wrap};

use crate::explore::scene::Scene;

use super::{HEIGHT_MIN, WIDTH_MIN};

/// Says what to do.
pub(super) fn draw(_: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let lines = vec![
        Line::from(format!("meshwalk needs {WIDTH_MIN}x{HEIGHT_MIN} characters.")),
        Line::from(format!("Here are {}x{}.", area.width, area.height)),
        Line::from("Make the window larger, or press q and run"),
        Line::from("meshwalk step --plain"),
    ];
    Paragraph::new(lines).wrap(Wrap { trim: true }).render(area, buffer);
}
