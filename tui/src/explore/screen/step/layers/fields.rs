//! One field of a layer: its value, what it means, what set it, and the rule behind it.

use meshwalk_models::explain::RuleId;

use super::NOT_KNOWN;

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Field {
    /// What it is.
    pub(in super::super) name: String,
    /// Its value.
    pub(in super::super) value: String,
    /// What that means.
    pub(in super::super) meaning: String,
    /// The line or default that set it.
    pub(in super::super) set_by: String,
    /// The rule behind it.
    pub(in super::super) rule: Option<RuleId>,
}

/// A field whose value is known.
pub(in super::super) fn field(
    name: impl Into<String>,
    value: impl Into<String>,
    meaning: impl Into<String>,
    set_by: impl Into<String>,
) -> Field {
    Field {
        name: name.into(),
        value: value.into(),
        meaning: meaning.into(),
        set_by: set_by.into(),
        rule: None,
    }
}

/// A field whose value is not known, and why.
pub(in super::super) fn unknown(name: impl Into<String>, why: impl Into<String>) -> Field {
    field(name, NOT_KNOWN, why, "")
}

impl Field {
    /// The same, by a rule.
    pub(super) fn by(mut self, rule: Option<RuleId>) -> Self {
        self.rule = rule;
        self
    }
}
