//! Tells scenario files and files of routing checks from manifests by their first document.

use meshwalk_models::manifest::yaml::NodeKind;
use meshwalk_models::manifest::{SourceId, SourceSet, yaml};

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// A meshwalk scenario: it has a top-level `version` and no `kind`.
    Scenario,
    /// Routing checks: a list whose first item says what it expects.
    Checks,
    /// Everything else; the manifest reader says what is wrong with it.
    Manifest,
}

/// What the text of `source` is.
pub(crate) fn kind_of(sources: &SourceSet, source: SourceId) -> SourceKind {
    let first = yaml::documents(sources, source).next();
    let Some(document) = first.and_then(|parsed| parsed.document) else {
        return SourceKind::Manifest;
    };
    let root = document.root();
    let list = if root.kind() == NodeKind::Mapping { root.get("checks") } else { Some(root) };
    if list.and_then(|list| list.items().next()).is_some_and(|item| item.get("expect").is_some()) {
        return SourceKind::Checks;
    }
    match (root.get("version"), root.get("kind")) {
        (Some(_), None) => SourceKind::Scenario,
        _ => SourceKind::Manifest,
    }
}
