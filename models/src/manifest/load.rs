//! From sources to resources: documents, lists, kinds and duplicates; it joins nothing.

use std::collections::BTreeMap;

use super::diagnostic::{nearest, quoted};
use super::digest::{self, ContentHash};
use super::fields::{FieldTable, Fields, Reading};
use super::findings::Findings;
use super::kinds::{ObjectMeta, Resource};
use super::registry::{self, Effect, Found, ModelledKind, OtherKind, Scope};
use super::report::{LoadReport, Modelled, Sort, Verdict};
use super::yaml::{self, NodeKind, NodeRef};
use super::{Diagnostic, Place, SourceId, SourceSet};

/// Everything that a set of sources says.
#[derive(Debug)]
pub struct Manifests {
    /// The modelled objects, in the order in which they were read.
    pub resources: Vec<Resource>,
    /// Objects that matter to traffic and of whose kind nothing is read, in the order of reading;
    /// no more of them than a bound.
    pub unread: Vec<UnreadObject>,
    /// What was read and what of it has no effect; the same for any order of the sources.
    pub report: LoadReport,
    /// What is wrong with the input, in the order of reading.
    pub diagnostics: Vec<Diagnostic>,
    /// A fingerprint (SHA-256, hexadecimal) of the fields that were read into `resources`. It does
    /// not depend on layout, comments, fields that are not modelled, or the order of keys and
    /// sources, except where two sources say different things about one object.
    pub digest: String,
}

/// An object of whose kind nothing is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadObject {
    /// Such as `cilium.io/v2`.
    pub api_version: String,
    /// Such as `CiliumNetworkPolicy`.
    pub kind: String,
    /// Its namespace; empty where it names none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it begins.
    pub place: Place,
}

impl UnreadObject {
    /// Its API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }
}

/// How many unread objects are kept; only a hostile input has so many.
const UNREAD_MAX: usize = 10_000;

/// Reads the manifests of `sources`.
///
/// Of two objects with the same kind, namespace and name the later one counts, as when one is
/// applied after the other. No input makes it fail: what cannot be read is skipped and reported.
#[must_use]
pub fn load(sources: &SourceSet, ids: impl IntoIterator<Item = SourceId>) -> Manifests {
    let mut loader = Loader {
        findings: Findings::new(sources),
        objects: Vec::new(),
        known: BTreeMap::new(),
        unread: Vec::new(),
    };
    for id in ids {
        // One document at a time: its tree is dropped before the next one is built.
        for parsed in yaml::documents(sources, id) {
            parsed.diagnostics.into_iter().for_each(|finding| loader.findings.add(finding));
            if let Some(document) = parsed.document.filter(|document| !document.is_empty()) {
                loader.read_root(document.root());
            }
        }
    }
    loader.finish()
}

/// What makes two objects the same one: kind, namespace and name.
type Identity = (&'static str, Option<String>, String);

/// One object that was read.
struct Object {
    resources: Vec<Resource>,
    content: [u8; 32],
    place: Place,
}

struct Loader<'s> {
    findings: Findings<'s>,
    /// `None` where a later object took the place of an earlier one.
    objects: Vec<Option<Object>>,
    known: BTreeMap<Identity, usize>,
    unread: Vec<UnreadObject>,
}

/// What the header of an object says.
#[derive(Clone, Copy)]
struct Header<'d> {
    api_version: &'d str,
    kind: &'d str,
}

