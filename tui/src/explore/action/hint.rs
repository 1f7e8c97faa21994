//! Which actions the footer names, and when: first what the moment calls for, then what the
//! screen is for, then what always helps. With which keys is not said here.

use super::id::Id;
use crate::explore::screen::Screen;

/// What has to hold for a hint to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum When {
    /// Nothing.
    Always,
    /// Something runs that can be stopped.
    Busy,
    /// A search is on.
    Searching,
    /// A filter is on.
    Filtering,
    /// There are breakpoints.
    Breaks,
    /// There are none.
    NoBreaks,
    /// The selected row leads somewhere.
    RowOpens,
    /// The screen shows one pane of several.
    Zoomed,
    /// The screen has several panes.
    Panes,
}

/// One hint.
#[derive(Clone, Copy, Debug)]
pub(in crate::explore) struct Hint {
    /// Its actions: one, or two that go both ways.
    pub(in crate::explore) ids: &'static [Id],
    /// What they do, in a word or two.
    pub(in crate::explore) word: &'static str,
    /// When.
    pub(in crate::explore) when: When,
    /// On which screens; empty for all.
    screens: &'static [Screen],
}

impl Hint {
    const fn new(when: When, ids: &'static [Id], word: &'static str) -> Self {
        Self { ids, word, when, screens: &[] }
    }

    const fn on(mut self, screens: &'static [Screen]) -> Self {
        self.screens = screens;
        self
    }

    /// Whether it belongs to `screen`, when `holds` is what holds.
    pub(in crate::explore) fn counts(&self, screen: Screen, holds: &[When]) -> bool {
        let here = self.screens.is_empty() || self.screens.contains(&screen);
        here && (self.when == When::Always || holds.contains(&self.when))
    }
}

/// All hints, the most important first.
pub(in crate::explore) const HINTS: &[Hint] = &[
    Hint::new(When::Busy, &[Id::Leave], "stop"),
    Hint::new(When::Searching, &[Id::NextMatch, Id::PreviousMatch], "matches"),
    Hint::new(When::Filtering, &[Id::ClearFilter], "all events"),
    Hint::new(When::Zoomed, &[Id::Leave], "all panes"),
    Hint::new(When::Always, &[Id::PreviousEvent, Id::NextEvent], "step"),
    Hint::new(When::Always, &[Id::PreviousOfRequest, Id::NextOfRequest], "request").on(&[
        Screen::Step,
        Screen::Time,
        Screen::Map,
    ]),
    Hint::new(When::Always, &[Id::ZoomIn, Id::ZoomOut], "zoom").on(&[Screen::Time]),
    Hint::new(When::Always, &[Id::PreviousConnection, Id::NextConnection], "connection")
        .on(&[Screen::Ladder]),
    Hint::new(When::Always, &[Id::PreviousDecision, Id::NextDecision], "decision")
        .on(&[Screen::Step, Screen::Why]),
    Hint::new(When::Always, &[Id::PreviousFailure, Id::NextFailure], "failure"),
    // On a small screen half of what there is stands in panes that are not seen.
    Hint::new(When::Panes, &[Id::NextPane], "pane"),
    Hint::new(When::RowOpens, &[Id::Enter], "open"),
    Hint::new(When::Always, &[Id::WhyThis], "why").on(&[
        Screen::Map,
        Screen::Step,
        Screen::Ladder,
        Screen::Time,
        Screen::State,
        Screen::Metrics,
    ]),
    Hint::new(When::Breaks, &[Id::RunToPreviousBreak, Id::RunToNextBreak], "run to break"),
    Hint::new(When::Always, &[Id::Search], "search"),
    Hint::new(When::Always, &[Id::CommandLine], "command"),
    Hint::new(When::NoBreaks, &[Id::ToggleBreak], "break"),
];
