//! Versioned facts as data: defaults and behaviour that differ between versions of Envoy, Istio
//! and Gateway API. It decides nothing; a rule that changed between versions reads it.
//!
//! Each fact carries the source it was taken from. Prices are `cost`'s business.

mod controller;
mod network;

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::units::{Ppm, SimDuration};

pub use controller::{BackendTimeout, ControllerFacts, GatewayBalancer};
pub use network::{AddressRanges, HostNetwork, IngressSource, NetworkFacts, NodePeers, OwnNode};

/// The built-in profiles; the first is the default.
static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    [
        include_str!("profiles/istio-1.32.json"),
        include_str!("profiles/istio-1.17.json"),
        include_str!("profiles/gateway-api.json"),
        include_str!("profiles/envoy-gateway.json"),
        include_str!("profiles/netpol-analyzer.json"),
    ]
    .map(|text| serde_json::from_str(text).expect("the built-in profiles are well-formed"))
    .into()
});

/// A named set of facts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Such as `istio-1.32`.
    pub name: String,
    /// What it stands for.
    pub about: String,
    /// The proxy.
    pub envoy: EnvoyFacts,
    /// Istio's control plane.
    pub istio: IstioFacts,
    /// Gateway API.
    pub gateway: GatewayFacts,
    /// What carries the pods' packets.
    pub network: NetworkFacts,
}

/// A fact with its source.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact<T> {
    /// What holds.
    pub value: T,
    /// Where that is written down.
    pub source: String,
}

impl<T> Deref for Fact<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// What differs between versions of Envoy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyFacts {
    /// The version that is modelled.
    pub version: String,
    /// When the greatest share of ejected hosts is compared.
    pub ejection_share: Fact<EjectionShare>,
    /// What a header matcher compares when a header comes several times.
    pub repeated_headers: Fact<RepeatedHeaders>,
}

/// What a header matcher compares when a header comes several times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepeatedHeaders {
    /// Each value alone; one that matches is enough.
    #[default]
    Individually,
    /// All values, joined with commas.
    Joined,
}

/// When the greatest share of ejected hosts is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EjectionShare {
    /// With the hosts that are ejected already: the first host can always be ejected.
    BeforeEjection,
    /// With the host that would be ejected: few hosts mean that none is.
    AfterEjection,
}

/// What differs between versions of Istio.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IstioFacts {
    /// The version that is modelled.
    pub version: String,
    /// How long a TCP connection may take to be made.
    pub connect_timeout: Fact<SimDuration>,
    /// Retries where a VirtualService asks for none in particular.
    pub retry_attempts: Fact<u32>,
    /// Their conditions.
    pub retry_on: Fact<String>,
    /// Retries of the sidecar beside the server; zero for none.
    pub inbound_retry_attempts: Fact<u32>,
    /// The panic threshold where outlier detection is configured.
    pub min_health: Fact<Ppm>,
    /// Whether sidecars start before the pod's other containers, and end after them.
    pub native_sidecars: Fact<NativeSidecars>,
    /// Who sends through waypoints.
    pub waypoints: WaypointFacts,
}

/// Whether the injector makes sidecars init containers that go on running, where no annotation of
/// the pod says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NativeSidecars {
    /// It never does.
    Never,
    /// It does where all nodes know such containers.
    Auto,
}

/// Who sends through waypoints, beside clients in ambient mode, who always do.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaypointFacts {
    /// Sidecars.
    pub from_sidecars: Fact<WaypointWay>,
    /// Istio's gateways.
    pub from_gateways: Fact<WaypointWay>,
}

/// Whether somebody sends through the waypoint of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaypointWay {
    /// Past it, to the pods.
    Past,
    /// Through it where `istio.io/ingress-use-waypoint` asks for it, else past it.
    WhenLabelled,
    /// Through it.
    Through,
}

/// How Gateway API resources are taken.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayFacts {
    /// Whose reading of the standard counts where they differ.
    pub reading: Fact<GatewayReading>,
    /// Where the standard counts all the same.
    #[serde(default)]
    pub standard_in: BTreeSet<GatewayDifference>,
    /// What its controller does where the standard leaves it open; absent, the standard's own
    /// suite is followed and Envoy's defaults hold.
    pub controller: Option<ControllerFacts>,
}

impl GatewayFacts {
    /// Whether Istio's reading counts in this point.
    #[must_use]
    pub fn differs(&self, point: GatewayDifference) -> bool {
        *self.reading == GatewayReading::Istio && !self.standard_in.contains(&point)
    }
}

