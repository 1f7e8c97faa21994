//! Lengths of time drawn at random, with their parameters checked when they are made.
//!
//! All but the gamma distribution take one draw a sample and grow with it, so that two runs with
//! common random numbers stay comparable. Functions come from libm, whose results do not depend
//! on the platform.

use std::sync::Arc;

use meshwalk_models::units::SimDuration;

use super::Draws;
use super::normal::normal_quantile;

/// A distribution of durations.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(SimDuration),
    /// Every nanosecond of a range equally likely.
    Uniform(Uniform),
    /// Memoryless.
    Exponential(Exponential),
    /// Skewed to the right, as service times often are.
    LogNormal(LogNormal),
    /// A sum of exponentials, for shapes that are whole numbers.
    Gamma(Gamma),
    /// Measured quantiles with straight lines between them.
    Empirical(Empirical),
}

/// Why a distribution cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DistributionError {
    /// The upper end lies below the lower end.
    #[error("the range ends at {high}, before it begins at {low}")]
    EmptyRange {
        /// Where the range was to begin.
        low: SimDuration,
        /// Where the range was to end.
        high: SimDuration,
    },
    /// A length of zero where only a longer one makes sense.
    #[error("the {0} must be longer than zero")]
    Zero(&'static str),
    /// The 99th percentile lies below the median.
    #[error("the p99 of {p99} lies below the p50 of {p50}")]
    Percentiles {
        /// The median.
        p50: SimDuration,
        /// The 99th percentile.
        p99: SimDuration,
    },
    /// The shape of a gamma distribution is out of range.
    #[error("expected a shape from 0.001 to 1000000, got {0}")]
    Shape(f64),
    /// The table has too few points, or does not reach from the minimum to the maximum.
    #[error("expected quantiles from 0 (the minimum) to 1 (the maximum), at least these two")]
    TableEnds,
    /// A quantile does not exceed the one before it, or is not a number.
    #[error("expected ascending quantiles, got {found} after {before}")]
    TableOrder {
        /// The quantile before.
        before: f64,
        /// The quantile that does not follow.
        found: f64,
    },
    /// A value is smaller than the value of a lower quantile.
    #[error("expected values that do not fall, got {found} after {before}")]
    TableFalls {
        /// The value before.
        before: SimDuration,
        /// The value that is smaller.
        found: SimDuration,
    },
}

impl Distribution {
    /// Always `value`.
    #[must_use]
    pub fn constant(value: SimDuration) -> Self {
        Self::Constant(value)
    }

    /// Every nanosecond from `low` to `high`, both included, equally likely.
    ///
    /// # Errors
    /// When `high` is below `low`.
    pub fn uniform(low: SimDuration, high: SimDuration) -> Result<Self, DistributionError> {
        if high < low {
            return Err(DistributionError::EmptyRange { low, high });
        }
        Ok(Self::Uniform(Uniform { low_ns: low.as_ns(), span_ns: high.as_ns() - low.as_ns() }))
    }

    /// Exponential with the given mean.
    ///
    /// # Errors
    /// When the mean is zero.
    pub fn exponential(mean: SimDuration) -> Result<Self, DistributionError> {
        if mean == SimDuration::ZERO {
            return Err(DistributionError::Zero("mean"));
        }
        Ok(Self::Exponential(Exponential { mean_ns: mean.as_ns() as f64 }))
    }

    /// Lognormal through its median and its 99th percentile.
    ///
    /// # Errors
    /// When the median is zero or `p99` is below it.
    pub fn lognormal(p50: SimDuration, p99: SimDuration) -> Result<Self, DistributionError> {
        if p50 == SimDuration::ZERO {
            return Err(DistributionError::Zero("p50"));
        }
        if p99 < p50 {
            return Err(DistributionError::Percentiles { p50, p99 });
        }
        let (p50_ns, p99_ns) = (p50.as_ns() as f64, p99.as_ns() as f64);
        let sigma = libm::log(p99_ns / p50_ns) / normal_quantile(0.99);
        Ok(Self::LogNormal(LogNormal::new(libm::log(p50_ns), sigma)))
    }

