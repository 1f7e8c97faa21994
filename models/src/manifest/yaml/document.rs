//! The tree of one YAML document, kept in a few flat arrays; building it is `build`'s business.

use crate::manifest::Place;

use super::scalar::{NodeKind, parse_bool, parse_float, parse_integer};

/// The number of a node in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(pub(super) u32);

/// A part of one of the arrays of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    start: u32,
    len: u32,
}

impl Run {
    pub(super) fn between(start: usize, end: usize) -> Self {
        Self { start: index(start), len: index(end - start) }
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// A node of 24 bytes: a large dump has millions of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: NodeKind,
    /// Into `text` for scalars, `items` for sequences, `pairs` for mappings.
    pub(super) run: Run,
}

/// One YAML document. Nodes behind aliases are shared, not copied.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) nodes: Vec<Node>,
    pub(super) items: Vec<NodeId>,
    /// Key and value. Keys are scalars and unique within their mapping.
    pub(super) pairs: Vec<(NodeId, NodeId)>,
    pub(super) text: String,
    pub(super) root: NodeId,
}

impl Document {
    /// The node that holds all others.
    #[must_use]
    pub fn root(&self) -> NodeRef<'_> {
        self.node(self.root)
    }

    /// Whether it holds nothing, such as the text between two `---` lines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root().kind() == NodeKind::Null
    }

    pub(super) fn node(&self, id: NodeId) -> NodeRef<'_> {
        NodeRef { document: self, id }
    }

    pub(super) fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(index(self.nodes.len() - 1))
    }

    pub(super) fn push_scalar(&mut self, place: Place, kind: NodeKind, text: &str) -> NodeId {
        let start = self.text.len();
        self.text.push_str(text);
        self.push(Node { place, kind, run: Run::between(start, self.text.len()) })
    }

    pub(super) fn text_of(&self, id: NodeId) -> &str {
        let node = &self.nodes[id.0 as usize];
        match node.kind {
            NodeKind::Sequence | NodeKind::Mapping => "",
            _ => &self.text[node.run.range()],
        }
    }

    pub(super) fn items_of(&self, id: NodeId) -> &[NodeId] {
        let node = &self.nodes[id.0 as usize];
        if node.kind == NodeKind::Sequence { &self.items[node.run.range()] } else { &[] }
    }

    pub(super) fn pairs_of(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        let node = &self.nodes[id.0 as usize];
        if node.kind == NodeKind::Mapping { &self.pairs[node.run.range()] } else { &[] }
    }
}

/// A node of a document.
#[derive(Clone, Copy, Debug)]
pub struct NodeRef<'d> {
    document: &'d Document,
    id: NodeId,
}

/// A key of a mapping and its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'d> {
    /// The text of the key.
    pub key: &'d str,
    /// Where the key stands.
    pub key_place: Place,
    /// The value.
    pub value: NodeRef<'d>,
}

impl<'d> NodeRef<'d> {
    /// The sort of the node.
    #[must_use]
    pub fn kind(self) -> NodeKind {
        self.node().kind
    }

    /// Where it begins.
    #[must_use]
    pub fn place(self) -> Place {
        self.node().place
    }

    /// The text of a scalar, after quotes and escapes; empty for collections.
    #[must_use]
    pub fn text(self) -> &'d str {
        self.document.text_of(self.id)
    }

    /// The value of a boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        if self.kind() == NodeKind::Bool { parse_bool(self.text()) } else { None }
    }

    /// The value of a whole number, if it fits.
    #[must_use]
    pub fn as_integer(self) -> Option<i128> {
        if self.kind() == NodeKind::Integer { parse_integer(self.text()) } else { None }
    }

    /// The value of any number.
    #[must_use]
    pub fn as_float(self) -> Option<f64> {
        match self.kind() {
            NodeKind::Integer | NodeKind::Float => parse_float(self.text()),
            _ => None,
        }
    }

    /// The items of a sequence; none for other nodes.
    pub fn items(self) -> impl ExactSizeIterator<Item = NodeRef<'d>> + use<'d> {
        let document = self.document;
        document.items_of(self.id).iter().map(move |&id| document.node(id))
    }

    /// The entries of a mapping, in the order written; none for other nodes.
    pub fn entries(self) -> impl ExactSizeIterator<Item = Entry<'d>> + use<'d> {
        let document = self.document;
        document.pairs_of(self.id).iter().map(move |&(key, value)| Entry {
            key: document.text_of(key),
            key_place: document.node(key).place(),
            value: document.node(value),
        })
    }

    /// The value of `key` in a mapping.
    #[must_use]
    pub fn get(self, key: &str) -> Option<NodeRef<'d>> {
        self.entries().find(|entry| entry.key == key).map(|entry| entry.value)
    }

    /// What the node is, for messages: "a string `abc`".
    pub(crate) fn describe(self) -> String {
        self.kind().describe(self.text())
    }

    pub(super) const fn id(self) -> NodeId {
        self.id
    }

    fn node(self) -> &'d Node {
        &self.document.nodes[self.id.0 as usize]
    }
}

/// Arrays of a document are shorter than its source (or the aliases in it) allows, so they can be
/// indexed with 32 bits.
pub(super) fn index(position: usize) -> u32 {
    u32::try_from(position).expect("a source is at most 1 GiB and its aliases are bounded")
}
