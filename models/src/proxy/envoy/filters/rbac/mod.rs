//! Access rules, on requests and on connections.

mod matches;
mod shortfall;

use crate::explain::{Probe, RuleId};
use crate::proxy::truth::Truth;

use super::super::config::{Rbac, RbacAction, RbacPolicy, RbacRules};
use super::super::reply::Reply;
use super::super::request::Connection;

pub(super) use matches::{Http, Subject};
use shortfall::shortfall;

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
    /// It cannot be told, and why: a policy asks for what is not known.
    Unknown(String),
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
    let found = matching(rules, subject, probe);
    let name = || found.matched.map_or_else(String::new, |(name, _)| name.clone());
    let access = match (rules.action, found.matched, found.doubt) {
        (RbacAction::Log, ..) | (RbacAction::Allow, Some(_), _) => Access::Allowed,
        (RbacAction::Deny, Some(_), _) => Access::Denied(Some(name())),
        (_, None, Some(doubt)) => Access::Unknown(doubt),
        (RbacAction::Allow, None, None) => Access::Denied(None),
        (RbacAction::Deny, None, None) => Access::Allowed,
    };
    let (rule, would) = match force {
        Force::Real => (RBAC, ""),
        Force::Shadow => (SHADOW, "dry run: "),
    };
    probe.leave(rule, found.matched.map(|(_, policy)| policy.origin), || {
        let action = match rules.action {
            RbacAction::Allow => "ALLOW",
            RbacAction::Deny => "DENY",
            RbacAction::Log => "LOG",
        };
        let why = match found.matched {
            Some((_, policy)) => format!("policy {} of the {action} rules matches", policy.title),
            None => format!(
                "none of the {} policies of the {action} rules matches",
                rules.policies.len()
            ),
        };
        let then = match access {
            Access::Allowed => "allowed",
            Access::Denied(_) => "denied",
            Access::Unknown(_) => "whether it is allowed cannot be told",
        };
        format!("{would}{then}: {why}")
    });
    access
}

/// The policy that matches, and why others cannot be told.
pub(super) struct Matching<'r> {
    pub(super) matched: Option<(&'r String, &'r RbacPolicy)>,
    pub(super) doubt: Option<String>,
}

/// Looks for the first policy that matches; each that was looked at is told.
pub(super) fn matching<'r>(
    rules: &'r RbacRules,
    subject: Subject<'_>,
    probe: &mut impl Probe,
) -> Matching<'r> {
    for left_out in rules.left_out.iter().take(TOLD_MAX) {
        probe.step(POLICY, Some(left_out.origin), || {
            format!("policy {} counts for nothing here: {}", left_out.title, left_out.why)
        });
    }
    let mut doubt = None;
    for (at, (name, policy)) in rules.policies.iter().enumerate() {
        let fits = fits(policy, subject);
        if at < TOLD_MAX {
            tell(policy, subject, fits, probe);
        }
        match fits {
            Truth::Yes => return Matching { matched: Some((name, policy)), doubt: None },
            Truth::Unknown => {
                let why = || shortfall(policy, subject, Truth::Unknown).text;
                doubt.get_or_insert_with(|| format!("policy {}: {}", policy.title, why()));
            }
            Truth::No => {}
        }
    }
    Matching { matched: None, doubt }
}

fn tell(policy: &RbacPolicy, subject: Subject<'_>, fits: Truth, probe: &mut impl Probe) {
    let title = &policy.title;
    if fits == Truth::Yes {
        probe.step(POLICY, Some(policy.origin), || format!("policy {title} matches"));
        return;
    }
    if !probe.listens() {
        return;
    }
    let short = shortfall(policy, subject, fits);
    probe.enter();
    if let Some((found, wanted)) = &short.misfit {
        probe.misfit(found, wanted);
    }
    probe.leave(POLICY, short.origin.or(Some(policy.origin)), || match fits {
        Truth::Unknown => format!("policy {title} cannot be told: {}", short.text),
        _ => format!("policy {title} does not match: {}", short.text),
    });
}

/// Any permission and any principal must fit.
fn fits(policy: &RbacPolicy, subject: Subject<'_>) -> Truth {
    let who = Truth::any(policy.principals.iter().map(|one| subject.is(one)));
    let what = || Truth::any(policy.permissions.iter().map(|one| subject.may(one)));
    Truth::all([who, what()])
}

/// The answer to a request that is denied; no flag is set.
///
/// Source: Envoy, source/extensions/filters/http/rbac/rbac_filter.cc; held to Envoy 1.40.
pub(super) fn reply(policy: Option<&str>) -> Reply {
    let policy = policy.map_or_else(|| "none".to_owned(), |name| name.replace(' ', "_"));
    let reply = Reply::new(403, format!("rbac_access_denied_matched_policy[{policy}]"));
    Reply { body: "RBAC: access denied".into(), ..reply }
}
