//! Istio's control plane: what it makes of its own kinds and of Services.

pub mod gateways;
pub mod hosts;
pub mod routes;
#[cfg(test)]
mod testing;
