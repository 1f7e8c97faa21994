//! The axis of time: which stretch is shown, where a moment stands on it, and its ticks.

use meshwalk_models::units::{SimDuration, SimTime};

/// A stretch of time on so many columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// What is at its left.
    pub(super) from: SimTime,
    /// How long it is; not zero.
    pub(super) length: SimDuration,
    /// How many columns it has; not zero.
    pub(super) columns: usize,
}

/// The least that one axis shows.
const LENGTH_MIN: SimDuration = SimDuration::from_ns(1_000);
/// How often a stretch can be halved.
const ZOOM_MAX: u32 = 63;
/// Columns between two ticks, at least.
const TICK_COLUMNS_MIN: usize = 9;

impl Axis {
    /// `begin` to `end` on so many columns, halved `zoom` times around `middle`.
    pub(super) fn new(
        (begin, end): (SimTime, SimTime),
        zoom: u32,
        middle: SimTime,
        columns: usize,
    ) -> Self {
        let whole = (end.max(begin) - begin).max(LENGTH_MIN);
        let length = SimDuration::from_ns(whole.as_ns() >> zoom.min(ZOOM_MAX)).max(LENGTH_MIN);
        let latest = begin.as_ns() + (whole.as_ns() - length.as_ns().min(whole.as_ns()));
        let wished = middle.as_ns().saturating_sub(length.as_ns() / 2);
        let from = SimTime::from_ns(wished.clamp(begin.as_ns(), latest));
        Self { from, length, columns: columns.max(1) }
    }

    /// Where it ends.
    pub(super) fn to(&self) -> SimTime {
        self.from + self.length
    }

    /// The column of a moment; none for one that is not shown. The end is in the last column.
    pub(super) fn column(&self, at: SimTime) -> Option<usize> {
        if at < self.from || at > self.to() {
            return None;
        }
        let passed = u128::from((at - self.from).as_ns());
        let column = passed * self.columns as u128 / u128::from(self.length.as_ns());
        Some((column as usize).min(self.columns - 1))
    }

    /// From when to when a column is.
    pub(super) fn cell(&self, column: usize) -> (SimTime, SimTime) {
        let at = |column: usize| {
            let ns = u128::from(self.length.as_ns()) * column as u128 / self.columns as u128;
            self.from + SimDuration::from_ns(ns as u64)
        };
        (at(column), at(column + 1))
    }

    /// How long one column is.
    pub(super) fn per_column(&self) -> SimDuration {
        SimDuration::from_ns((self.length.as_ns() / self.columns as u64).max(1))
    }

    /// Moments at round distances from `zero`, with their columns and how they are written.
    pub(super) fn ticks(&self, zero: SimTime) -> Vec<(usize, String)> {
        let step = self.tick();
        let first = self.from.max(zero) - zero;
        let mut after = SimDuration::from_ns(first.as_ns().div_ceil(step.as_ns()) * step.as_ns());
        let mut ticks = Vec::new();
        while let Some(column) = self.column(zero + after) {
            ticks.push((column, after.to_string()));
            after = after + step;
        }
        ticks
    }

    /// 1, 2 or 5 times a power of ten nanoseconds, so that ticks stand well apart.
    fn tick(&self) -> SimDuration {
        let least = u128::from(self.length.as_ns()) * TICK_COLUMNS_MIN as u128;
        let least = least.div_ceil(self.columns as u128);
        let mut unit: u128 = 1;
        loop {
            for times in [1, 2, 5] {
                if times * unit >= least {
                    return SimDuration::from_ns(u64::try_from(times * unit).unwrap_or(u64::MAX));
                }
            }
            unit *= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn axis(zoom: u32, middle_ms: u64) -> Axis {
        let at = |ms: u64| SimTime::from_ns(ms * 1_000_000);
        Axis::new((at(100), at(1_300)), zoom, at(middle_ms), 60)
    }

    #[test]
    fn ticks_stand_at_round_distances_from_the_beginning() {
        let ticks = axis(0, 0).ticks(SimTime::from_ns(100_000_000));
        let texts: Vec<&str> = ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["0ns", "200ms", "400ms", "600ms", "800ms", "1s", "1.2s"]);
        assert_eq!(ticks[1].0, 10);
    }

    #[test]
    fn each_step_of_zoom_halves_what_is_shown_around_the_cursor() {
        let axis = axis(2, 700);
        assert_eq!(axis.length, SimDuration::from_ms(300));
        let middle = axis.column(SimTime::from_ns(700_000_000)).expect("the cursor is shown");
        assert!((29..=31).contains(&middle), "{middle}");
    }

    proptest! {
        #[test]
        fn what_is_shown_lies_within_the_whole_and_shows_the_middle(
            begin in 0u64..1_000_000, length in 0u64..10_000_000_000, zoom in 0u32..50,
            share in 0u64..=100, columns in 1usize..200,
        ) {
            let (begin, end) = (SimTime::from_ns(begin), SimTime::from_ns(begin + length));
            let middle = begin + SimDuration::from_ns(length * share / 100);
            let axis = Axis::new((begin, end), zoom, middle, columns);
            prop_assert!(axis.from >= begin);
            prop_assert!(axis.column(middle).is_some());
            for column in [0, columns - 1] {
                let (from, to) = axis.cell(column);
                prop_assert!(from <= to && to <= axis.to());
            }
            let ticks = axis.ticks(begin);
            prop_assert!(ticks.len() <= columns / 9 + 2);
        }
    }
}
