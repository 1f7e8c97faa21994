//! HTTP filters that are modelled, as data. What they decide is `filters`' business.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::{HeaderMatcher, PathMatcher, StringMatcher};

/// One filter of a connection manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpFilter {
    /// Such as `envoy.filters.http.rbac`; overrides of routes name it.
    pub name: String,
    /// What it does.
    pub kind: HttpFilterKind,
}

/// What a filter does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFilterKind {
    /// Answers cross-origin preflight requests; the settings are the route's.
    Cors,
    /// Delays and aborts requests.
    Fault(Fault),
    /// Allows and denies requests.
    Rbac(Rbac),
    /// Checks tokens.
    Jwt(JwtAuthn),
    /// Limits requests with a token bucket.
    LocalRateLimit(LocalRateLimit),
}

/// Settings of a filter for some domains, one route or one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterOverride {
    /// The filter is skipped.
    Disabled,
    /// In place of the filter's own.
    Fault(Fault),
    /// In place of the filter's own.
    Rbac(Rbac),
    /// In place of the filter's own.
    LocalRateLimit(LocalRateLimit),
    /// The settings that the filter lacks.
    Cors(Cors),
}

/// Cross-origin requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cors {
    /// Origins that are allowed.
    pub allow_origins: Vec<StringMatcher>,
    /// `access-control-allow-methods`.
    pub allow_methods: Option<String>,
    /// `access-control-allow-headers`.
    pub allow_headers: Option<String>,
    /// `access-control-expose-headers`.
    pub expose_headers: Option<String>,
    /// `access-control-max-age`.
    pub max_age: Option<String>,
    /// `access-control-allow-credentials`.
    pub allow_credentials: bool,
    /// Whether preflight requests of other origins go upstream; otherwise they are answered.
    pub forwards_unmatched_preflights: bool,
    /// Where it is written.
    pub origin: Origin,
}

/// Delays and aborts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Answers in place of the upstream.
    pub abort: Option<Sourced<FaultAbort>>,
    /// A pause before the request goes on.
    pub delay: Option<Sourced<FaultDelay>>,
    /// Only requests with these headers.
    pub headers: Vec<HeaderMatcher>,
    /// Faults that are active at a time; `None` is no limit.
    pub max_active: Option<u32>,
}

/// How a request is aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultAbort {
    /// With this status for a share of the requests.
    Http {
        /// The status.
        status: u16,
        /// The share.
        share: Ppm,
    },
    /// With this gRPC status for a share of the requests.
    Grpc {
        /// The gRPC status.
        status: u32,
        /// The share.
        share: Ppm,
    },
    /// With the status that `x-envoy-fault-abort-request` names.
    ByHeader {
        /// The share.
        share: Ppm,
    },
}

/// How a request is delayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultDelay {
    /// By a fixed time for a share of the requests.
    Fixed {
        /// The pause.
        pause: SimDuration,
        /// The share.
        share: Ppm,
    },
    /// By the milliseconds that `x-envoy-fault-delay-request` names.
    ByHeader {
        /// The share.
        share: Ppm,
    },
}

/// Access rules; the shadow rules only tell what they would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rbac {
    /// Rules that count; `None` allows all.
    pub rules: Option<RbacRules>,
    /// Rules that are only recorded.
    pub shadow: Option<RbacRules>,
}

/// Policies under one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RbacRules {
    /// What a match means.
    pub action: RbacAction,
    /// The policies, by name; any of them that matches counts.
    pub policies: BTreeMap<String, RbacPolicy>,
}

/// What a match of a policy means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RbacAction {
    /// Only what matches is allowed.
    Allow,
    /// What matches is denied.
    Deny,
    /// All is allowed; a match is recorded.
    Log,
}

/// Matches if any permission and any principal match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RbacPolicy {
    /// What is done.
    pub permissions: Vec<Permission>,
    /// Who does it.
    pub principals: Vec<Principal>,
    /// Where it is written.
    pub origin: Origin,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anything.
    Any,
    /// All of these.
    And(Vec<Permission>),
    /// Any of these.
    Or(Vec<Permission>),
    /// Not this.
    Not(Box<Permission>),
    /// A header, pseudo-headers such as `:method` among them.
    Header(HeaderMatcher),
    /// The path without query.
    UrlPath(StringMatcher),
    /// The path without query, by template.
    UrlTemplate(PathMatcher),
    /// The port that was dialled.
    DestinationPort(u16),
    /// The address that was dialled.
    DestinationIp(ipnet::IpNet),
    /// SNI.
    RequestedServerName(StringMatcher),
}

/// Who does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Anybody.
    Any,
    /// All of these.
    And(Vec<Principal>),
    /// Any of these.
    Or(Vec<Principal>),
    /// Not this.
    Not(Box<Principal>),
    /// The identity of the client's certificate; `None` takes any certificate.
    Authenticated(Option<StringMatcher>),
    /// The address of the connection.
    DirectRemoteIp(ipnet::IpNet),
    /// The address of the client, which headers may name.
    RemoteIp(ipnet::IpNet),
    /// A header.
    Header(HeaderMatcher),
    /// The path without query.
    UrlPath(StringMatcher),
    /// A claim of the request's token, by path such as `["groups"]`.
    Claim {
        /// The path to the claim.
        path: Vec<String>,
        /// Its value, or one of its values.
        value: StringMatcher,
    },
}

/// Checks tokens. Which key signed one is not checked here: the request says what its token is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtAuthn {
    /// Who issues tokens, by name.
    pub providers: BTreeMap<String, JwtProvider>,
    /// Which requests need what; the first match counts.
    pub rules: Vec<JwtRule>,
}

/// Who issues tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtProvider {
    /// The `iss` claim.
    pub issuer: String,
    /// The `aud` claims that are accepted; empty accepts all.
    pub audiences: Vec<String>,
    /// Where it is written.
    pub origin: Origin,
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

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalRateLimit {
    /// How many requests it holds.
    pub max_tokens: u32,
    /// How many come back at a time.
    pub tokens_per_fill: u32,
    /// How often.
    pub fill_interval: SimDuration,
    /// The share of requests that is counted.
    pub enabled: Ppm,
    /// The share of those over the limit that is rejected.
    pub enforced: Ppm,
    /// The answer; 429 by default.
    pub status: u16,
    /// Where it is written.
    pub origin: Origin,
}
