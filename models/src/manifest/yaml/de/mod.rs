//! Serde over a YAML tree: types are filled from nodes, and errors know their place and path.
//!
//! Types that serde buffers first (untagged and internally tagged enums, `flatten`) lose their
//! places; use externally tagged enums, such as `constant: 5ms`.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::manifest::Diagnostic;

use super::document::{Document, Entry, NodeRef};
use super::located::LOCATED_NAME;
use super::scalar::NodeKind;

mod error;

use error::{DeError, Segment};

/// Reads the root of a document into a `T`.
///
/// # Errors
/// When the document does not have the shape of a `T`; the diagnostic says where and what was
/// expected there.
pub fn from_document<T: DeserializeOwned>(document: &Document) -> Result<T, Diagnostic> {
    from_node(document.root())
}

/// Reads one node of a document into a `T`.
///
/// # Errors
/// As [`from_document`].
pub fn from_node<T: DeserializeOwned>(node: NodeRef<'_>) -> Result<T, Diagnostic> {
    T::deserialize(NodeDeserializer { node })
        .map_err(|error| error.placed(node.place()).into_diagnostic(node.place()))
}

#[derive(Clone, Copy)]
struct NodeDeserializer<'d> {
    node: NodeRef<'d>,
}

impl<'d> NodeDeserializer<'d> {
    /// Puts the node's place on errors that visitors raise about it.
    fn placed<T>(self, result: Result<T, DeError>) -> Result<T, DeError> {
        result.map_err(|error| error.placed(self.node.place()))
    }

    fn visit<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, DeError> {
        let node = self.node;
        match node.kind() {
            NodeKind::Null => visitor.visit_unit(),
            NodeKind::Bool => visitor.visit_bool(node.as_bool().unwrap_or(false)),
            NodeKind::Integer => visit_integer(node, visitor),
            NodeKind::Float => visitor.visit_f64(node.as_float().unwrap_or(f64::NAN)),
            NodeKind::String => visitor.visit_borrowed_str(node.text()),
            NodeKind::Sequence => visitor.visit_seq(Items { items: node.items(), at: 0 }),
            NodeKind::Mapping => visitor.visit_map(Entries { entries: node.entries(), open: None }),
        }
    }
}

fn visit_integer<'d, V: Visitor<'d>>(node: NodeRef<'d>, visitor: V) -> Result<V::Value, DeError> {
    let Some(number) = node.as_integer() else {
        return visitor.visit_f64(node.as_float().unwrap_or(f64::NAN));
    };
    match (u64::try_from(number), i64::try_from(number)) {
        (Ok(number), _) => visitor.visit_u64(number),
        (_, Ok(number)) => visitor.visit_i64(number),
        _ => visitor.visit_i128(number),
    }
}

impl<'de> Deserializer<'de> for NodeDeserializer<'de> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.placed(self.visit(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.node.kind() {
            NodeKind::Null => self.placed(visitor.visit_none()),
            _ => self.placed(visitor.visit_some(self)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.placed(visitor.visit_newtype_struct(self))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        if name == LOCATED_NAME {
            return self.placed(visitor.visit_seq(PlaceThenValue { node: self.node, part: 0 }));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        // A derived visitor would also take a list of the fields' values, which nobody means.
        match self.node.kind() {
            NodeKind::Mapping => self.deserialize_any(visitor),
            _ => {
                Err(DeError::expected("a mapping", &self.node.describe()).placed(self.node.place()))
            }
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let node = self.node;
        let mut entries = node.entries();
        let variant = match (node.kind(), entries.next(), entries.len()) {
            (NodeKind::Mapping, Some(entry), 0) => Variant { name: entry.key, entry: Some(entry) },
            (NodeKind::Mapping | NodeKind::Sequence | NodeKind::Null, ..) => {
                return Err(DeError::expected(
                    "a word, or a mapping with one key",
                    &node.describe(),
                )
                .placed(node.place()));
            }
            _ => Variant { name: node.text(), entry: None },
        };
        self.placed(visitor.visit_enum(variant))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple map identifier ignored_any
    }
}

/// A list, as serde walks it.
struct Items<I> {
    items: I,
    at: usize,
}

impl<'de, I: Iterator<Item = NodeRef<'de>>> SeqAccess<'de> for Items<I> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DeError> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        let value = seed.deserialize(NodeDeserializer { node });
        value.map(Some).map_err(|error| error.placed(node.place()).under(Segment::Index(at)))
    }
}

/// A mapping, as serde walks it.
struct Entries<'d, I> {
    entries: I,
    /// The entry whose key was read and whose value was not.
    open: Option<Entry<'d>>,
}

impl<'de, I: Iterator<Item = Entry<'de>>> MapAccess<'de> for Entries<'de, I> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DeError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.open = Some(entry);
        let key: StrDeserializer<'_, DeError> = entry.key.into_deserializer();
        seed.deserialize(key).map(Some).map_err(|error| error.placed(entry.key_place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let entry = self.open.take().ok_or_else(|| DeError::custom("a value without a key"))?;
        seed.deserialize(NodeDeserializer { node: entry.value }).map_err(|error| {
            error.placed(entry.value.place()).under(Segment::Key(entry.key.to_owned()))
        })
    }
}

/// A place and then the value that stands there, for `Located`.
struct PlaceThenValue<'d> {
    node: NodeRef<'d>,
    part: u8,
}

impl<'de> SeqAccess<'de> for PlaceThenValue<'de> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DeError> {
        let place = self.node.place();
        let number = match self.part {
            0 => place.source.0,
            1 => place.line,
            2 => place.column,
            3 => {
                self.part += 1;
                return seed.deserialize(NodeDeserializer { node: self.node }).map(Some);
            }
            _ => return Ok(None),
        };
        self.part += 1;
        seed.deserialize(number.into_deserializer()).map(Some)
    }
}

/// One variant of an enum: a word, or the only entry of a mapping.
struct Variant<'d> {
    name: &'d str,
    entry: Option<Entry<'d>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = DeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DeError> {
        let name: StrDeserializer<'_, DeError> = self.name.into_deserializer();
        match seed.deserialize(name) {
            Ok(value) => Ok((value, self)),
            Err(error) => match self.entry {
                Some(entry) => Err(error.placed(entry.key_place)),
                None => Err(error),
            },
        }
    }
}

impl<'de> Variant<'de> {
    fn content<T>(
        self,
        read: impl FnOnce(NodeDeserializer<'de>) -> Result<T, DeError>,
    ) -> Result<T, DeError> {
        let Some(entry) = self.entry else {
            return Err(DeError::custom(format!(
                "`{name}` needs settings: write `{name}: …`",
                name = self.name
            )));
        };
        read(NodeDeserializer { node: entry.value }).map_err(|error| {
            error.placed(entry.value.place()).under(Segment::Key(entry.key.to_owned()))
        })
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = DeError;

    fn unit_variant(self) -> Result<(), DeError> {
        match self.entry {
            Some(entry) if entry.value.kind() != NodeKind::Null => {
                Err(DeError::custom(format!("`{}` has no settings", self.name))
                    .placed(entry.value.place()))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DeError> {
        self.content(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, DeError> {
        self.content(|content| content.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.content(|content| content.deserialize_struct("", fields, visitor))
    }
}
