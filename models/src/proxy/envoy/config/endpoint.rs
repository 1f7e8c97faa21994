//! Endpoints with priority, locality and weight, as data.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::units::Ppm;
use crate::world::{Origin, PodId};

/// The endpoints of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadAssignment {
    /// Groups of one locality and priority, in the order written.
    pub localities: Vec<LocalityEndpoints>,
    /// In place of the cluster's, if given.
    pub overprovisioning: Option<Ppm>,
}

/// Endpoints of one locality and priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalityEndpoints {
    /// Where they are.
    pub locality: Locality,
    /// 0 is used first.
    pub priority: u32,
    /// For locality-weighted balancing.
    pub weight: Option<Sourced<u32>>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// A place, as far as it is known; empty parts are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Locality {
    /// Such as `eu-1`.
    pub region: String,
    /// Such as `eu-1a`.
    pub zone: String,
    /// A part of a zone.
    pub sub_zone: String,
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens.
    pub address: Address,
    /// The pod that listens there, if it is one of this world.
    pub pod: Option<PodId>,
    /// 1 by default.
    pub weight: u32,
    /// What the control plane says of its health.
    pub health: DeclaredHealth,
    /// Labels for subsets (`envoy.lb` metadata).
    pub labels: BTreeMap<String, String>,
    /// Whether it takes the encryption of the mesh that its cluster offers: Istio's mutual TLS
    /// (`tlsMode: istio`), or a tunnel where the cluster uses tunnels.
    pub takes_mutual_tls: bool,
    /// What made it.
    pub origin: Origin,
}

/// Host and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// An IP address, or a DNS name that the proxy resolves.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// What the control plane says of an endpoint's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeclaredHealth {
    /// Nothing; it counts as healthy.
    #[default]
    Unknown,
    /// It is healthy.
    Healthy,
    /// It is not.
    Unhealthy,
    /// It is being drained; it counts as unhealthy.
    Draining,
    /// Its health check timed out; it counts as unhealthy.
    Timeout,
    /// It is used only when healthy ones are too few.
    Degraded,
}
