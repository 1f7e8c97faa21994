//! Istio's control plane: what it makes of its own kinds and of Services.

pub mod ambient;
pub mod attachment;
pub mod authentication;
pub mod authorization;
pub mod capture;
pub mod clusters;
pub mod config;
pub mod destination;
pub mod enrolment;
mod findings;
pub mod gateways;
pub mod hosts;
mod http_manager;
pub mod inbound;
pub mod mesh;
mod modes;
mod plane;
mod push;
pub mod registry;
pub mod routes;
pub mod scope;
pub mod sidecar;
#[cfg(test)]
mod testing;
pub mod tokens;
pub mod unmodelled;
pub mod workload;

pub use plane::IstioControlPlane;
pub use push::Push;
pub use workload::Workload;
