//! The scenario: what the manifests do not say, and what is expected of the run.
//!
//! Reads and checks; the flow engine compiles it together with the world.

mod check;
pub mod file;
mod key_path;
pub mod limits;
mod read;

#[cfg(test)]
mod tests;

pub use check::{Finding, check};
pub use key_path::KeyPath;
pub use read::{Scenario, read};
