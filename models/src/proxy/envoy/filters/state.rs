//! What filters keep between requests: tokens, active faults and counters. One of these belongs
//! to each connection manager.

use std::collections::BTreeMap;

use crate::units::SimTime;

use super::rate_limit::{Bucket, BucketKey};

/// What the filters of one connection manager keep between requests.
#[derive(Clone, Debug, Default)]
pub struct FilterState {
    /// Requests with a fault that is not over yet.
    pub(super) active_faults: u32,
    /// Token buckets, one for each place where a limit is configured.
    pub(super) buckets: BTreeMap<BucketKey, Bucket>,
    /// What happened so far.
    pub counts: FilterCounts,
}

/// A bucket of tokens as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketState {
    /// What has settings of its own: the cluster, route or virtual host; empty for those of the
    /// filter.
    pub of: String,
    /// Whole tokens in it.
    pub tokens: u64,
    /// Tokens that it holds at most.
    pub tokens_max: u64,
}

impl FilterState {
    /// Requests with a fault that is not over yet.
    #[must_use]
    pub const fn active_faults(&self) -> u32 {
        self.active_faults
    }

    /// The buckets of tokens that were asked so far, as they stand at `now`.
    pub fn buckets(&self, now: SimTime) -> impl Iterator<Item = BucketState> {
        self.buckets.iter().map(move |(key, bucket)| {
            let (tokens, tokens_max) = bucket.tokens_at(now);
            BucketState { of: key.own.clone(), tokens, tokens_max }
        })
    }
}

/// Counters of filters, under Envoy's names (`http.<prefix>.…`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilterCounts {
    /// `rbac.allowed`.
    pub rbac_allowed: u64,
    /// `rbac.denied`.
    pub rbac_denied: u64,
    /// `rbac.shadow_allowed`.
    pub rbac_shadow_allowed: u64,
    /// `rbac.shadow_denied`.
    pub rbac_shadow_denied: u64,
    /// `ext_authz.denied`.
    pub ext_authz_denied: u64,
    /// `ext_authz.error`.
    pub ext_authz_error: u64,
    /// `ext_authz.ok`.
    pub ext_authz_ok: u64,
    /// `fault.aborts_injected`.
    pub aborts_injected: u64,
    /// `fault.delays_injected`.
    pub delays_injected: u64,
    /// `fault.faults_overflow`.
    pub faults_overflow: u64,
    /// `http_local_rate_limit.rate_limited`.
    pub rate_limited: u64,
    /// `http_local_rate_limit.enforced`.
    pub rate_limit_enforced: u64,
}

impl FilterCounts {
    /// Every counter with its name behind `http.<prefix>.`.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 12] {
        [
            ("ext_authz.denied", self.ext_authz_denied),
            ("ext_authz.error", self.ext_authz_error),
            ("ext_authz.ok", self.ext_authz_ok),
            ("fault.aborts_injected", self.aborts_injected),
            ("fault.delays_injected", self.delays_injected),
            ("fault.faults_overflow", self.faults_overflow),
            ("http_local_rate_limit.enforced", self.rate_limit_enforced),
            ("http_local_rate_limit.rate_limited", self.rate_limited),
            ("rbac.allowed", self.rbac_allowed),
            ("rbac.denied", self.rbac_denied),
            ("rbac.shadow_allowed", self.rbac_shadow_allowed),
            ("rbac.shadow_denied", self.rbac_shadow_denied),
        ]
    }
}
