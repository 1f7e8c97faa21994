//! Circuit breakers: how many connections, waiting requests, requests and retries a cluster has
//! at most, for each priority of routes. All workers of a proxy share them.
//!
//! Source: Envoy, `resource_manager_impl.h`; the defaults are those of `circuit_breaker.proto`.

use crate::explain::{Probe, RuleId, Sourced};
use crate::units::Ppm;
use crate::world::Origin;

use super::super::config::{Cluster, RoutingPriority, Thresholds};

/// A cluster has at most so many connections.
pub(super) const MAX_CONNECTIONS: RuleId = RuleId("envoy.breaker.connections");
/// At most so many requests wait for a connection.
pub(super) const MAX_PENDING: RuleId = RuleId("envoy.breaker.pending");
/// At most so many requests are under way.
pub(super) const MAX_REQUESTS: RuleId = RuleId("envoy.breaker.requests");
/// At most so many retries are under way.
pub(super) const MAX_RETRIES: RuleId = RuleId("envoy.breaker.retries");
/// Retries are at most a share of what is under way.
pub(super) const RETRY_BUDGET: RuleId = RuleId("envoy.breaker.retry-budget");

/// What a breaker counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// Connections to the cluster.
    Connections,
    /// Requests that wait for a connection.
    Pending,
    /// Requests under way.
    Requests,
    /// Retries under way, their pauses included.
    Retries,
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// What there is too much of.
    pub resource: Resource,
    /// How many there are.
    pub count: u32,
    /// How many there may be.
    pub limit: u32,
    /// The rule that says so.
    pub rule: RuleId,
    /// What set the limit.
    pub origin: Origin,
}

/// How full one breaker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerState {
    /// What it counts.
    pub resource: Resource,
    /// How many there are.
    pub count: u32,
    /// How many there may be; `u32::MAX` is no limit.
    pub limit: u32,
    /// The rule that says so.
    pub rule: RuleId,
    /// What set the limit.
    pub origin: Origin,
}

/// How many there are now.
#[derive(Clone, Copy, Debug)]
struct Counts {
    /// Nothing is limited, so that no limit needs to be looked up.
    unlimited: bool,
    connections: u32,
    pending: u32,
    requests: u32,
    retries: u32,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Connections, Self::Pending, Self::Requests, Self::Retries];

    /// As tables print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Pending => "pending",
            Self::Requests => "requests",
            Self::Retries => "retries",
        }
    }
}

impl Counts {
    fn of(&mut self, resource: Resource) -> &mut u32 {
        match resource {
            Resource::Connections => &mut self.connections,
            Resource::Pending => &mut self.pending,
            Resource::Requests => &mut self.requests,
            Resource::Retries => &mut self.retries,
        }
    }
}

/// A limit, the rule that says so and what set it.
struct Limit {
    value: u32,
    rule: RuleId,
    origin: Origin,
}

/// The counts of one proxy and cluster, for both priorities.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    default: Counts,
    high: Counts,
}

/// The breakers of one priority, as [`super::ClusterState::breakers`] lends them.
#[derive(Debug)]
pub struct Breakers<'a> {
    counts: &'a mut Counts,
    cluster: &'a Cluster,
    priority: RoutingPriority,
}

impl Counters {
    pub(super) fn new(cluster: &Cluster) -> Self {
        let counts = |priority| Counts {
            unlimited: cluster.thresholds.get(&priority).is_some_and(limits_nothing),
            connections: 0,
            pending: 0,
            requests: 0,
            retries: 0,
        };
        Self { default: counts(RoutingPriority::Default), high: counts(RoutingPriority::High) }
    }

    pub(super) fn lend<'a>(
        &'a mut self,
        cluster: &'a Cluster,
        priority: RoutingPriority,
    ) -> Breakers<'a> {
        let counts = match priority {
            RoutingPriority::Default => &mut self.default,
            RoutingPriority::High => &mut self.high,
        };
        Breakers { counts, cluster, priority }
    }
}

/// How full all breakers of one priority are; nothing is taken or given back.
pub(super) fn show(
    counters: &Counters,
    cluster: &Cluster,
    priority: RoutingPriority,
) -> [BreakerState; 4] {
    let mut counters = counters.clone();
    let breakers = counters.lend(cluster, priority);
    Resource::ALL.map(|resource| {
        let Limit { value: limit, rule, origin } = breakers.limit_of(resource);
        BreakerState { resource, count: breakers.count(resource), limit, rule, origin }
    })
}

