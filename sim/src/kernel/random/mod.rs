//! Random draws that depend on names, not on the order in which things were built.
//!
//! A [`Stream`] is for things that happen in sequence to one entity; a [`CounterDraw`] is for a
//! thing that two runs must agree on whatever else happened before it. Both are portable: the
//! same seed gives the same draws on every platform.

mod counter;
mod distribution;
mod normal;
mod stream;

pub use counter::{CounterDraw, mix};
pub use distribution::{
    Distribution, DistributionError, Empirical, Exponential, Gamma, LogNormal, Uniform,
};
pub use stream::{Seed, Stream};

/// A source of independent, uniform draws.
pub trait Draws {
    /// 64 uniform bits.
    fn next_u64(&mut self) -> u64;

    /// A number from 0 (included) to 1 (excluded), on a grid of 2^-53.
    fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * GRID_53
    }

    /// A number strictly between 0 and 1, on a grid of 2^-53 that is symmetric about one half:
    /// for functions that are infinite at the ends.
    fn uniform_open(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * GRID_52
    }

    /// A whole number below `n`, each equally likely; 0 if `n` is 0.
    ///
    /// A draw is repeated with a probability of n / 2^64, so in practice it takes one.
    fn below(&mut self, n: u32) -> u32 {
        // Lemire, "Fast random integer generation in an interval" (2019), with 64 random bits.
        let n = u64::from(n);
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let uneven = n.wrapping_neg() % n;
            while (product as u64) < uneven {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u32
    }
}

const GRID_53: f64 = 1.0 / (1u64 << 53) as f64;
const GRID_52: f64 = 1.0 / (1u64 << 52) as f64;

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the listed bits, to place draws exactly.
    struct Listed(Vec<u64>);

    impl Draws for Listed {
        fn next_u64(&mut self) -> u64 {
            self.0.remove(0)
        }
    }

    #[test]
    fn uniform_draws_reach_zero_but_never_one() {
        assert_eq!(Listed(vec![0]).uniform(), 0.0);
        assert_eq!(Listed(vec![u64::MAX]).uniform(), 1.0 - 1.0 / (1u64 << 53) as f64);
        let ends = (Listed(vec![0]).uniform_open(), Listed(vec![u64::MAX]).uniform_open());
        assert!(ends.0 > 0.0 && ends.1 < 1.0, "{ends:?}");
        assert_eq!(ends.0, 1.0 - ends.1);
    }

    #[test]
    fn a_number_below_n_covers_its_range_evenly() {
        let mut stream = Seed(1).stream("die", "throw");
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[stream.below(6) as usize] += 1;
        }
        // Each count has a standard deviation of 91; five of them make a false alarm rare.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 460), "{counts:?}");
        assert_eq!([stream.below(1), stream.below(0)], [0, 0]);
    }

    #[test]
    fn the_uneven_rest_is_thrown_away() {
        // 2^64 mod 3 is 1: the single draw whose product leaves 0 is refused.
        assert_eq!(Listed(vec![0, 1]).below(3), 0);
        assert_eq!(Listed(vec![0, u64::MAX]).below(3), 2);
    }
}
