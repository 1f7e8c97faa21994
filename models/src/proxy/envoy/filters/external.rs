//! What external authorisers answer. They run outside of everything that is modelled, so their
//! answers are given by whoever asks.

use std::collections::BTreeMap;

/// The answers of external authorisers, by the name of their provider; those that are not given are
/// not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalAnswers(BTreeMap<String, ExternalAnswer>);

/// What an external authoriser answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExternalAnswer {
    /// The request may go on.
    Allow,
    /// It may not.
    Deny {
        /// What the client gets; `None` is the proxy's own.
        status: Option<u16>,
    },
    /// There is no answer: it cannot be reached, fails, or takes too long.
    Fail,
}

impl ExternalAnswers {
    /// Says what a provider answers; the later word counts.
    pub fn give(&mut self, provider: String, answer: ExternalAnswer) {
        self.0.insert(provider, answer);
    }

    /// What a provider answers, if it is known.
    #[must_use]
    pub fn of(&self, provider: &str) -> Option<ExternalAnswer> {
        self.0.get(provider).copied()
    }

    /// The providers whose answers are given.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
