//! Istio's own kinds, one file each; what the control plane makes of them is
//! `control::istio`'s business.

mod gateway;
mod peer_authentication;
mod unmodelled;
mod virtual_service;
mod virtual_service_action;
mod virtual_service_http;
mod virtual_service_match;

use super::{Labels, ObjectMeta, Resource};
use crate::manifest::Located;
use crate::manifest::fields::Fields;

pub(in crate::manifest) use gateway::read_gateway;
pub use gateway::{
    Gateway, GatewayPort, GatewayProtocol, GatewayServer, GatewayTls, GatewayTlsMode,
};
pub(in crate::manifest) use peer_authentication::read_peer_authentication;
pub use peer_authentication::{MtlsMode, PeerAuthentication};
pub use unmodelled::{Unmodelled, UnmodelledKind};
pub(in crate::manifest) use unmodelled::{
    read_authorization_policy, read_envoy_filter, read_request_authentication, read_telemetry,
    read_wasm_plugin,
};

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
    /// `networking.istio.io Gateway`.
    Gateway(Gateway),
    /// `networking.istio.io VirtualService`.
    VirtualService(VirtualService),
    /// `security.istio.io PeerAuthentication`.
    PeerAuthentication(PeerAuthentication),
    /// A kind whose effect is not modelled; it is reported by name.
    Unmodelled(Unmodelled),
}

impl IstioResource {
    /// The object's metadata.
    #[must_use]
    pub const fn meta(&self) -> Option<&ObjectMeta> {
        match self {
            Self::Gateway(object) => Some(&object.meta),
            Self::VirtualService(object) => Some(&object.meta),
            Self::PeerAuthentication(object) => Some(&object.meta),
            Self::Unmodelled(object) => Some(&object.meta),
        }
    }

    /// As the one resource that an object gives.
    fn alone(self) -> Vec<Resource> {
        vec![Resource::Istio(Box::new(self))]
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
