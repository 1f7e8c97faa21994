//! What the series say at one moment: whole windows before it, and one by one what happened since
//! the last of them. Nothing of what comes later is seen.

use std::collections::BTreeMap;

use meshwalk_models::units::{SimDuration, SimTime};

use super::cell::{Cell, Gauge};
use super::{Cut, Figures, Row, Series};

/// The series up to a moment.
#[derive(Clone, Debug)]
pub struct Look<'s> {
    series: &'s Series,
    /// Up to when everything is known.
    to: SimTime,
    /// The window that holds it; earlier ones are whole.
    window: u64,
    /// What happened in this window up to then, by row of the table.
    tail: BTreeMap<usize, Cell>,
}

impl<'s> Look<'s> {
    pub(super) fn new(series: &'s Series, moment: Cut) -> Self {
        let moment = series.within(moment);
        let (table, journal) = (&series.table, &series.journal);
        let window = table.window_of(moment.time);
        let start = table.start_of(window);
        let mut tail: BTreeMap<usize, Cell> = BTreeMap::new();
        if !journal.covers(moment.entry) {
            return Self { series, to: start, window, tail };
        }
        for mark in journal.between(start, moment.entry) {
            let before_end = moment.time.since(mark.at.time);
            tail.entry(mark.row as usize).or_default().take(mark.happening, before_end);
        }
        Self { series, to: moment.time, window, tail }
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
        let mut levels = [0; 3];
        for row in rows.iter().flat_map(|row| self.series.rows.of(*row)) {
            let mut cell = table.merged(row, first, self.window);
            if let Some(tail) = self.tail.get(&row) {
                cell.append(tail, self.to.since(start));
            } else {
                cell.pass(self.to.since(start));
            }
            whole.merge(&cell);
            add_levels(&mut levels, self.series, row, first);
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
            if let Some(tail) = self.tail.get(row) {
                cells.entry(self.window).or_default().merge(tail);
            }
        }
        let mut levels = [0; 3];
        let mut windows = Vec::with_capacity(self.window as usize + 1);
        for window in 0..=self.window {
            let from = table.start_of(window);
            let to = if window == self.window { self.to } else { table.start_of(window + 1) };
            let cell = cells.remove(&window).unwrap_or_default();
            let net = GAUGES.map(|gauge| cell.net(gauge));
            let figures = self.series.describe((from, to), levels, cell);
            windows.push(Figures { capacity, ..figures });
            levels.iter_mut().zip(net).for_each(|(level, net)| *level += net);
        }
        windows
    }
}

/// All gauges, in the order of their places.
const GAUGES: [Gauge; 3] = [Gauge::InFlight, Gauge::Working, Gauge::Waiting];

fn add_levels(levels: &mut [i64; 3], series: &Series, row: usize, window: u64) {
    for (level, gauge) in levels.iter_mut().zip(GAUGES) {
        *level += series.table.level(row, gauge, window);
    }
}

impl Series {
    fn describe(&self, (from, to): (SimTime, SimTime), levels: [i64; 3], cell: Cell) -> Figures {
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
