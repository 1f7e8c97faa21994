//! From parser events to a [`Document`]; it bounds depth and aliases and merges `<<` keys.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, ScalarStyle, Tag};

use crate::manifest::diagnostic::quoted;
use crate::manifest::{Diagnostic, Place};

use super::document::{Document, Node, NodeId, Run};
use super::scalar::{NodeKind, resolve_plain};
use super::{ALIAS_NODES_MAX, DEPTH_MAX};

/// Mappings up to this size are searched by comparing all keys with each other.
const SMALL_MAPPING: usize = 12;

/// A collection that has begun and not ended.
struct Frame {
    node: NodeId,
    /// Where its children begin in `pending`.
    children_from: usize,
    anchor: usize,
    size: Size,
}

/// How large a node is when every alias in it is written out.
#[derive(Clone, Copy)]
struct Size {
    nodes: u64,
    height: usize,
}

impl Size {
    const SCALAR: Self = Self { nodes: 1, height: 0 };

    fn add_child(&mut self, child: Self) {
        self.nodes = self.nodes.saturating_add(child.nodes);
        self.height = self.height.max(child.height + 1);
    }
}

/// Builds one document after the other.
pub(super) struct Builder {
    document: Document,
    frames: Vec<Frame>,
    /// The finished children of all open collections.
    pending: Vec<NodeId>,
    /// By anchor id; `None` while the anchored collection is open.
    anchors: BTreeMap<usize, Option<(NodeId, Size)>>,
    alias_nodes: u64,
    noted_tag: Option<Place>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            document: empty_document(),
            frames: Vec::new(),
            pending: Vec::new(),
            anchors: BTreeMap::new(),
            alias_nodes: 0,
            noted_tag: None,
        }
    }

    /// Drops what was built of the current document. What aliases cost the source stays counted.
    pub(super) fn abandon(&mut self) {
        *self = Self { alias_nodes: self.alias_nodes, ..Self::new() };
    }

    /// The finished document; `place` is where an empty one stands.
    pub(super) fn finish(&mut self, place: Place) -> Document {
        let mut document = std::mem::replace(&mut self.document, empty_document());
        document.root = match self.pending.first() {
            Some(&root) => root,
            None => document.push_scalar(place, NodeKind::Null, ""),
        };
        self.abandon();
        document
    }

    /// Takes one event. An error means that the document is unusable.
    pub(super) fn take(
        &mut self,
        event: Event<'_>,
        place: Place,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), Diagnostic> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = self.resolve(&text, style, tag.as_deref(), place, diagnostics);
                let node = self.document.push_scalar(place, kind, &text);
                self.define(anchor, Some((node, Size::SCALAR)));
                self.add_child(node, Size::SCALAR);
                Ok(())
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.note_tag(tag.as_deref(), place, diagnostics);
                self.open(NodeKind::Sequence, anchor, place)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.note_tag(tag.as_deref(), place, diagnostics);
                self.open(NodeKind::Mapping, anchor, place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(diagnostics),
            Event::Alias(anchor) => self.alias(anchor, place),
            _ => Ok(()),
        }
    }

    fn open(&mut self, kind: NodeKind, anchor: usize, place: Place) -> Result<(), Diagnostic> {
        if self.frames.len() >= DEPTH_MAX {
            return Err(too_deep(place));
        }
        let node = self.document.push(Node { place, kind, run: Run::between(0, 0) });
        self.define(anchor, None);
        let children_from = self.pending.len();
        self.frames.push(Frame { node, children_from, anchor, size: Size::SCALAR });
        Ok(())
    }

    fn close(&mut self, diagnostics: &mut Vec<Diagnostic>) -> Result<(), Diagnostic> {
        let frame = self.frames.pop().expect("the parser balances starts and ends");
        let children = self.pending.split_off(frame.children_from);
        let node = frame.node.0 as usize;
        if self.document.nodes[node].kind == NodeKind::Sequence {
            let start = self.document.items.len();
            self.document.items.extend(children);
            self.document.nodes[node].run = Run::between(start, self.document.items.len());
        } else {
            let start = self.document.pairs.len();
            self.collect_pairs(&children, diagnostics)?;
            self.document.nodes[node].run = Run::between(start, self.document.pairs.len());
        }
        self.define(frame.anchor, Some((frame.node, frame.size)));
        self.add_child(frame.node, frame.size);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Diagnostic> {
        let Some(&Some((node, size))) = self.anchors.get(&anchor) else {
            return Err(Diagnostic::error("yaml.recursive-alias", "an alias contains itself")
                .at(place, "refers to the collection it stands in")
                .help("write the value out; Kubernetes objects cannot be recursive"));
        };
        if self.frames.len() + size.height > DEPTH_MAX {
            return Err(too_deep(place));
        }
        self.alias_nodes = self.alias_nodes.saturating_add(size.nodes);
        if self.alias_nodes > ALIAS_NODES_MAX {
            return Err(Diagnostic::error(
                "yaml.alias-bomb",
                format!("aliases stand for more than {ALIAS_NODES_MAX} values"),
            )
            .at(place, "this alias is one too many")
            .help("write the values out, or split the file"));
        }
        self.add_child(node, size);
        Ok(())
    }

    fn define(&mut self, anchor: usize, node: Option<(NodeId, Size)>) {
        // The parser numbers anchors from 1; 0 stands for none.
        if anchor != 0 {
            self.anchors.insert(anchor, node);
        }
    }

    fn add_child(&mut self, node: NodeId, size: Size) {
        self.pending.push(node);
        if let Some(parent) = self.frames.last_mut() {
            parent.size.add_child(size);
        }
    }

    /// Appends the entries of a mapping, whose keys and values alternate in `children`.
    fn collect_pairs(
        &mut self,
        children: &[NodeId],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let mut pairs: Vec<(NodeId, NodeId)> = Vec::with_capacity(children.len() / 2);
        let mut merged = Vec::new();
        for pair in children.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            if self.document.node(key).kind().is_collection() {
                return Err(Diagnostic::error("yaml.complex-key", "a key must be a plain word")
                    .at(self.document.node(key).place(), "this key is a collection")
                    .help("this document is skipped; write a word, or quote the key"));
            } else if self.document.text_of(key) == "<<" && self.is_mergeable(value) {
                merged.push(value);
            } else {
                pairs.push((key, value));
            }
        }
        self.drop_duplicates(&mut pairs, diagnostics);
        for value in merged {
            self.merge(&mut pairs, value);
        }
        self.document.pairs.extend(pairs);
        Ok(())
    }

    /// Keeps the last of several entries with the same key, as the YAML reader of `kubectl` does.
    fn drop_duplicates(
        &self,
        pairs: &mut Vec<(NodeId, NodeId)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let document = &self.document;
        let text = |pair: &(NodeId, NodeId)| document.text_of(pair.0);
        if pairs.len() <= SMALL_MAPPING {
            let repeats = |at: usize| pairs[..at].iter().any(|pair| text(pair) == text(&pairs[at]));
            if !(1..pairs.len()).any(repeats) {
                return;
            }
        }
        let mut last = BTreeMap::new();
        for (at, pair) in pairs.iter().enumerate() {
            if let Some(earlier) = last.insert(text(pair), at) {
                let (earlier, later) = (document.node(pairs[earlier].0), document.node(pair.0));
                diagnostics.push(
                    Diagnostic::warning(
                        "yaml.duplicate-key",
                        format!("{} is written twice in one mapping", quoted(later.text())),
                    )
                    .at(later.place(), "this one counts")
                    .at(earlier.place(), "this one is overwritten")
                    .help("keep one of them; strict readers refuse the document"),
                );
            }
        }
        if last.len() < pairs.len() {
            let keep: BTreeSet<usize> = last.into_values().collect();
            let mut at = 0;
            pairs.retain(|_| {
                at += 1;
                keep.contains(&(at - 1))
            });
        }
    }

    fn is_mergeable(&self, value: NodeId) -> bool {
        let node = self.document.node(value);
        let is_mapping = |kind| kind == NodeKind::Mapping;
        is_mapping(node.kind())
            || (node.kind() == NodeKind::Sequence
                && node.items().all(|item| is_mapping(item.kind())))
    }

    /// The merge key of YAML 1.1 (yaml.org/type/merge.html), which the reader of `kubectl` knows:
    /// keys that are there already stay, and of several merged mappings the first wins.
    fn merge(&self, pairs: &mut Vec<(NodeId, NodeId)>, value: NodeId) {
        let document = &self.document;
        let mut known: BTreeSet<&str> = pairs.iter().map(|pair| document.text_of(pair.0)).collect();
        let node = document.node(value);
        let single = (node.kind() == NodeKind::Mapping).then_some(node);
        for mapping in single.into_iter().chain(node.items()) {
            for &(key, value) in document.pairs_of(mapping.id()) {
                if known.insert(document.text_of(key)) {
                    pairs.push((key, value));
                }
            }
        }
    }

    fn resolve(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: Place,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> NodeKind {
        let resolved = resolve_plain(text);
        let by_style = if style == ScalarStyle::Plain { resolved } else { NodeKind::String };
        let wanted = match tag.and_then(Tag::core_suffix) {
            Some("str") => return NodeKind::String,
            Some("int") => NodeKind::Integer,
            Some("float") => NodeKind::Float,
            Some("bool") => NodeKind::Bool,
            Some("null") => NodeKind::Null,
            _ => {
                self.note_tag(tag, place, diagnostics);
                return by_style;
            }
        };
        // A tag cannot make a number of a word.
        if resolved == wanted { wanted } else { by_style }
    }

    fn note_tag(&mut self, tag: Option<&Tag>, place: Place, diagnostics: &mut Vec<Diagnostic>) {
        let Some(tag) = tag else { return };
        if self.noted_tag.is_some() || matches!(tag.core_suffix(), Some("seq" | "map")) {
            return;
        }
        // Once a document is enough: files of other tools are full of them.
        self.noted_tag = Some(place);
        diagnostics.push(
            Diagnostic::note(
                "yaml.tag-ignored",
                format!("the tag {} has no effect", quoted(&tag.original())),
            )
            .at(place, "read as if it had no tag"),
        );
    }
}

pub(super) fn too_deep(place: Place) -> Diagnostic {
    Diagnostic::error("yaml.too-deep", format!("collections nest more than {DEPTH_MAX} deep"))
        .at(place, "too deep here")
        .help("no Kubernetes object nests this deeply; check how the file was made")
}

fn empty_document() -> Document {
    Document {
        nodes: Vec::new(),
        items: Vec::new(),
        pairs: Vec::new(),
        text: String::new(),
        root: NodeId(0),
    }
}