/// As Istio writes it where no DestinationRule says otherwise.
fn limits_nothing(thresholds: &Thresholds) -> bool {
    let limits = [
        &thresholds.max_connections,
        &thresholds.max_pending,
        &thresholds.max_requests,
        &thresholds.max_retries,
    ];
    thresholds.retry_budget.is_none() && limits.iter().all(|limit| limit.value == u32::MAX)
}

impl Breakers<'_> {
    /// How many there are.
    #[must_use]
    pub fn count(&self, resource: Resource) -> u32 {
        let mut counts = *self.counts;
        *counts.of(resource)
    }

    /// How many there may be now.
    #[must_use]
    pub fn limit(&self, resource: Resource) -> u32 {
        self.limit_of(resource).value
    }

    /// Whether one more fits.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn check(&self, resource: Resource, probe: &mut impl Probe) -> Result<(), Overflow> {
        if self.counts.unlimited {
            return Ok(());
        }
        let limit = self.limit_of(resource);
        let count = self.count(resource);
        if count < limit.value {
            return Ok(());
        }
        probe.enter();
        probe.fact("count", || count.to_string());
        probe.fact("limit", || limit.value.to_string());
        probe.leave(limit.rule, Some(limit.origin), || overflow_sentence(resource, count));
        let Limit { value, rule, origin } = limit;
        Err(Overflow { resource, count, limit: value, rule, origin })
    }

    /// Takes one, whether it fits or not: Envoy opens a first connection to a host beyond the
    /// limit too.
    pub fn take(&mut self, resource: Resource) {
        let count = self.counts.of(resource);
        *count = count.saturating_add(1);
    }

    /// Takes one if it fits.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn try_take(&mut self, resource: Resource, probe: &mut impl Probe) -> Result<(), Overflow> {
        self.check(resource, probe)?;
        self.take(resource);
        Ok(())
    }

    /// Gives one back.
    pub fn release(&mut self, resource: Resource) {
        let count = self.counts.of(resource);
        debug_assert!(*count > 0, "more {resource:?} are given back than were taken");
        *count = count.saturating_sub(1);
    }

    fn limit_of(&self, resource: Resource) -> Limit {
        let own = self.cluster.thresholds.get(&self.priority);
        let thresholds = own.unwrap_or(&Thresholds::DEFAULT);
        let plain =
            |limit: &Sourced<u32>, rule| Limit { value: limit.value, rule, origin: limit.origin };
        match (resource, &thresholds.retry_budget) {
            (Resource::Connections, _) => plain(&thresholds.max_connections, MAX_CONNECTIONS),
            (Resource::Pending, _) => plain(&thresholds.max_pending, MAX_PENDING),
            (Resource::Requests, _) => plain(&thresholds.max_requests, MAX_REQUESTS),
            (Resource::Retries, None) => plain(&thresholds.max_retries, MAX_RETRIES),
            (Resource::Retries, Some(budget)) => Limit {
                value: self.budget(budget.value).max(thresholds.min_retry_concurrency),
                rule: RETRY_BUDGET,
                origin: budget.origin,
            },
        }
    }

    /// The share of the requests that are under way or wait.
    fn budget(&self, share: Ppm) -> u32 {
        let active = f64::from(self.counts.requests) + f64::from(self.counts.pending);
        // In floating point and cut off, as the proxy does it.
        (share.as_percent_f64() / 100.0 * active) as u32
    }
}

/// What sets a limit of `cluster` for routes of a priority.
#[must_use]
pub fn limit_set_by(cluster: &Cluster, priority: RoutingPriority, resource: Resource) -> Origin {
    let thresholds = cluster.thresholds.get(&priority).unwrap_or(&Thresholds::DEFAULT);
    match (resource, &thresholds.retry_budget) {
        (Resource::Connections, _) => thresholds.max_connections.origin,
        (Resource::Pending, _) => thresholds.max_pending.origin,
        (Resource::Requests, _) => thresholds.max_requests.origin,
        (Resource::Retries, None) => thresholds.max_retries.origin,
        (Resource::Retries, Some(budget)) => budget.origin,
    }
}

fn overflow_sentence(resource: Resource, count: u32) -> String {
    let what = match resource {
        Resource::Connections => "connections are open",
        Resource::Pending => "requests wait for a connection",
        Resource::Requests => "requests are under way",
        Resource::Retries => "retries are under way",
    };
    format!("{count} {what}, and no more are allowed")
}
