//! Rules of the catalogue in words. The rules themselves stand in `meshwalk-models`.

use meshwalk_models::explain::{Fidelity, Rule, RuleId, rules};

/// The rule with this id.
pub(crate) fn rule(id: RuleId) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

/// How close to the real thing a rule is, in a word.
pub(crate) const fn fidelity_word(fidelity: Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Exact => "exact",
        Fidelity::Simplified => "simplified",
        Fidelity::Assumed => "assumed",
    }
}

/// A rule in three lines: what it says, its id with its fidelity, and where that is written.
pub(crate) fn rule_note(id: RuleId) -> Vec<String> {
    let Some(rule) = rule(id) else { return vec![format!("rule {}, which is not listed", id.0)] };
    vec![
        rule.sentence.to_owned(),
        format!("rule {}, fidelity: {}", rule.id.0, fidelity_word(rule.fidelity)),
        format!("source: {}", rule.source),
    ]
}
