//! What is known about tokens beside what a request carries: the time, keys that no manifest has,
//! and claims that somebody vouches for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::kinds::Timestamp;

use super::claims::Claims;
use super::jwks::Jwks;

/// What whoever asks knows about tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// The time; without it nothing is said of tokens that expire.
    pub now: Option<Timestamp>,
    /// Claims that count as those of a token which is signed and in time, wherever one is looked
    /// for. Tokens that the request carries are then not looked at.
    pub stated: Option<Arc<Claims>>,
    /// Keys of issuers whose keys are not in the manifests.
    pub keys: BTreeMap<String, Arc<Jwks>>,
    /// Keys of all other issuers whose keys are not in the manifests.
    pub other_keys: Option<Arc<Jwks>>,
}

impl TokenFacts {
    /// The keys of an issuer whose keys are not in the manifests.
    #[must_use]
    pub fn keys_of(&self, issuer: &str) -> Option<&Jwks> {
        self.keys.get(issuer).or(self.other_keys.as_ref()).map(AsRef::as_ref)
    }
}
