//! The two lines at the bottom: what there is to say, and which keys are of use.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::explore::look::{Role, Sign};
use crate::explore::scene::Scene;
use crate::explore::view::Message;

/// Draws the message, or the name of the entry at the cursor.
pub(super) fn draw_status(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let line = match &scene.view.message {
        Some(Message::Done(text)) => Line::from(format!(" {text}")),
        Some(Message::Refused(text)) => Line::from(Span::styled(
            format!(" {} {text}", scene.look.sign(Sign::Changed)),
            scene.look.style(Role::Warn),
        )),
        None => {
            let event = scene.event();
            let (number, of) = (event.dense_name(), scene.log().len());
            Line::from(format!(" {number} of {of}  {}", scene.log().name(event)))
        }
    };
    line.render(area, buffer);
}

/// Draws the keys that are of use now.
pub(super) fn draw_hints(_: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    Line::from("").render(area, buffer);
}
