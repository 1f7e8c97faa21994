//! Which of two objects is the older one, where a rule lets the oldest win.

use std::cmp::Ordering;

use crate::manifest::kinds::{ObjectMeta, Timestamp};
use crate::manifest::{Located, Place};

use super::objects::Key;

/// An object that competes with another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<'a> {
    /// Such as `HTTPRoute`.
    pub(super) kind: &'static str,
    pub(super) key: Key<'a>,
    pub(super) meta: &'a ObjectMeta,
}

/// Two objects of which the older one counts, though not both say when they were made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tie {
    /// What they compete for.
    pub(super) about: String,
    /// The name and the place of the one that counts.
    pub(super) winner: (String, Place),
    /// The same of the other.
    pub(super) loser: (String, Place),
}

impl<'a> Claim<'a> {
    /// How old it is.
    pub(super) fn age(&self) -> Age<'a> {
        Age::of(self.meta, self.key)
    }

    fn title(&self) -> (String, Place) {
        let (namespace, name) = self.key;
        (format!("{} `{namespace}/{name}`", self.kind), self.meta.place)
    }

    /// The tie between this object, which counts, and `other`, if their ages do not decide.
    pub(super) fn tie(&self, other: &Claim<'_>, about: impl FnOnce() -> String) -> Option<Tie> {
        self.age().decided_by(&other.age()).is_guess().then(|| Tie {
            about: about(),
            winner: self.title(),
            loser: other.title(),
        })
    }
}

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
            (None, None) => DecidedBy::NameForLackOfAge,
            (Some(_), None) | (None, Some(_)) => DecidedBy::OnlyOneAge,
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
    /// Only one has an age; the other is taken for one that is yet to be made.
    OnlyOneAge,
}

impl DecidedBy {
    /// Whether a cluster, which knows all ages, may decide otherwise.
    pub(super) const fn is_guess(self) -> bool {
        matches!(self, Self::NameForLackOfAge | Self::OnlyOneAge)
    }
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
