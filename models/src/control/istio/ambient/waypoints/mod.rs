//! Waypoints: which stand, who uses which, whose traffic meets them, and what Istio sends to them
//! (istio `pilot/pkg/serviceregistry/ambient/waypoints.go`). How the Envoy in a waypoint behaves is
//! the proxy's business.

mod choice;
mod config;
mod findings;
mod passes;
mod served;
mod standing;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::control::kubernetes::service_port::Destination;
use crate::world::{ClusterId, Endpoint, EndpointTarget, PodId, ServiceId};

pub(in crate::control::istio) use choice::name_of;
pub use choice::{Refusal, RefusalKind};
pub(in crate::control) use choice::{explain, no_plane};
pub(in crate::control::istio) use config::config;
pub(in crate::control::istio) use findings::findings;
pub use passes::WaypointSender;
pub(in crate::control) use passes::passes;
pub use standing::{Waypoint, WaypointClass, WaypointFor, Waypoints};

/// A waypoint by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct WaypointName {
    /// Its cluster: each has waypoints of its own.
    #[serde(skip)]
    pub cluster: ClusterId,
    /// Its namespace.
    pub namespace: String,
    /// Its name, which is that of its Gateway and of its service account.
    pub name: String,
}

impl fmt::Display for WaypointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waypoint/{}/{}", self.namespace, self.name)
    }
}

/// Whose waypoint is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaypointAsked {
    /// That of traffic to a Service's own address.
    Service(ServiceId),
    /// That of traffic to a pod's address.
    Pod(PodId),
}

impl WaypointAsked {
    /// Whose waypoints stand before a destination: a Service's own address leads to that of the
    /// Service, a pod's address to that of the pod, and pods of a headless Service are dialled at
    /// their own addresses (ztunnel `src/proxy/outbound.rs`, `build_request`).
    #[must_use]
    pub fn of(destination: &Destination) -> Vec<Self> {
        match destination {
            Destination::Service { service, .. } => vec![Self::Service(*service)],
            Destination::Headless { endpoints, .. } => {
                let pod = |endpoint: &Endpoint| match endpoint.target {
                    EndpointTarget::Pod(pod) => Some(Self::Pod(pod)),
                    EndpointTarget::Address(_) => None,
                };
                endpoints.iter().filter_map(pod).collect()
            }
            Destination::Pod { pod, .. } => vec![Self::Pod(*pod)],
            Destination::Outside { .. } => Vec::new(),
        }
    }
}
