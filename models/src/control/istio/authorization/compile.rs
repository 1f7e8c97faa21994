//! Policies of one action as access rules of the proxy (istio
//! `pilot/pkg/security/authz/builder/builder.go`). Which policies they are is said in `attach`.

use std::collections::BTreeMap;

use crate::control::istio::Push;
use crate::control::istio::config::Config;
use crate::manifest::kinds::istio::{AccessRule, AuthorizationPolicy};
use crate::proxy::envoy::config::{
    LeftOut, Permission, Principal, Rbac, RbacAction, RbacPolicy, RbacRules,
};
use crate::world::Origin;

use super::condition::Scope;
use super::refusal;

/// What rules are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Requests.
    Requests,
    /// Connections that carry bytes.
    Connections,
}

/// The rules of some policies, those that only try out apart from the others; `None` where there
/// are no policies.
pub(super) fn rbac(
    push: &Push,
    policies: &[&Config<AuthorizationPolicy>],
    action: RbacAction,
    layer: Layer,
) -> Option<Rbac> {
    let (trial, real): (Vec<_>, Vec<_>) =
        policies.iter().copied().partition(|policy| is_trial(&policy.object));
    let of = |policies: &[&Config<AuthorizationPolicy>]| {
        (!policies.is_empty()).then(|| rules(push, policies, action, layer))
    };
    let (rules, shadow) = (of(&real), of(&trial));
    (rules.is_some() || shadow.is_some()).then_some(Rbac { rules, shadow })
}

/// What Go's `strconv.ParseBool` takes for true; all else is enforced.
pub(in crate::control::istio) fn is_trial(policy: &AuthorizationPolicy) -> bool {
    let word = policy.dry_run.as_ref().map(|word| word.value.as_str());
    matches!(word, Some("1" | "t" | "T" | "TRUE" | "true" | "True"))
}

/// The policies as rules, by the names that Istio gives them.
pub(super) fn rules(
    push: &Push,
    policies: &[&Config<AuthorizationPolicy>],
    action: RbacAction,
    layer: Layer,
) -> RbacRules {
    let mut domains = vec![push.mesh.trust_domain.value.as_str()];
    domains.extend(push.mesh.trust_domain_aliases.iter().map(|alias| alias.value.as_str()));
    let mut rules = RbacRules { action, policies: BTreeMap::new(), left_out: Vec::new() };
    for policy in policies {
        let namespace = policy.namespace.as_str();
        let scope = Scope { layer, action, namespace, domains: &domains };
        add(&mut rules, policy, scope);
    }
    rules
}

fn add(rules: &mut RbacRules, policy: &Config<AuthorizationPolicy>, scope: Scope<'_>) {
    let refusal = refusal::first(policy);
    let named =
        |at: usize| format!("ns[{}]-policy[{}]-rule[{at}]", policy.namespace, policy.name());
    let origin = policy.origin();
    if policy.object.rules.is_empty() {
        // Istio writes one that never matches, so that the policy counts.
        let title = policy.title();
        let never = RbacPolicy { title, permissions: Vec::new(), principals: Vec::new(), origin };
        rules.policies.insert(named(0), never);
    }
    for (at, rule) in policy.object.rules.iter().enumerate() {
        let title = format!("{} rule {}", policy.title(), at + 1);
        let origin = Origin::Manifest(rule.place);
        match one(rule, scope) {
            Ok((permissions, mut principals)) => {
                if let (Some(why), RbacAction::Allow) = (&refusal, scope.action) {
                    let doubt = || Principal::Unknowable(why.clone());
                    principals = principals
                        .into_iter()
                        .map(|one| Principal::And(vec![one, doubt()]))
                        .collect();
                }
                let made = RbacPolicy { title, permissions, principals, origin };
                rules.policies.insert(named(at), made);
            }
            Err(why) => rules.left_out.push(LeftOut { title, why, origin }),
        }
    }
    let lets_through = scope.action == RbacAction::Deny || refusal::is_illegible(&policy.object);
    if let (Some(why), true) = (refusal, lets_through) {
        // Nobody knows what holds in a cluster that refuses the object: what no rule matches is
        // not taken for allowed.
        let doubtful = RbacPolicy {
            title: policy.title(),
            permissions: vec![Permission::Any],
            principals: vec![Principal::Unknowable(why)],
            origin,
        };
        rules.policies.insert(format!("{}-refused", named(policy.object.rules.len())), doubtful);
    }
}

/// What is done and who does it.
///
/// # Errors
/// Why Istio leaves the rule out.
fn one(rule: &AccessRule, scope: Scope<'_>) -> Result<(Vec<Permission>, Vec<Principal>), String> {
    let (mut who, mut what) = (Vec::new(), Vec::new());
    for when in &rule.when {
        let (principals, permissions) = scope.condition(when)?;
        who.extend(principals);
        what.extend(permissions);
    }
    let mut principals = Vec::with_capacity(rule.from.len().max(1));
    for source in &rule.from {
        principals.push(scope.source(source)?);
    }
    let mut permissions = Vec::with_capacity(rule.to.len().max(1));
    for operation in &rule.to {
        permissions.push(scope.operation(operation)?);
    }
    let principals = with_all(principals, &who)
        .into_iter()
        .map(|all| if all.is_empty() { Principal::Any } else { Principal::And(all) });
    let permissions = with_all(permissions, &what)
        .into_iter()
        .map(|all| if all.is_empty() { Permission::Any } else { Permission::And(all) });
    Ok((permissions.collect(), principals.collect()))
}

/// Each alternative with the conditions of `when` behind its own; without alternatives there is
/// one that asks for no more.
fn with_all<T: Clone>(alternatives: Vec<Vec<T>>, when: &[T]) -> Vec<Vec<T>> {
    if alternatives.is_empty() {
        return vec![when.to_vec()];
    }
    let each = alternatives.into_iter().map(|mut all| {
        all.extend_from_slice(when);
        all
    });
    each.collect()
}
