//! Which AuthorizationPolicies a proxy has, and what is special about each. It decides nothing; it
//! tells what was decided.

use crate::control::istio::Push;
use crate::control::istio::attachment::At;
use crate::control::istio::config::Config;
use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::istio::{AccessAction, AuthorizationPolicy};
use crate::world::Origin;

use super::{attach, compile, findings, refusal};

const ORDER: RuleId = RuleId("istio.authz.order");
const ATTACH: RuleId = RuleId("istio.authz.attach");
const EMPTY: RuleId = RuleId("istio.authz.empty");
const BYTES: RuleId = RuleId("istio.authz.bytes");
const CUSTOM: RuleId = RuleId("istio.authz.custom");
const DRY_RUN: RuleId = RuleId("istio.authz.dry-run");
const IDENTITY: RuleId = RuleId("istio.authz.identity");
const REFUSED: RuleId = RuleId("istio.authz.refused");
const TRUST_DOMAIN: RuleId = RuleId("istio.authz.trust-domain");
const WAYPOINT: RuleId = RuleId("istio.waypoint.policies");
const VALUES: RuleId = RuleId("istio.authz.values");

/// How many policies are told one by one.
const TOLD_MAX: usize = 50;

/// Tells that a waypoint leaves out what names no target.
fn left_out(push: &Push, at: At<'_>, probe: &mut impl Probe) {
    if !matches!(at, At::Waypoint(_)) {
        return;
    }
    let root = push.mesh.root_namespace.value.as_str();
    let mut near = push.authorization_policies.iter().filter(|policy| {
        let in_scope = policy.namespace == root || at.namespaces().any(|it| it == policy.namespace);
        in_scope && policy.object.targets.is_empty()
    });
    if let Some(first) = near.next() {
        let count = 1 + near.count();
        probe.step(WAYPOINT, Some(first.origin()), || {
            format!("policies without `targetRefs`, which do not count at a waypoint: {count}")
        });
    }
}

/// Tells the policies of a proxy, in the order in which they are asked.
pub fn explain<'t>(push: &Push, at: impl Into<At<'t>>, probe: &mut impl Probe) {
    let at = at.into();
    let policies = attach::in_force(push, at);
    if !probe.listens() {
        return;
    }
    left_out(push, at, probe);
    if policies.is_empty() {
        return;
    }
    probe.enter();
    let order =
        [AccessAction::Custom, AccessAction::Audit, AccessAction::Deny, AccessAction::Allow];
    let in_order = order.iter().flat_map(|action| policies.of(*action));
    for policy in in_order.take(TOLD_MAX) {
        one(push, policy, probe);
    }
    probe.leave(ORDER, None, || {
        let count = policies.all().count();
        let then = if policies.of(AccessAction::Allow).is_empty() {
            "no ALLOW policy is among them, so what is not denied is allowed"
        } else {
            "an ALLOW policy is among them, so what none of them allows is denied"
        };
        format!("policies in force: {count}; {then}")
    });
}

fn one(push: &Push, policy: &Config<AuthorizationPolicy>, probe: &mut impl Probe) {
    let (object, title) = (&policy.object, policy.title());
    let origin = Some(policy.origin());
    probe.enter();
    if let Some(why) = refusal::first(policy) {
        probe.step(REFUSED, origin, || why);
    }
    if object.rules.is_empty() {
        probe.step(EMPTY, origin, || match object.action.value {
            AccessAction::Allow => "it has no rules, so it allows nobody".to_owned(),
            _ => "it has no rules, so it never matches".to_owned(),
        });
    }
    if compile::is_trial(object) {
        let place = object.dry_run.as_ref().map(|trial| Origin::Manifest(trial.place));
        probe.step(DRY_RUN, place, || "it is only tried out".to_owned());
    }
    if let Some(provider) = &object.provider {
        probe.step(
            CUSTOM,
            Some(Origin::Manifest(provider.place)),
            || match super::external::trouble(push, &provider.value) {
                None => format!("{} is asked about what it matches", provider.value),
                Some(why) => format!("what it matches is denied: {why}"),
            },
        );
    }
    if let Some((attribute, place)) = findings::of_requests(object) {
        probe.step(BYTES, Some(Origin::Manifest(place)), || {
            let then = match object.action.value {
                AccessAction::Allow => "the rule allows nothing",
                _ => "the rule is wider",
            };
            format!("{attribute} is known of requests alone: where a port carries bytes, {then}")
        });
    }
    if let Some(place) = findings::of_identity(object) {
        probe.step(IDENTITY, Some(Origin::Manifest(place)), || {
            "it asks for an identity, which only mutual TLS shows".to_owned()
        });
    }
    if let (Some(alias), Some(_)) =
        (push.mesh.trust_domain_aliases.first(), findings::of_principal(object))
    {
        probe.step(TRUST_DOMAIN, Some(Origin::Manifest(alias.place)), || {
            "trust domains of the mesh stand for each other".to_owned()
        });
    }
    if let Some(place) = findings::starred(object) {
        probe.step(VALUES, Some(Origin::Manifest(place)), || {
            "a star alone asks for presence, and at one end for any text there".to_owned()
        });
    }
    probe.leave(ATTACH, origin, || {
        let by = match (&object.selector, object.targets.first()) {
            (_, Some(target)) => format!("targetRefs name {} {}", target.kind, target.name.value),
            (Some(_), None) => "its selector fits".to_owned(),
            (None, None) if policy.namespace == push.mesh.root_namespace.value => {
                "it is the mesh's".to_owned()
            }
            (None, None) => "it is its namespace's".to_owned(),
        };
        format!("{} policy {title} is in force: {by}", object.action.value.word())
    });
}
