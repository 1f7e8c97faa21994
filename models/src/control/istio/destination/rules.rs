//! DestinationRules of one host joined, and where each may be looked for (istio
//! `pilot/pkg/model/destination_rule.go` and `push_context.go`, `setDestinationRules`). Which of
//! them a client uses is decided in `lookup`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::istio::config::Config;
use crate::control::istio::hosts;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{DestinationRule, Subset, TrafficPolicy};
use crate::manifest::{Diagnostic, Place};

use super::super::mesh::Mesh;

/// What one or more DestinationRules say of a host.
#[derive(Clone, Debug)]
pub struct MergedRule {
    /// A number that no other rule of the cluster has.
    pub id: u32,
    /// The whole name, or a wildcard.
    pub host: String,
    /// The namespace of the rules.
    pub namespace: String,
    /// The name of the first rule.
    pub name: String,
    /// The policy of the host.
    pub policy: Option<TrafficPolicy>,
    /// The subsets of all rules, the first of each name.
    pub subsets: Vec<Subset>,
    /// The clients; `None` is all.
    pub selector: Option<Labels>,
    /// Where the first rule begins.
    pub place: Place,
    /// Whether the age of the first rule is known.
    is_dated: bool,
    /// `exportTo`, with `.` for rules that have a selector.
    export_to: BTreeSet<String>,
}

impl MergedRule {
    /// The subset with this name.
    #[must_use]
    pub fn subset(&self, name: &str) -> Option<&Subset> {
        self.subsets.iter().find(|subset| subset.name.value == name)
    }

    /// Whether clients of another namespace may use the rule.
    pub(super) fn is_exported_to(&self, client: &str) -> bool {
        self.export_to.is_empty() || self.export_to.contains("*") || self.export_to.contains(client)
    }
}

/// Rules by host.
#[derive(Clone, Debug, Default)]
pub(super) struct ByHost {
    exact: BTreeMap<String, Vec<MergedRule>>,
    /// By what follows the `*`.
    wildcard: BTreeMap<String, Vec<MergedRule>>,
}

/// Where rules may be looked for.
#[derive(Clone, Debug, Default)]
pub struct RuleIndex {
    /// For clients of the same namespace.
    pub(super) local: BTreeMap<String, Shelf>,
    /// For clients elsewhere.
    pub(super) exported: BTreeMap<String, Shelf>,
    /// Of the root namespace, for clients there alone.
    pub(super) root_local: Shelf,
}

/// Rules by host, ready to be asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    exact: BTreeMap<String, Vec<Arc<MergedRule>>>,
    wildcard: BTreeMap<String, Vec<Arc<MergedRule>>>,
}

impl Shelf {
    /// The rules of the most specific host that covers `host`.
    pub(super) fn most_specific(&self, host: &str) -> Option<&[Arc<MergedRule>]> {
        let exact = if hosts::is_wildcard(host) { None } else { self.exact.get(host) };
        let suffixes = || {
            let bare = host.trim_start_matches('*');
            // From the whole down to nothing, so that the longest wildcard is found first.
            (0..=bare.len()).filter(|&at| bare.is_char_boundary(at)).map(|at| &bare[at..])
        };
        let found = exact.or_else(|| {
            if self.wildcard.is_empty() {
                return None;
            }
            suffixes().find_map(|suffix| self.wildcard.get(suffix))
        });
        found.map(Vec::as_slice)
    }
}

impl From<ByHost> for Shelf {
    fn from(rules: ByHost) -> Self {
        let share = |map: BTreeMap<String, Vec<MergedRule>>| {
            let shared = |(host, rules): (String, Vec<MergedRule>)| {
                (host, rules.into_iter().map(Arc::new).collect())
            };
            map.into_iter().map(shared).collect()
        };
        Self { exact: share(rules.exact), wildcard: share(rules.wildcard) }
    }
}

#[cfg(test)]
impl RuleIndex {
    /// The first rule of a namespace.
    pub(super) fn first_of(&self, namespace: &str) -> Option<&MergedRule> {
        let shelf = self.local.get(namespace)?;
        shelf.exact.values().chain(shelf.wildcard.values()).flatten().next().map(|rule| &**rule)
    }
}

