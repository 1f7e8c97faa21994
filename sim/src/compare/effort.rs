//! How many replications are run: a fixed number, or until the differences are known. When it
//! looks does not depend on the machine.

use std::ops::Range;

use crate::stats::Estimate;

/// The replications before the first look; fewer make an interval that says nothing.
const FIRST_LOOK: u32 = 4;

/// How well a difference must be known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard {
    /// The half-width of its interval, as a share of the difference.
    pub relative: f64,
    /// A half-width in milliseconds that is good enough whatever the difference is.
    pub floor_ms: f64,
}

impl Standard {
    /// Whether `difference` is known well enough; never without an interval.
    #[must_use]
    pub fn is_met_by(&self, difference: &Estimate) -> bool {
        let good_enough_ms = (self.relative * difference.value.abs()).max(self.floor_ms);
        difference.half_width.is_some_and(|half_width| half_width <= good_enough_ms)
    }
}

/// How many replications are run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effort {
    /// So many.
    Fixed(u32),
    /// As many as it takes.
    Until {
        /// When it is enough.
        standard: Standard,
        /// When it ends in any case.
        replications_max: u32,
    },
}

impl Effort {
    /// The replications to run next, when `done` are finished and `is_known` says whether every
    /// difference meets a standard; none when it is enough.
    ///
    /// It looks after 4 replications and then each time that there are half as many again, so that
    /// the number of looks, each a chance to stop on luck, stays small.
    pub fn next(self, done: u32, is_known: impl FnOnce(&Standard) -> bool) -> Range<u32> {
        match self {
            Self::Fixed(replications) => done..replications.max(done),
            Self::Until { standard, replications_max } => {
                if done >= replications_max || (done >= FIRST_LOOK && is_known(&standard)) {
                    return done..done;
                }
                let next_look = FIRST_LOOK.max(done + done / 2);
                done..next_look.min(replications_max)
            }
        }
    }

    /// The most replications that it can come to.
    #[must_use]
    pub const fn replications_max(self) -> u32 {
        match self {
            Self::Fixed(replications) => replications,
            Self::Until { replications_max, .. } => replications_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: Standard = Standard { relative: 0.05, floor_ms: 0.1 };

    /// How many replications are finished after each round.
    fn rounds(effort: Effort, known_after: u32) -> Vec<u32> {
        let mut done = 0;
        let mut rounds = Vec::new();
        loop {
            let next = effort.next(done, |_| done >= known_after);
            assert_eq!(next.start, done);
            if next.is_empty() {
                return rounds;
            }
            done = next.end;
            rounds.push(done);
        }
    }

    #[test]
    fn it_stops_at_the_first_look_at_which_the_differences_are_known() {
        let effort = Effort::Until { standard: STANDARD, replications_max: 20 };
        assert_eq!(rounds(effort, 0), [4]);
        assert_eq!(rounds(effort, 8), [4, 6, 9]);
        assert_eq!(rounds(effort, u32::MAX), [4, 6, 9, 13, 19, 20]);
    }

    #[test]
    fn a_fixed_number_is_run_at_once_and_nobody_looks() {
        assert_eq!(rounds(Effort::Fixed(10), 0), [10]);
        assert_eq!(rounds(Effort::Fixed(1), 0), [1]);
        let few = Effort::Until { standard: STANDARD, replications_max: 2 };
        assert_eq!(rounds(few, 0), [2]);
    }

    #[test]
    fn a_difference_is_known_by_its_share_or_by_the_floor_and_never_without_an_interval() {
        let estimate = |value, half_width| Estimate { value, half_width };
        assert!(STANDARD.is_met_by(&estimate(-10.0, Some(0.5))));
        assert!(!STANDARD.is_met_by(&estimate(10.0, Some(0.51))));
        assert!(STANDARD.is_met_by(&estimate(0.0, Some(0.1))));
        assert!(!STANDARD.is_met_by(&estimate(0.0, Some(0.11))));
        assert!(!STANDARD.is_met_by(&estimate(0.0, None)));
    }
}
