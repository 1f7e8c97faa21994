//! Istio's own kinds, one file each; what the control plane makes of them is
//! `control::istio`'s business.

mod authorization_policy;
mod destination_rule;
mod gateway;
mod load_balancer;
mod mesh_config;
mod peer_authentication;
mod policy_target;
mod proxy_config;
mod request_authentication;
mod service_entry;
mod sidecar;
mod traffic_policy;
mod unmodelled;
mod virtual_service;
mod virtual_service_action;
mod virtual_service_http;
mod virtual_service_match;
mod workload_entry;

use std::sync::Arc;

use super::{Labels, ObjectMeta, Resource};
use crate::manifest::Located;
use crate::manifest::fields::Fields;

pub(in crate::manifest) use authorization_policy::read_authorization_policy;
pub use authorization_policy::{
    AccessAction, AccessCondition, AccessOperation, AccessRule, AccessSource, AccessValues,
    AuthorizationPolicy, Legible,
};
pub(in crate::manifest) use destination_rule::read_destination_rule;
pub use destination_rule::{DestinationRule, Subset};
pub(in crate::manifest) use gateway::read_gateway;
pub use gateway::{
    Gateway, GatewayPort, GatewayProtocol, GatewayServer, GatewayTls, GatewayTlsMode,
};
pub use load_balancer::{
    ConsistentHash, ConsistentHashSource, Distribute, Failover, HashTable, LoadBalancerSettings,
    LocalitySettings, SimpleBalancer, Warmup,
};
pub use mesh_config::{
    ExtAuthzProvider, ExtensionProvider, InboundMode, MeshConfigMap, MeshSettings,
    NormalizationLevel, ProviderKind,
};
pub(in crate::manifest) use mesh_config::{is_mesh_config, read_mesh_config};
pub(in crate::manifest) use peer_authentication::read_peer_authentication;
pub use peer_authentication::{MtlsMode, PeerAuthentication};
pub use policy_target::PolicyTarget;
pub(in crate::manifest) use proxy_config::read_proxy_config;
pub use proxy_config::{ProxyConfigObject, ProxySettings};
pub(in crate::manifest) use request_authentication::read_request_authentication;
pub use request_authentication::{ClaimHeader, JwtRule, RequestAuthentication, TokenHeader};
pub(in crate::manifest) use service_entry::read_service_entry;
pub use service_entry::{EntryLocation, EntryPort, EntryResolution, ServiceEntry};
pub(in crate::manifest) use sidecar::read_sidecar;
pub use sidecar::{
    CaptureMode, EgressListener, IngressListener, OutboundMode, Sidecar, SidecarPort,
};
pub use traffic_policy::{
    ClientTls, ClientTlsMode, ConnectionPool, OutlierSettings, RetryBudget, TrafficPolicy, Upgrade,
};
pub use unmodelled::{Effect, Unmodelled, UnmodelledKind};
pub(in crate::manifest) use unmodelled::{read_envoy_filter, read_telemetry, read_wasm_plugin};
pub(in crate::manifest) use workload_entry::read_workload_entry;
pub use workload_entry::{WorkloadEntry, WorkloadSpec};

pub(in crate::manifest) use virtual_service::read_virtual_service;
pub use virtual_service::{
    ConnectionMatch, Destination, RouteDestination, TcpRule, TlsMatch, TlsRule, VirtualService,
};
pub use virtual_service_action::{
    AbortAnswer, AbortRule, CorsPolicy, DelayRule, DerivePort, DirectResponseRule, FaultRule,
    RedirectRule, RetryRule, RewriteRule, UnmatchedPreflights,
};
pub use virtual_service_http::{
    Delegate, HeaderOperations, HeaderRules, HttpDestination, HttpRule, MirrorRule,
};
pub use virtual_service_match::{HttpMatch, StringMatch, StringMatchTest};

/// One object of Istio's kinds.
#[derive(Clone, Debug)]
pub enum IstioResource {
    /// `security.istio.io AuthorizationPolicy`.
    AuthorizationPolicy(AuthorizationPolicy),
    /// `networking.istio.io Gateway`.
    Gateway(Gateway),
    /// `networking.istio.io VirtualService`.
    VirtualService(VirtualService),
    /// `networking.istio.io DestinationRule`.
    DestinationRule(DestinationRule),
    /// The ConfigMap `istio`.
    MeshConfig(MeshConfigMap),
    /// `security.istio.io PeerAuthentication`.
    PeerAuthentication(PeerAuthentication),
    /// `networking.istio.io ProxyConfig`.
    ProxyConfig(ProxyConfigObject),
    /// `security.istio.io RequestAuthentication`.
    RequestAuthentication(RequestAuthentication),
    /// `networking.istio.io ServiceEntry`.
    ServiceEntry(ServiceEntry),
    /// `networking.istio.io Sidecar`.
    Sidecar(Sidecar),
    /// `networking.istio.io WorkloadEntry`.
    WorkloadEntry(WorkloadEntry),
    /// A kind whose effect is not modelled; it is reported by name.
    Unmodelled(Unmodelled),
}

impl IstioResource {
    /// The object's metadata.
    #[must_use]
    pub const fn meta(&self) -> &ObjectMeta {
        match self {
            Self::AuthorizationPolicy(object) => &object.meta,
            Self::Gateway(object) => &object.meta,
            Self::VirtualService(object) => &object.meta,
            Self::DestinationRule(object) => &object.meta,
            Self::MeshConfig(object) => &object.meta,
            Self::PeerAuthentication(object) => &object.meta,
            Self::ProxyConfig(object) => &object.meta,
            Self::RequestAuthentication(object) => &object.meta,
            Self::ServiceEntry(object) => &object.meta,
            Self::Sidecar(object) => &object.meta,
            Self::WorkloadEntry(object) => &object.meta,
            Self::Unmodelled(object) => &object.meta,
        }
    }

    /// As the one resource that an object gives.
    fn alone(self) -> Vec<Resource> {
        vec![Resource::Istio(Arc::new(self))]
    }
}

/// `selector` with its `matchLabels`; `None` selects every workload of the scope.
fn read_selector(
    spec: &mut Fields<'_, '_, '_, '_>,
    field: &'static str,
    labels: &'static str,
) -> Option<Located<Labels>> {
    let selector =
        spec.object(field, |selector| (selector.located_labels(labels), selector.place()));
    let (labels, place) = selector?;
    // An empty selector selects all, as none does.
    let labels = labels.unwrap_or_else(|| Located::new(Labels::new(), place));
    (!labels.value.is_empty()).then_some(labels)
}