impl RuleIndex {
    /// Indexes `rules`, the older first.
    pub(crate) fn new(
        rules: &[Config<DestinationRule>],
        mesh: &Mesh,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut sorted: Vec<_> = rules.iter().collect();
        // Stable: within each half the older stays first.
        sorted.sort_by_key(|rule| rule.object.selector.is_none());
        let mut local: BTreeMap<String, ByHost> = BTreeMap::new();
        let mut exported: BTreeMap<String, ByHost> = BTreeMap::new();
        let mut root_local = ByHost::default();
        let default_is_private = !mesh.destination_rule_export.is_public();
        let mut next_id = 0;
        for rule in sorted {
            let namespace = rule.namespace.as_str();
            let words = export_words(&rule.object);
            let own = ["*", ".", namespace].iter().any(|word| words.contains(*word));
            let mut add = |shelf: &mut ByHost, findings: &mut Vec<Diagnostic>| {
                next_id += 1;
                let whole = whole(rule, next_id, words.clone(), mesh);
                shelf.merge(rule, whole, findings);
            };
            if words.is_empty() || own {
                add(local.entry(namespace.to_owned()).or_default(), findings);
            }
            let alone = words.len() == 1 && (words.contains(".") || words.contains(namespace));
            if !(alone || words.is_empty() && default_is_private) {
                // The same findings were made for the shelf of the namespace.
                add(exported.entry(namespace.to_owned()).or_default(), &mut Vec::new());
            } else if namespace == mesh.root_namespace.value {
                add(&mut root_local, &mut Vec::new());
            }
        }
        let shelves = |map: BTreeMap<String, ByHost>| {
            map.into_iter().map(|(namespace, rules)| (namespace, rules.into())).collect()
        };
        Self { local: shelves(local), exported: shelves(exported), root_local: root_local.into() }
    }
}

fn export_words(rule: &DestinationRule) -> BTreeSet<String> {
    match rule.selector {
        // A rule for some workloads never leaves its namespace.
        Some(_) => BTreeSet::from([".".to_owned()]),
        None => rule.export_to.iter().map(|word| word.value.clone()).collect(),
    }
}

fn whole(
    rule: &Config<DestinationRule>,
    id: u32,
    export_to: BTreeSet<String>,
    mesh: &Mesh,
) -> MergedRule {
    let object = &rule.object;
    MergedRule {
        id,
        host: hosts::qualified(&object.host, &rule.namespace, &mesh.domain).to_ascii_lowercase(),
        namespace: rule.namespace.clone(),
        name: object.meta.name.value.clone(),
        policy: object.policy.clone(),
        subsets: object.subsets.clone(),
        selector: object.selector.as_ref().map(|selector| selector.value.clone()),
        place: object.meta.place,
        is_dated: object.meta.created.is_some(),
        export_to,
    }
}

impl ByHost {
    /// Joins a rule with those of its host, or sets it beside them.
    fn merge(
        &mut self,
        rule: &Config<DestinationRule>,
        incoming: MergedRule,
        findings: &mut Vec<Diagnostic>,
    ) {
        let list = match incoming.host.strip_prefix('*') {
            Some(suffix) => self.wildcard.entry(suffix.to_owned()).or_default(),
            None => self.exact.entry(incoming.host.clone()).or_default(),
        };
        let mut beside = true;
        for existing in list.iter_mut() {
            if incoming.export_to == existing.export_to {
                beside = false;
            } else {
                beside = true;
                let wider = !existing.export_to.is_empty()
                    && incoming.export_to.is_superset(&existing.export_to);
                if !wider {
                    continue;
                }
            }
            match (&incoming.selector, &existing.selector) {
                (Some(one), Some(other)) if one != other => {
                    beside = true;
                    continue;
                }
                (Some(_), Some(_)) | (None, None) => beside = false,
                _ => {}
            }
            join(existing, &incoming, rule, findings);
        }
        if beside {
            list.push(incoming);
        }
    }
}

fn join(
    existing: &mut MergedRule,
    incoming: &MergedRule,
    rule: &Config<DestinationRule>,
    findings: &mut Vec<Diagnostic>,
) {
    for subset in &incoming.subsets {
        if existing.subset(&subset.name).is_none() {
            existing.subsets.push(subset.clone());
            continue;
        }
        let first = existing.subset(&subset.name).map_or(existing.place, |it| it.name.place);
        let message =
            format!("subset `{}` of host `{}` is written twice", subset.name, existing.host);
        findings.push(
            Diagnostic::warning("istio.duplicate-subset", message)
                .at(subset.name.place, "this one has no effect")
                .at(first, "this one counts")
                .help("write each subset of a host in one DestinationRule"),
        );
    }
    match (&existing.policy, &incoming.policy) {
        (None, Some(policy)) => existing.policy = Some(policy.clone()),
        (Some(_), Some(policy)) => {
            let place = policy.place.unwrap_or(rule.object.meta.place);
            findings.push(set_aside(existing, rule, place));
        }
        (_, None) => {}
    }
}

fn set_aside(existing: &MergedRule, rule: &Config<DestinationRule>, place: Place) -> Diagnostic {
    let message = format!(
        "host `{}` has a traffic policy in DestinationRule `{}/{}` already",
        existing.host, existing.namespace, existing.name
    );
    let known = existing.is_dated && rule.object.meta.created.is_some();
    let why = if known {
        "the older rule's counts"
    } else {
        "without creation times the first by name counts; this is assumed"
    };
    Diagnostic::warning("istio.conflicting-destination-rules", message)
        .at(place, "this one has no effect")
        .at(existing.place, why)
        .help("write the policies of a host in one DestinationRule")
}
