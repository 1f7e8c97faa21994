//! Which AuthorizationPolicies are in force at a proxy (istio
//! `pilot/pkg/model/policyattachment.go`, `ShouldAttachPolicy`, and `authorization.go`). What their
//! rules mean is said elsewhere.

use std::collections::BTreeMap;

use crate::control::istio::Push;
use crate::control::istio::config::{Config, selects};
use crate::control::istio::unmodelled::Touched;
use crate::manifest::kinds::istio::{AccessAction, AuthorizationPolicy};

use super::refusal;

/// The group of Gateway API.
const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// The policies of one proxy, by what a match means.
#[derive(Clone, Debug, Default)]
pub struct InForce<'p> {
    by_action: BTreeMap<AccessAction, Vec<&'p Config<AuthorizationPolicy>>>,
}

impl<'p> InForce<'p> {
    /// Those with an action: of the root namespace and of the proxy's own, the older first.
    #[must_use]
    pub fn of(&self, action: AccessAction) -> &[&'p Config<AuthorizationPolicy>] {
        self.by_action.get(&action).map_or(&[], Vec::as_slice)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_action.is_empty()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &'p Config<AuthorizationPolicy>> {
        self.by_action.values().flatten().copied()
    }
}

/// The policies in force at a proxy. They add up: no level wins over another.
#[must_use]
pub fn in_force<'p>(push: &'p Push, proxy: Touched<'_>) -> InForce<'p> {
    let mut found = InForce::default();
    for policy in push.authorization_policies.iter().filter(|it| attaches(push, it, proxy)) {
        found.by_action.entry(policy.object.action.value).or_default().push(policy);
    }
    found
}

/// Whether a policy is in force at a proxy. At a gateway of Gateway API `targetRefs` count, and a
/// selector where there are none (istio's flag `ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY`, on by
/// default); elsewhere a policy with `targetRefs` does not count at all. A policy with both is
/// refused by a cluster, and may still hold in an older form: it touches what either names.
pub(super) fn attaches(
    push: &Push,
    policy: &Config<AuthorizationPolicy>,
    proxy: Touched<'_>,
) -> bool {
    let object = &policy.object;
    let root = push.mesh.root_namespace.value.as_str();
    let in_scope = policy.namespace == proxy.namespace || policy.namespace == root;
    let selected =
        || in_scope && object.selector.as_ref().is_none_or(|it| selects(&it.value, proxy.labels));
    let targeted = |gateway: &str| {
        policy.namespace == proxy.namespace
            && object.targets.iter().any(|target| {
                target.group == GATEWAY_GROUP
                    && target.kind == "Gateway"
                    && target.name.value == gateway
            })
    };
    let has_both = refusal::has_selector_and_targets(object);
    match proxy.gateway {
        Some(gateway) if !object.targets.is_empty() => {
            targeted(gateway) || (has_both && selected())
        }
        None if !object.targets.is_empty() => has_both && selected(),
        _ => selected(),
    }
}
