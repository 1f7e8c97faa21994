//! Which requests need which tokens, as data. What is decided is the business of `filters`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::explain::Sourced;
use crate::token::Jwks;
use crate::world::Origin;

use super::PathMatcher;

/// Checks tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtAuthn {
    /// Who issues tokens, by name.
    pub providers: BTreeMap<String, JwtProvider>,
    /// Which requests need what; the first match counts.
    pub rules: Vec<JwtRule>,
    /// What becomes of CORS preflight requests, which carry no token.
    pub preflights: Preflights,
}

/// Whether CORS preflight requests need a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preflights {
    /// As every other request.
    #[default]
    Checked,
    /// They pass.
    Passed,
}

/// Who issues tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtProvider {
    /// What it is called where it was written.
    pub title: String,
    /// The `iss` claim; empty is anybody.
    pub issuer: Sourced<String>,
    /// The `aud` claims that are accepted; empty accepts all.
    pub audiences: Sourced<Vec<String>>,
    /// The keys that sign its tokens.
    pub keys: Sourced<JwtKeys>,
    /// Where its tokens stand.
    pub locations: TokenLocations,
    /// What becomes of a token that is good.
    pub forwarding: TokenForwarding,
    /// Claims that hold several words in one string.
    pub space_delimited: BTreeSet<String>,
    /// Where it is written.
    pub origin: Origin,
}

/// The keys of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwtKeys {
    /// These.
    Known(Arc<Jwks>),
    /// The proxy can use none of those that it is given.
    Broken,
    /// They are elsewhere, and where.
    Elsewhere(String),
}

/// Where tokens stand in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenLocations {
    /// Headers in lower case, each with what stands before the token.
    pub headers: Vec<(String, String)>,
    /// Query parameters.
    pub params: Vec<String>,
    /// Cookies.
    pub cookies: Vec<String>,
}

impl Default for TokenLocations {
    /// Envoy's, where none is written.
    ///
    /// Source: Envoy, source/extensions/filters/http/jwt_authn/extractor.cc, `addProvider`.
    fn default() -> Self {
        Self {
            headers: vec![("authorization".to_owned(), "Bearer ".to_owned())],
            params: vec!["access_token".to_owned()],
            cookies: Vec::new(),
        }
    }
}

/// What becomes of a token that is good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenForwarding {
    /// Whether the upstream gets it too.
    pub keeps_token: bool,
    /// The header that gets its payload.
    pub payload_header: Option<String>,
    /// Headers that get single claims, by path with dots.
    pub claim_headers: Vec<(String, String)>,
}

/// What some requests need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtRule {
    /// Which requests, by path.
    pub path: PathMatcher,
    /// What they need.
    pub requirement: JwtRequirement,
}

/// What a request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwtRequirement {
    /// A valid token of this provider.
    Provider(String),
    /// Any of these.
    Any(Vec<JwtRequirement>),
    /// All of these.
    All(Vec<JwtRequirement>),
    /// No token, or a valid one.
    AllowMissing,
    /// Anything.
    AllowMissingOrFailed,
}