    /// Gamma with the given mean and shape; a shape of 1 is the exponential distribution, a larger
    /// one is less variable.
    ///
    /// # Errors
    /// When the mean is zero or the shape lies outside 0.001 to 1000000.
    pub fn gamma(mean: SimDuration, shape: f64) -> Result<Self, DistributionError> {
        if mean == SimDuration::ZERO {
            return Err(DistributionError::Zero("mean"));
        }
        if !(0.001..=1e6).contains(&shape) {
            return Err(DistributionError::Shape(shape));
        }
        Ok(Self::Gamma(Gamma { shape, scale_ns: mean.as_ns() as f64 / shape }))
    }

    /// Measured quantiles, from 0 (the minimum) to 1 (the maximum), with straight lines between.
    ///
    /// # Errors
    /// When the ends are missing, the quantiles do not ascend or the values fall.
    pub fn empirical(table: &[(f64, SimDuration)]) -> Result<Self, DistributionError> {
        let ends = (table.first().map(|point| point.0), table.last().map(|point| point.0));
        if ends != (Some(0.0), Some(1.0)) {
            return Err(DistributionError::TableEnds);
        }
        for pair in table.windows(2) {
            let [(quantile, value), (next_quantile, next_value)] = [pair[0], pair[1]];
            if next_quantile.is_nan() || next_quantile <= quantile {
                return Err(DistributionError::TableOrder {
                    before: quantile,
                    found: next_quantile,
                });
            }
            if next_value < value {
                return Err(DistributionError::TableFalls { before: value, found: next_value });
            }
        }
        let points = table.iter().map(|(quantile, value)| (*quantile, value.as_ns() as f64));
        Ok(Self::Empirical(Empirical { points: points.collect() }))
    }

    /// One sample, rounded to the nanosecond and held at [`SimDuration::MAX`].
    pub fn sample(&self, draws: &mut impl Draws) -> SimDuration {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform(uniform) => uniform.sample(draws),
            Self::Exponential(exponential) => exponential.sample(draws),
            Self::LogNormal(lognormal) => lognormal.sample(draws),
            Self::Gamma(gamma) => gamma.sample(draws),
            Self::Empirical(empirical) => empirical.sample(draws),
        }
    }

    /// The mean in nanoseconds, by formula.
    #[must_use]
    pub fn mean_ns(&self) -> f64 {
        match self {
            Self::Constant(value) => value.as_ns() as f64,
            Self::Uniform(uniform) => uniform.low_ns as f64 + uniform.span_ns as f64 / 2.0,
            Self::Exponential(exponential) => exponential.mean_ns,
            Self::LogNormal(LogNormal { mu, sigma, .. }) => libm::exp(mu + sigma * sigma / 2.0),
            Self::Gamma(gamma) => gamma.shape * gamma.scale_ns,
            Self::Empirical(empirical) => empirical.mean_ns(),
        }
    }
}

/// See [`Distribution::uniform`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    low_ns: u64,
    span_ns: u64,
}

impl Uniform {
    fn sample(self, draws: &mut impl Draws) -> SimDuration {
        // The product's high word is uniform on 0..=span but for a bias of span / 2^64.
        let product = u128::from(draws.next_u64()) * (u128::from(self.span_ns) + 1);
        SimDuration::from_ns(self.low_ns + (product >> 64) as u64)
    }
}

/// See [`Distribution::exponential`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    mean_ns: f64,
}

impl Exponential {
    fn sample(self, draws: &mut impl Draws) -> SimDuration {
        SimDuration::from_ns_f64(-self.mean_ns * libm::log(1.0 - draws.uniform()))
    }
}

/// See [`Distribution::lognormal`].
#[derive(Clone, Debug, PartialEq)]
pub struct LogNormal {
    mu: f64,
    sigma: f64,
    /// Quantiles in nanoseconds at equal steps, joined by straight lines; empty where lines would
    /// be too coarse.
    knots_ns: Arc<[f64]>,
}

