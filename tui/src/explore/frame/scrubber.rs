//! The line of time: where the cursor is in the run, and how far the run was recorded.

use meshwalk_models::units::SimTime;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::explore::look::{Role, Sign};
use crate::explore::scene::Scene;

/// Draws it.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let end = scene.session.plan().end;
    let entry = scene.log().get(scene.event());
    let now = entry.map_or(SimTime::ZERO, |entry| entry.time);
    let left = format!(" t={now} ");
    let right = format!(" end {end} ");
    let bar = scene.look.sign(Sign::Bar);
    let taken = left.chars().count() + right.chars().count() + 2;
    let width = usize::from(area.width).saturating_sub(taken);
    if width == 0 {
        return;
    }
    let column = |time: SimTime| {
        let share = time.as_ns() as u128 * width as u128 / u128::from(end.as_ns().max(1));
        usize::try_from(share).unwrap_or(width).min(width - 1)
    };
    let recorded = column(scene.timeline.recording().now);
    let at = column(now);
    let line = scene.look.sign(Sign::Line);
    let cells = |from: usize, to: usize, sign: &str| sign.repeat(to.saturating_sub(from));
    let ahead = at + 1;
    Line::from(vec![
        Span::raw(left),
        Span::raw(bar),
        Span::raw(cells(0, at, line)),
        Span::styled(scene.look.sign(Sign::Here), scene.look.style(Role::Cursor)),
        Span::styled(cells(ahead, recorded + 1, line), scene.look.style(Role::Dim)),
        Span::raw(cells(ahead.max(recorded + 1), width, " ")),
        Span::raw(bar),
        Span::raw(right),
    ])
    .render(area, buffer);
}
