//! What the router counts, under Envoy's names. Where the counts are kept is the driver's
//! business.

/// A counter of a cluster (`cluster.<name>.…`).
///
/// Source: Envoy, "Cluster manager statistics".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Responses that clients got from the cluster or in its place.
    RqCompleted,
    /// Responses that were thrown away for a retry.
    RetriedRqCompleted,
    /// Retries.
    RqRetry,
    /// Retries after an exponential pause.
    RqRetryBackoffExponential,
    /// Retries after a pause that the upstream asked for.
    RqRetryBackoffRatelimited,
    /// Retries that were not made for want of right.
    RqRetryLimitExceeded,
    /// Retries that the breaker had no place for.
    RqRetryOverflow,
    /// Retries that needed no other.
    RqRetrySuccess,
    /// Attempts that the route timeout ended.
    RqTimeout,
    /// Attempts that the per-try timeout ended.
    RqPerTryTimeout,
    /// Attempts that the per-try idle timeout ended.
    RqPerTryIdleTimeout,
    /// Attempts that lived too long.
    RqMaxDurationReached,
    /// Requests too large to be kept for a retry.
    RetryOrShadowAbandoned,
}

impl Counter {
    /// Its name within the cluster.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RqCompleted => "upstream_rq_completed",
            Self::RetriedRqCompleted => "retry.upstream_rq_completed",
            Self::RqRetry => "upstream_rq_retry",
            Self::RqRetryBackoffExponential => "upstream_rq_retry_backoff_exponential",
            Self::RqRetryBackoffRatelimited => "upstream_rq_retry_backoff_ratelimited",
            Self::RqRetryLimitExceeded => "upstream_rq_retry_limit_exceeded",
            Self::RqRetryOverflow => "upstream_rq_retry_overflow",
            Self::RqRetrySuccess => "upstream_rq_retry_success",
            Self::RqTimeout => "upstream_rq_timeout",
            Self::RqPerTryTimeout => "upstream_rq_per_try_timeout",
            Self::RqPerTryIdleTimeout => "upstream_rq_per_try_idle_timeout",
            Self::RqMaxDurationReached => "upstream_rq_max_duration_reached",
            Self::RetryOrShadowAbandoned => "retry_or_shadow_abandoned",
        }
    }
}
