//! At which proxies a policy with `selector` or `targetRefs` is in force (istio
//! `pilot/pkg/model/policyattachment.go`, `ShouldAttachPolicy`). What the policy does there is said
//! elsewhere.

use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::PolicyTarget;

use super::Push;
use super::config::selects;
use super::registry::Service;
use super::unmodelled::Touched;

/// The group of Gateway API.
const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// The group of ServiceEntries.
const ENTRY_GROUP: &str = "networking.istio.io";

/// The class of Istio's waypoints, which a policy of the root namespace may name.
pub(super) const WAYPOINT_CLASS: &str = "istio-waypoint";

/// Where a policy may be in force.
#[derive(Clone, Copy, Debug)]
pub enum At<'t> {
    /// At a sidecar or gateway.
    Proxy(Touched<'t>),
    /// At a waypoint.
    Waypoint(AtWaypoint<'t>),
}

/// One place in a waypoint: what it does with traffic to one service, or to pods.
#[derive(Clone, Copy, Debug)]
pub struct AtWaypoint<'t> {
    /// Its namespace.
    pub namespace: &'t str,
    /// Its name.
    pub name: &'t str,
    /// The service that traffic is for; `None` where it is for a pod.
    pub service: Option<&'t Service>,
}

impl<'t> From<Touched<'t>> for At<'t> {
    fn from(proxy: Touched<'t>) -> Self {
        Self::Proxy(proxy)
    }
}

impl<'t> From<AtWaypoint<'t>> for At<'t> {
    fn from(place: AtWaypoint<'t>) -> Self {
        Self::Waypoint(place)
    }
}

impl At<'_> {
    /// The namespaces in which policies for it may stand, beside the root namespace.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        let (own, service) = match self {
            Self::Proxy(proxy) => (proxy.namespace, None),
            Self::Waypoint(place) => (place.namespace, place.service),
        };
        let service = service.map(|service| service.namespace.as_str());
        std::iter::once(own).chain(service.filter(move |it| *it != own))
    }
}

/// Whom a policy names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attachment<'p> {
    pub(super) namespace: &'p str,
    pub(super) selector: Option<&'p Located<Labels>>,
    pub(super) targets: &'p [PolicyTarget],
}

impl Attachment<'_> {
    /// Whether the policy is in force at a place.
    pub(super) fn holds_at(self, push: &Push, at: At<'_>) -> bool {
        match at {
            At::Proxy(proxy) => self.holds_at_proxy(push, proxy),
            At::Waypoint(place) => self.holds_at_waypoint(push, place),
        }
    }

    /// At a gateway of Gateway API `targetRefs` count,
    /// and a selector where there are none (istio's flag
    /// `ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY`, on by default); elsewhere a policy with
    /// `targetRefs` does not count at all. A policy with both is refused by a cluster, and may still
    /// hold in an older form: it touches what either names.
    fn holds_at_proxy(self, push: &Push, proxy: Touched<'_>) -> bool {
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
    /// At a waypoint nothing but `targetRefs` counts, not even where a policy has no selector:
    /// they name the service of the traffic, the waypoint's Gateway, or, in the root namespace,
    /// the class of all waypoints.
    fn holds_at_waypoint(self, push: &Push, place: AtWaypoint<'_>) -> bool {
        let root = push.mesh.root_namespace.value.as_str();
        let is_service = |name: &str| {
            place.service.is_some_and(|it| it.name == name && it.namespace == self.namespace)
        };
        let kubernetes = place.service.is_some_and(Service::is_kubernetes);
        self.targets.iter().any(|target| {
            let name = target.name.value.as_str();
            match (target.group.as_str(), target.kind.as_str()) {
                ("" | "core", "Service") => kubernetes && is_service(name),
                (ENTRY_GROUP, "ServiceEntry") => !kubernetes && is_service(name),
                (GATEWAY_GROUP, "GatewayClass") => self.namespace == root && name == WAYPOINT_CLASS,
                (GATEWAY_GROUP, "Gateway") => {
                    self.namespace == place.namespace && name == place.name
                }
                _ => false,
            }
        })
    }
}
