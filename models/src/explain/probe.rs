//! How an evaluator tells its reasons: to nobody in a run, to a tree when somebody asks.

use crate::world::Origin;

use super::{Explanation, FOUND, Fact, RuleId, WANTED};

/// What an evaluator reports to. Evaluators are generic over it, so that a run pays nothing.
///
/// `enter` and `leave` nest; `leave` names the rule and finds the sentence, because only then
/// does the evaluator know the outcome.
pub trait Probe {
    /// A step of reasoning begins.
    fn enter(&mut self);
    /// The innermost open step ends. `finding` is called only if somebody listens.
    fn leave(&mut self, rule: RuleId, origin: Option<Origin>, finding: impl FnOnce() -> String);
    /// The innermost open step looked at a value.
    fn fact(&mut self, name: &'static str, value: impl FnOnce() -> String);

    /// The innermost open step is a clause that did not fit: it found `found`, and any of `wanted`
    /// would have done.
    fn misfit(&mut self, found: &str, wanted: &[String]) {
        self.fact(FOUND, || found.to_owned());
        for value in wanted {
            self.fact(WANTED, || value.clone());
        }
    }

    /// Whether anybody listens. What is dear to find out and only told is not worth finding out for
    /// nobody.
    fn listens(&self) -> bool {
        true
    }

    /// A step without steps below it.
    fn step(&mut self, rule: RuleId, origin: Option<Origin>, finding: impl FnOnce() -> String) {
        self.enter();
        self.leave(rule, origin, finding);
    }
}

/// Nobody listens; every call compiles to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Probe for Silent {
    fn listens(&self) -> bool {
        false
    }

    fn enter(&mut self) {}
    fn leave(&mut self, _: RuleId, _: Option<Origin>, _: impl FnOnce() -> String) {}
    fn fact(&mut self, _: &'static str, _: impl FnOnce() -> String) {}
}

/// Builds the tree of reasons.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    open: Vec<(Vec<Fact>, Vec<Explanation>)>,
    roots: Vec<Explanation>,
}

impl Tree {
    /// The finished steps, in the order of evaluation.
    ///
    /// # Panics
    /// When a step is still open: an evaluator returned without `leave`.
    #[must_use]
    pub fn finish(self) -> Vec<Explanation> {
        assert!(self.open.is_empty(), "an evaluator left a step of reasoning open");
        self.roots
    }

    /// Adds steps that another tree has finished, where the next step would stand.
    pub fn extend(&mut self, steps: Vec<Explanation>) {
        match self.open.last_mut() {
            Some((_, siblings)) => siblings.extend(steps),
            None => self.roots.extend(steps),
        }
    }
}

impl Probe for Tree {
    fn enter(&mut self) {
        self.open.push((Vec::new(), Vec::new()));
    }

    fn leave(&mut self, rule: RuleId, origin: Option<Origin>, finding: impl FnOnce() -> String) {
        let (facts, because) = self.open.pop().expect("every leave has its enter");
        let explanation = Explanation { rule, finding: finding(), facts, origin, because };
        match self.open.last_mut() {
            Some((_, siblings)) => siblings.push(explanation),
            None => self.roots.push(explanation),
        }
    }

    fn fact(&mut self, name: &'static str, value: impl FnOnce() -> String) {
        if let Some((facts, _)) = self.open.last_mut() {
            facts.push(Fact { name, value: value() });
        }
    }
}
