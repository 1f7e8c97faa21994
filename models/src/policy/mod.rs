//! Which connections the cluster's network carries. Policies of a mesh, which see requests and
//! identities, are their control planes' business.

mod connections;
pub mod network;

pub use connections::{ConnectionSet, PORT_MAX, PORT_MIN};
