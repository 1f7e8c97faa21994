//! Routes of the mesh (GAMMA): HTTPRoutes, GRPCRoutes, TLSRoutes and TCPRoutes whose parent is a
//! Service, and what clients of each namespace get from them.
//!
//! Source: gateway-api `geps/gep-1294`, `geps/gep-1686`.

mod gather;
mod proxy;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::kinds::Timestamp;
use crate::profile::RepeatedHeaders;
use crate::proxy::envoy::config::{ProxyConfig, Route, TcpProxy};
use crate::world::{Origin, World};

pub(super) use gather::add;

/// What a client gets for a port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeshRoute {
    /// HTTP routes, in the order in which they are tried; a request that fits none gets 404.
    Http(Arc<[Arc<Route>]>),
    /// Connections are passed on as bytes.
    Stream(Arc<TcpProxy>),
}

/// What the routes of one namespace say of a port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshGroup {
    /// What clients get.
    pub route: MeshRoute,
    /// The namespace of the routes.
    pub namespace: String,
    /// When the oldest of them was made.
    pub created: Option<Timestamp>,
    /// The name of that one.
    pub name: String,
    /// Where that one stands.
    pub origin: Origin,
}

/// Namespace and name of a Service, and one of its ports.
type Frontend = (String, String, u16);

/// The routes of the mesh.
#[derive(Clone, Debug, Default)]
pub(super) struct Mesh {
    /// By frontend, then by the namespace that the routes stand in.
    routes: BTreeMap<Frontend, BTreeMap<String, MeshGroup>>,
    /// How header matchers compare headers that come several times.
    repeated_headers: RepeatedHeaders,
}

impl Mesh {
    /// What a client in a namespace gets: the routes of its own namespace (consumer), else those
    /// of the Service's namespace (producer).
    pub(super) fn group(
        &self,
        client_namespace: &str,
        (namespace, service): (&str, &str),
        port: u16,
    ) -> Option<&MeshGroup> {
        if self.routes.is_empty() {
            return None;
        }
        let frontend = (namespace.to_owned(), service.to_owned(), port);
        let groups = self.routes.get(&frontend)?;
        groups.get(client_namespace).or_else(|| groups.get(namespace))
    }

    /// The configuration of a proxy beside a client in a namespace.
    pub(super) fn proxy(&self, world: &World, client_namespace: &str) -> ProxyConfig {
        proxy::proxy(self, world, client_namespace)
    }
}
