//! How [`Located`] passes through serde: only the deserializer of this module's parent can fill it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::manifest::{Located, Place, SourceId};

/// The name by which the deserializer recognises a request for a place. Serde has no channel for
/// positions, so the value is asked for as a tuple struct of this name: source, line, column, value.
pub(super) const LOCATED_NAME: &str = "$meshwalk::Located";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(LOCATED_NAME, 4, LocatedVisitor(PhantomData))
    }
}

struct LocatedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for LocatedVisitor<T> {
    type Value = Located<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value whose place is known")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Located<T>, A::Error> {
        let mut number = || {
            parts.next_element::<u32>()?.ok_or_else(|| A::Error::custom("the place is incomplete"))
        };
        let place = Place { source: SourceId(number()?), line: number()?, column: number()? };
        let value = parts.next_element::<T>()?;
        let value = value.ok_or_else(|| A::Error::custom("the value is missing"))?;
        Ok(Located { value, place })
    }
}
