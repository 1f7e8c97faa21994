//! A value of a configuration together with where it comes from.

use std::ops::Deref;

use serde::Serialize;

use crate::world::Origin;

/// A leaf of a compiled configuration: its value, and the file and line or the named default that
/// set it. Equality and hashes look at both, so that two fragments are one only if they also have
/// the same origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Sourced<T> {
    /// What holds.
    pub value: T,
    /// What set it.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// `value`, set by `origin`.
    pub const fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// `value`, a documented default of the profile under its stable name.
    pub const fn default_of(value: T, name: &'static str) -> Self {
        Self { value, origin: Origin::Default(name) }
    }

    /// The same origin with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: change(self.value), origin: self.origin }
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
