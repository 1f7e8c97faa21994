//! Retry and hedge policies, as data.

use crate::explain::Sourced;
use crate::units::SimDuration;
use crate::world::Origin;

use super::{HeaderMatcher, Pattern};

/// When a request is tried again, how often and after which pause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetryPolicy {
    /// The conditions.
    pub retry_on: Sourced<RetryOn>,
    /// Retries after the first attempt.
    pub retries: Sourced<u32>,
    /// How long each attempt may take; zero or absent means as long as the route.
    pub per_try_timeout: Option<Sourced<SimDuration>>,
    /// How long an attempt may be silent.
    pub per_try_idle_timeout: Option<Sourced<SimDuration>>,
    /// Codes for `retriable-status-codes`.
    pub status_codes: Vec<u16>,
    /// Response headers for `retriable-headers`; any of them.
    pub response_headers: Vec<HeaderMatcher>,
    /// The request must match one of them, if there are any.
    pub request_headers: Vec<HeaderMatcher>,
    /// Pauses before retries.
    pub backoff: Sourced<Backoff>,
    /// Pauses that the upstream asks for.
    pub rate_limited: Option<RateLimitedBackoff>,
    /// Hosts that are passed over.
    pub host_predicates: Vec<HostPredicate>,
    /// How often a host is drawn again when a predicate rejects it.
    pub host_selection_attempts: u32,
    /// After how many attempts priorities that were tried are passed over.
    pub previous_priorities: Option<u32>,
    /// Where the policy is written, or the default that it is.
    pub origin: Origin,
}

/// Conditions for a retry; a set of the words of `x-envoy-retry-on` and `x-envoy-retry-grpc-on`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetryOn(u32);

impl RetryOn {
    /// No condition.
    pub const NONE: Self = Self(0);
    /// `5xx`.
    pub const FIVE_XX: Self = Self(1);
    /// `gateway-error`.
    pub const GATEWAY_ERROR: Self = Self(1 << 1);
    /// `connect-failure`.
    pub const CONNECT_FAILURE: Self = Self(1 << 2);
    /// `retriable-4xx`.
    pub const RETRIABLE_4XX: Self = Self(1 << 3);
    /// `refused-stream`.
    pub const REFUSED_STREAM: Self = Self(1 << 4);
    /// gRPC `cancelled`.
    pub const GRPC_CANCELLED: Self = Self(1 << 5);
    /// gRPC `deadline-exceeded`.
    pub const GRPC_DEADLINE_EXCEEDED: Self = Self(1 << 6);
    /// gRPC `resource-exhausted`.
    pub const GRPC_RESOURCE_EXHAUSTED: Self = Self(1 << 7);
    /// gRPC `unavailable`.
    pub const GRPC_UNAVAILABLE: Self = Self(1 << 8);
    /// gRPC `internal`.
    pub const GRPC_INTERNAL: Self = Self(1 << 9);
    /// `retriable-status-codes`.
    pub const RETRIABLE_STATUS_CODES: Self = Self(1 << 10);
    /// `reset`.
    pub const RESET: Self = Self(1 << 11);
    /// `retriable-headers`.
    pub const RETRIABLE_HEADERS: Self = Self(1 << 12);
    /// `envoy-ratelimited`.
    pub const ENVOY_RATE_LIMITED: Self = Self(1 << 13);
    /// `http3-post-connect-failure`.
    pub const HTTP3_POST_CONNECT_FAILURE: Self = Self(1 << 14);
    /// `reset-before-request`.
    pub const RESET_BEFORE_REQUEST: Self = Self(1 << 15);

    /// Every condition with its word, in the order in which they are shown.
    pub const WORDS: [(&'static str, Self); 16] = [
        ("5xx", Self::FIVE_XX),
        ("gateway-error", Self::GATEWAY_ERROR),
        ("connect-failure", Self::CONNECT_FAILURE),
        ("retriable-4xx", Self::RETRIABLE_4XX),
        ("refused-stream", Self::REFUSED_STREAM),
        ("cancelled", Self::GRPC_CANCELLED),
        ("deadline-exceeded", Self::GRPC_DEADLINE_EXCEEDED),
        ("resource-exhausted", Self::GRPC_RESOURCE_EXHAUSTED),
        ("unavailable", Self::GRPC_UNAVAILABLE),
        ("internal", Self::GRPC_INTERNAL),
        ("retriable-status-codes", Self::RETRIABLE_STATUS_CODES),
        ("reset", Self::RESET),
        ("retriable-headers", Self::RETRIABLE_HEADERS),
        ("envoy-ratelimited", Self::ENVOY_RATE_LIMITED),
        ("http3-post-connect-failure", Self::HTTP3_POST_CONNECT_FAILURE),
        ("reset-before-request", Self::RESET_BEFORE_REQUEST),
    ];

    /// The condition with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|&(_, condition)| condition)
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in the set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in the set.
    #[must_use]
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is no condition.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words of the set.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS.into_iter().filter(move |(_, one)| self.has(*one)).map(|(word, _)| word)
    }
}

/// The pause before the n-th retry is uniform in `[0, min(base * (2^n - 1), max))`-style windows;
/// the evaluator has the formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backoff {
    /// The base interval.
    pub base: SimDuration,
    /// The longest interval.
    pub max: SimDuration,
}

/// Pauses that response headers ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RateLimitedBackoff {
    /// The headers, in the order in which they are looked for.
    pub headers: Vec<ResetHeader>,
    /// A longer pause is not taken from them.
    pub max: SimDuration,
}

/// A header that names a pause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResetHeader {
    /// In lower case.
    pub name: String,
    /// How the pause is written.
    pub format: ResetFormat,
}

/// How a header writes a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResetFormat {
    /// Whole seconds from now.
    Seconds,
    /// A point in time, in seconds since 1970.
    UnixTimestamp,
}

/// Which hosts a retry passes over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPredicate {
    /// Hosts that this request tried before.
    PreviousHosts,
    /// Hosts that are marked as canaries.
    OmitCanary,
    /// Hosts with this metadata.
    OmitMetadata(Vec<(String, String)>),
}

/// Sending a request a second time before the first try has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hedge {
    /// A try that times out goes on, and another one starts beside it.
    pub on_per_try_timeout: Sourced<bool>,
    /// Tries that start together; more than one is not implemented by Envoy.
    pub initial_requests: u32,
}

/// A pattern with what it is replaced by; `\1` and so on stand for groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Substitution {
    /// What is looked for, anywhere in the text.
    pub pattern: Pattern,
    /// What stands there afterwards.
    pub replacement: String,
}

#[cfg(test)]
mod tests {
    use super::RetryOn;

    #[test]
    fn every_condition_has_one_word_and_one_bit() {
        for (word, condition) in RetryOn::WORDS {
            assert_eq!(RetryOn::of_word(word), Some(condition));
            assert_eq!(condition.words().collect::<Vec<_>>(), [word]);
        }
        assert!(RetryOn::NONE.is_empty());
    }
}
