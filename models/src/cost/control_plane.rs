//! Prices of control planes, and what an installation asks of a cluster before any traffic.

use serde::Deserialize;

use crate::units::{Bytes, SimDuration};

use super::Priced;

/// Prices of control planes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlPlaneCost {
    /// Memory of istiod for each proxy that is connected.
    pub istiod_per_proxy: Priced<Bytes>,
    /// Memory of istiod for each pair of a proxy and a Service.
    pub istiod_per_proxy_and_service: Priced<Bytes>,
    /// How long istiod waits for quiet before it pushes.
    pub push_debounce: Priced<SimDuration>,
    /// How long it waits at most.
    pub push_debounce_max: Priced<SimDuration>,
    /// A push without routes.
    pub push_base: Priced<SimDuration>,
    /// What each route adds to a push.
    pub push_per_route: Priced<SimDuration>,
    /// How long Cilium waits before a changed identity is used.
    pub cilium_identity_grace: Priced<SimDuration>,
    /// Custom resource definitions that Istio brings.
    pub crds_istio: Priced<u32>,
    /// Those of Linkerd.
    pub crds_linkerd: Priced<u32>,
    /// Those of Gateway API's standard channel.
    pub crds_gateway_api_standard: Priced<u32>,
    /// Those of its experimental channel.
    pub crds_gateway_api_experimental: Priced<u32>,
    /// Those of Cilium.
    pub crds_cilium: Priced<u32>,
    /// What a ztunnel requests, one a node.
    pub request_ztunnel: ResourceRequest,
    /// What the CNI agent of Istio requests, one a node.
    pub request_istio_cni: ResourceRequest,
    /// What istiod requests.
    pub request_istiod: ResourceRequest,
    /// What a waypoint requests.
    pub request_waypoint: ResourceRequest,
    /// What a sidecar requests.
    pub request_sidecar: ResourceRequest,
}

/// What a container requests of its node by default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceRequest {
    /// CPU, in thousandths of one.
    pub cpu_millicores: Priced<u32>,
    /// Memory.
    pub memory: Priced<Bytes>,
}

impl ControlPlaneCost {
    /// The memory of istiod that serves so many proxies in a mesh of so many Services: it keeps a
    /// connection to each proxy, and what it has told each of each Service.
    #[must_use]
    pub fn istiod_memory(&self, proxies: u64, services: u64) -> Bytes {
        let pairs = proxies.saturating_mul(services);
        let of_pairs = self.istiod_per_proxy_and_service.value.0.saturating_mul(pairs);
        Bytes(self.istiod_per_proxy.value.0.saturating_mul(proxies).saturating_add(of_pairs))
    }

    /// How long it takes from a change until proxies have it, when nothing else changes: the time
    /// of quiet, and a push of so many routes.
    #[must_use]
    pub fn time_to_push(&self, routes: u64) -> SimDuration {
        let routes_ns = self.push_per_route.value.as_ns().saturating_mul(routes);
        let push = self.push_base.value.saturating_add(SimDuration::from_ns(routes_ns));
        self.push_debounce.value.saturating_add(push)
    }
}
