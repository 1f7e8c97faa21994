//! Label selectors of policies; a selector that is wrong somewhere selects nothing in particular.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::workload::read_selector_of;
use crate::manifest::kinds::{Selector, SelectorOperator};
use crate::manifest::{Diagnostic, Located, Place};

/// A label selector, as far as it can be read.
#[derive(Clone, Debug)]
pub enum Selection {
    /// All of it.
    Labels(Located<Selector>),
    /// A part of it is wrong; a cluster refuses the object.
    Refused(Place),
}

impl Selection {
    /// Where it stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        match self {
            Self::Labels(selector) => selector.place,
            Self::Refused(place) => *place,
        }
    }
}

/// The selector under `name`; `None` if there is none.
pub(super) fn read_selection(
    fields: &mut Fields<'_, '_, '_, '_>,
    name: &'static str,
) -> Option<Selection> {
    let place = fields.place();
    let errors = fields.errors();
    let selector = read_selector_of(fields, name);
    if let Some(selector) = &selector {
        check_values(fields, selector);
    }
    let is_refused = fields.errors() > errors;
    match selector {
        Some(selector) if is_refused => Some(Selection::Refused(selector.place)),
        Some(selector) => Some(Selection::Labels(selector)),
        None => is_refused.then_some(Selection::Refused(place)),
    }
}

/// `In` and `NotIn` need values, the other operators have none (apimachinery
/// `ValidateLabelSelectorRequirement`).
fn check_values(fields: &mut Fields<'_, '_, '_, '_>, selector: &Located<Selector>) {
    for expression in &selector.value.match_expressions {
        let needs_values =
            matches!(expression.operator, SelectorOperator::In | SelectorOperator::NotIn);
        if needs_values == expression.values.is_empty() {
            let key = &expression.key.value;
            let message = match needs_values {
                true => format!("the expression about `{key}` has no values"),
                false => format!("the expression about `{key}` can have no values"),
            };
            fields.add(
                Diagnostic::error("manifest.invalid-selector", message)
                    .at(expression.key.place, "the whole selector is set aside")
                    .help("a cluster refuses this object"),
            );
        }
    }
}
