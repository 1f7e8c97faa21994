//! Tells a scenario file from a manifest by its first document.

use meshwalk_models::manifest::{SourceId, SourceSet, yaml};

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// A meshwalk scenario: it has a top-level `version` and no `kind`.
    Scenario,
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
    match (root.get("version"), root.get("kind")) {
        (Some(_), None) => SourceKind::Scenario,
        _ => SourceKind::Manifest,
    }
}
