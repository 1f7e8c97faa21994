//! Which RequestAuthentications are in force at a proxy (istio
//! `pilot/pkg/model/authentication.go`, `GetJwtPoliciesForWorkload`).

use crate::control::istio::Push;
use crate::control::istio::attachment::{At, Attachment};

/// The policies in force at a proxy, by their place in the push: those of the root namespace first,
/// the older first. They add up: no level wins over another.
#[must_use]
pub fn in_force<'t>(push: &Push, at: impl Into<At<'t>>) -> Vec<usize> {
    let at = at.into();
    let root = push.mesh.root_namespace.value.as_str();
    let mut found = Vec::new();
    for namespace in std::iter::once(root).chain(at.namespaces()) {
        for (place, policy) in push.request_authentications.iter().enumerate() {
            let is_new = policy.namespace == namespace && !found.contains(&place);
            let attachment = Attachment {
                namespace: &policy.namespace,
                selector: policy.object.selector.as_ref(),
                targets: &policy.object.targets,
            };
            if is_new && attachment.holds_at(push, at) {
                found.push(place);
            }
        }
    }
    found
}
