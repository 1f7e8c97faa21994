//! The kinds of Gateway API, read field by field; what they mean together is
//! `control::gateway`'s business.
//!
//! Source: gateway-api 1.4 and its main branch, `apis/v1`, `apis/v1alpha2`, `apis/v1alpha3`. The
//! served versions of a kind have the same fields as far as they are read here.

mod filter;
mod listener;
mod matches;
mod policy;
mod route;

pub(in crate::manifest) use listener::{
    read_gateway, read_gateway_class, read_listener_set, read_x_listener_set,
};
pub(in crate::manifest) use policy::{read_backend_tls_policy, read_reference_grant};
pub(in crate::manifest) use route::{
    read_grpc_route, read_http_route, read_tcp_route, read_tls_route,
};

pub use filter::{
    CorsFilter, HeaderModifier, HeaderValue, MirrorFilter, PathModifier, RedirectFilter,
    RewriteFilter, RouteFilter, RouteFilterKind, Share,
};
pub use listener::{
    AllowedNamespaces, AllowedRoutes, Gateway, GatewayClass, GatewayListener, ListenerProtocol,
    ListenerSet, ListenerSetKind, ListenerTls, RouteGroupKind, TlsMode,
};
pub use matches::{GrpcMethodMatch, RoutePathMatch, RouteRuleMatch, ValueMatch, ValueMatchType};
pub use policy::{
    BackendTlsPolicy, GrantFrom, GrantTo, PolicyTarget, ReferenceGrant, SubjectAltName,
};
pub use route::{
    BackendRef, GatewayRoute, ObjectRef, ParentRef, RouteBackend, RouteKind, RouteRetry, RouteRule,
};

use super::{ObjectMeta, Resource};

/// The group of Gateway API.
pub const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";
/// The group of its experiments.
pub const GATEWAY_X_GROUP: &str = "gateway.networking.x-k8s.io";

/// An object of Gateway API.
#[derive(Clone, Debug)]
pub enum GatewayResource {
    /// `GatewayClass`.
    Class(GatewayClass),
    /// `Gateway`.
    Gateway(Gateway),
    /// `ListenerSet` or `XListenerSet`.
    ListenerSet(ListenerSet),
    /// `HTTPRoute`, `GRPCRoute`, `TLSRoute` or `TCPRoute`.
    Route(GatewayRoute),
    /// `ReferenceGrant`.
    Grant(ReferenceGrant),
    /// `BackendTLSPolicy`.
    BackendTls(BackendTlsPolicy),
}

impl GatewayResource {
    /// Name, namespace and age.
    #[must_use]
    pub fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Class(class) => &class.meta,
            Self::Gateway(gateway) => &gateway.meta,
            Self::ListenerSet(set) => &set.meta,
            Self::Route(route) => &route.meta,
            Self::Grant(grant) => &grant.meta,
            Self::BackendTls(policy) => &policy.meta,
        }
    }

    /// Whether objects of its kind live in namespaces.
    #[must_use]
    pub fn is_namespaced(&self) -> bool {
        !matches!(self, Self::Class(_))
    }
}

/// The object as a resource, if it could be read.
fn resource(object: Option<GatewayResource>) -> Vec<Resource> {
    object.map(|object| Resource::GatewayApi(Box::new(object))).into_iter().collect()
}
