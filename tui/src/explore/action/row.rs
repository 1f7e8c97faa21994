//! A row of the table of actions; which rows there are stands in the table.

use super::argument::Expected;
use super::id::Id;
use crate::explore::screen::Screen;

/// What actions are about; the list of actions shows them by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::explore) enum Group {
    /// Where the cursor is.
    Time,
    /// Going on until something holds.
    Run,
    /// Looking around without moving the cursor.
    Look,
    /// Finding and leaving out.
    Search,
    /// Places to come back to.
    Mark,
    /// Which screen is shown.
    Screen,
    /// The program itself.
    App,
}

impl Group {
    /// The word for it.
    pub(in crate::explore) const fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Run => "run",
            Self::Look => "look",
            Self::Search => "search",
            Self::Mark => "mark",
            Self::Screen => "screen",
            Self::App => "app",
        }
    }
}

/// Whether an action takes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Takes {
    /// It takes none.
    Nothing,
    /// It can do without.
    May(Expected),
    /// It asks for it where it is not given.
    Must(Expected),
}

impl Takes {
    /// What stands behind the word.
    pub(in crate::explore) const fn expected(self) -> Option<Expected> {
        match self {
            Self::Nothing => None,
            Self::May(expected) | Self::Must(expected) => Some(expected),
        }
    }
}

/// One action.
#[derive(Clone, Copy, Debug)]
pub(in crate::explore) struct Row {
    /// Which.
    pub(in crate::explore) id: Id,
    /// Its name in words: files of keys and the command line use it.
    pub(in crate::explore) name: &'static str,
    /// What it does.
    pub(in crate::explore) sentence: &'static str,
    /// What it is about.
    pub(in crate::explore) group: Group,
    /// Its keys, where no file says otherwise.
    pub(in crate::explore) keys: &'static [&'static str],
    /// Shorter words for it on the command line. Two actions share a word where one takes an
    /// argument and the other does without.
    pub(in crate::explore) words: &'static [&'static str],
    /// What it takes.
    pub(in crate::explore) takes: Takes,
    /// The screens where it counts; empty for all.
    screens: &'static [Screen],
}

impl Row {
    /// An action that takes nothing, on all screens.
    pub(super) const fn new(
        group: Group,
        id: Id,
        name: &'static str,
        keys: &'static [&'static str],
        words: &'static [&'static str],
        sentence: &'static str,
    ) -> Self {
        Self { id, name, sentence, group, keys, words, takes: Takes::Nothing, screens: &[] }
    }

    /// What it takes.
    pub(super) const fn takes(mut self, takes: Takes) -> Self {
        self.takes = takes;
        self
    }

    /// Only on some screens.
    pub(super) const fn on(mut self, screens: &'static [Screen]) -> Self {
        self.screens = screens;
        self
    }

    /// Whether it counts on `screen`.
    pub(in crate::explore) fn counts_on(&self, screen: Screen) -> bool {
        self.screens.is_empty() || self.screens.contains(&screen)
    }

    /// Whether there is a screen where both count.
    pub(in crate::explore) fn meets(&self, other: &Self) -> bool {
        Screen::ALL.into_iter().any(|screen| self.counts_on(screen) && other.counts_on(screen))
    }

    /// The word that is shown for it on the command line: the shortest that is not a letter.
    pub(in crate::explore) fn word(&self) -> &'static str {
        self.words.first().copied().unwrap_or(self.name)
    }

    /// How it is typed on the command line: `next [TIMES]`.
    pub(in crate::explore) fn usage(&self) -> String {
        match self.takes {
            Takes::Nothing => self.word().to_owned(),
            Takes::May(expected) => format!("{} [{}]", self.word(), expected.placeholder()),
            Takes::Must(expected) => format!("{} {}", self.word(), expected.placeholder()),
        }
    }
}
