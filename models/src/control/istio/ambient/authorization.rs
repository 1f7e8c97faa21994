//! One AuthorizationPolicy as ztunnel gets it: what is left out because ztunnel knows nothing of
//! HTTP, and what the control plane writes into the object's status (istio
//! `pilot/pkg/serviceregistry/ambient/authorization.go`, `convertAuthorizationPolicy`). Which
//! workloads have it is said beside it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::control::istio::authorization::{is_trial, refusal_of};
use crate::control::istio::config::Config;
use crate::explain::RuleId;
use crate::manifest::kinds::istio::{
    AccessAction, AccessCondition, AccessOperation, AccessRule, AccessSource, AccessValues,
    AuthorizationPolicy,
};
use crate::manifest::{Located, Place};
use crate::proxy::ztunnel::{
    AccountMatch, Action, Clause, Ignored, LeftOut, MadeOf, Match, Policy, Rule, TextMatch, Wanted,
};
use crate::world::Origin;

const IGNORED: RuleId = RuleId("ztunnel.rbac.ignored");

/// What becomes of a policy.
#[derive(Clone, Debug)]
pub(super) struct Translated {
    /// As ztunnel gets it; `None` if it does not.
    pub(super) policy: Option<Policy>,
    /// Why ztunnel does not get it, where that is worth telling.
    pub(super) ignored: Option<Ignored>,
    /// What its status says.
    pub(super) status: Status,
    /// The fields that ztunnel does not know, where each of them stands first, by name.
    pub(super) of_requests: Vec<Located<String>>,
    /// The fields that are left out without a word in the status.
    pub(super) unsaid: Vec<Located<String>>,
}

/// The condition `ZtunnelAccepted` of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// None is written: the policy is not for ztunnel.
    Silent,
    /// It is true, and nothing is odd.
    Accepted,
    /// It is true with the reason `UnsupportedValue`: rules of an ALLOW policy are omitted.
    AllowLosesRules,
    /// It is true with the reason `UnsupportedValue`: nothing of a DENY policy is left.
    DenyIsEmpty,
    /// It is true with the reason `UnsupportedValue`: a DENY policy is enforced without the fields.
    DenyLosesFields,
    /// It is false with the reason `UnsupportedValue`: the action is none of ztunnel's.
    Action,
    /// It is false with the reason `UnsupportedValue`: the policy is a dry run.
    DryRun,
}

/// A policy as ztunnel gets it. A policy with `targetRefs` is not for ztunnel; one that has a
/// selector too is refused by a cluster, and may still hold in an older form.
pub(super) fn translate(policy: &Config<AuthorizationPolicy>) -> Translated {
    let object = &policy.object;
    if !object.targets.is_empty() && object.selector.is_none() {
        return not_sent(policy, Status::Silent, None);
    }
    if is_trial(object) {
        let why = "`istio.io/dry-run` is not enforced, and ztunnel is not sent it";
        return not_sent(policy, Status::DryRun, Some(why.to_owned()));
    }
    let action = match object.action.value {
        AccessAction::Allow => Action::Allow,
        AccessAction::Deny => Action::Deny,
        other @ (AccessAction::Audit | AccessAction::Custom) => {
            let why = format!("ztunnel does not know the action {}", other.word());
            return not_sent(policy, Status::Action, Some(why));
        }
    };
    let mut lost = Lost::default();
    let mut rules = Vec::with_capacity(object.rules.len());
    let mut left_out = Vec::new();
    for rule in &object.rules {
        let before = lost.of_requests.len();
        let clauses = clauses(rule, &policy.namespace, &mut lost);
        let origin = Origin::Manifest(rule.place);
        let fields = &lost.of_requests[before..];
        // Rules of ALLOW that ask for more than ztunnel knows never match.
        if action == Action::Deny || fields.is_empty() {
            rules.push(Rule { clauses, origin });
        } else {
            let fields = fields.iter().map(|field| format!("`{}`", field.value)).collect();
            left_out.push(LeftOut { fields, origin });
        }
    }
    let status = match (lost.of_requests.is_empty(), action) {
        (true, _) => Status::Accepted,
        (false, Action::Allow) => Status::AllowLosesRules,
        (false, Action::Deny) if rules.iter().any(has_effect) => Status::DenyLosesFields,
        (false, Action::Deny) => Status::DenyIsEmpty,
    };
    Translated {
        policy: Some(Policy {
            title: policy.title(),
            action,
            made_of: MadeOf::Access,
            rules,
            left_out,
            doubt: refusal_of(policy),
            origin: policy.origin(),
        }),
        ignored: None,
        status,
        of_requests: by_name(lost.of_requests),
        unsaid: by_name(lost.unsaid),
    }
}

fn not_sent(
    policy: &Config<AuthorizationPolicy>,
    status: Status,
    why: Option<String>,
) -> Translated {
    let title = format!("{} policy {}", policy.object.action.value.word(), policy.title());
    let ignored = why.map(|why| Ignored { title, why, rule: IGNORED, origin: policy.origin() });
    Translated { policy: None, ignored, status, of_requests: Vec::new(), unsaid: Vec::new() }
}

