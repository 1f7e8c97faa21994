//! Labels by which a selector would pick a pod or namespace, or would not pick it any more.

use std::collections::BTreeMap;

use crate::manifest::kinds::policy::Selection;
use crate::manifest::kinds::{Labels, SelectorOperator};
use crate::world::first_mismatch;

use super::super::edit::{Change, Edit, INJECT, INJECTION, LabelChange, Labelled, MODE};
use super::super::network::NAME_LABEL;
use super::super::scene::Side;

/// Changes to labels: by key the new value, or none.
pub(super) type Wanted = BTreeMap<String, Option<String>>;

/// Whether a selection picks these labels.
pub(super) fn selects(selection: &Selection, labels: &Labels) -> bool {
    match selection {
        Selection::Labels(selector) => first_mismatch(&selector.value, labels).is_none(),
        Selection::Refused(_) => false,
    }
}

/// What to change so that a selection picks these labels; empty where it does, `None` where no
/// change can bring it about.
pub(super) fn to_be_selected(selection: &Selection, labels: &Labels) -> Option<Wanted> {
    let Selection::Labels(selector) = selection else { return None };
    let selector = &selector.value;
    let mut wanted = to_have(&selector.match_labels, labels);
    for expression in &selector.match_expressions {
        let key = expression.key.value.clone();
        let found = labels.get(&key);
        let is_listed = found.is_some_and(|value| expression.values.contains(value));
        let change = match expression.operator {
            SelectorOperator::In if !is_listed => {
                Some(Some(expression.values.first()?.value.clone()))
            }
            SelectorOperator::Exists if found.is_none() => Some(Some("true".to_owned())),
            SelectorOperator::NotIn if is_listed => Some(None),
            SelectorOperator::DoesNotExist if found.is_some() => Some(None),
            _ => None,
        };
        if let Some(change) = change {
            wanted.entry(key).or_insert(change);
        }
    }
    Some(wanted)
}

/// The labels of `asked` that these labels lack.
pub(super) fn to_have(asked: &Labels, labels: &Labels) -> Wanted {
    let missing = asked.iter().filter(|(key, value)| labels.get(*key) != Some(value));
    missing.map(|(key, value)| (key.clone(), Some(value.value.clone()))).collect()
}

/// Single changes after each of which a selection does not pick these labels any more.
pub(super) fn to_be_left_out(selection: &Selection, labels: &Labels) -> Vec<Wanted> {
    let Selection::Labels(selector) = selection else { return Vec::new() };
    let selector = &selector.value;
    let equal = selector.match_labels.keys().map(|key| (key.clone(), None));
    let expressions = selector.match_expressions.iter().filter_map(|expression| {
        let value = match expression.operator {
            SelectorOperator::In | SelectorOperator::Exists => None,
            SelectorOperator::NotIn => Some(expression.values.first()?.value.clone()),
            SelectorOperator::DoesNotExist => Some("true".to_owned()),
        };
        Some((expression.key.value.clone(), value))
    });
    let all = equal.chain(expressions);
    let all = all.filter(|(key, value)| value.is_some() || labels.contains_key(key));
    all.map(|change| Wanted::from([change])).collect()
}

/// The same for the labels that a selector of Istio asks for.
pub(super) fn to_be_left_out_of(asked: &Labels) -> Vec<Wanted> {
    asked.keys().map(|key| Wanted::from([(key.clone(), None)])).collect()
}

/// Sets labels of a side's pods; `None` where that cannot be done.
pub(super) fn of_pods(side: &Side, wanted: Wanted) -> Option<Edit> {
    let is_open = |key: &String| !side.fixed.contains(key);
    if side.object.is_none() || wanted.is_empty() || !wanted.keys().all(is_open) {
        return None;
    }
    Some(Edit {
        size: wanted.len() as u32,
        sentence: sentence(&wanted, "the pods of", &side.title),
        at: side.object,
        place: side.place,
        change: Change::Labels(LabelChange { of: Labelled::Pods, labels: wanted }),
    })
}

/// Sets labels of a side's namespace; `None` where that cannot be done.
pub(super) fn of_namespace(side: &Side, wanted: Wanted) -> Option<Edit> {
    // The API server sets this one.
    if wanted.is_empty() || wanted.contains_key(NAME_LABEL) {
        return None;
    }
    let adds = wanted.values().all(Option::is_some);
    let of = match side.namespace_object {
        Some(_) => Labelled::Namespace,
        None if adds => Labelled::NewNamespace(side.namespace.clone()),
        None => return None,
    };
    Some(Edit {
        size: wanted.len() as u32,
        sentence: sentence(&wanted, "namespace", &side.namespace),
        // For a namespace that no file describes, only the cluster counts.
        at: side.namespace_object.or(side.object),
        place: side.namespace_place,
        change: Change::Labels(LabelChange { of, labels: wanted }),
    })
}

fn sentence(wanted: &Wanted, whose: &str, of: &str) -> String {
    let each = wanted.iter().map(|(key, value)| match value {
        Some(value) => format!("set label {key}={value} on {whose} {of}"),
        None => format!("remove label {key} from {whose} {of}"),
    });
    let each: Vec<_> = each.collect();
    each.join(" and ")
}

/// Gives pods a proxy, or keeps it from them.
pub(super) fn enrolment(side: &Side, asks: &str) -> Option<Edit> {
    of_pods(side, Wanted::from([(INJECT.to_owned(), Some(asks.to_owned()))]))
}

/// Gives all pods of a namespace a proxy.
pub(super) fn enrolment_of_namespace(side: &Side) -> Option<Edit> {
    of_namespace(side, Wanted::from([(INJECTION.to_owned(), Some("enabled".to_owned()))]))
}

/// Gives pods to the ztunnel of their node, or keeps them from it.
pub(super) fn ambient(side: &Side, mode: &str) -> Option<Edit> {
    of_pods(side, Wanted::from([(MODE.to_owned(), Some(mode.to_owned()))]))
}

/// Gives all pods of a namespace to the ztunnels of their nodes.
pub(super) fn ambient_of_namespace(side: &Side) -> Option<Edit> {
    of_namespace(side, Wanted::from([(MODE.to_owned(), Some("ambient".to_owned()))]))
}
