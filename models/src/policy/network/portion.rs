//! What an evaluation is about: all connections between two ends at once, or one of them. Which
//! connections policies match is not said here.

use crate::manifest::kinds::Transport;
use crate::policy::ConnectionSet;

/// A part of the connections that are evaluated.
pub(super) trait Portion: Clone {
    /// Whether nothing is left.
    fn is_empty(&self) -> bool;
    /// What is in both.
    fn and(&self, other: &Self) -> Self;
    /// What is in either.
    fn or(&self, other: &Self) -> Self;
    /// What is in this one and not in the other.
    fn without(&self, other: &Self) -> Self;
}

impl Portion for ConnectionSet {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn and(&self, other: &Self) -> Self {
        self.intersection(other)
    }

    fn or(&self, other: &Self) -> Self {
        self.union(other)
    }

    fn without(&self, other: &Self) -> Self {
        self.difference(other)
    }
}

/// One connection: it is in the portion or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum One {
    There,
    Gone,
}

impl One {
    /// Whether the connection is in a set.
    pub(super) fn of(set: &ConnectionSet, transport: Transport, port: u16) -> Self {
        Self::when(set.contains(transport, port))
    }

    fn when(there: bool) -> Self {
        if there { Self::There } else { Self::Gone }
    }
}

impl Portion for One {
    fn is_empty(&self) -> bool {
        *self == Self::Gone
    }

    fn and(&self, other: &Self) -> Self {
        Self::when(!self.is_empty() && !other.is_empty())
    }

    fn or(&self, other: &Self) -> Self {
        Self::when(!self.is_empty() || !other.is_empty())
    }

    fn without(&self, other: &Self) -> Self {
        Self::when(!self.is_empty() && other.is_empty())
    }
}
