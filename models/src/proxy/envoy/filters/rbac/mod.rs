//! Access rules, on requests and on connections.

mod matches;
mod truth;

use crate::explain::{Probe, RuleId};

use super::super::config::{Rbac, RbacAction, RbacPolicy, RbacRules};
use super::super::reply::Reply;
use super::super::request::Connection;

pub(super) use matches::{Http, Subject};
use truth::Truth;

const RBAC: RuleId = RuleId("envoy.filter.rbac");
const SHADOW: RuleId = RuleId("envoy.filter.rbac-shadow");
const POLICY: RuleId = RuleId("envoy.filter.rbac-policy");

/// How many policies are told one by one.
const TOLD_MAX: usize = 50;

/// What access rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is allowed.
    Allowed,
    /// It is denied: by this policy, or because no policy allows it.
    Denied(Option<String>),
    /// It cannot be told: a policy asks for an address that is not known.
    Unknown,
}

/// What the rules of a filter of connections say about one. A connection that is denied is closed
/// without an answer.
///
/// Source: Envoy, source/extensions/filters/network/rbac/rbac_filter.cc.
pub fn connection_access<P: Probe>(rbac: &Rbac, connection: &Connection, probe: &mut P) -> Access {
    let subject = Subject { connection, http: None };
    let access = access(rbac.rules.as_ref(), subject, Force::Real, probe);
    shadow_access(rbac, subject, probe);
    access
}

/// Whether the rules have an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    Real,
    Shadow,
}

/// What the rules that are only recorded say; `None` if there are none.
pub(super) fn shadow_access(
    rbac: &Rbac,
    subject: Subject<'_>,
    probe: &mut impl Probe,
) -> Option<Access> {
    let shadow = rbac.shadow.as_ref()?;
    Some(access(Some(shadow), subject, Force::Shadow, probe))
}

/// What rules say; all is allowed without them.
///
/// Source: Envoy, source/extensions/filters/common/rbac/engine_impl.cc.
pub(super) fn access(
    rules: Option<&RbacRules>,
    subject: Subject<'_>,
    force: Force,
    probe: &mut impl Probe,
) -> Access {
    let Some(rules) = rules else { return Access::Allowed };
    probe.enter();
    let mut unknown = false;
    let mut matched: Option<(&String, &RbacPolicy)> = None;
    for (at, (name, policy)) in rules.policies.iter().enumerate() {
        let fits = fits(policy, subject);
        if at < TOLD_MAX {
            probe.step(POLICY, Some(policy.origin), || match fits {
                Truth::Yes => format!("policy {name} matches"),
                Truth::No => format!("policy {name} does not match: {}", short_of(policy, subject)),
                Truth::Unknown => format!("policy {name} asks for an address that is not known"),
            });
        }
        match fits {
            Truth::Yes => {
                matched = Some((name, policy));
                break;
            }
            Truth::Unknown => unknown = true,
            Truth::No => {}
        }
    }
    let access = match (rules.action, matched) {
        (RbacAction::Log, _) | (RbacAction::Allow, Some(_)) => Access::Allowed,
        (RbacAction::Deny, Some((name, _))) => Access::Denied(Some(name.clone())),
        _ if unknown => Access::Unknown,
        (RbacAction::Allow, None) => Access::Denied(None),
        (RbacAction::Deny, None) => Access::Allowed,
    };
    let (rule, would) = match force {
        Force::Real => (RBAC, ""),
        Force::Shadow => (SHADOW, "dry run: "),
    };
    probe.leave(rule, matched.map(|(_, policy)| policy.origin), || {
        let action = match rules.action {
            RbacAction::Allow => "ALLOW",
            RbacAction::Deny => "DENY",
            RbacAction::Log => "LOG",
        };
        let why = match matched {
            Some((name, _)) => format!("policy {name} of the {action} rules matches"),
            None => format!(
                "none of the {} policies of the {action} rules matches",
                rules.policies.len()
            ),
        };
        let then = match access {
            Access::Allowed => "allowed",
            Access::Denied(_) => "denied",
            Access::Unknown => "whether it is allowed cannot be told",
        };
        format!("{would}{then}: {why}")
    });
    access
}

/// Any permission and any principal must fit.
fn fits(policy: &RbacPolicy, subject: Subject<'_>) -> Truth {
    Truth::all([may(policy, subject), is(policy, subject)])
}

fn may(policy: &RbacPolicy, subject: Subject<'_>) -> Truth {
    Truth::any(policy.permissions.iter().map(|one| subject.may(one)))
}

fn is(policy: &RbacPolicy, subject: Subject<'_>) -> Truth {
    Truth::any(policy.principals.iter().map(|one| subject.is(one)))
}

/// What a policy that does not match wants.
fn short_of(policy: &RbacPolicy, subject: Subject<'_>) -> &'static str {
    match (may(policy, subject), is(policy, subject)) {
        (Truth::No, Truth::No) => "neither what is done nor who does it fits",
        (Truth::No, _) => "what is done does not fit",
        _ => "who does it does not fit",
    }
}

/// The answer to a request that is denied; no flag is set.
///
/// Source: Envoy, source/extensions/filters/http/rbac/rbac_filter.cc; held to Envoy 1.40.
pub(super) fn reply(policy: Option<&str>) -> Reply {
    let policy = policy.map_or_else(|| "none".to_owned(), |name| name.replace(' ', "_"));
    let reply = Reply::new(403, format!("rbac_access_denied_matched_policy[{policy}]"));
    Reply { body: "RBAC: access denied".into(), ..reply }
}
