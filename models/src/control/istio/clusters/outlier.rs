//! Ejection of hosts that fail: what `outlierDetection` says, and Envoy's and Istio's defaults
//! (istio `pilot/pkg/networking/core/cluster_traffic_policy.go`, `applyOutlierDetection`).

use crate::explain::Sourced;
use crate::manifest::Located;
use crate::manifest::kinds::istio::OutlierSettings;
use crate::profile::Profile;
use crate::proxy::envoy::config::OutlierDetection;
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::limits::sourced;

/// Envoy's defaults (api/envoy/config/cluster/v3/outlier_detection.proto).
const INTERVAL: SimDuration = SimDuration::from_secs(10);
const BASE_EJECTION: SimDuration = SimDuration::from_secs(30);
const MAX_EJECTION: SimDuration = SimDuration::from_secs(300);
const MAX_EJECTION_SHARE: Ppm = Ppm::from_percent(10);
const CONSECUTIVE: u32 = 5;

/// With a smaller share of healthy hosts than this, Envoy uses all, where nobody says otherwise
/// (api/envoy/config/cluster/v3/cluster.proto, `healthy_panic_threshold`).
const ENVOY_PANIC: Ppm = Ppm::from_percent(50);

/// The detection of a cluster. Success rates never eject: Istio turns that off.
pub(super) fn detection(settings: &OutlierSettings) -> OutlierDetection {
    let base = settings.base_ejection.as_ref();
    let base = base.map_or(Sourced::default_of(BASE_EJECTION, "envoy.base-ejection-time"), sourced);
    let splits = settings.split_local_origin.is_some_and(|split| split.value);
    let consecutive = |written: Option<&Located<u32>>, name| match written {
        Some(written) => (sourced(written), if written.value > 0 { 100 } else { 0 }),
        None => (Sourced::default_of(CONSECUTIVE, name), 100),
    };
    let (consecutive_5xx, enforcing_5xx) =
        consecutive(settings.consecutive_5xx.as_ref(), "envoy.consecutive-5xx");
    let gateway = settings.consecutive_gateway.as_ref();
    let (consecutive_gateway, enforcing_gateway) =
        consecutive(gateway, "envoy.consecutive-gateway-failure");
    let local = settings.consecutive_local.filter(|local| splits && local.value > 0);
    let share = settings.max_ejection_percent.filter(|percent| percent.value > 0);
    OutlierDetection {
        interval: settings
            .interval
            .as_ref()
            .map_or(Sourced::default_of(INTERVAL, "envoy.outlier-interval"), sourced),
        base_ejection: base,
        max_ejection: if base.value > MAX_EJECTION {
            base
        } else {
            Sourced::default_of(MAX_EJECTION, "envoy.max-ejection-time")
        },
        max_ejection_jitter: SimDuration::ZERO,
        max_ejection_share: share.map_or(
            Sourced::default_of(MAX_EJECTION_SHARE, "envoy.max-ejection-percent"),
            |percent| sourced(&percent).map(Ppm::from_percent),
        ),
        always_eject_one: false,
        consecutive_5xx,
        enforcing_consecutive_5xx: enforcing_5xx,
        consecutive_gateway,
        // Off unless it is asked for.
        enforcing_consecutive_gateway: if gateway.is_some() { enforcing_gateway } else { 0 },
        split_local_origin: splits,
        consecutive_local: local.map_or(
            Sourced::default_of(CONSECUTIVE, "envoy.consecutive-local-origin-failure"),
            |local| sourced(&local),
        ),
        enforcing_consecutive_local: 100,
        enforcing_success_rate: 0,
        enforcing_local_success_rate: 0,
        success_rate_min_hosts: 5,
        success_rate_request_volume: 100,
        success_rate_stdev_factor: 1900,
        failure_percentage_threshold: 85,
        enforcing_failure_percentage: 0,
        enforcing_local_failure_percentage: 0,
        failure_percentage_min_hosts: 5,
        failure_percentage_request_volume: 50,
        origin: Origin::Manifest(settings.place),
    }
}

/// Envoy's own panic threshold.
pub(super) const fn panic_threshold_without_ejection() -> Sourced<Ppm> {
    Sourced::default_of(ENVOY_PANIC, "envoy.healthy-panic-threshold")
}

/// The panic threshold: Istio sets it as soon as hosts may be ejected, to nothing unless
/// `minHealthPercent` says more, so that there is no panic.
pub(super) fn panic_threshold(
    settings: Option<&OutlierSettings>,
    profile: &Profile,
) -> Sourced<Ppm> {
    match settings {
        None => panic_threshold_without_ejection(),
        Some(settings) => settings.min_health_percent.as_ref().map_or(
            Sourced::default_of(*profile.istio.min_health, "istio.min-health-percent"),
            |percent| sourced(percent).map(Ppm::from_percent),
        ),
    }
}
