//! The scenario: what the manifests do not say, and what is expected of the run.
//!
//! Reads and checks; the flow engine compiles it together with the world.

mod check;
mod defaults;
pub mod file;
mod key_path;
pub mod limits;
mod names;
mod placement;
mod read;
mod schema;

#[cfg(test)]
mod tests;

pub use check::{Finding, check};
pub use defaults::default_for;
pub use key_path::KeyPath;
pub use names::WorkloadNames;
pub(crate) use names::{at, finding, quoted};
pub use placement::{placement, placement_everywhere};
pub use read::{Scenario, read};
pub use schema::json_schema;
