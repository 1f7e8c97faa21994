//! What Istio's control plane sends to ztunnel: AuthorizationPolicies and PeerAuthentications in
//! ztunnel's own form (istio `pilot/pkg/serviceregistry/ambient`); and the waypoints. What ztunnel
//! and the Envoy of a waypoint make of them is decided there.

mod authentication;
mod authorization;
mod behind;
mod findings;
mod reading;
pub mod waypoints;

use crate::manifest::kinds::Labels;
use crate::proxy::ztunnel::Policies;

use super::Push;
use super::config::selects;

pub(super) use findings::findings;
pub use reading::{Reading, reading};

/// The policies that ztunnel has for a workload, by name: those of the mesh and of its namespace,
/// those that select it, and what PeerAuthentications come to.
#[must_use]
pub fn policies(push: &Push, namespace: &str, labels: &Labels) -> Policies {
    let root = push.mesh.root_namespace.value.as_str();
    let mut policies = Policies::default();
    for policy in &push.authorization_policies {
        let in_scope = policy.namespace == namespace || policy.namespace == root;
        let selector = policy.object.selector.as_ref();
        if !in_scope || !selector.is_none_or(|it| selects(&it.value, labels)) {
            continue;
        }
        let translated = authorization::translate(policy);
        policies.in_force.extend(translated.policy);
        policies.ignored.extend(translated.ignored);
    }
    authentication::add(push, namespace, labels, &mut policies);
    policies.in_force.sort_by(|one, other| one.title.cmp(&other.title));
    policies
}

#[cfg(test)]
mod tests;
