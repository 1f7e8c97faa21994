//! Logic with an answer for what cannot be told. What is judged with it is said elsewhere.

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// It does not.
    No,
    /// It cannot be told: something that it turns on is not known.
    Unknown,
    /// It does.
    Yes,
}

impl Truth {
    /// The other way round.
    pub(crate) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }

    /// Whether all hold; also if there are none.
    pub(crate) fn all(of: impl IntoIterator<Item = Self>) -> Self {
        // The smallest counts, and after a clear no nobody else is asked.
        let mut least = Self::Yes;
        for one in of {
            least = least.min(one);
            if least == Self::No {
                break;
            }
        }
        least
    }

    /// Whether any holds; not if there are none.
    pub(crate) fn any(of: impl IntoIterator<Item = Self>) -> Self {
        Self::all(of.into_iter().map(Self::not)).not()
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
