//! The rules that this room applies, by name. What they say stands in the catalogue.

use crate::explain::RuleId;

/// Requests are spread over priorities by what is available there.
pub(super) const PRIORITY: RuleId = RuleId("envoy.balance.priority");
/// A retry leaves out priorities that were tried.
pub(super) const PREVIOUS_PRIORITIES: RuleId = RuleId("envoy.balance.previous-priorities");
/// Too few usable hosts: all are used, whatever their health.
pub(super) const PANIC: RuleId = RuleId("envoy.balance.panic");
/// Only hosts with the labels that the route asks for.
pub(super) const SUBSET: RuleId = RuleId("envoy.balance.subset");
/// No subset fits.
pub(super) const SUBSET_FALLBACK: RuleId = RuleId("envoy.balance.subset-fallback");
/// The proxy's own zone first, as far as zones are balanced.
pub(super) const ZONE_AWARE: RuleId = RuleId("envoy.balance.zone-aware");
/// A new host gets less at first.
pub(super) const SLOW_START: RuleId = RuleId("envoy.balance.slow-start");
/// Localities get requests by their weights.
pub(super) const LOCALITY_WEIGHTED: RuleId = RuleId("envoy.balance.locality-weighted");
/// Hosts of equal weight take turns.
pub(super) const ROUND_ROBIN: RuleId = RuleId("envoy.balance.round-robin");
/// Hosts of different weights take turns by earliest deadline.
pub(super) const WEIGHTED: RuleId = RuleId("envoy.balance.weighted-round-robin");
/// The less busy of some that are drawn.
pub(super) const LEAST_REQUEST: RuleId = RuleId("envoy.balance.least-request");
/// By weight and active requests.
pub(super) const WEIGHTED_LEAST_REQUEST: RuleId = RuleId("envoy.balance.weighted-least-request");
/// At random.
pub(super) const RANDOM: RuleId = RuleId("envoy.balance.random");
/// A retry passes over hosts.
pub(super) const RESELECT: RuleId = RuleId("envoy.balance.host-predicate");
/// There is no host.
pub(super) const NO_HOST: RuleId = RuleId("envoy.balance.no-host");
/// A ring of hashes.
pub(super) const RING_HASH: RuleId = RuleId("envoy.balance.ring-hash");
/// A Maglev table.
pub(super) const MAGLEV: RuleId = RuleId("envoy.balance.maglev");

/// Answers of 5xx in a row.
pub(super) const CONSECUTIVE_5XX: RuleId = RuleId("envoy.health.consecutive-5xx");
/// Answers of 502, 503 and 504 in a row.
pub(super) const CONSECUTIVE_GATEWAY: RuleId = RuleId("envoy.health.consecutive-gateway-failure");
/// Failures of the proxy's own making in a row.
pub(super) const CONSECUTIVE_LOCAL: RuleId =
    RuleId("envoy.health.consecutive-local-origin-failure");
/// A success rate below that of the others.
pub(super) const SUCCESS_RATE: RuleId = RuleId("envoy.health.success-rate");
/// A share of failures.
pub(super) const FAILURE_PERCENTAGE: RuleId = RuleId("envoy.health.failure-percentage");
/// How long an ejection lasts.
pub(super) const EJECTION_TIME: RuleId = RuleId("envoy.health.ejection-time");
/// How many hosts may be ejected.
pub(super) const EJECTION_LIMIT: RuleId = RuleId("envoy.health.max-ejection-percent");
/// How often a detector ejects.
pub(super) const ENFORCING: RuleId = RuleId("envoy.health.enforcing");
/// A sweep brings a host back.
pub(super) const RETURN: RuleId = RuleId("envoy.health.return");
/// Workers learn of changes together.
pub(super) const MERGE_WINDOW: RuleId = RuleId("envoy.health.update-merge-window");
