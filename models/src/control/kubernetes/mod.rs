//! What plain Kubernetes decides: names, Service ports and Ingress rules. No mesh, no proxy.

pub mod dns;
pub mod ingress;
pub mod nginx;
pub mod service_port;