/// Whether a rule can match: each of its clauses asks for something (istio `hasEffectiveRules`).
pub(super) fn has_effect(rule: &Rule) -> bool {
    rule.clauses.iter().all(|clause| clause.matches.iter().any(|one| !one.is_empty()))
}

/// Each name once, where it stands first.
fn by_name(mut fields: Vec<Located<String>>) -> Vec<Located<String>> {
    let mut seen = BTreeSet::new();
    fields.retain(|field| seen.insert(field.value.clone()));
    fields.sort_by(|one, other| one.value.cmp(&other.value));
    fields
}

/// Fields that ztunnel is not sent.
#[derive(Default)]
struct Lost {
    of_requests: Vec<Located<String>>,
    unsaid: Vec<Located<String>>,
}

/// The parts of a rule, in the order in which ztunnel gets them.
fn clauses(rule: &AccessRule, namespace: &str, lost: &mut Lost) -> Vec<Clause> {
    let mut clauses = Vec::new();
    if !rule.to.is_empty() {
        let matches = rule.to.iter().map(|to| operation(to, lost)).collect();
        clauses.push(Clause { part: "to", matches });
    }
    if !rule.from.is_empty() {
        let matches = rule.from.iter().map(|from| source(from, namespace, lost)).collect();
        clauses.push(Clause { part: "from", matches });
    }
    for when in &rule.when {
        clauses.push(Clause { part: "when", matches: vec![condition(when, lost)] });
    }
    clauses
}

fn operation(to: &AccessOperation, lost: &mut Lost) -> Match {
    let mut made = Match::empty(Origin::Manifest(to.place));
    made.destination_ports = wanted(&to.ports, port);
    for (name, not, values) in [
        ("hosts", "notHosts", &to.hosts),
        ("methods", "notMethods", &to.methods),
        ("paths", "notPaths", &to.paths),
    ] {
        drop_field((name, not), values, &mut made.dropped, &mut lost.of_requests);
    }
    made
}

fn source(from: &AccessSource, namespace: &str, lost: &mut Lost) -> Match {
    let mut made = Match::empty(Origin::Manifest(from.place));
    made.source_ips = wanted(&from.ip_blocks, block);
    made.namespaces = wanted(&from.namespaces, |value| Some(TextMatch::of(value)));
    made.principals = wanted(&from.principals, |value| Some(TextMatch::of(value)));
    let account = |value: &str| Some(AccountMatch::of(value, namespace));
    made.accounts = wanted(&from.service_accounts, account);
    for (name, not, values) in [
        ("remoteIpBlocks", "notRemoteIpBlocks", &from.remote_ip_blocks),
        ("requestPrincipals", "notRequestPrincipals", &from.request_principals),
    ] {
        drop_field((name, not), values, &mut made.dropped, &mut lost.of_requests);
    }
    let names = ("trustDomains", "notTrustDomains");
    drop_field(names, &from.trust_domains, &mut made.dropped, &mut lost.unsaid);
    made
}

fn condition(when: &AccessCondition, lost: &mut Lost) -> Match {
    let mut made = Match::empty(Origin::Manifest(when.key.place));
    let values = &when.values;
    match when.key.value.as_str() {
        "source.namespace" => {
            made.namespaces = wanted(values, |value| Some(TextMatch::of(value)));
        }
        "source.principal" => {
            made.principals = wanted(values, |value| Some(TextMatch::of(value)));
        }
        "source.ip" => made.source_ips = wanted(values, block),
        "destination.ip" => made.destination_ips = wanted(values, block),
        "destination.port" => made.destination_ports = wanted(values, port),
        key => {
            made.dropped.push(format!("`{key}`"));
            lost.of_requests.push(when.key.clone());
        }
    }
    made
}

fn drop_field(
    (name, not): (&str, &str),
    values: &AccessValues,
    dropped: &mut Vec<String>,
    lost: &mut Vec<Located<String>>,
) {
    for (name, list) in [(name, &values.any_of), (not, &values.none_of)] {
        let Some(place) = list.first().map(|first: &Located<String>| -> Place { first.place })
        else {
            continue;
        };
        dropped.push(format!("`{name}`"));
        lost.push(Located::new(name.to_owned(), place));
    }
}

/// Values that cannot be read are left out, as the control plane does it.
fn wanted<T>(values: &AccessValues, read: impl Fn(&str) -> Option<T>) -> Wanted<T> {
    let all = |list: &[Located<String>]| list.iter().filter_map(|it| read(&it.value)).collect();
    Wanted { any_of: all(&values.any_of), none_of: all(&values.none_of) }
}

fn port(value: &str) -> Option<u16> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| value.parse().ok()).flatten()
}

fn block(value: &str) -> Option<IpNet> {
    match value.contains('/') {
        true => value.parse().ok(),
        false => value.parse::<IpAddr>().ok().map(IpNet::from),
    }
}
