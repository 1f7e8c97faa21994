//! HTTP filters that are modelled, as data. What they decide is `filters`' business.

use crate::explain::Sourced;
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::access::{ExtAuthz, Rbac};
use super::{HeaderMatcher, JwtAuthn, StringMatcher};

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
    /// Asks an external authoriser about some of the requests.
    ExtAuthz(ExtAuthz),
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
