//! Which connections the cluster's network carries. Policies of a mesh, which see requests and
//! identities, are their control planes' business.

pub mod network;
