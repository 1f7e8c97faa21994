//! Probabilities, checked once where they are read.

use serde::{Deserialize, Serialize};

/// A probability from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

/// The number is no probability.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("expected a probability from 0 to 1, got {0}")]
pub struct RatioError(f64);

impl Probability {
    /// It never happens.
    pub const NEVER: Self = Self(0.0);
    /// It always happens.
    pub const ALWAYS: Self = Self(1.0);

    /// Checks that `value` lies between 0 and 1.
    ///
    /// # Errors
    /// When it does not, or is not a number.
    pub fn new(value: f64) -> Result<Self, RatioError> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(RatioError(value)) }
    }

    /// The bare number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether the event happens for a uniform `draw` of 64 bits.
    #[must_use]
    pub fn happens(self, draw: u64) -> bool {
        // 53 bits make every representable probability exact and 1.0 always true.
        ((draw >> 11) as f64) < self.0 * (1u64 << 53) as f64
    }
}

impl TryFrom<f64> for Probability {
    type Error = RatioError;

    fn try_from(value: f64) -> Result<Self, RatioError> {
        Self::new(value)
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_and_impossibility_are_exact() {
        for draw in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(Probability::ALWAYS.happens(draw));
            assert!(!Probability::NEVER.happens(draw));
        }
    }

    #[test]
    fn only_numbers_from_zero_to_one_are_probabilities() {
        for value in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Probability::new(value).is_err());
        }
    }
}
