//! Label selectors: which pods they pick, found through an index instead of by asking each pod.

use std::collections::BTreeMap;

use crate::lookup::LookupMap;
use crate::manifest::kinds::{Labels, Selector, SelectorOperator};
use crate::world::NamespaceId;

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
            SelectorOperator::In => (listed, "to have one of the listed values"),
            SelectorOperator::NotIn => (!listed, "to have none of the listed values"),
            SelectorOperator::Exists => (found.is_some(), "to exist"),
            SelectorOperator::DoesNotExist => (found.is_none(), "to be absent"),
        };
        if !holds {
            return Some(format!("the selector asks for label `{key}` {asked}"));
        }
    }
    None
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
        let of_pair = |(key, value): (&'a String, &'a crate::manifest::Located<String>)| {
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
