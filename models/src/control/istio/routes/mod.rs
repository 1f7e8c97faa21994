//! What Istio makes of VirtualServices: Envoy's routes for sidecars and gateways. Listeners and
//! clusters are made elsewhere.

mod destination;
mod filters;
mod headers;
mod matches;
mod retry;
mod rule;
#[cfg(test)]
mod tests;

pub use destination::{KnownService, Services};
pub use filters::{CORS_FILTER, FAULT_FILTER};
pub use matches::{Client, MESH};
pub use rule::{ListenerTls, RuleContext, routes};
