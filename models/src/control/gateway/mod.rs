//! What a control plane makes of Gateway API: Gateways become Envoy's configuration, routes of
//! the mesh become virtual hosts of sidecars, and every object gets a status with its reasons.
//!
//! Whose reading of the standard counts is the profile's choice; where Istio differs from the
//! standard is listed in [`DIFFERENCES`]. How a proxy then treats a request is Envoy's business.

mod age;
mod attach;
mod backend;
mod build;
mod class;
mod compile;
mod differences;
mod explain;
mod findings;
mod grant;
mod hostname;
mod listener;
mod mesh;
mod notes;
mod objects;
mod overlap;
mod precedence;
mod report;
mod rules;
mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use differences::{DIFFERENCES, Difference};
pub use mesh::{MeshGroup, MeshRoute};
pub use status::{
    Condition, ConditionType, ListenerStatus, ParentStatus, RouteParentStatus, RouteStatus,
};

use crate::manifest::kinds::gateway::RouteKind;
use crate::manifest::{Diagnostic, Located};
use crate::profile::Profile;
use crate::proxy::envoy::config::{ProxyConfig, Route};
use crate::world::{ClusterManifests, World};

use compile::Order;
pub(in crate::control) use compile::{Edge, backend_clusters, cluster_name, manager};
use mesh::Mesh;

/// The control plane of Gateway API for all clusters of a world. Of objects with one name in
/// several clusters, that of the first cluster counts.
#[derive(Clone, Debug, Default)]
pub struct GatewayControlPlane {
    gateways: BTreeMap<(String, String), Compiled>,
    routes: BTreeMap<(RouteKind, String, String), RouteReport>,
    mesh: Mesh,
}

/// A Gateway.
#[derive(Clone, Debug)]
struct Compiled {
    class: Option<Located<String>>,
    /// `None` if another control plane looks after it.
    config: Option<Arc<ProxyConfig>>,
    /// The Gateway's own, then those of its ListenerSets.
    statuses: Vec<ParentStatus>,
    /// The order of matches by route table and domain.
    orders: BTreeMap<String, Order>,
}

/// What is said of a route.
#[derive(Clone, Debug)]
struct RouteReport {
    status: RouteStatus,
    /// What is said of its rules, beside the status.
    notes: Vec<Condition>,
}

impl GatewayControlPlane {
    /// Reads the Gateway API objects of all clusters. The findings say what is not in force, and
    /// what requests meet instead.
    #[must_use]
    pub fn new(
        world: &World,
        clusters: &[ClusterManifests<'_>],
        profile: &'static Profile,
    ) -> (Self, Vec<Diagnostic>) {
        build::build(world, clusters, profile)
    }

    /// The names of all Gateways that have a configuration: namespace and name.
    pub fn gateways(&self) -> impl Iterator<Item = (&str, &str)> {
        let ours = self.gateways.iter().filter(|(_, compiled)| compiled.config.is_some());
        ours.map(|((namespace, name), _)| (namespace.as_str(), name.as_str()))
    }

    /// The configuration of a Gateway's proxies; `None` if there is no such Gateway, or another
    /// control plane looks after it.
    #[must_use]
    pub fn gateway(&self, namespace: &str, name: &str) -> Option<Arc<ProxyConfig>> {
        self.compiled(namespace, name)?.config.clone()
    }

    /// The status of a Gateway, followed by those of the ListenerSets that name it.
    #[must_use]
    pub fn gateway_status(&self, namespace: &str, name: &str) -> &[ParentStatus] {
        self.compiled(namespace, name).map_or(&[], |compiled| &compiled.statuses)
    }

    /// The status of a route.
    #[must_use]
    pub fn route_status(
        &self,
        kind: RouteKind,
        namespace: &str,
        name: &str,
    ) -> Option<&RouteStatus> {
        self.report(kind, namespace, name).map(|report| &report.status)
    }

    /// The HTTP routes that a client in a namespace gets for a port of a Service, in order;
    /// `None` where no route of the mesh says anything, or one that does not look at HTTP does.
    #[must_use]
    pub fn mesh_routes(
        &self,
        client_namespace: &str,
        service_namespace: &str,
        service: &str,
        port: u16,
    ) -> Option<Vec<Arc<Route>>> {
        match self.mesh_route(client_namespace, service_namespace, service, port)? {
            MeshRoute::Http(routes) => Some(routes.to_vec()),
            MeshRoute::Stream(_) => None,
        }
    }

    /// What a client in a namespace gets for a port of a Service; `None` where no route says
    /// anything.
    #[must_use]
    pub fn mesh_route(
        &self,
        client_namespace: &str,
        service_namespace: &str,
        service: &str,
        port: u16,
    ) -> Option<MeshRoute> {
        let group = self.mesh_group(client_namespace, (service_namespace, service), port)?;
        Some(group.route.clone())
    }

    /// The same, with whose routes they are and how old.
    #[must_use]
    pub fn mesh_group(
        &self,
        client_namespace: &str,
        service: (&str, &str),
        port: u16,
    ) -> Option<&MeshGroup> {
        self.mesh.group(client_namespace, service, port)
    }

    /// The configuration of a proxy beside a client in a namespace, as plain as the standard
    /// leaves it: one listener for each port of each Service of its cluster, told apart by the
    /// Service's address.
    ///
    /// Sidecars of Istio are configured by Istio's own control plane instead.
    #[must_use]
    pub fn mesh_proxy(&self, world: &World, client_namespace: &str) -> ProxyConfig {
        self.mesh.proxy(world, client_namespace)
    }

    fn compiled(&self, namespace: &str, name: &str) -> Option<&Compiled> {
        self.gateways.get(&(namespace.to_owned(), name.to_owned()))
    }

    fn report(&self, kind: RouteKind, namespace: &str, name: &str) -> Option<&RouteReport> {
        self.routes.get(&(kind, namespace.to_owned(), name.to_owned()))
    }
}
