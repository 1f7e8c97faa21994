//! What was read and what of it has no effect; the reader of fields reports into it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::yaml::Lines;
use super::{Diagnostic, Place, SourceSet};

/// How many places of one entry are kept.
const PLACES_MAX: usize = 3;

/// How many empty lines may stand before the text of a literal block.
const LEADING_LINES_MAX: usize = 100;

/// How many different entries are kept; only a hostile input has so many.
const ENTRIES_MAX: usize = 10_000;

/// Why something that was read has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// It does not matter to traffic.
    Irrelevant,
    /// It matters to traffic, and the models do not know it yet.
    NotModelledYet,
    /// Nobody knows it: probably a typo, or a kind of a product that meshwalk has not heard of.
    Unknown,
}

/// What a set of manifests holds. It does not depend on the order of the files.
///
/// The names of its fields are stable: they are the JSON of `meshwalk lint -o json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LoadReport {
    /// How many objects of each kind were read, sorted by kind.
    pub kinds: Vec<KindCount>,
    /// What was read and has no effect, sorted by sort, kind and field.
    pub not_modelled: Vec<NotModelled>,
    /// How many further occurrences are not listed, because there were too many entries.
    pub left_out: u64,
}

/// How many objects of a kind were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// Such as `Deployment`.
    pub kind: String,
    /// Such as `apps/v1`.
    pub api_version: String,
    /// How many objects.
    pub count: u64,
    /// Whether the objects take part in the model.
    pub modelled: bool,
}

/// A kind or field without effect, once for all its occurrences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotModelled {
    /// Why it has no effect.
    pub sort: Sort,
    /// Such as `Deployment`; with its group where the kind itself is not modelled.
    pub kind: String,
    /// Such as `spec.template.spec.containers[].image`; absent for a whole object.
    pub field: Option<String>,
    /// How often it occurs.
    pub count: u64,
    /// Why it has no effect, as a sentence without its full stop.
    pub reason: String,
    /// The first places, as `file:line:column`.
    pub places: Vec<String>,
    /// For an unknown field: the known one that is nearest.
    pub suggestion: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    sort: Sort,
    kind: String,
    field: Option<String>,
}

#[derive(Debug)]
struct Entry {
    count: u64,
    reason: &'static str,
    suggestion: Option<&'static str>,
    /// Sorted by file name, line and column; at most [`PLACES_MAX`].
    places: Vec<Place>,
}

/// Collects a [`LoadReport`].
#[derive(Debug)]
pub(super) struct ReportBuilder<'s> {
    sources: &'s SourceSet,
    kinds: BTreeMap<(String, String), (u64, Modelled)>,
    entries: BTreeMap<Key, Entry>,
    left_out: u64,
}

/// Whether the objects of a kind take part in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modelled {
    Yes,
    No,
}

/// Something that has no effect, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) sort: Sort,
    pub(super) reason: &'static str,
}

impl<'s> ReportBuilder<'s> {
    pub(super) fn new(sources: &'s SourceSet) -> Self {
        Self { sources, kinds: BTreeMap::new(), entries: BTreeMap::new(), left_out: 0 }
    }

    pub(super) fn count_kind(&mut self, kind: &str, api_version: &str, modelled: Modelled) {
        // The number of kinds is bounded as that of the entries is.
        let key = (clip(kind), clip(api_version));
        if self.kinds.len() >= ENTRIES_MAX && !self.kinds.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        self.kinds.entry(key).or_insert((0, modelled)).0 += 1;
    }

    /// Where the lines of a scalar stand: one below the other in a literal block (`|`), and
    /// nowhere in particular in every other style. `scalar` is where the first line stands that is
    /// not empty.
    pub(super) fn lines_of_scalar(&self, scalar: Place) -> Lines {
        let source = self.sources.get(scalar.source);
        let above = (1..scalar.line).rev().take(LEADING_LINES_MAX);
        let header = above.map(|line| source.line_text(line)).find(|line| !line.trim().is_empty());
        let style = header.and_then(|line| line.split_whitespace().next_back());
        let is_literal = style.is_some_and(|style| style.starts_with('|'));
        Lines { scalar, is_literal }
    }

    /// Adds an occurrence. The suggestion is worked out once for each entry: that is slow, and a
    /// hostile file has millions of occurrences.
    pub(super) fn add(
        &mut self,
        kind: &str,
        field: Option<String>,
        verdict: Verdict,
        place: Place,
        suggest: impl FnOnce() -> Option<&'static str>,
    ) {
        let key = Key { sort: verdict.sort, kind: clip(kind), field };
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            count: 0,
            reason: verdict.reason,
            suggestion: suggest(),
            places: Vec::with_capacity(PLACES_MAX),
        });
        entry.count += 1;
        let order = |place: &Place| (self.sources.name(place.source), place.line, place.column);
        let at = entry.places.partition_point(|known| order(known) <= order(&place));
        if at < PLACES_MAX {
            entry.places.truncate(PLACES_MAX - 1);
            entry.places.insert(at, place);
        }
    }

    /// The report, and a warning for each unknown field at its first place.
    pub(super) fn finish(self) -> (LoadReport, Vec<Diagnostic>) {
        let warnings = self.entries.iter().filter_map(|(key, entry)| warning(key, entry)).collect();
        let kinds = self.kinds.into_iter().map(|((kind, api_version), (count, modelled))| {
            KindCount { kind, api_version, count, modelled: modelled == Modelled::Yes }
        });
        let not_modelled = self.entries.into_iter().map(|(key, entry)| NotModelled {
            sort: key.sort,
            kind: key.kind,
            field: key.field,
            count: entry.count,
            reason: entry.reason.to_owned(),
            places: entry.places.iter().map(|&at| self.sources.show(at).to_string()).collect(),
            suggestion: entry.suggestion.map(str::to_owned),
        });
        let report = LoadReport {
            kinds: kinds.collect(),
            not_modelled: not_modelled.collect(),
            left_out: self.left_out,
        };
        (report, warnings)
    }
}

fn warning(key: &Key, entry: &Entry) -> Option<Diagnostic> {
    let field = key.field.as_ref().filter(|_| key.sort == Sort::Unknown)?;
    let message = match entry.count {
        1 => format!("{} has no field `{field}`", key.kind),
        count => format!("{} has no field `{field}`; it is written {count} times", key.kind),
    };
    let mut warning = Diagnostic::warning("manifest.unknown-field", message);
    for &place in &entry.places {
        warning = warning.at(place, "has no effect");
    }
    Some(match entry.suggestion {
        Some(near) => warning.help(format!("did you mean `{near}`?")),
        None => warning.help("remove it, or check its indentation"),
    })
}

/// Names from the input are kept short, so that a hostile file cannot fill the report.
fn clip(text: &str) -> String {
    const CHARACTERS_MAX: usize = 200;
    text.chars().take(CHARACTERS_MAX).collect()
}
