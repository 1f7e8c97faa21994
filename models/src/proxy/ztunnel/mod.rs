//! ztunnel, the proxy of connections that stands on each node of an ambient mesh: what it makes of
//! a connection that leaves a pod, and of one that reaches a pod. It knows bytes and identities,
//! and nothing of HTTP. Which pods it stands beside, and which policies it is sent, is decided by
//! the control plane.

mod authorize;
mod balance;
mod describe;
mod inbound;
mod outbound;
mod policy;
pub mod pool;
mod rbac;

pub use authorize::{Authorized, Connection, Peer, authorize};
pub use balance::{NEAREST, Preference, Stand, nearest};
pub use inbound::{Answer, Inbound, PROBE_SOURCE, PROBE_SOURCE_V6, receive, tell_waypoint};
pub use outbound::{Dialled, Endpoint, NO_ENDPOINT, Outbound, Takes, Waypoint, send};
pub use policy::{
    AccountMatch, Action, Clause, Ignored, LeftOut, MadeOf, Match, Policies, Policy, Rule,
    TextMatch, Wanted,
};

/// The port of a pod on which ztunnel takes HBONE: HTTP/2 CONNECT within mutual TLS (ztunnel
/// `src/config.rs`).
pub const HBONE_PORT: u16 = 15008;

/// The ports of ztunnel's own in each pod; no connection may be led to one of them (ztunnel
/// `src/config.rs`, `illegal_ports`).
pub const OWN_PORTS: [u16; 3] = [15001, 15006, HBONE_PORT];

#[cfg(test)]
mod tests;
