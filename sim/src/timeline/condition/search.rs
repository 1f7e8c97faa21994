//! Looking for the next or the previous entry that fits a condition, a slice at a time.

use super::super::log::{EventId, Log, Way};
use super::Condition;
use super::names::ConditionNames;

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    condition: Condition,
    way: Way,
    at: EventId,
    is_over: bool,
}

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The nearest entry that fits.
    Entry(EventId),
    /// There is none in this direction; of a log that is still recorded, none so far.
    Nothing,
}

impl Search {
    /// From `from`, which is not looked at itself.
    #[must_use]
    pub fn new(condition: Condition, from: EventId, way: Way) -> Self {
        Self { condition, way, at: from, is_over: false }
    }

    /// Looks at so many entries more; tells what was found, or nothing while there is more to look
    /// at. Entries that cannot fit because of their kind are passed over in one go, and count for
    /// little.
    pub fn advance(
        &mut self,
        log: &Log,
        names: &ConditionNames,
        entries_max: u64,
    ) -> Option<Found> {
        if self.is_over {
            return Some(Found::Nothing);
        }
        for _ in 0..entries_max {
            let Some(next) = log.nearest_of(self.condition.kinds, self.at, self.way) else {
                // More entries may follow here: the search goes on from the last one.
                self.is_over = self.way == Way::Back;
                self.at = log.last().filter(|_| self.way == Way::On).unwrap_or(self.at);
                return Some(Found::Nothing);
            };
            self.at = next;
            if self.condition.holds(log, next, names) {
                return Some(Found::Entry(next));
            }
        }
        None
    }
}
