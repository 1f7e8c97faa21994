//! What Istio makes of VirtualServices: Envoy's routes for sidecars and gateways. Listeners and
//! clusters are made elsewhere.

mod delegate;
mod destination;
mod domains;
mod effective;
mod filters;
mod findings;
mod headers;
mod matches;
mod network;
mod order;
mod retry;
mod rule;
mod sidecar;
#[cfg(test)]
mod tests;
mod visible;

pub use destination::{KnownService, Services};
pub use effective::{EffectiveVirtualService, effective};
pub use filters::{CORS_FILTER, FAULT_FILTER};
pub use findings::{Known, findings};
pub use matches::{Client, MESH};
pub use network::{ChainSource, NetworkChain, PortOfService, tcp_chains, tcp_proxy, tls_chains};
pub(super) use order::{more_specific, sort_catch_all_last};
pub(in crate::control) use retry::default_retries;
pub use rule::{ListenerTls, RuleContext, routes};
pub use sidecar::{Hashes, OutboundPort, OutboundService, SidecarRoutes, UnknownHosts};
pub(super) use sidecar::{table, virtual_host};
pub use visible::visible;