/// A point in which Istio takes Gateway API otherwise than the standard.
///
/// Each can be switched off by its own, so that it can be told which of them explains what.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayDifference {
    /// Backends take changes of headers only.
    BackendFilters,
    /// A backend timeout without retries takes the place of the request timeout.
    BackendTimeout,
    /// One filter that cannot be applied takes its whole route away.
    BrokenFilters,
    /// Calls are ordered by their path.
    CallPrecedence,
    /// Classes of other controllers are left alone.
    Classes,
    /// Retries are made where none are asked for.
    DefaultRetries,
    /// Calls to an invalid backend get 500.
    GrpcErrors,
    /// A rule's changes of headers come after its backend's.
    HeaderOrder,
    /// Values of headers may hold commands of the proxy.
    HeaderValues,
    /// Each hostname stands alone.
    HostnamePrecedence,
    /// Both kinds of routes for one hostname count.
    KindsAtListener,
    /// Both kinds of routes for one port of a Service count.
    KindsInMesh,
    /// A request of the mesh belongs to the Service that its authority names.
    MeshFrontend,
    /// Routes for a port of a Service and those for all its ports are not merged.
    MeshPorts,
    /// Requests for hosts of another listener are served.
    Misdirected,
    /// A redirect to another scheme keeps a port that the request names.
    RedirectPort,
    /// A redirect takes a replacement of a prefix as it is.
    RedirectPrefix,
    /// Of entries of one name the last counts.
    RepeatedEntries,
    /// A retry stanza retries other failures.
    RetryConditions,
    /// A replacement of the prefix `/` is glued on.
    RootPrefix,
}

impl GatewayDifference {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::BackendFilters,
        Self::BackendTimeout,
        Self::BrokenFilters,
        Self::CallPrecedence,
        Self::Classes,
        Self::DefaultRetries,
        Self::GrpcErrors,
        Self::HeaderOrder,
        Self::HeaderValues,
        Self::HostnamePrecedence,
        Self::KindsAtListener,
        Self::KindsInMesh,
        Self::MeshFrontend,
        Self::MeshPorts,
        Self::Misdirected,
        Self::RedirectPort,
        Self::RedirectPrefix,
        Self::RepeatedEntries,
        Self::RetryConditions,
        Self::RootPrefix,
    ];

    /// Its name, such as `mesh-ports`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BackendFilters => "backend-filters",
            Self::BackendTimeout => "backend-timeout",
            Self::BrokenFilters => "broken-filters",
            Self::CallPrecedence => "call-precedence",
            Self::Classes => "classes",
            Self::DefaultRetries => "default-retries",
            Self::GrpcErrors => "grpc-errors",
            Self::HeaderOrder => "header-order",
            Self::HeaderValues => "header-values",
            Self::HostnamePrecedence => "hostname-precedence",
            Self::KindsAtListener => "kinds-at-listener",
            Self::KindsInMesh => "kinds-in-mesh",
            Self::MeshFrontend => "mesh-frontend",
            Self::MeshPorts => "mesh-ports",
            Self::Misdirected => "misdirected",
            Self::RedirectPort => "redirect-port",
            Self::RedirectPrefix => "redirect-prefix",
            Self::RepeatedEntries => "repeated-entries",
            Self::RetryConditions => "retry-conditions",
            Self::RootPrefix => "root-prefix",
        }
    }
}

/// Whose reading of Gateway API counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayReading {
    /// The standard's.
    Standard,
    /// Istio's.
    Istio,
}

impl Profile {
    /// The profile that counts when none is asked for.
    ///
    /// # Panics
    /// Never: the files are part of the program and read by a test.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &PROFILES[0]
    }

    /// The profile with this name; `istio` and `gateway-api` name the newest of their kind.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        if name == "istio" {
            return Some(Self::built_in());
        }
        Self::all().iter().find(|profile| profile.name == name)
    }

    /// All built-in profiles.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &PROFILES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_names_the_source_of_each_of_its_habits() {
        let controller =
            Profile::named("envoy-gateway").and_then(|it| it.gateway.controller.as_ref());
        let controller = controller.expect("Envoy Gateway is a controller of its own");
        for source in [
            &controller.classes.source,
            &controller.request_timeout.source,
            &controller.backend_timeout.source,
            &controller.connect_timeout.source,
            &controller.retry_on.source,
            &controller.retry_statuses.source,
            &controller.max_retries.source,
            &controller.balancer.source,
        ] {
            assert!(source.contains("envoyproxy/gateway"), "{source}");
        }
    }

    #[test]
    fn every_built_in_profile_can_be_read_and_found_by_its_name() {
        for profile in Profile::all() {
            assert_eq!(Profile::named(&profile.name), Some(profile));
            assert!(!profile.envoy.ejection_share.source.is_empty());
        }
        assert_eq!(Profile::named("istio"), Some(Profile::built_in()));
        assert_eq!(Profile::named("istio-0.1"), None);
    }
}
