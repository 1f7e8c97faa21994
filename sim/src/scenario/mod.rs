//! The scenario: what the manifests do not say, and what is expected of the run.
//!
//! Reads and checks; the flow engine compiles it together with the world.

pub mod file;
