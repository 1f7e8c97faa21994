//! What the series say at one moment: whole windows before it, and one by one what happened since
//! the last of them. Nothing of what comes later is seen, and nothing of rows that nobody asks about
//! is looked at.

use std::collections::BTreeMap;

use meshwalk_models::units::{SimDuration, SimTime};

use super::cell::{Cell, GAUGES, Signal};
use super::{Counts, Cut, Figures, Row, Series};

/// The series up to a moment. It is nothing but the moment: a row is looked at when somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct Look<'s> {
    series: &'s Series,
    /// Up to when everything is known.
    to: SimTime,
    /// The window that holds it; earlier ones are whole.
    window: u64,
    /// The last entry that counts of this window; none where nothing of it was kept.
    entry: Option<u64>,
}

impl<'s> Look<'s> {
    pub(super) fn new(series: &'s Series, moment: Cut) -> Self {
        let moment = series.within(moment);
        let window = series.table.window_of(moment.time);
        if series.journal.covers(moment.entry) {
            Self { series, to: moment.time, window, entry: Some(moment.entry) }
        } else {
            Self { series, to: series.table.start_of(window), window, entry: None }
        }
    }

    /// What happened to a row of the table in the window that holds this moment, up to it.
    fn tail(&self, row: usize) -> Cell {
        let mut tail = Cell::default();
        let Some(entry) = self.entry else { return tail };
        let start = self.series.table.start_of(self.window);
        for mark in self.series.journal.between(row, start, entry) {
            tail.take(mark.happening, self.to.since(mark.at.time));
        }
        tail
    }

    /// Up to when everything is known: the moment that was asked for, or, in a very long run, the
    /// end of the last whole window before it.
    #[must_use]
    pub fn to(&self) -> SimTime {
        self.to
    }

    /// What a row did in about the last `span`: from the beginning of the window that holds its
    /// beginning.
    #[must_use]
    pub fn over(&self, row: Row, span: SimDuration) -> Figures {
        let begin = SimTime::from_ns(self.to.as_ns().saturating_sub(span.as_ns()));
        let first = self.series.table.window_of(begin).min(self.window);
        self.figures(row, first)
    }

    /// What a row did since the beginning of the run.
    #[must_use]
    pub fn since_start(&self, row: Row) -> Figures {
        self.figures(row, 0)
    }

    /// As [`Look::over`], of several rows together, such as all edges between two groups.
    #[must_use]
    pub fn over_all(&self, rows: &[Row], span: SimDuration) -> Figures {
        let begin = SimTime::from_ns(self.to.as_ns().saturating_sub(span.as_ns()));
        self.sum(rows, self.series.table.window_of(begin).min(self.window))
    }

    /// What a row did from the beginning of a window to this moment.
    fn figures(&self, row: Row, first: u64) -> Figures {
        let figures = self.sum(&[row], first);
        Figures { capacity: self.series.capacity(row), ..figures }
    }

    fn sum(&self, rows: &[Row], first: u64) -> Figures {
        let table = &self.series.table;
        let start = table.start_of(self.window);
        let mut whole = Cell::default();
        let mut levels = [0; GAUGES];
        for row in rows.iter().flat_map(|row| self.series.rows.of(*row)) {
            let mut cell = table.merged(row, first, self.window);
            cell.append(&self.tail(row), self.to.since(start));
            whole.merge(&cell);
            add(&mut levels, table.levels(row, first));
        }
        self.series.describe((table.start_of(first), self.to), levels, whole)
    }

    /// What a row did in the window that holds this moment, up to it: the last of
    /// [`Look::windows`].
    #[must_use]
    pub fn last_window(&self, row: Row) -> Figures {
        self.figures(row, self.window)
    }

    /// What a row did in each window from the beginning of the run to this moment; the last one
    /// ends here and may be shorter.
    #[must_use]
    pub fn windows(&self, row: Row) -> Vec<Figures> {
        let table = &self.series.table;
        let rows = self.series.rows.of(row);
        let capacity = self.series.capacity(row);
        let mut cells: BTreeMap<u64, Cell> = BTreeMap::new();
        for row in &rows {
            for (window, cell) in table.cells(*row, 0, self.window) {
                cells.entry(*window).or_default().merge(cell);
            }
            cells.entry(self.window).or_default().merge(&self.tail(*row));
        }
        let mut levels = [0; GAUGES];
        let mut windows = Vec::with_capacity(self.window as usize + 1);
        for window in 0..=self.window {
            let from = table.start_of(window);
            let to = if window == self.window { self.to } else { table.start_of(window + 1) };
            let cell = cells.remove(&window).unwrap_or_default();
            let nets = cell.nets();
            let figures = self.series.describe((from, to), levels, cell);
            windows.push(Figures { capacity, ..figures });
            add(&mut levels, nets);
        }
        windows
    }

    /// How often everything was counted of several rows together since the beginning of the run.
    #[must_use]
    pub fn counts_so_far(&self, rows: &[Row]) -> Counts {
        let mut counts = Counts::default();
        for row in rows.iter().flat_map(|row| self.series.rows.of(*row)) {
            for (_, cell) in self.series.table.cells(row, 0, self.window) {
                counts.add(cell);
            }
            counts.add(&self.tail(row));
        }
        counts
    }

    /// How long each window of the whole recording is and how often something was counted in it.
    /// The one that holds this moment ends here: what comes later in it is not yet true.
    #[must_use]
    pub fn counts_of_run(&self, row: Row, signal: Signal) -> Vec<(SimDuration, u64)> {
        let table = &self.series.table;
        let last = self.series.upto(self.series.until());
        let ends = if last.window == self.window { vec![*self] } else { vec![*self, last] };
        let span = |window| {
            let from = table.start_of(window);
            let end = ends.iter().find(|look| look.window == window);
            end.map_or_else(|| table.width(), |look| look.to.since(from))
        };
        let mut counts: Vec<(SimDuration, u64)> =
            (0..=last.window).map(|window| (span(window), 0)).collect();
        for row in self.series.rows.of(row) {
            for (window, cell) in table.cells(row, 0, last.window) {
                if *window != self.window {
                    counts[*window as usize].1 += cell.counted(signal);
                }
            }
            for look in &ends {
                if let Some((_, count)) = counts.get_mut(look.window as usize) {
                    *count += look.tail(row).counted(signal);
                }
            }
        }
        counts
    }
}

fn add(levels: &mut [i64; GAUGES], more: [i64; GAUGES]) {
    levels.iter_mut().zip(more).for_each(|(level, more)| *level += more);
}

impl Series {
    fn describe(
        &self,
        (from, to): (SimTime, SimTime),
        levels: [i64; GAUGES],
        cell: Cell,
    ) -> Figures {
        let mut endings: Vec<_> = cell
            .endings()
            .iter()
            .filter_map(|(row, count)| {
                Some((*self.endings.get(usize::from(*row))?, u64::from(*count)))
            })
            .collect();
        endings.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Figures { from, to, capacity: None, levels, cell, endings }
    }
}
