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

use crate::world::{ClusterId, PodId, ServiceId};

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
