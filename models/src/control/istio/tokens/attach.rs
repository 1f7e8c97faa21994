//! Which RequestAuthentications are in force at a proxy (istio
//! `pilot/pkg/model/authentication.go`, `GetJwtPoliciesForWorkload`).

use crate::control::istio::Push;
use crate::control::istio::attachment::Attachment;
use crate::control::istio::unmodelled::Touched;

/// The policies in force at a proxy, by their place in the push: those of the root namespace first,
/// the older first. They add up: no level wins over another.
#[must_use]
pub fn in_force(push: &Push, proxy: Touched<'_>) -> Vec<usize> {
    let root = push.mesh.root_namespace.value.as_str();
    let mut found = Vec::new();
    for namespace in [root, proxy.namespace] {
        for (at, policy) in push.request_authentications.iter().enumerate() {
            let is_new = policy.namespace == namespace && !found.contains(&at);
            let attachment = Attachment {
                namespace: &policy.namespace,
                selector: policy.object.selector.as_ref(),
                targets: &policy.object.targets,
            };
            if is_new && attachment.holds_at(push, proxy) {
                found.push(at);
            }
        }
    }
    found
}
