//! The names of the rules that this room applies.

use crate::explain::RuleId;

/// Policies of the tier Admin are asked before every NetworkPolicy.
pub(super) const ADMIN: RuleId = RuleId("network.admin");
/// Policies of the tier Baseline are asked where nothing isolates the pod.
pub(super) const BASELINE: RuleId = RuleId("network.baseline");
/// Both ends have to allow.
pub(super) const BOTH_ENDS: RuleId = RuleId("network.both-ends");
/// What serves Ingresses is not a pod that is known.
pub(super) const CONTROLLER: RuleId = RuleId("network.controller");
/// What becomes of a connection at one end.
pub(super) const END: RuleId = RuleId("network.end");
/// Pods on the host network are not isolated.
pub(super) const HOST_NETWORK: RuleId = RuleId("network.host-network");
/// A pod that a policy selects is isolated.
pub(super) const ISOLATION: RuleId = RuleId("network.isolation");
/// A pod's own node always gets through.
pub(super) const OWN_NODE: RuleId = RuleId("network.own-node");
/// A rule names peers.
pub(super) const PEER: RuleId = RuleId("network.peer");
/// A rule names ports.
pub(super) const PORT: RuleId = RuleId("network.port");
/// Several policies of one priority.
pub(super) const PRIORITY: RuleId = RuleId("network.priority");
/// A part cannot be read.
pub(super) const REFUSED: RuleId = RuleId("network.refused");
/// A rule allows, denies or passes.
pub(super) const RULE: RuleId = RuleId("network.rule");
/// A pod cannot block itself.
pub(super) const TO_ITSELF: RuleId = RuleId("network.to-itself");
/// In which directions a policy isolates.
pub(super) const TYPES: RuleId = RuleId("network.types");
