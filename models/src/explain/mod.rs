//! Decisions that carry their reasons, and the catalogue of the rules behind them.
//!
//! Decides nothing itself; every other room returns these types.

mod decision;
mod probe;
mod rule;

pub use decision::{Decision, Explanation, Fact};
pub use probe::{Probe, Silent, Tree};
pub use rule::{CATALOGUE, Fidelity, Rule, RuleId};
