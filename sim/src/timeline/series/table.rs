//! Windows of simulated time, one list a row. Their number and what they hold is bounded: when
//! there is too much of it, all windows become twice as wide. What a row is, and what happened, is
//! told from outside.

use meshwalk_models::units::{SimDuration, SimTime};

use super::cell::{Cell, GAUGES, Happening};

/// How many windows a run is cut into, at most; more come only if it goes on beyond its end.
const WINDOWS_WANTED: u64 = 240;
/// Windows are made wider before there are more of them than this.
const WINDOWS_AT_MOST: u64 = 512;
/// Windows are made wider before they hold more than this: entries of their lists, 8 bytes each.
const WEIGHT_AT_MOST: usize = 8_000_000;

/// What all rows counted.
#[derive(Clone, Debug)]
pub(super) struct Table {
    width: SimDuration,
    /// By row: the windows in which anything happened, by number.
    rows: Vec<Vec<(u64, Cell)>>,
    weight: usize,
    weight_at_most: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self::new(0, SimTime::ZERO)
    }
}

impl Table {
    /// No windows yet, for a run that is meant to end at `end`.
    pub(super) fn new(rows: usize, end: SimTime) -> Self {
        Self {
            width: round_up(end.as_ns().div_ceil(WINDOWS_WANTED)),
            rows: vec![Vec::new(); rows],
            weight: 0,
            weight_at_most: WEIGHT_AT_MOST,
        }
    }

    #[cfg(test)]
    pub(super) fn holding_at_most(self, weight_at_most: usize) -> Self {
        Self { weight_at_most, ..self }
    }

    pub(super) fn width(&self) -> SimDuration {
        self.width
    }

    /// The bytes that it takes, roughly.
    pub(super) fn bytes(&self) -> usize {
        let windows: usize = self.rows.iter().map(Vec::capacity).sum();
        windows * size_of::<(u64, Cell)>() + self.weight * size_of::<(u16, u32)>()
    }

    /// The number of the window that holds a moment.
    pub(super) fn window_of(&self, at: SimTime) -> u64 {
        at.as_ns() / self.width.as_ns()
    }

    /// Where a window begins.
    pub(super) fn start_of(&self, window: u64) -> SimTime {
        SimTime::from_ns(window.saturating_mul(self.width.as_ns()))
    }

    /// Counts what happened to a row.
    pub(super) fn take(&mut self, row: usize, at: SimTime, happening: Happening) {
        while self.window_of(at) >= WINDOWS_AT_MOST {
            self.widen();
        }
        let window = self.window_of(at);
        let before_end = self.start_of(window + 1).since(at);
        let Some(cells) = self.rows.get_mut(row) else { return };
        let place = match cells.last() {
            Some((last, _)) if *last == window => cells.len() - 1,
            Some((last, _)) if *last > window => {
                let found = cells.binary_search_by_key(&window, |(number, _)| *number);
                found.unwrap_or_else(|place| {
                    cells.insert(place, (window, Cell::default()));
                    place
                })
            }
            _ => {
                cells.push((window, Cell::default()));
                cells.len() - 1
            }
        };
        let cell = &mut cells[place].1;
        let weight = if *cell == Cell::default() { 0 } else { cell.weight() };
        cell.take(happening, before_end);
        self.weight += cell.weight() - weight;
        if self.weight > self.weight_at_most {
            self.widen();
        }
    }

    /// Makes every window twice as wide.
    pub(super) fn widen(&mut self) {
        let narrow = self.width;
        self.width = narrow.saturating_add(narrow);
        self.weight = 0;
        for cells in &mut self.rows {
            let mut wide: Vec<(u64, Cell)> = Vec::with_capacity(cells.len());
            for (window, mut cell) in cells.drain(..) {
                match wide.last_mut() {
                    Some((last, first_half)) if *last == window / 2 => {
                        // The first half was moved to the end of the pair already.
                        first_half.merge(&cell);
                    }
                    _ => {
                        if window % 2 == 0 {
                            cell.pass(narrow);
                        }
                        wide.push((window / 2, cell));
                    }
                }
            }
            self.weight += wide.iter().map(|(_, cell)| cell.weight()).sum::<usize>();
            *cells = wide;
        }
    }

    /// What a row counted in the windows from `first` up to, and without, `last`, as one window.
    pub(super) fn merged(&self, row: usize, first: u64, last: u64) -> Cell {
        let mut whole = Cell::default();
        for (window, cell) in self.cells(row, first, last) {
            let later = SimDuration::from_ns((last - 1 - window) * self.width.as_ns());
            whole.merge_before(cell, later);
        }
        whole
    }

    /// How high each gauge stands where a window begins.
    pub(super) fn levels(&self, row: usize, window: u64) -> [i64; GAUGES] {
        let mut levels = [0; GAUGES];
        for (_, cell) in self.cells(row, 0, window) {
            for (level, net) in levels.iter_mut().zip(cell.nets()) {
                *level += net;
            }
        }
        levels
    }

    /// The windows of a row from `first` up to, and without, `last` in which anything happened.
    pub(super) fn cells(&self, row: usize, first: u64, last: u64) -> &[(u64, Cell)] {
        let Some(cells) = self.rows.get(row) else { return &[] };
        let place = |bound: u64| cells.partition_point(|(window, _)| *window < bound);
        &cells[place(first)..place(last.max(first))]
    }
}

/// The next 1, 2 or 5 times a power of ten, so that windows begin where people look for them.
fn round_up(ns: u64) -> SimDuration {
    let mut unit: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let round = unit.saturating_mul(factor);
            if round >= ns {
                return SimDuration::from_ns(round);
            }
        }
        unit = unit.saturating_mul(10);
    }
}
