//! Label selectors: which pods they pick, found through an index instead of by asking each pod.

use std::collections::BTreeMap;

use crate::lookup::LookupMap;
use crate::manifest::Located;
use crate::manifest::kinds::{Labels, Selector, SelectorOperator};
use crate::world::NamespaceId;

/// How many values of an expression are named.
const VALUES_MAX: usize = 5;

/// Why a label selector does not pick a set of labels: the first clause that fails.
pub(crate) fn first_mismatch(selector: &Selector, labels: &Labels) -> Option<String> {
    let unequal = selector.match_labels.iter().find(|(key, value)| labels.get(*key) != Some(value));
    if let Some((key, value)) = unequal {
        return Some(match labels.get(key) {
            Some(found) => format!("`{key}` is `{found}`, the selector asks for `{value}`"),
            None => format!("label `{key}` is missing, the selector asks for `{value}`"),
        });
    }
    for expression in &selector.match_expressions {
        let key = &expression.key.value;
        let found = labels.get(key);
        let listed = found.is_some_and(|value| expression.values.contains(value));
        let (holds, asked) = match expression.operator {
            SelectorOperator::In => (listed, "to be one of "),
            SelectorOperator::NotIn => (!listed, "to be none of "),
            SelectorOperator::Exists => (found.is_some(), "to exist"),
            SelectorOperator::DoesNotExist => (found.is_none(), "to be absent"),
        };
        if !holds {
            let values = match expression.operator {
                SelectorOperator::In | SelectorOperator::NotIn => named(&expression.values),
                SelectorOperator::Exists | SelectorOperator::DoesNotExist => String::new(),
            };
            return Some(format!("the selector asks for label `{key}` {asked}{values}"));
        }
    }
    None
}

/// The first values of an expression; how many more there are is said.
fn named(values: &[Located<String>]) -> String {
    let first: Vec<String> =
        values.iter().take(VALUES_MAX).map(|it| format!("`{}`", it.value)).collect();
    let more = match values.len().saturating_sub(VALUES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", first.join(", "))
}

/// Whether a label selector picks a set of labels; [`first_mismatch`] says why it does not.
pub(crate) fn fits(selector: &Selector, labels: &Labels) -> bool {
    has_all(labels, &selector.match_labels)
        && selector.match_expressions.iter().all(|expression| {
            let found = labels.get(&expression.key.value);
            let listed = || found.is_some_and(|value| expression.values.contains(value));
            match expression.operator {
                SelectorOperator::In => listed(),
                SelectorOperator::NotIn => !listed(),
                SelectorOperator::Exists => found.is_some(),
                SelectorOperator::DoesNotExist => found.is_none(),
            }
        })
}

/// Finds label sets by the equality selectors that Services use.
#[derive(Default)]
pub(super) struct LabelIndex<'a> {
    by_pair: LookupMap<(NamespaceId, &'a str, &'a str), Vec<u32>>,
    by_key: BTreeMap<(NamespaceId, &'a str), Vec<&'a str>>,
}

impl<'a> LabelIndex<'a> {
    /// Adds a label set under a number; numbers rise from call to call.
    pub(super) fn insert(&mut self, namespace: NamespaceId, number: u32, labels: &'a Labels) {
        for (key, value) in labels {
            let pair = (namespace, key.as_str(), value.value.as_str());
            if self.by_pair.get(&pair).is_none() {
                self.by_key.entry((pair.0, pair.1)).or_default().push(pair.2);
            }
            self.by_pair.get_or_insert_with(pair, Vec::new).push(number);
        }
    }

    /// The numbers that carry the rarest pair of `selector`, in rising order: a superset of
    /// those that carry all of them. Empty for an empty selector.
    pub(super) fn candidates(&self, namespace: NamespaceId, selector: &'a Labels) -> &[u32] {
        let of_pair = |(key, value): (&'a String, &'a Located<String>)| {
            let pair = (namespace, key.as_str(), value.value.as_str());
            self.by_pair.get(&pair).map_or(&[][..], Vec::as_slice)
        };
        selector.iter().map(of_pair).min_by_key(|numbers| numbers.len()).unwrap_or(&[])
    }

    /// The values that a label has in a namespace, to suggest one that was probably meant.
    pub(super) fn values_of(&self, namespace: NamespaceId, key: &'a str) -> &[&'a str] {
        self.by_key.get(&(namespace, key)).map_or(&[], Vec::as_slice)
    }
}

/// Whether `labels` has every pair of `selector`.
pub(super) fn has_all(labels: &Labels, selector: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::kinds::SelectorExpression;
    use crate::manifest::{Place, SourceId};

    const PLACE: Place = Place { source: SourceId(0), line: 1, column: 1 };

    #[test]
    fn a_selector_that_does_not_pick_names_the_values_that_it_asks_for() {
        let text = |it: &str| Located::new(it.to_owned(), PLACE);
        let labels: Labels = [("tier".to_owned(), text("back"))].into();
        let asks = |operator, values: &[&str]| {
            let values = values.iter().map(|it| text(it)).collect();
            let expression = SelectorExpression { key: text("tier"), operator, values };
            let selector =
                Selector { match_labels: Labels::new(), match_expressions: vec![expression] };
            first_mismatch(&selector, &labels)
        };
        let start = "the selector asks for label `tier`";
        assert_eq!(
            asks(SelectorOperator::In, &["web", "edge"]),
            Some(format!("{start} to be one of `web`, `edge`"))
        );
        assert_eq!(
            asks(SelectorOperator::NotIn, &["back"]),
            Some(format!("{start} to be none of `back`"))
        );
        assert_eq!(
            asks(SelectorOperator::In, &["a", "b", "c", "d", "e", "f", "g"]),
            Some(format!("{start} to be one of `a`, `b`, `c`, `d`, `e` and 2 more"))
        );
        assert_eq!(
            asks(SelectorOperator::DoesNotExist, &[]),
            Some(format!("{start} to be absent"))
        );
        assert_eq!(asks(SelectorOperator::In, &["back"]), None);
    }
}
