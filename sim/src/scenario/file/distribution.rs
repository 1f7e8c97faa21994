//! How long something takes, as a constant or a distribution.

use meshwalk_models::units::SimDuration;
use serde::{Deserialize, Serialize};

/// A duration, or a distribution of durations. A bare duration such as `3ms` is constant.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DurationSpec {
    /// Always the same.
    Constant(SimDuration),
    /// Every value between two bounds alike.
    Uniform {
        /// The shortest.
        min: SimDuration,
        /// The longest.
        max: SimDuration,
    },
    /// Memoryless, as in queueing theory.
    Exponential {
        /// The mean.
        mean: SimDuration,
    },
    /// Log-normal, the usual shape of service times.
    Lognormal {
        /// The median.
        p50: SimDuration,
        /// The 99th percentile.
        p99: SimDuration,
    },
    /// Gamma.
    Gamma {
        /// The mean.
        mean: SimDuration,
        /// The shape; 1 is exponential, more is steadier.
        shape: f64,
    },
    /// Measured quantiles, joined by straight lines.
    Empirical(Vec<QuantilePoint>),
}

/// One measured quantile.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantilePoint {
    /// From 0 to 1.
    pub quantile: f64,
    /// The duration that this share of all values does not exceed.
    pub value: SimDuration,
}
