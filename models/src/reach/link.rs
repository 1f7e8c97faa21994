//! What is found out of a pair: which connections pass, which do not, and why. Plain data.

use crate::policy::ConnectionSet;
use crate::walk::BoxKind;
use crate::world::Origin;

use super::access::Admission;

/// Connections of a pair that have one fate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Which connections, by the port of the server's pods.
    pub set: ConnectionSet,
    /// What becomes of them.
    pub fate: Fate,
}

/// What becomes of connections.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// They pass; perhaps some requests on them alone.
    Allowed(Requests),
    /// It cannot be told.
    Unknown {
        /// What would have to be known.
        why: String,
        /// The lines that ask for it.
        origins: Vec<Origin>,
    },
    /// They do not pass.
    Refused {
        /// What the client notices.
        how: How,
        /// The box that does it.
        by: BoxKind,
        /// Why.
        why: String,
        /// The lines that make it so.
        origins: Vec<Origin>,
    },
}

impl Fate {
    /// The better for the client, the less.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Allowed(Requests::All) => 0,
            Self::Allowed(Requests::Some { .. }) => 1,
            Self::Unknown { .. } => 2,
            Self::Refused { .. } => 3,
        }
    }

    /// In one word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Allowed(_) => "allowed",
            Self::Unknown { .. } => "unknown",
            Self::Refused { how: How::Dropped, .. } => "dropped",
            Self::Refused { how: How::Reset, .. } => "reset",
            Self::Refused { how: How::Denied, .. } => "denied",
        }
    }

    /// The lines behind it.
    #[must_use]
    pub fn origins(&self) -> &[Origin] {
        match self {
            Self::Allowed(_) => &[],
            Self::Unknown { origins, .. } | Self::Refused { origins, .. } => origins,
        }
    }
}

/// What the client notices of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It waits.
    Dropped,
    /// Its connection is closed.
    Reset,
    /// It gets 403.
    Denied,
}

/// The requests that pass on a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requests {
    /// All of them.
    All,
    /// Some.
    Some {
        /// Those of any of these; `None` is all that are not excepted.
        admitted: Option<Vec<Admission>>,
        /// Without those of any of these.
        except: Vec<Admission>,
        /// Those of which it cannot be told, because somebody else decides on them.
        undecided: Vec<Admission>,
    },
}
