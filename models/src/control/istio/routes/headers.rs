//! From `headers` of a VirtualService to Envoy's changes to headers. The authority is no header
//! there: setting it is a rewrite of the host.

use crate::explain::Sourced;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{HeaderOperations, HeaderRules};
use crate::proxy::envoy::config::{AppendAction, HeaderMutation, HeaderMutations};
use crate::world::Origin;

/// Changes to headers, and the authority that they set.
#[derive(Clone, Debug, Default)]
pub(super) struct Operations {
    /// The changes.
    pub(super) mutations: HeaderMutations,
    /// The new authority.
    pub(super) authority: Option<Sourced<String>>,
}

/// Headers are set before others are added, each in the order of their names; an authority that is
/// set counts before one that is added (istio `pilot/pkg/networking/core/route/route.go`,
/// `TranslateHeadersOperations`).
pub(super) fn operations(rules: &HeaderRules) -> Operations {
    Operations {
        mutations: HeaderMutations {
            request_set: added(&rules.request),
            request_remove: removed(&rules.request),
            response_set: added(&rules.response),
            response_remove: removed(&rules.response),
        },
        authority: authority(&rules.request.set).or_else(|| authority(&rules.request.add)),
    }
}

/// Puts the changes of a single destination behind those of its rule.
pub(super) fn extend(mutations: &mut HeaderMutations, more: HeaderMutations) {
    mutations.request_set.extend(more.request_set);
    mutations.request_remove.extend(more.request_remove);
    mutations.response_set.extend(more.response_set);
    mutations.response_remove.extend(more.response_remove);
}

fn added(operations: &HeaderOperations) -> Vec<HeaderMutation> {
    let each = |labels: &Labels, action| {
        let usable = labels.iter().filter(|(name, _)| !is_internal(name));
        let mutation = usable.map(|(name, value)| HeaderMutation {
            name: name.to_ascii_lowercase(),
            value: value.value.clone(),
            action,
            origin: Origin::Manifest(value.place),
        });
        mutation.collect::<Vec<_>>()
    };
    let mut mutations = each(&operations.set, AppendAction::OverwriteOrAdd);
    mutations.extend(each(&operations.add, AppendAction::AppendOrAdd));
    mutations
}

fn removed(operations: &HeaderOperations) -> Vec<String> {
    let names = operations.remove.iter().filter(|name| !is_internal(name));
    names.map(|name| name.to_ascii_lowercase()).collect()
}

fn authority(labels: &Labels) -> Option<Sourced<String>> {
    let names =
        |name: &str| name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host");
    let found = labels.iter().rev().find(|(name, _)| names(name));
    found.map(|(_, value)| Sourced::new(value.value.clone(), Origin::Manifest(value.place)))
}

/// What Envoy does not let be changed as a header.
fn is_internal(name: &str) -> bool {
    name.starts_with(':') || name.eq_ignore_ascii_case("host")
}
