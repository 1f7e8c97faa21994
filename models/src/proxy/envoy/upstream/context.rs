//! What a request brings along when a host is chosen for it, and why there may be none.

use std::collections::BTreeMap;

use super::super::config::HostPredicate;
use super::{HostId, PriorityLoads};

/// What a request brings along when a host is chosen for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PickContext<'a> {
    /// The hash of the route's hash policy; without one, hashing balancers draw at random.
    pub hash: Option<u64>,
    /// The labels that the route asks for; `None` and no labels are the same.
    pub subset: Option<&'a BTreeMap<String, String>>,
    /// Which hosts a retry passes over. Empty for a first attempt.
    pub predicates: &'a [HostPredicate],
    /// The hosts that earlier attempts of the request went to.
    pub tried: &'a [HostId],
    /// How often another host is drawn when a predicate rejects one
    /// (`host_selection_retry_max_attempts`); the last one is taken whatever the predicates say.
    pub host_selection_attempts: u32,
    /// Loads that take the place of the cluster's, from [`super::PreviousPriorities`].
    pub loads: Option<&'a PriorityLoads>,
}

/// Why a request gets no host; to the client all of them are `503` with the flag `UH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoHost {
    /// The cluster, or the priority that was chosen, has no endpoints.
    Empty,
    /// There are endpoints, but none that may be used.
    NoneHealthy,
    /// The cluster is in a panic, and is told to fail then.
    Panic,
    /// No host has the labels that the route asks for, and there is no fallback.
    NoSubset,
    /// The cluster takes the address that the client dialled; there is nothing to choose.
    DialledAddress,
}
