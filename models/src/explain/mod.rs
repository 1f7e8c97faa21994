//! Decisions that carry their reasons, and the catalogue of the rules behind them.
//!
//! Decides nothing itself; every other room returns these types.

mod catalogue;
mod decision;
mod probe;
mod rule;
mod sourced;

pub use catalogue::{CATALOGUE, rules};
pub use decision::{Decision, Explanation, FOUND, Fact, MISSING, WANTED};
pub use probe::{Probe, Silent, Tree};
pub use rule::{Fidelity, Rule, RuleId};
pub use sourced::Sourced;
