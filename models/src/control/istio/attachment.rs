//! At which proxies a policy with `selector` or `targetRefs` is in force (istio
//! `pilot/pkg/model/policyattachment.go`, `ShouldAttachPolicy`). What the policy does there is said
//! elsewhere.

use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::PolicyTarget;

use super::Push;
use super::config::selects;
use super::unmodelled::Touched;

/// The group of Gateway API.
const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// Whom a policy names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attachment<'p> {
    pub(super) namespace: &'p str,
    pub(super) selector: Option<&'p Located<Labels>>,
    pub(super) targets: &'p [PolicyTarget],
}

impl Attachment<'_> {
    /// Whether the policy is in force at a proxy. At a gateway of Gateway API `targetRefs` count,
    /// and a selector where there are none (istio's flag
    /// `ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY`, on by default); elsewhere a policy with
    /// `targetRefs` does not count at all. A policy with both is refused by a cluster, and may still
    /// hold in an older form: it touches what either names.
    pub(super) fn holds_at(self, push: &Push, proxy: Touched<'_>) -> bool {
        let root = push.mesh.root_namespace.value.as_str();
        let in_scope = self.namespace == proxy.namespace || self.namespace == root;
        let selected =
            || in_scope && self.selector.is_none_or(|it| selects(&it.value, proxy.labels));
        if self.targets.is_empty() {
            return selected();
        }
        let targeted = proxy.gateway.is_some_and(|gateway| {
            let names = |target: &PolicyTarget| {
                target.group == GATEWAY_GROUP
                    && target.kind == "Gateway"
                    && target.name.value == gateway
            };
            self.namespace == proxy.namespace && self.targets.iter().any(names)
        });
        targeted || (self.selector.is_some() && selected())
    }
}
