//! What happened, one by one, so that figures are exact at every moment and not only where a
//! window ends. It is bounded; what happens beyond the bound is known window by window.

use meshwalk_models::units::SimTime;

use super::Cut;
use super::cell::Happening;

/// How much is kept, at most: 40 bytes each.
const MARKS_AT_MOST: usize = 4_000_000;

/// One thing that happened to a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) at: Cut,
    pub(super) row: u32,
    pub(super) happening: Happening,
}

impl Mark {
    /// Whether it counts for one of these rows.
    pub(super) fn is_of(&self, rows: &[usize]) -> bool {
        rows.contains(&(self.row as usize))
    }
}

/// In the order of entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    marks: Vec<Mark>,
    /// The first entry of which nothing could be kept.
    full_since: Option<u64>,
}

impl Journal {
    pub(super) fn keep(&mut self, mark: Mark) {
        if self.marks.len() < MARKS_AT_MOST {
            self.marks.push(mark);
        } else {
            self.full_since.get_or_insert(mark.at.entry);
        }
    }

    /// Whether everything up to and with an entry was kept.
    pub(super) fn covers(&self, entry: u64) -> bool {
        self.full_since.is_none_or(|first| entry < first)
    }

    /// What was kept of the time from `start` up to and with an entry.
    pub(super) fn between(&self, start: SimTime, entry: u64) -> &[Mark] {
        let upto = &self.marks[..self.place_after(entry)];
        &upto[upto.partition_point(|mark| mark.at.time < start)..]
    }

    /// What was kept of later entries.
    pub(super) fn after(&self, entry: u64) -> &[Mark] {
        &self.marks[self.place_after(entry)..]
    }

    /// What was kept of earlier entries.
    pub(super) fn before(&self, entry: u64) -> &[Mark] {
        &self.marks[..self.marks.partition_point(|mark| mark.at.entry < entry)]
    }

    fn place_after(&self, entry: u64) -> usize {
        self.marks.partition_point(|mark| mark.at.entry <= entry)
    }
}
