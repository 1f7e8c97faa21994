//! Istio's control plane: what it makes of its own kinds and of Services.

pub mod hosts;
pub mod routes;
