//! What happened, one by one, so that figures are exact at every moment and not only where a
//! window ends. It is kept row by row: whoever asks about a row looks at nothing of the others. It
//! is bounded; what happens beyond the bound is known window by window.

use meshwalk_models::units::SimTime;

use super::Cut;
use super::cell::Happening;

/// How much is kept, at most: 32 bytes each.
const MARKS_AT_MOST: usize = 4_000_000;

/// One thing that happened to a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) at: Cut,
    pub(super) happening: Happening,
}

/// By row, in the order of entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    rows: Vec<Vec<Mark>>,
    kept: usize,
    /// The first entry of which nothing could be kept.
    full_since: Option<u64>,
}

impl Journal {
    /// Nothing yet, of so many rows.
    pub(super) fn new(rows: usize) -> Self {
        Self { rows: vec![Vec::new(); rows], kept: 0, full_since: None }
    }

    pub(super) fn keep(&mut self, row: usize, mark: Mark) {
        let Some(marks) = self.rows.get_mut(row) else { return };
        if self.kept < MARKS_AT_MOST {
            marks.push(mark);
            self.kept += 1;
        } else {
            self.full_since.get_or_insert(mark.at.entry);
        }
    }

    /// Whether everything up to and with an entry was kept.
    pub(super) fn covers(&self, entry: u64) -> bool {
        self.full_since.is_none_or(|first| entry < first)
    }

    /// What was kept of a row, of the time from `start` up to and with an entry.
    pub(super) fn between(&self, row: usize, start: SimTime, entry: u64) -> &[Mark] {
        let marks = self.of(row);
        let upto = &marks[..marks.partition_point(|mark| mark.at.entry <= entry)];
        &upto[upto.partition_point(|mark| mark.at.time < start)..]
    }

    /// The first entry after `entry` of which something was kept for a row.
    pub(super) fn next(&self, row: usize, entry: u64) -> Option<u64> {
        let marks = self.of(row);
        let place = marks.partition_point(|mark| mark.at.entry <= entry);
        marks.get(place).map(|mark| mark.at.entry)
    }

    /// The last entry before `entry` of which something was kept for a row.
    pub(super) fn previous(&self, row: usize, entry: u64) -> Option<u64> {
        let marks = self.of(row);
        let place = marks.partition_point(|mark| mark.at.entry < entry);
        place.checked_sub(1).map(|place| marks[place].at.entry)
    }

    fn of(&self, row: usize) -> &[Mark] {
        self.rows.get(row).map_or(&[], Vec::as_slice)
    }

    /// The bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.rows.iter().map(|marks| marks.capacity() * size_of::<Mark>()).sum()
    }
}