impl Loader<'_> {
    fn finish(self) -> Manifests {
        let (report, diagnostics) = self.findings.finish();
        let mut resources = Vec::new();
        let mut contents = Vec::with_capacity(self.objects.len());
        for object in self.objects.into_iter().flatten() {
            contents.push(object.content);
            resources.extend(object.resources);
        }
        let digest = digest::combine(contents);
        Manifests { resources, unread: self.unread, report, diagnostics, digest }
    }

    fn read_root(&mut self, root: NodeRef<'_>) {
        if root.kind() != NodeKind::Mapping {
            let got = root.describe();
            self.findings
                .add(not_kubernetes(root.place(), format!("expected an object, got {got}")));
            return;
        }
        if let Some(header) = self.read_header(root) {
            self.read_object(root, header);
        }
    }

    /// Reads an object or, for lists, the objects in it. Trees are bounded in depth, and so is the
    /// recursion into lists of lists.
    fn read_object(&mut self, root: NodeRef<'_>, header: Header<'_>) {
        let items = root.get("items").filter(|items| items.kind() == NodeKind::Sequence);
        match (header.kind.strip_suffix("List"), items) {
            (Some(item_kind), Some(items)) => {
                for item in items.items() {
                    self.read_item(item, header.api_version, item_kind);
                }
            }
            _ => self.read_single(root, header),
        }
    }

    /// Reads one item of a list. In a typed list, such as a `PodList` of the API server, the items
    /// need not repeat their kind.
    fn read_item(&mut self, item: NodeRef<'_>, api_version: &str, kind: &str) {
        let bare = item.get("kind").is_none() && item.get("apiVersion").is_none();
        if item.kind() == NodeKind::Mapping && bare && !kind.is_empty() {
            self.read_single(item, Header { api_version, kind });
        } else {
            self.read_root(item);
        }
    }

    fn read_header<'d>(&mut self, root: NodeRef<'d>) -> Option<Header<'d>> {
        let word = |name| {
            let node: Option<NodeRef<'d>> = root.get(name);
            node.filter(|node| node.kind() == NodeKind::String && !node.text().is_empty())
        };
        match (word("apiVersion"), word("kind")) {
            (Some(api_version), Some(kind)) => {
                Some(Header { api_version: api_version.text(), kind: kind.text() })
            }
            (api_version, kind) => {
                let found = [api_version, kind, root.get("metadata")];
                self.report_headless(root, found);
                None
            }
        }
    }

    fn report_headless(&mut self, root: NodeRef<'_>, [api, kind, meta]: [Option<NodeRef<'_>>; 3]) {
        let parts = [api, kind, meta].into_iter().flatten().count();
        let missing = if api.is_none() { "apiVersion" } else { "kind" };
        let finding = if parts >= 2 {
            Diagnostic::error("manifest.no-kind", format!("`{missing}` is missing or no word"))
                .at(root.place(), "skipped")
                .help("an object needs `apiVersion`, `kind` and `metadata.name`")
        } else {
            not_kubernetes(root.place(), "this is no Kubernetes object".to_owned())
        };
        self.findings.add(finding);
    }

    fn read_single(&mut self, root: NodeRef<'_>, header: Header<'_>) {
        match registry::find(header.api_version, header.kind) {
            Found::Modelled(modelled) if (modelled.takes)(name_of(root)) => {
                self.read_modelled(root, header, modelled);
            }
            Found::Modelled(modelled) => {
                self.report_other(
                    root,
                    header,
                    registry::other_kind(modelled.group, modelled.kind),
                );
            }
            Found::OtherVersion { modelled, removed_in } => {
                let count = &mut self.findings.report;
                count.count_kind(header.kind, header.api_version, Modelled::No);
                self.report_version(root, header, modelled, removed_in);
            }
            Found::Other(other) => {
                self.report_other(root, header, other);
                if other.sort == Sort::NotModelledYet {
                    self.keep_unread(root, header);
                }
            }
        }
    }

    fn report_other(&mut self, root: NodeRef<'_>, header: Header<'_>, other: OtherKind) {
        let report = &mut self.findings.report;
        report.count_kind(header.kind, header.api_version, Modelled::No);
        let suggest = || {
            let known = registry::modelled_names();
            (other.sort == Sort::Unknown).then(|| nearest(header.kind, known)).flatten()
        };
        let verdict = Verdict { sort: other.sort, reason: other.reason };
        let kind = format!("{} {}", header.api_version, header.kind);
        report.add(&kind, None, verdict, root.place(), suggest);
    }

    fn keep_unread(&mut self, root: NodeRef<'_>, header: Header<'_>) {
        if self.unread.len() >= UNREAD_MAX {
            return;
        }
        let namespace = root.get("metadata").and_then(|meta| meta.get("namespace"));
        self.unread.push(UnreadObject {
            api_version: header.api_version.to_owned(),
            kind: header.kind.to_owned(),
            namespace: namespace.map_or("", NodeRef::text).to_owned(),
            name: name_of(root).to_owned(),
            place: root.place(),
        });
    }

    fn report_version(
        &mut self,
        root: NodeRef<'_>,
        header: Header<'_>,
        modelled: &ModelledKind,
        removed_in: Option<&str>,
    ) {
        let name = format!("{} {}", quoted(header.api_version), header.kind);
        let message = match removed_in {
            Some(release) => format!("{name} was removed in Kubernetes {release}"),
            None => format!("{name} is no version that is known here"),
        };
        let place = root.get("apiVersion").map_or(root.place(), NodeRef::place);
        self.findings.add(
            Diagnostic::error("manifest.api-version", message)
                .at(place, "this object is skipped")
                .help(format!("convert it to `{}`", modelled.api_version())),
        );
    }

    fn read_modelled(
        &mut self,
        root: NodeRef<'_>,
        header: Header<'_>,
        modelled: &'static ModelledKind,
    ) {
        match modelled.effect {
            Effect::Modelled => {
                self.findings.report.count_kind(header.kind, header.api_version, Modelled::Yes);
            }
            Effect::Noticed => {
                let other = registry::other_kind(modelled.group, modelled.kind);
                self.report_other(root, header, other);
            }
        }
        let content = ContentHash::of_kind(modelled.title);
        let mut reading =
            Reading { findings: &mut self.findings, kind: modelled.title, content, lost: 0 };
        let table = FieldTable::of(modelled.title);
        let read = Fields::read_object(&mut reading, root, table, |fields| {
            fields.string("apiVersion");
            fields.string("kind");
            let Some(meta) = read_meta(fields) else {
                fields.leave();
                return None;
            };
            let namespace = match modelled.scope {
                Scope::Cluster => None,
                Scope::Namespaced => {
                    Some(meta.namespace.as_ref().map_or("default", |it| &it.value))
                }
            };
            let identity = (modelled.title, namespace.map(str::to_owned), meta.name.value.clone());
            Some((identity, (modelled.read)(fields, meta)))
        });
        let content = reading.content.finish();
        if let Some((identity, resources)) = read {
            self.keep(identity, Object { resources, content, place: root.place() });
        }
    }

    /// Keeps an object; an earlier one with the same identity gives way.
    fn keep(&mut self, identity: Identity, object: Object) {
        let at = self.objects.len();
        let earlier = self.known.get(&identity).and_then(|&at| self.objects[at].take());
        if let Some(earlier) = earlier {
            self.findings.add(duplicate(&identity, &earlier, &object));
        }
        self.known.insert(identity, at);
        self.objects.push(Some(object));
    }
}

