//! The screens: which there are, and what each of them offers to the machine around it. What a
//! screen shows is the business of its own room.

#[cfg(test)]
mod gallery;
mod ladder;
mod map;
mod metrics;
mod signals;
mod state;
mod step;
mod time;
mod why;

use meshwalk_sim::timeline::{EventId, Way};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asking::CallAt;
use super::scene::Scene;

pub(in crate::explore) use map::Whole as MapGraph;
pub(in crate::explore) use metrics::{Subject, subjects};

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Screen {
    /// Who calls whom.
    Map,
    /// One entry after the other, and what it changes.
    Step,
    /// The life of one connection.
    Ladder,
    /// The decision and its reasons.
    Why,
    /// Where the time of a request goes.
    Time,
    /// The state of anything.
    State,
    /// Golden signals over the run.
    Metrics,
}

impl Screen {
    /// All of them, in the order of their tabs.
    pub(crate) const ALL: [Self; 7] =
        [Self::Map, Self::Step, Self::Ladder, Self::Why, Self::Time, Self::State, Self::Metrics];

    /// The word for it, as people type it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Step => "step",
            Self::Ladder => "ladder",
            Self::Why => "why",
            Self::Time => "time",
            Self::State => "state",
            Self::Metrics => "metrics",
        }
    }

    /// What its tab says.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Map => "Map",
            Self::Step => "Step",
            Self::Ladder => "Ladder",
            Self::Why => "Why",
            Self::Time => "Time",
            Self::State => "State",
            Self::Metrics => "Metrics",
        }
    }

    /// The screen of this word.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| screen.word() == word)
    }

    /// The names of its panes, in the order of Tab; the first is its main pane.
    pub(in crate::explore) const fn panes(self) -> &'static [&'static str] {
        match self {
            Self::Map => map::PANES,
            Self::Step => step::PANES,
            Self::Ladder => ladder::PANES,
            Self::Why => why::PANES,
            Self::Time => time::PANES,
            Self::State => state::PANES,
            Self::Metrics => metrics::PANES,
        }
    }

    /// Draws it.
    pub(in crate::explore) fn draw(self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        match self {
            Self::Map => map::draw(scene, area, buffer),
            Self::Step => step::draw(scene, area, buffer),
            Self::Ladder => ladder::draw(scene, area, buffer),
            Self::Why => why::draw(scene, area, buffer),
            Self::Time => time::draw(scene, area, buffer),
            Self::State => state::draw(scene, area, buffer),
            Self::Metrics => metrics::draw(scene, area, buffer),
        }
    }

    /// How many rows of a pane can be selected.
    pub(in crate::explore) fn rows(self, scene: &Scene<'_>, pane: usize) -> usize {
        match self {
            Self::Map => map::rows(scene, pane),
            Self::Step => step::rows(scene, pane),
            Self::Ladder => ladder::rows(scene, pane),
            Self::Why => why::rows(scene, pane),
            Self::Time => time::rows(scene, pane),
            Self::State => state::rows(scene, pane),
            Self::Metrics => metrics::rows(scene, pane),
        }
    }

    /// The row of a pane that is selected while nobody selects another: the one at the cursor, or
    /// the one that matters most.
    pub(in crate::explore) fn resting(self, scene: &Scene<'_>, pane: usize) -> usize {
        match self {
            Self::Step => step::resting(scene, pane),
            Self::Ladder => ladder::resting(scene, pane),
            Self::Why => why::resting(scene, pane),
            Self::State => state::resting(scene, pane),
            Self::Metrics => metrics::resting(scene, pane),
            Self::Map => map::resting(scene, pane),
            Self::Time => scene.view.selected(pane),
        }
    }

    /// Where the next row leads that has all these words in its name, on screens whose rows have
    /// names to search for.
    pub(in crate::explore) fn row_named(
        self,
        scene: &Scene<'_>,
        words: &[String],
        way: Way,
    ) -> Option<Jump> {
        match self {
            Self::Map => map::named(scene, words, way),
            Self::State => state::named(scene, words, way),
            _ => None,
        }
    }

    /// The condition that a filter begins with: that of what is selected, where it has one.
    pub(in crate::explore) fn condition(self, scene: &Scene<'_>) -> Option<String> {
        match self {
            Self::Map => map::condition(scene),
            _ => None,
        }
    }

    /// Where Enter on a row of a pane leads.
    pub(in crate::explore) fn enter(
        self,
        scene: &Scene<'_>,
        pane: usize,
        row: usize,
    ) -> Option<Jump> {
        match self {
            Self::Map => map::enter(scene, pane, row),
            Self::Step => step::enter(scene, pane, row),
            Self::Ladder => ladder::enter(scene, pane, row),
            Self::Why => why::enter(scene, pane, row),
            Self::Time => time::enter(scene, pane, row),
            Self::State => state::enter(scene, pane, row),
            Self::Metrics => metrics::enter(scene, pane, row),
        }
    }

    /// What Enter widened on it and Esc narrows again: a pane and what is turned over there.
    pub(in crate::explore) fn widened(self, scene: &Scene<'_>) -> Option<(usize, String)> {
        match self {
            Self::Step => step::widened(scene),
            _ => None,
        }
    }

    /// What it shows, in sentences.
    pub(in crate::explore) fn sentences(self, scene: &Scene<'_>) -> Vec<String> {
        match self {
            Self::Map => map::sentences(scene),
            Self::Step => step::sentences(scene),
            Self::Ladder => ladder::sentences(scene),
            Self::Why => why::sentences(scene),
            Self::Time => time::sentences(scene),
            Self::State => state::sentences(scene),
            Self::Metrics => metrics::sentences(scene),
        }
    }
}

/// Where something on a screen leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::explore) struct Jump {
    /// To which entry.
    pub(in crate::explore) event: Option<EventId>,
    /// To which screen.
    pub(in crate::explore) screen: Option<Screen>,
    /// To which pane of the screen.
    pub(in crate::explore) focus: Option<usize>,
    /// Which rows that unfold are turned over: a pane and a key of the screen's own.
    pub(in crate::explore) unfold: Option<(usize, String)>,
    /// What is picked from now on: a pane and a key of the screen's own.
    pub(in crate::explore) pick: Option<(usize, String)>,
    /// About which call to look again for what was stopped.
    pub(in crate::explore) look_again: Option<CallAt>,
    /// What to filter by from now on, as somebody would type it.
    pub(in crate::explore) filter: Option<String>,
}

/// The next row after `from`, around, whose name has all words; names and words in small letters.
fn next_named(names: &[String], words: &[String], from: usize, way: Way) -> Option<usize> {
    let is_it = |row: &usize| {
        let name = &names[*row];
        !name.is_empty() && words.iter().all(|word| name.contains(word.as_str()))
    };
    let (after, before) = (from + 1..names.len(), 0..names.len().min(from + 1));
    match way {
        Way::On => after.chain(before).find(is_it),
        Way::Back => (0..from.min(names.len())).rev().chain((from..names.len()).rev()).find(is_it),
    }
}
