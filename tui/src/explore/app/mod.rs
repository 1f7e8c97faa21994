//! The machine itself: takes actions, moves the cursor, and draws. Which key means which action,
//! and where bytes go, is decided elsewhere.

mod effect;
mod find;
mod keyboard;
mod moves;
mod update;
mod vocabulary;

use std::sync::Arc;

use meshwalk_sim::timeline::condition::ConditionNames;
use meshwalk_sim::timeline::{EventId, Timeline, TimelineLimits};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asking::Asking;
use super::cursor::Cursor;
use super::frame;
use super::keys::{Bindings, Resolver};
use super::look::Look;
use super::mouse::Targets;
use super::prompt::{self, History, Overlay, Shown};
use super::scene::Scene;
use super::screen::Screen;
use super::session::Session;
use super::since::Since;
use super::view::View;

pub(crate) use effect::Effect;
pub(in crate::explore) use find::Job;
use vocabulary::Vocabulary;

/// How many kernel events are recorded before the first screen.
const FIRST_SLICE_EVENTS: u64 = 20_000;

/// A session that somebody explores.
pub(crate) struct App {
    pub(in crate::explore) session: Arc<Session>,
    pub(in crate::explore) timeline: Timeline,
    pub(in crate::explore) asking: Asking,
    pub(in crate::explore) view: View,
    pub(in crate::explore) look: Look,
    /// What changed since the last stop, as far as a screen has asked for it.
    since: Option<Since>,
    pub(in crate::explore) bindings: Arc<Bindings>,
    resolver: Resolver,
    vocabulary: Vocabulary,
    pub(in crate::explore) names: Arc<ConditionNames>,
    commands: History,
    conditions: History,
    searches: History,
    job: Option<Job>,
    pub(in crate::explore) targets: Targets,
}

impl App {
    /// At the first entry of the run.
    pub(crate) fn new(session: Arc<Session>, look: Look) -> Self {
        let plan = Arc::clone(session.plan());
        let mut timeline = Timeline::begin(plan, session.seed(), TimelineLimits::default());
        timeline.record(FIRST_SLICE_EVENTS);
        let view = View::at(Cursor::on_main(EventId(0)), Screen::Step);
        let asking = Asking::inline(Arc::clone(&session));
        let vocabulary = Vocabulary::of(session.plan());
        let names = Arc::new(ConditionNames::new(session.plan()));
        let mut app = Self {
            session,
            timeline,
            asking,
            view,
            look,
            since: None,
            bindings: Arc::default(),
            resolver: Resolver::default(),
            vocabulary,
            names,
            commands: History::default(),
            conditions: History::default(),
            searches: History::default(),
            job: None,
            targets: Targets::default(),
        };
        app.set_breakpoints_of_scenario();
        app.look_around();
        app
    }

    /// With other keys.
    #[must_use]
    pub(crate) fn with_keys(self, bindings: Bindings) -> Self {
        Self { bindings: Arc::new(bindings), ..self }
    }

    /// From now on a worker answers dear questions; `notify` is called from there whenever an
    /// answer is to be taken from [`App::asking`].
    pub(crate) fn ask_beside(&mut self, notify: Box<dyn Fn() + Send>) {
        self.asking = Asking::beside(Arc::clone(&self.session), notify);
    }

    /// Sees to it that screens have what they are drawn from: the state at the cursor and, where
    /// it is shown, what changed since the last stop.
    pub(in crate::explore) fn look_around(&mut self) {
        let View { cursor, last_stop, screen, .. } = self.view;
        if self.timeline.log().get(cursor.event).is_none() {
            return;
        }
        let is_known = self.since.as_ref().is_some_and(|since| since.is_between(last_stop, cursor));
        if screen == Screen::State && !is_known {
            let known = self.since.take();
            let since = Since::between(&mut self.timeline, known, last_stop, cursor);
            self.since = Some(since);
        } else if !is_known {
            self.since = None;
            self.timeline.at(cursor.event);
        }
    }

    /// Puts the cursor on an entry.
    pub(in crate::explore) fn go_to(&mut self, event: EventId) {
        if event == self.view.cursor.event {
            return;
        }
        self.view.last_stop = self.view.cursor;
        self.view.cursor = Cursor { event, ..self.view.cursor };
        self.look_around();
    }

    /// Shows a screen.
    pub(in crate::explore) fn show(&mut self, screen: Screen) {
        if screen != self.view.screen {
            self.view.screen_before = Some(self.view.screen);
            self.view.screen = screen;
            self.look_around();
        }
    }

    /// What screens are drawn from.
    pub(in crate::explore) fn scene(&self) -> Scene<'_> {
        Scene {
            session: &self.session,
            timeline: &self.timeline,
            asking: &self.asking,
            since: self.since.as_ref(),
            view: &self.view,
            look: &self.look,
            bindings: &self.bindings,
            resolver: &self.resolver,
            targets: &self.targets,
            job: self.job.as_ref(),
        }
    }

    /// The screen as it is now, in a size.
    pub(crate) fn draw(&self, width: u16, height: u16) -> Buffer {
        self.asking.take();
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        self.targets.clear();
        frame::draw(&self.scene(), area, &mut buffer);
        if let (Some(overlay), Some(parts)) = (&self.view.overlay, frame::Parts::of(area)) {
            self.draw_overlay(overlay, &parts, &mut buffer);
        }
        buffer
    }

    fn draw_overlay(&self, overlay: &Overlay, parts: &frame::Parts, buffer: &mut Buffer) {
        let rows = match overlay {
            Overlay::List(list) => self.list_rows(list.of),
            Overlay::Prompt(_) | Overlay::Palette(_) => Vec::new(),
        };
        self.with_words(|words| {
            let shown = Shown {
                words,
                bindings: &self.bindings,
                screen: self.view.screen,
                rows: &rows,
                look: &self.look,
            };
            prompt::draw(overlay, &shown, parts, buffer);
        });
    }
}

#[cfg(test)]
mod key_tests;
#[cfg(test)]
mod tests;