/// The name in the metadata; empty where there is none.
fn name_of(root: NodeRef<'_>) -> &str {
    root.get("metadata").and_then(|meta| meta.get("name")).map_or("", NodeRef::text)
}

/// Only a warning: folders hold other YAML and JSON too, such as values of charts and workflows.
fn not_kubernetes(place: Place, message: String) -> Diagnostic {
    Diagnostic::warning("manifest.not-kubernetes", message).at(place, "skipped").help(
        "an object has `apiVersion`, `kind` and `metadata`; leave other files out of the paths",
    )
}

fn duplicate((kind, namespace, name): &Identity, earlier: &Object, later: &Object) -> Diagnostic {
    let whose = match namespace {
        Some(namespace) => format!("{kind} {} in namespace {}", quoted(name), quoted(namespace)),
        None => format!("{kind} {}", quoted(name)),
    };
    let finding = if earlier.content == later.content {
        Diagnostic::note("manifest.duplicate", format!("{whose} is written twice, alike"))
    } else {
        Diagnostic::warning("manifest.duplicate", format!("{whose} is written twice, differently"))
    };
    finding
        .at(later.place, "this one counts")
        .at(earlier.place, "this one is overwritten")
        .help("keep one of them; applied one after the other, the later one wins")
}

fn read_meta(fields: &mut Fields<'_, '_, '_, '_>) -> Option<ObjectMeta> {
    let meta = ObjectMeta::read(fields)?;
    if !meta.name.value.contains("{{") {
        return Some(meta);
    }
    fields.add(
        Diagnostic::error("manifest.template", "this looks like a template, not an object")
            .at(meta.name.place, "a template action")
            .help("render it first, for example with `helm template`"),
    );
    None
}
