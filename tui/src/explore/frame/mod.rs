//! What stands around every screen: header, tabs, the line of time, hints, and the panes' borders.
//! What is inside is the screens' business.

pub(in crate::explore) mod fit;
mod footer;
mod header;
mod nothing;
pub(in crate::explore) mod pane;
pub(in crate::explore) mod room;
mod scrubber;
mod small;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

use super::scene::Scene;

/// Below this nothing useful fits.
pub(in crate::explore) const WIDTH_MIN: u16 = 80;
/// Below this nothing useful fits.
pub(in crate::explore) const HEIGHT_MIN: u16 = 24;

/// Where the parts of the screen are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) struct Parts {
    /// What is explored.
    pub(in crate::explore) header: Rect,
    /// The screens.
    pub(in crate::explore) tabs: Rect,
    /// The screen.
    pub(in crate::explore) body: Rect,
    /// The line of time.
    pub(in crate::explore) scrubber: Rect,
    /// Messages, marks and breakpoints; or what is being typed.
    pub(in crate::explore) status: Rect,
    /// Keys that are of use now.
    pub(in crate::explore) hints: Rect,
}

impl Parts {
    /// The parts of an area; `None` where it is too small.
    pub(in crate::explore) fn of(area: Rect) -> Option<Self> {
        if area.width < WIDTH_MIN || area.height < HEIGHT_MIN {
            return None;
        }
        let rows = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Length(1),
        ]);
        let [header, tabs, body, scrubber, status, hints] = rows.areas(area);
        Some(Self { header, tabs, body, scrubber, status, hints })
    }
}

/// Draws everything but overlays.
pub(in crate::explore) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(parts) = Parts::of(area) else { return small::draw(scene, area, buffer) };
    if scene.log().is_empty() {
        return nothing::draw(scene, area, buffer);
    }
    header::draw(scene, parts.header, buffer);
    header::draw_tabs(scene, parts.tabs, buffer);
    scene.view.screen.draw(scene, parts.body, buffer);
    scrubber::draw(scene, parts.scrubber, buffer);
    footer::draw_status(scene, parts.status, buffer);
    footer::draw_hints(scene, parts.hints, buffer);
}
