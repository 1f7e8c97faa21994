//! Which RequestAuthentications are in force at a proxy (istio
//! `pilot/pkg/model/authentication.go`, `GetJwtPoliciesForWorkload`, and `policyattachment.go`,
//! `ShouldAttachPolicy`).

use crate::control::istio::Push;
use crate::control::istio::config::{Config, selects};
use crate::control::istio::unmodelled::Touched;
use crate::manifest::kinds::istio::RequestAuthentication;

/// The group of Gateway API.
const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// The policies in force at a proxy, by their place in the push: those of the root namespace first,
/// the older first. They add up: no level wins over another.
#[must_use]
pub fn in_force(push: &Push, proxy: Touched<'_>) -> Vec<usize> {
    let root = push.mesh.root_namespace.value.as_str();
    let mut found = Vec::new();
    for namespace in [root, proxy.namespace] {
        for (at, policy) in push.request_authentications.iter().enumerate() {
            let is_new = policy.namespace == namespace && !found.contains(&at);
            if is_new && attaches(policy, proxy) {
                found.push(at);
            }
        }
    }
    found
}

/// Whether a policy of the right namespace is in force at a proxy. At a gateway of Gateway API
/// `targetRefs` count, and a selector where there are none; elsewhere a policy with `targetRefs`
/// does not count.
fn attaches(policy: &Config<RequestAuthentication>, proxy: Touched<'_>) -> bool {
    let object = &policy.object;
    let selected = || object.selector.as_ref().is_none_or(|it| selects(&it.value, proxy.labels));
    if object.targets.is_empty() {
        return selected();
    }
    // A cluster refuses a policy with both; one that it took before holds for what either names.
    let by_selector = object.selector.is_some() && selected();
    let named = proxy.gateway.is_some_and(|gateway| {
        policy.namespace == proxy.namespace
            && object.targets.iter().any(|target| {
                target.group == GATEWAY_GROUP
                    && target.kind == "Gateway"
                    && target.name.value == gateway
            })
    });
    named || by_selector
}
