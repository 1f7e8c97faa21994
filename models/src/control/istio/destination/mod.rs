//! DestinationRules: which one a client uses for a service, and what it says of a port or subset.
//! The clusters that come of it are made in `clusters`.

mod lookup;
mod policy;
mod rules;
#[cfg(test)]
mod tests;

pub use lookup::{Client, Traffic, rule_for};
pub use policy::Policy;
pub use rules::{MergedRule, RuleIndex};
