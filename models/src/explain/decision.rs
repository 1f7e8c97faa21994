//! What a decision looks like: an outcome and the tree of reasons for it.

use serde::Serialize;

use crate::world::Origin;

use super::RuleId;

/// An outcome with its reasons.
#[derive(Clone, Debug, Serialize)]
pub struct Decision<T> {
    /// What was decided.
    pub outcome: T,
    /// Why.
    pub because: Explanation,
}

/// One step of reasoning and the steps below it, in the order of evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The rule that was applied.
    pub rule: RuleId,
    /// What was found, as a sentence.
    pub finding: String,
    /// What was compared with what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Where the deciding line stands.
    pub origin: Option<Origin>,
    /// The steps that led here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Explanation>,
}

/// The name of the fact that says what a clause found.
pub const FOUND: &str = "found";
/// The name of the facts that say what a clause would have taken; any one of them would have done.
pub const WANTED: &str = "wanted";

/// What stands for a value that is not there, in what a clause found or would have taken.
pub const MISSING: &str = "(missing)";

/// A named value that took part in a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}
