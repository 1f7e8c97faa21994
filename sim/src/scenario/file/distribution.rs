//! How long something takes, as a constant or a distribution; drawing from it is the kernel's.

use std::fmt;

use meshwalk_models::units::SimDuration;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::kernel::{Distribution, DistributionError};

/// A duration, or a distribution of durations. A bare duration such as `3ms` is constant.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = allow_bare_duration)]
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
        #[schemars(extend("exclusiveMinimum" = 0))]
        shape: f64,
    },
    /// Measured quantiles from 0 (the minimum) to 1 (the maximum), joined by straight lines.
    Empirical(Vec<QuantilePoint>),
}

/// One measured quantile.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantilePoint {
    /// From 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub quantile: f64,
    /// The duration that this share of all values does not exceed.
    pub value: SimDuration,
}

impl DurationSpec {
    /// What the kernel draws from.
    ///
    /// # Errors
    /// When the parameters contradict one another; [`crate::scenario::check`] tells it first.
    pub fn distribution(&self) -> Result<Distribution, DistributionError> {
        match self {
            Self::Constant(value) => Ok(Distribution::constant(*value)),
            Self::Uniform { min, max } => Distribution::uniform(*min, *max),
            Self::Exponential { mean } => Distribution::exponential(*mean),
            Self::Lognormal { p50, p99 } => Distribution::lognormal(*p50, *p99),
            Self::Gamma { mean, shape } => Distribution::gamma(*mean, *shape),
            Self::Empirical(points) => {
                let table: Vec<_> =
                    points.iter().map(|point| (point.quantile, point.value)).collect();
                Distribution::empirical(&table)
            }
        }
    }
}

/// Lets editors accept a bare duration beside the distributions.
fn allow_bare_duration(schema: &mut schemars::Schema) {
    let Some(shapes) = schema.remove("oneOf") else { return };
    let bare = schemars::json_schema!({ "$ref": "#/$defs/Duration" });
    schema.insert("anyOf".to_owned(), serde_json::json!([bare, { "oneOf": shapes }]));
}

/// The names of the distributions, as keys.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Constant,
    Uniform,
    Exponential,
    Lognormal,
    Gamma,
    Empirical,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UniformFields {
    min: SimDuration,
    max: SimDuration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExponentialFields {
    mean: SimDuration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LognormalFields {
    p50: SimDuration,
    p99: SimDuration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GammaFields {
    mean: SimDuration,
    shape: f64,
}

// Derived code cannot read a bare duration, and an untagged enum would hide which part is wrong.
impl<'de> Deserialize<'de> for DurationSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpecVisitor)
    }
}

struct SpecVisitor;

impl<'de> Visitor<'de> for SpecVisitor {
    type Value = DurationSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `3ms`, or a mapping with one distribution")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<DurationSpec, E> {
        text.parse().map(DurationSpec::Constant).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<DurationSpec, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DurationSpec, A::Error> {
        let Some(shape) = map.next_key()? else {
            return Err(A::Error::custom("expected one distribution, got an empty mapping"));
        };
        let spec = match shape {
            Shape::Constant => DurationSpec::Constant(map.next_value()?),
            Shape::Uniform => {
                let UniformFields { min, max } = map.next_value()?;
                DurationSpec::Uniform { min, max }
            }
            Shape::Exponential => {
                let ExponentialFields { mean } = map.next_value()?;
                DurationSpec::Exponential { mean }
            }
            Shape::Lognormal => {
                let LognormalFields { p50, p99 } = map.next_value()?;
                DurationSpec::Lognormal { p50, p99 }
            }
            Shape::Gamma => {
                let GammaFields { mean, shape } = map.next_value()?;
                DurationSpec::Gamma { mean, shape }
            }
            Shape::Empirical => DurationSpec::Empirical(map.next_value()?),
        };
        if map.next_key::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom("expected one distribution, got several"));
        }
        Ok(spec)
    }
}
