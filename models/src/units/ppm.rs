//! Exact fractions in parts per million, for configuration that is compared and hashed.

use serde::{Deserialize, Serialize};

/// A fraction in parts per million; percentages of proxies fit it without rounding.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ppm(u32);

impl Ppm {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole.
    pub const ONE: Self = Self(1_000_000);

    /// So many parts per million; more than the whole is allowed (an overprovisioning factor).
    #[must_use]
    pub const fn from_ppm(ppm: u32) -> Self {
        Self(ppm)
    }

    /// So many hundredths.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Self {
        Self(percent.saturating_mul(10_000))
    }

    /// The fraction nearest to `percent`, a number of hundredths; negative numbers and what is no
    /// number count as nothing.
    #[must_use]
    pub fn from_percent_f64(percent: f64) -> Self {
        // A cast from a float saturates and takes what is no number for zero.
        Self(libm::round(percent * 10_000.0) as u32)
    }

    /// Parts per million.
    #[must_use]
    pub const fn as_ppm(self) -> u32 {
        self.0
    }

    /// Hundredths, for display and for comparisons that the proxy makes in floating point.
    #[must_use]
    pub fn as_percent_f64(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// Whether the event happens for a uniform `draw` of 64 bits.
    #[must_use]
    pub fn happens(self, draw: u64) -> bool {
        // The upper half times a million, and its upper half: uniform from 0 to 999 999.
        let rolled = ((draw >> 32) * 1_000_000) >> 32;
        rolled < u64::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_of_configuration_are_exact() {
        assert_eq!(Ppm::from_percent(10), Ppm::from_percent_f64(10.0));
        assert_eq!(Ppm::from_percent_f64(0.0001), Ppm::from_ppm(1));
        assert_eq!(Ppm::from_percent_f64(-3.0), Ppm::ZERO);
        assert_eq!(Ppm::from_percent_f64(f64::NAN), Ppm::ZERO);
    }

    #[test]
    fn certainty_and_impossibility_are_exact() {
        for draw in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(Ppm::ONE.happens(draw));
            assert!(!Ppm::ZERO.happens(draw));
        }
        assert!(Ppm::from_percent(50).happens(u64::MAX / 2 - 1));
        assert!(!Ppm::from_percent(50).happens(u64::MAX / 2 + (1 << 33)));
    }
}
