//! What a cluster's state shows of itself: counters, and hosts as they stand now.

use std::collections::BTreeMap;

use super::super::config::{DeclaredHealth, Endpoint};
use super::{Detector, HostId};
use crate::units::SimTime;

/// What happened so often; the names are those of Envoy's counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `lb_healthy_panic`: requests for which hosts were chosen whatever their health.
    pub healthy_panic: u64,
    /// `outlier_detection.ejections_detected_*`.
    pub detected: BTreeMap<Detector, u64>,
    /// `outlier_detection.ejections_enforced_*`; their sum is `ejections_enforced_total`.
    pub enforced: BTreeMap<Detector, u64>,
    /// `outlier_detection.ejections_overflow`: ejections that the greatest share forbade.
    pub ejections_overflow: u64,
}

/// A host as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct HostState<'a> {
    /// The host.
    pub id: HostId,
    /// Its endpoint.
    pub endpoint: &'a Endpoint,
    /// Requests under way to it.
    pub active: u32,
    /// `failed_outlier_check`: it is ejected.
    pub ejected: bool,
    /// From when on a sweep brings it back.
    pub returns_from: Option<SimTime>,
    /// How often it was ejected.
    pub ejections: u32,
    /// Whether the workers count it as healthy.
    pub used: bool,
    /// What outlier detection counts of it; `None` without outlier detection.
    pub watched: Option<Watched>,
}

/// What outlier detection counts of one host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Answers of 5xx in a row.
    pub in_row_5xx: u32,
    /// Answers of 502, 503 and 504 in a row.
    pub in_row_gateway: u32,
    /// Failures of the proxy's own making in a row.
    pub in_row_local: u32,
    /// What the base ejection time is multiplied by for the ejection under way, or was for the
    /// latest; it falls again in quiet intervals.
    pub backoff: u32,
    /// Requests in the interval under way.
    pub requests: u32,
    /// Of these, the successes.
    pub successes: u32,
    /// When it came back last.
    pub returned_at: Option<SimTime>,
}

/// The hosts of one priority, as the workers see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelState {
    /// All of them.
    pub hosts: u32,
    /// Those that get requests.
    pub healthy: u32,
    /// Those that get requests when healthy ones are too few.
    pub degraded: u32,
    /// The share of requests that this priority gets, in percent.
    pub load_percent: u32,
    /// Whether it is in a panic: health is not looked at.
    pub panics: bool,
}

impl HostState<'_> {
    /// What Envoy's admin interface shows of the host's health; empty for a healthy host. Source:
    /// Envoy, `clusters_handler.cc`: a health check that timed out shows as `UNHEALTHY` too.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let declared = match self.endpoint.health {
            DeclaredHealth::Unknown | DeclaredHealth::Healthy => None,
            DeclaredHealth::Unhealthy | DeclaredHealth::Timeout => Some("UNHEALTHY"),
            DeclaredHealth::Draining => Some("DRAINING"),
            DeclaredHealth::Degraded => Some("DEGRADED"),
        };
        self.ejected.then_some("failed_outlier_check").into_iter().chain(declared)
    }
}

impl Counters {
    /// All counters that are not zero, under Envoy's names behind the cluster's.
    #[must_use]
    pub fn named(&self) -> Vec<(&'static str, u64)> {
        let total = self.enforced.values().sum();
        let mut all = vec![
            ("lb_healthy_panic", self.healthy_panic),
            ("outlier_detection.ejections_enforced_total", total),
            ("outlier_detection.ejections_overflow", self.ejections_overflow),
        ];
        all.extend(self.detected.iter().map(|(by, &count)| (names(*by).0, count)));
        all.extend(self.enforced.iter().map(|(by, &count)| (names(*by).1, count)));
        all.retain(|&(_, count)| count > 0);
        all.sort_unstable();
        all
    }
}

/// The counters of findings and of ejections.
const fn names(by: Detector) -> (&'static str, &'static str) {
    match by {
        Detector::Consecutive5xx => (
            "outlier_detection.ejections_detected_consecutive_5xx",
            "outlier_detection.ejections_enforced_consecutive_5xx",
        ),
        Detector::ConsecutiveGateway => (
            "outlier_detection.ejections_detected_consecutive_gateway_failure",
            "outlier_detection.ejections_enforced_consecutive_gateway_failure",
        ),
        Detector::ConsecutiveLocalOrigin => (
            "outlier_detection.ejections_detected_consecutive_local_origin_failure",
            "outlier_detection.ejections_enforced_consecutive_local_origin_failure",
        ),
        Detector::SuccessRate => (
            "outlier_detection.ejections_detected_success_rate",
            "outlier_detection.ejections_enforced_success_rate",
        ),
        Detector::LocalOriginSuccessRate => (
            "outlier_detection.ejections_detected_local_origin_success_rate",
            "outlier_detection.ejections_enforced_local_origin_success_rate",
        ),
        Detector::FailurePercentage => (
            "outlier_detection.ejections_detected_failure_percentage",
            "outlier_detection.ejections_enforced_failure_percentage",
        ),
        Detector::LocalOriginFailurePercentage => (
            "outlier_detection.ejections_detected_local_origin_failure_percentage",
            "outlier_detection.ejections_enforced_local_origin_failure_percentage",
        ),
    }
}

/// Nothing happened.
pub(super) static NONE: Counters = Counters {
    healthy_panic: 0,
    detected: BTreeMap::new(),
    enforced: BTreeMap::new(),
    ejections_overflow: 0,
};