impl LogNormal {
    /// Steps between quantile 0 and 1.
    const KNOTS: usize = 512;
    /// The outermost steps at each end are computed, because the tails bend too much.
    const TAIL_KNOTS: usize = 16;
    /// Up to here (p99 ten times p50) a line is within 0.03 % of the curve.
    const SIGMA_OF_LINES_MAX: f64 = 1.0;

    fn new(mu: f64, sigma: f64) -> Self {
        let curve = Self { mu, sigma, knots_ns: Arc::new([]) };
        if sigma > Self::SIGMA_OF_LINES_MAX {
            return curve;
        }
        let middle = Self::TAIL_KNOTS..=Self::KNOTS - Self::TAIL_KNOTS;
        let knot = |knot: usize| match middle.contains(&knot) {
            true => curve.quantile_ns(knot as f64 / Self::KNOTS as f64),
            false => 0.0,
        };
        Self { knots_ns: (0..=Self::KNOTS).map(knot).collect(), ..curve }
    }

    fn quantile_ns(&self, quantile: f64) -> f64 {
        libm::exp(self.mu + self.sigma * normal_quantile(quantile))
    }

    /// The quantile by the lines, where there are any.
    fn line_ns(&self, quantile: f64) -> Option<f64> {
        let position = quantile * Self::KNOTS as f64;
        let knot = position as usize;
        if !(Self::TAIL_KNOTS..Self::KNOTS - Self::TAIL_KNOTS).contains(&knot) {
            return None;
        }
        let (low, high) = (*self.knots_ns.get(knot)?, *self.knots_ns.get(knot + 1)?);
        Some(low + (position - knot as f64) * (high - low))
    }

    fn sample(&self, draws: &mut impl Draws) -> SimDuration {
        let quantile = draws.uniform_open();
        let ns = self.line_ns(quantile).unwrap_or_else(|| self.quantile_ns(quantile));
        SimDuration::from_ns_f64(ns)
    }
}

/// See [`Distribution::gamma`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    shape: f64,
    scale_ns: f64,
}

/// More than one try in twenty is accepted, so this many failures in a row do not happen; the
/// bound says that sampling ends whatever the draws are.
const GAMMA_TRIES: u32 = 64;

impl Gamma {
    /// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000): a rejection
    /// method, whose number of draws varies. Give it a stream or a key of its own.
    fn sample(self, draws: &mut impl Draws) -> SimDuration {
        let (shape, boost) = if self.shape < 1.0 {
            (self.shape + 1.0, libm::pow(draws.uniform_open(), 1.0 / self.shape))
        } else {
            (self.shape, 1.0)
        };
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        for _ in 0..GAMMA_TRIES {
            let x = normal_quantile(draws.uniform_open());
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            if libm::log(draws.uniform_open()) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
                return SimDuration::from_ns_f64(d * v * boost * self.scale_ns);
            }
        }
        SimDuration::from_ns_f64(d * boost * self.scale_ns)
    }
}

/// See [`Distribution::empirical`].
#[derive(Clone, Debug, PartialEq)]
pub struct Empirical {
    /// Quantile and value in nanoseconds, both ascending; shared by all clones.
    points: Arc<[(f64, f64)]>,
}

impl Empirical {
    fn sample(&self, draws: &mut impl Draws) -> SimDuration {
        let u = draws.uniform();
        // The first quantile is 0 and the last is 1, so there is a point on either side.
        let above = self.points.partition_point(|(quantile, _)| *quantile <= u);
        let ((q0, v0), (q1, v1)) = (self.points[above - 1], self.points[above]);
        SimDuration::from_ns_f64(v0 + (v1 - v0) * ((u - q0) / (q1 - q0)))
    }

    fn mean_ns(&self) -> f64 {
        self.points.windows(2).map(|p| (p[1].0 - p[0].0) * (p[0].1 + p[1].1) / 2.0).sum()
    }
}

#[cfg(test)]
mod tests;
