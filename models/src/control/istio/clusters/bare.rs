//! What a sidecar holds for a service that no object of Istio speaks of: the profile's defaults
//! and nothing else.

use std::sync::Arc;

use crate::control::istio::destination::Policy;
use crate::control::istio::routes::default_retries;
use crate::explain::Sourced;
use crate::profile::Profile;
use crate::proxy::envoy::config::{
    Cluster, CommonBalancing, Discovery, LocalityMode, RoutingPriority, UpstreamTls,
};
use crate::proxy::envoy::router::{Hedging, RouterPlan};
use crate::units::SimDuration;
use crate::world::Origin;

use super::{balancer, limits, outlier, special};

/// A cluster with Istio's defaults: least request, no limits, no outlier detection.
#[must_use]
pub fn bare_cluster(name: &str, profile: &Profile) -> Cluster {
    Cluster {
        name: name.to_owned(),
        target: None,
        discovery: Discovery::Eds,
        connect_timeout: Sourced::default_of(
            *profile.istio.connect_timeout,
            "istio.connect-timeout",
        ),
        balancer: balancer::balancer(None, Discovery::Eds),
        balancing: CommonBalancing {
            panic_threshold: outlier::panic_threshold_without_ejection(),
            fail_traffic_on_panic: false,
            overprovisioning: special::OVERPROVISIONING,
            locality: LocalityMode::Unaware,
            update_merge_window: special::UPDATE_MERGE_WINDOW,
        },
        subsets: None,
        thresholds: limits::thresholds(&Policy::default()),
        outlier: None,
        http: limits::unlimited_http(),
        tls: Sourced::default_of(UpstreamTls::AutoMutual, "istio.auto-mtls"),
        origin: Origin::Default("istio.default-cluster"),
    }
}

/// The router's terms for requests to it: Istio's default retries, and no timeout.
#[must_use]
pub fn bare_router(profile: &Profile) -> RouterPlan {
    let retry = default_retries(profile).map(Arc::new);
    RouterPlan { retry, ..unlimited_router() }
}

/// The router's terms where nothing is tried again and nothing is limited: unknown hosts, and
/// bytes that are passed on.
#[must_use]
pub fn unlimited_router() -> RouterPlan {
    let none = |name| Sourced::default_of(SimDuration::ZERO, name);
    RouterPlan {
        timeout: none("istio.route-timeout"),
        per_try_timeout: none("envoy.no-per-try-timeout"),
        per_try_idle_timeout: none("envoy.no-per-try-timeout"),
        hedging: Hedging::Off,
        retry: None,
        priority: RoutingPriority::Default,
        buffer_bytes: None,
        stream_idle_timeout: none("istio.stream-idle-timeout"),
        max_stream_duration: None,
        max_attempt_duration: None,
        grpc_timeout_max: None,
        timeout_status: 504,
    }
}

/// A cluster for the address that the client dialled, as Istio has it for headless Services.
#[must_use]
pub fn bare_passthrough(profile: &Profile) -> Cluster {
    Cluster {
        discovery: Discovery::OriginalDestination,
        balancer: balancer::balancer(None, Discovery::OriginalDestination),
        ..bare_cluster(special::PASSTHROUGH, profile)
    }
}
