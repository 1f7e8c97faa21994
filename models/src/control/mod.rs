//! The control planes, one folder each: what they make of the resources. How a proxy then
//! behaves is not decided here.

pub mod gateway;
pub mod istio;
pub mod kubernetes;
mod planes;
mod tunnels;

pub use planes::{Beside, ControlPlanes, GatewayKind, GatewayName};
pub(crate) use tunnels::is_tunnel;
