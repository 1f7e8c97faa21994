//! Which boxes the bytes of a call pass, and what holds on the wire between them. What each box
//! costs and decides is not said here.

mod placement;
mod route;
mod table;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use placement::{Choice, Placement, WaypointPlacement};
pub use route::{
    Balancer, Balancing, Callee, Caller, HBONE_PORT, Leg, Note, PathBox, Protection, Route, Seen,
};
pub use table::{pairs, protection, route};

/// What carries a workload's traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataPath {
    /// Nothing but the kernel and kube-proxy.
    #[default]
    None,
    /// An Envoy beside every pod, configured by istiod.
    IstioSidecar,
    /// A ztunnel on every node, configured by istiod, and waypoints where they are asked for.
    IstioAmbient,
}
