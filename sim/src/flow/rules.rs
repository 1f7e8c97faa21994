//! Which rules were applied, by name, for the event log. The sentences are made by whoever asks
//! why; a run keeps none of them.

use meshwalk_models::explain::{Probe, RuleId};
use meshwalk_models::world::Origin;

/// Collects the rules in the order in which they decided.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules(pub(super) Vec<RuleId>);

impl Probe for Rules {
    fn enter(&mut self) {}

    fn leave(&mut self, rule: RuleId, _: Option<Origin>, _: impl FnOnce() -> String) {
        self.0.push(rule);
    }

    fn fact(&mut self, _: &'static str, _: impl FnOnce() -> String) {}
}
