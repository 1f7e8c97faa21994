//! Which AuthorizationPolicies are in force at a proxy (istio `pilot/pkg/model/authorization.go`).
//! What their rules mean is said elsewhere.

use std::collections::BTreeMap;

use crate::control::istio::Push;
use crate::control::istio::attachment::{At, Attachment};
use crate::control::istio::config::Config;
use crate::manifest::kinds::istio::{AccessAction, AuthorizationPolicy};

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
pub fn in_force<'p, 't>(push: &'p Push, at: impl Into<At<'t>>) -> InForce<'p> {
    let at = at.into();
    let mut found = InForce::default();
    for policy in push.authorization_policies.iter().filter(|it| attaches(push, it, at)) {
        found.by_action.entry(policy.object.action.value).or_default().push(policy);
    }
    found
}

/// Whether a policy is in force at a proxy.
pub(super) fn attaches(push: &Push, policy: &Config<AuthorizationPolicy>, at: At<'_>) -> bool {
    let attachment = Attachment {
        namespace: &policy.namespace,
        selector: policy.object.selector.as_ref(),
        targets: &policy.object.targets,
    };
    attachment.holds_at(push, at)
}
