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
}

impl HostState<'_> {
    /// The health flags as Envoy's admin interface words them; empty for a healthy host.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let declared = match self.endpoint.health {
            DeclaredHealth::Unknown | DeclaredHealth::Healthy => None,
            DeclaredHealth::Unhealthy => Some("failed_eds_health"),
            DeclaredHealth::Timeout => Some("failed_eds_health"),
            DeclaredHealth::Draining => Some("eds_status_draining"),
            DeclaredHealth::Degraded => Some("degraded_eds_health"),
        };
        self.ejected.then_some("failed_outlier_check").into_iter().chain(declared)
    }
}

/// Nothing happened.
pub(super) static NONE: Counters = Counters {
    healthy_panic: 0,
    detected: BTreeMap::new(),
    enforced: BTreeMap::new(),
    ejections_overflow: 0,
};
