//! The machine itself: takes actions, moves the cursor, and draws. Which key means which action,
//! and where bytes go, is decided elsewhere.

use std::sync::Arc;

use meshwalk_sim::timeline::{EventId, Timeline, TimelineLimits};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asking::Asking;
use super::cursor::Cursor;
use super::frame;
use super::look::Look;
use super::scene::Scene;
use super::screen::Screen;
use super::session::Session;
use super::view::View;

/// How many kernel events are recorded before the first screen.
const FIRST_SLICE_EVENTS: u64 = 20_000;

/// A session that somebody explores.
pub(crate) struct App {
    pub(in crate::explore) session: Arc<Session>,
    pub(in crate::explore) timeline: Timeline,
    pub(in crate::explore) asking: Asking,
    pub(in crate::explore) view: View,
    pub(in crate::explore) look: Look,
}

impl App {
    /// At the first entry of the run.
    pub(crate) fn new(session: Arc<Session>, look: Look) -> Self {
        let plan = Arc::clone(session.plan());
        let mut timeline = Timeline::begin(plan, session.seed(), TimelineLimits::default());
        timeline.record(FIRST_SLICE_EVENTS);
        let view = View::at(Cursor::on_main(EventId(0)), Screen::Step);
        let asking = Asking::inline(Arc::clone(&session));
        Self { session, timeline, asking, view, look }
    }

    /// From now on a worker answers dear questions; `notify` is called from there whenever an
    /// answer is to be taken from [`App::asking`].
    pub(crate) fn ask_beside(&mut self, notify: Box<dyn Fn() + Send>) {
        self.asking = Asking::beside(Arc::clone(&self.session), notify);
    }

    /// Puts the cursor on an entry.
    pub(in crate::explore) fn go_to(&mut self, event: EventId) {
        if event == self.view.cursor.event {
            return;
        }
        self.view.last_stop = self.view.cursor;
        self.view.cursor = Cursor { event, ..self.view.cursor };
        self.timeline.at(event);
    }

    /// Shows a screen.
    pub(in crate::explore) fn show(&mut self, screen: Screen) {
        if screen != self.view.screen {
            self.view.screen_before = Some(self.view.screen);
            self.view.screen = screen;
        }
    }

    /// What screens are drawn from.
    pub(in crate::explore) fn scene(&self) -> Scene<'_> {
        Scene {
            session: &self.session,
            timeline: &self.timeline,
            asking: &self.asking,
            view: &self.view,
            look: &self.look,
        }
    }

    /// The screen as it is now, in a size.
    pub(crate) fn draw(&self, width: u16, height: u16) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        frame::draw(&self.scene(), area, &mut buffer);
        buffer
    }
}

#[cfg(test)]
mod tests;
