//! What outlier detection decided, with what it needs to be explained.

use super::super::super::config::OutlierDetection;
use super::super::HostId;
use crate::units::{SimDuration, SimTime};

/// What found that a host fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detector {
    /// Answers of 5xx in a row.
    Consecutive5xx,
    /// Answers of 502, 503 and 504 in a row.
    ConsecutiveGateway,
    /// Failures of the proxy's own making in a row.
    ConsecutiveLocalOrigin,
    /// A success rate far below that of the others.
    SuccessRate,
    /// The same for failures of the proxy's own making.
    LocalOriginSuccessRate,
    /// A share of failures.
    FailurePercentage,
    /// The same for failures of the proxy's own making.
    LocalOriginFailurePercentage,
}

impl Detector {
    /// How often it ejects, in percent.
    pub(super) fn enforcing(self, config: &OutlierDetection) -> u32 {
        match self {
            Self::Consecutive5xx => config.enforcing_consecutive_5xx,
            Self::ConsecutiveGateway => config.enforcing_consecutive_gateway,
            Self::ConsecutiveLocalOrigin => config.enforcing_consecutive_local,
            Self::SuccessRate => config.enforcing_success_rate,
            Self::LocalOriginSuccessRate => config.enforcing_local_success_rate,
            Self::FailurePercentage => config.enforcing_failure_percentage,
            Self::LocalOriginFailurePercentage => config.enforcing_local_failure_percentage,
        }
    }
}

/// Why a host that was found to fail is not ejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spared {
    /// Too many hosts would be ejected.
    Limit,
    /// The detector is not enforced, or not this time.
    NotEnforced,
}

/// What happened to a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// It is ejected.
    Ejected {
        /// What found it.
        by: Detector,
        /// The first sweep from this time on brings it back.
        returns_from: SimTime,
    },
    /// It was found to fail, and is not ejected.
    Spared {
        /// What found it.
        by: Detector,
        /// Why it is not ejected.
        why: Spared,
    },
    /// It is back.
    Returned {
        /// How long it was away.
        after: SimDuration,
    },
}

/// A decision of outlier detection. [`super::super::ClusterState::explain`] gives the reasons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthChange {
    /// The host.
    pub host: HostId,
    /// When it was decided.
    pub at: SimTime,
    /// What was decided.
    pub change: Change,
    /// How many hosts are ejected afterwards.
    pub ejected: u32,
    /// Out of how many.
    pub hosts: u32,
    /// The success rate of the host and the one below which it is an outlier, in percent, where
    /// rates decided.
    pub rates: Option<(f64, f64)>,
    /// When the workers learn of it: changes shortly after another are delivered together.
    pub seen_from: SimTime,
}

impl HealthChange {
    /// Whether the workers have to learn of it.
    pub(in super::super) fn is_news(&self) -> bool {
        !matches!(self.change, Change::Spared { .. })
    }

    /// Takes it back from a sorted list of ejected hosts.
    pub(in super::super) fn undo(&self, ejected: &mut Vec<u32>) {
        match (self.change, ejected.binary_search(&self.host.raw())) {
            (Change::Ejected { .. }, Ok(at)) => drop(ejected.remove(at)),
            (Change::Returned { .. }, Err(at)) => ejected.insert(at, self.host.raw()),
            _ => {}
        }
    }
}
