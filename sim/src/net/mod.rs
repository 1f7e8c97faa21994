//! The network between pods: how long a message travels, by the distance of two nodes.
//!
//! Knows nothing of connections or requests; partitions and faults come later into this room.

mod link;

pub use link::{Distance, Link, Links, Site};
