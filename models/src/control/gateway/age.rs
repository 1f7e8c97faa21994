//! Which of two objects is the older one, where a rule lets the oldest win.

use std::cmp::Ordering;

use crate::manifest::Located;
use crate::manifest::kinds::{ObjectMeta, Timestamp};

use super::objects::Key;

/// When an object was made, and its name for those of one age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Age<'a> {
    created: Option<Timestamp>,
    key: Key<'a>,
}

impl<'a> Age<'a> {
    /// The name of the object.
    pub(super) fn key(&self) -> Key<'a> {
        self.key
    }

    pub(super) fn of(meta: &ObjectMeta, key: Key<'a>) -> Self {
        Self { created: meta.created.map(|time: Located<Timestamp>| time.value), key }
    }

    /// What decides between two objects.
    pub(super) fn decided_by(&self, other: &Self) -> DecidedBy {
        match (self.created, other.created) {
            (Some(one), Some(another)) if one != another => DecidedBy::Age,
            (Some(_), Some(_)) => DecidedBy::Name,
            _ => DecidedBy::NameForLackOfAge,
        }
    }
}

/// What decides between two objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecidedBy {
    /// One was made before the other.
    Age,
    /// They are of one age; the name that comes first in the alphabet counts.
    Name,
    /// Their ages are not known, so their names are taken.
    NameForLackOfAge,
}

impl PartialOrd for Age<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Age<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Objects without a time come last: they are yet to be created.
        let by_age = |age: &Self| (age.created.is_none(), age.created);
        by_age(self).cmp(&by_age(other)).then_with(|| self.key.cmp(&other.key))
    }
}
