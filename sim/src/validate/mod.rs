//! Queueing laws and published measurements through the real flow engine: what was expected beside
//! what a run shows.
//!
//! The stations are ordinary manifests and scenarios, so a law tests the whole way from YAML to
//! statistics. Who runs the replications, and on how many cores, is the caller's business.

mod closed_form;
mod judge;
mod law;
pub mod published;
mod stations;

#[cfg(test)]
mod tests;

pub use judge::{JOINT_CONFIDENCE, LawResult, RELATIVE_HALF_WIDTH_MAX, Standard, judge};
pub use law::{Effort, Law, Quantity, laws};
