//! Everything that the keys of a person change: with the session and the log it decides every cell
//! of the screen.

mod breaks;
mod find;
mod jumps;

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_sim::timeline::Way;

use super::cursor::Cursor;
use super::prompt::Overlay;
use super::screen::Screen;

pub(in crate::explore) use breaks::{Active, Breaks, Stop, Toggled};
pub(in crate::explore) use find::Find;
pub(in crate::explore) use jumps::Jumps;

/// How often an axis can be halved.
const TIME_ZOOM_MAX: u32 = 40;

/// What is looked at, and how.
#[derive(Clone, Debug)]
pub(in crate::explore) struct View {
    /// Where.
    pub(in crate::explore) cursor: Cursor,
    /// Where the cursor was before it moved: what changed since is marked.
    pub(in crate::explore) last_stop: Cursor,
    /// On which screen.
    pub(in crate::explore) screen: Screen,
    /// How much of the screen the pane with the focus takes.
    pub(in crate::explore) zoom: Zoom,
    /// How often the axis of the Time screen is halved around the cursor.
    pub(in crate::explore) time_zoom: u32,
    /// Places to come back to, by letter.
    pub(in crate::explore) marks: BTreeMap<char, Cursor>,
    /// Where somebody jumped from.
    pub(in crate::explore) jumps: Jumps,
    /// Where runs stop.
    pub(in crate::explore) breaks: Breaks,
    /// What `n` and `N` go to.
    pub(in crate::explore) search: Option<Find>,
    /// Which entries are shown; all of them without it.
    pub(in crate::explore) filter: Option<Find>,
    /// What lies over the screen.
    pub(in crate::explore) overlay: Option<Overlay>,
    /// The screen before this one.
    pub(in crate::explore) screen_before: Option<Screen>,
    /// What there is to say about the last key.
    pub(in crate::explore) message: Option<Message>,
    focus: BTreeMap<Screen, usize>,
    /// The row that was selected in a pane, and where the cursor was then.
    selected: BTreeMap<(Screen, usize), (usize, Cursor)>,
    turned_over: BTreeSet<(Screen, usize, String)>,
    /// What somebody picked to be shown, by the keys of a pane.
    picked: BTreeMap<(Screen, usize), String>,
}

/// How much of the screen the pane with the focus takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Zoom {
    /// Its place among the others.
    Shared,
    /// All of it.
    Alone,
}

/// A line for the person at the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Message {
    /// What was done.
    Done(String),
    /// What could not be done, and what to do instead.
    Refused(String),
}

impl View {
    /// At a place, on a screen.
    pub(in crate::explore) const fn at(cursor: Cursor, screen: Screen) -> Self {
        Self {
            cursor,
            last_stop: cursor,
            screen,
            zoom: Zoom::Shared,
            time_zoom: 0,
            marks: BTreeMap::new(),
            jumps: Jumps::new(),
            breaks: Breaks::new(),
            search: None,
            filter: None,
            overlay: None,
            screen_before: None,
            message: None,
            focus: BTreeMap::new(),
            selected: BTreeMap::new(),
            turned_over: BTreeSet::new(),
            picked: BTreeMap::new(),
        }
    }

    /// Halves the axis of the Time screen, or doubles it again.
    pub(in crate::explore) fn zoom_axis(&mut self, way: Way, times: u32) {
        self.time_zoom = match way {
            Way::On => self.time_zoom.saturating_add(times).min(TIME_ZOOM_MAX),
            Way::Back => self.time_zoom.saturating_sub(times),
        };
    }

    /// Which pane of the screen has the focus.
    pub(in crate::explore) fn focus(&self) -> usize {
        self.focus.get(&self.screen).copied().unwrap_or(0)
    }

    /// Gives a pane of the screen the focus.
    pub(in crate::explore) fn set_focus(&mut self, pane: usize) {
        self.focus.insert(self.screen, pane);
    }

    /// Which row of a pane of the screen is selected; for panes whose rows do not depend on the
    /// cursor.
    pub(in crate::explore) fn selected(&self, pane: usize) -> usize {
        self.selected.get(&(self.screen, pane)).map_or(0, |(row, _)| *row)
    }

    /// Which row was selected since the cursor moved; without one, panes that follow the cursor
    /// select its place.
    pub(in crate::explore) fn chosen(&self, pane: usize) -> Option<usize> {
        let (row, when) = self.selected.get(&(self.screen, pane))?;
        (*when == self.cursor).then_some(*row)
    }

    /// Selects a row of a pane of the screen.
    pub(in crate::explore) fn select(&mut self, pane: usize, row: usize) {
        self.selected.insert((self.screen, pane), (row, self.cursor));
    }

    /// Lets all panes of the screen follow the cursor again.
    pub(in crate::explore) fn follow_cursor(&mut self) {
        let screen = self.screen;
        self.selected.retain(|(of, _), _| *of != screen);
        self.picked.retain(|(of, _), _| *of != screen);
    }

    /// Forgets what was picked on the screen; tells whether there was anything.
    pub(in crate::explore) fn forget_picks(&mut self) -> bool {
        let screen = self.screen;
        let before = self.picked.len();
        self.picked.retain(|(of, _), _| *of != screen);
        self.picked.len() < before
    }

    /// What somebody picked in a pane of the screen; it stays when the cursor moves.
    pub(in crate::explore) fn picked(&self, pane: usize) -> Option<&str> {
        self.picked.get(&(self.screen, pane)).map(String::as_str)
    }

    /// Picks what `key` names in a pane of the screen, in place of what was selected there.
    pub(in crate::explore) fn pick(&mut self, pane: usize, key: String) {
        self.selected.remove(&(self.screen, pane));
        self.picked.insert((self.screen, pane), key);
    }

    /// Whether what `key` names in a pane of the screen is turned over: shown where it is hidden
    /// at first, hidden where it is shown.
    pub(in crate::explore) fn is_turned_over(&self, pane: usize, key: &str) -> bool {
        self.turned_over.contains(&(self.screen, pane, key.to_owned()))
    }

    /// Turns it over.
    pub(in crate::explore) fn turn_over(&mut self, pane: usize, key: String) {
        let entry = (self.screen, pane, key);
        if !self.turned_over.remove(&entry) {
            self.turned_over.insert(entry);
        }
    }
}
