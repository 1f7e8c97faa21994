//! What Istio makes of its Gateways: the listeners and route tables of gateway workloads. Routes
//! come from `routes`, clusters are made elsewhere.

mod adopted;
mod clusters;
mod effective;
mod explain;
mod listeners;
mod merge;
mod network;
mod tables;
#[cfg(test)]
mod tests;
mod workload;

pub(super) use adopted::{adopt, guarded};
pub use effective::{EffectiveGateway, GatewayProxy, ServiceTarget, Workloads, effective};
pub use explain::{explain_host, explain_port};
pub use listeners::listeners;
pub use merge::{MergedGateway, MergedServer, ServerPort, merge};
pub use network::MeshPort;
pub use tables::{GatewayRoutes, tables};
pub use workload::{GatewayParts, GatewayWorkload};
