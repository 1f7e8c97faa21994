//! What is known about a rule: its sentence, source, fidelity and test. The rules are listed in
//! `catalogue`.

use serde::Serialize;

/// The stable name of a rule, such as `k8s.dns.search-list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RuleId(pub &'static str);

/// How close a rule is to the real thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fidelity {
    /// As the real thing does it.
    Exact,
    /// The outcome is right, the way there is shortened.
    Simplified,
    /// Sources are silent; this is our reading.
    Assumed,
}

/// One rule of the catalogue.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rule {
    /// Its stable name.
    pub id: RuleId,
    /// What it says, in one sentence.
    pub sentence: &'static str,
    /// Where that is written down.
    pub source: &'static str,
    /// How close the model is.
    pub fidelity: Fidelity,
    /// The test that proves it, as `module::test`.
    pub test: &'static str,
}
