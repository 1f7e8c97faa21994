//! What Istio makes of VirtualServices: Envoy's routes for sidecars and gateways. Listeners and
//! clusters are made elsewhere.

mod delegate;
mod destination;
mod domains;
mod effective;
mod explain;
mod filters;
mod findings;
mod hash;
mod headers;
mod matches;
mod mesh;
mod network;
mod order;
mod outbound;
mod port_hosts;
mod retry;
mod rule;
mod seen;
mod sidecar;
#[cfg(test)]
mod tests;
mod visible;

pub use destination::{KnownService, Services};
pub use effective::{EffectiveVirtualService, effective};
pub use explain::explain_route;
pub use filters::{CORS_FILTER, FAULT_FILTER};
pub use findings::{Known, findings};
pub(super) use matches::takes_every_request;
pub use matches::{Client, MESH};
pub use network::{ChainSource, NetworkChain, PortOfService, tcp_chains, tcp_proxy, tls_chains};
pub(super) use order::{more_specific, sort_catch_all_last};
pub use outbound::{MeshRoutes, NoMeshRoutes, Outbound, mesh_host};
pub use port_hosts::PortHosts;
pub(in crate::control) use retry::default_retries;
pub(super) use retry::{inbound_retries, with_mesh_default};
pub use rule::{ListenerTls, RuleContext, routes};
pub use seen::{SeenServices, outbound_services, service_for};
pub use sidecar::{OtherRules, OutboundPort, OutboundService, SidecarRoutes, UnknownHosts};
pub(super) use sidecar::{default_route, plain_forward, table, virtual_host, whole_route};
pub use visible::visible;
