//! Which of several things, by weight.

use crate::kernel::Draws;

/// A choice by whole weights, one draw each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedChoice {
    /// The running sums of the weights.
    sums: Vec<u64>,
}

impl WeightedChoice {
    /// A choice between as many things as there are weights.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let add = |sum: &mut u64, weight: u32| {
            *sum += u64::from(weight);
            Some(*sum)
        };
        Self { sums: weights.into_iter().scan(0, add).collect() }
    }

    /// The position of the thing that is chosen: 0 when there is nothing to choose between.
    pub fn choose(&self, draws: &mut impl Draws) -> usize {
        let total = self.sums.last().copied().unwrap_or(0);
        if self.sums.len() < 2 || total == 0 {
            return 0;
        }
        // The product's high word lies below the total, with a bias of at most total / 2^64.
        let point = ((u128::from(draws.next_u64()) * u128::from(total)) >> 64) as u64;
        self.sums.partition_point(|sum| *sum <= point)
    }
}
