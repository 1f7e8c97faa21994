//! How much room there is, and which panes fit.

use ratatui::layout::Rect;

use crate::explore::scene::Scene;
use crate::explore::view::Zoom;

/// From here on the right-hand panes stand beside the main one.
const MIDDLE_WIDTH_MIN: u16 = 100;
/// From here on every pane has its place.
const WIDE_WIDTH_MIN: u16 = 120;

/// How much room a screen has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::explore) enum Room {
    /// One pane; the others come with Tab.
    Narrow,
    /// The main pane and some others.
    Middle,
    /// All panes.
    Wide,
}

impl Room {
    /// The room of an area.
    pub(in crate::explore) const fn of(area: Rect) -> Self {
        if area.width >= WIDE_WIDTH_MIN {
            Self::Wide
        } else if area.width >= MIDDLE_WIDTH_MIN {
            Self::Middle
        } else {
            Self::Narrow
        }
    }

    /// The room of a screen, which is narrow for a pane that somebody enlarged.
    pub(in crate::explore) fn for_screen(scene: &Scene<'_>, area: Rect) -> Self {
        match scene.view.zoom {
            Zoom::Alone => Self::Narrow,
            Zoom::Shared => Self::of(area),
        }
    }
}
