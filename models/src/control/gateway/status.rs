//! The status that the control plane writes: conditions with their reasons, of Gateways,
//! ListenerSets, listeners and routes. How they come about is decided elsewhere.
//!
//! The words are those of gateway-api `apis/v1`, so that they can be compared with a cluster's.

use serde::Serialize;

use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::gateway::RouteKind;
use crate::world::Origin;

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ConditionType {
    /// The object is valid and has a place.
    Accepted,
    /// All references lead somewhere and are allowed.
    ResolvedRefs,
    /// It is part of a proxy's configuration.
    Programmed,
    /// Another listener claims the same traffic.
    Conflicted,
    /// Some of the rules are not in force.
    PartiallyInvalid,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: ConditionType,
    /// Whether it holds.
    pub status: bool,
    /// The reason, as one word.
    pub reason: &'static str,
    /// The reason, as a sentence.
    pub message: String,
    /// The rule that was applied.
    pub rule: RuleId,
    /// The line that decided.
    pub origin: Origin,
}

/// What is said of one listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListenerStatus {
    /// Its name.
    pub name: String,
    /// The kinds of routes that may attach.
    pub supported_kinds: Vec<RouteKind>,
    /// How many routes are attached.
    pub attached_routes: u32,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

/// What is said of a Gateway or ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParentStatus {
    /// `Gateway`, `ListenerSet` or `XListenerSet`.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// Its listeners.
    pub listeners: Vec<ListenerStatus>,
}

/// What is said of a route under one parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteParentStatus {
    /// The parent as it is written: kind, namespace, name, section and port.
    pub parent: String,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

/// What is said of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteStatus {
    /// Its kind.
    pub kind: RouteKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its parents, in the order written.
    pub parents: Vec<RouteParentStatus>,
}

impl Condition {
    /// A condition.
    pub(super) fn new(
        kind: ConditionType,
        status: bool,
        reason: &'static str,
        (rule, origin): (RuleId, Origin),
        message: impl Into<String>,
    ) -> Self {
        Self { kind, status, reason, message: message.into(), rule, origin }
    }

    /// Tells the condition as a step of reasoning.
    pub(super) fn tell(&self, probe: &mut impl Probe) {
        probe.enter();
        probe.fact("condition", || format!("{:?}={}", self.kind, self.status));
        probe.fact("reason", || self.reason.to_owned());
        probe.leave(self.rule, Some(self.origin), || self.message.clone());
    }
}

/// Whether the condition `kind` is among `conditions` and holds.
pub(super) fn holds(conditions: &[Condition], kind: ConditionType) -> bool {
    conditions.iter().any(|condition| condition.kind == kind && condition.status)
}
