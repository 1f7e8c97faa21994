//! How long messages travel where a scenario does not say.

use serde::Deserialize;

use crate::units::SimDuration;

use super::Priced;

/// Round trips by distance, lognormal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkCost {
    /// Through the loopback device.
    pub loopback: LinkPrior,
    /// Two nodes of one zone.
    pub same_zone: LinkPrior,
    /// Two zones of one region.
    pub same_region: LinkPrior,
    /// Two regions.
    pub cross_region: LinkPrior,
}

/// The round trip of one distance.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkPrior {
    /// The median.
    pub p50: Priced<SimDuration>,
    /// The 99th percentile.
    pub p99: Priced<SimDuration>,
}
