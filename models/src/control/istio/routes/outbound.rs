//! From what Istio knows of a cluster to the routes and chains of one sidecar. Which services and
//! VirtualServices its Sidecar object lets it see is decided elsewhere and handed in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::gateway::{MeshGroup, MeshRoute};
use crate::control::istio::Push;
use crate::control::istio::hosts;
use crate::control::istio::registry::{Port, Service};
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::Destination;
use crate::proxy::envoy::config::{HashPolicy, TcpProxy};

use super::domains::short_forms;
use super::effective::EffectiveVirtualService;
use super::hash;
use super::matches::{Client, MESH};
use super::mesh::counts_before;
use super::network::{ChainSource, NetworkChain, PortOfService, tcp_chains, tls_chains};
use super::port_hosts::PortHosts;
use super::retry::with_mesh_default;
use super::seen::{SeenServices, outbound_services};
use super::sidecar::{OtherRules, OutboundService, SidecarRoutes, UnknownHosts};

/// Routes of Gateway API for the mesh, which take the place of a Service's default route.
pub trait MeshRoutes {
    /// The routes for clients of a namespace that call a host on a port; `None` if there are none.
    fn group(&self, client: &str, host: &str, port: u16) -> Option<MeshGroup>;

    /// The routes for a host and port that stand in a namespace themselves.
    fn standing_in(&self, namespace: &str, host: &str, port: u16) -> Option<MeshGroup>;
}

/// Namespace and name of a Kubernetes Service by its whole name.
#[must_use]
pub fn mesh_host(host: &str) -> Option<(&str, &str)> {
    let (name, rest) = host.split_once('.')?;
    let (namespace, domain) = rest.split_once('.')?;
    domain.starts_with("svc.").then_some((namespace, name))
}

/// No routes of Gateway API.
#[derive(Clone, Copy, Debug)]
pub struct NoMeshRoutes;

impl MeshRoutes for NoMeshRoutes {
    fn group(&self, _: &str, _: &str, _: u16) -> Option<MeshGroup> {
        None
    }

    fn standing_in(&self, _: &str, _: &str, _: u16) -> Option<MeshGroup> {
        None
    }
}

/// What a sidecar sees of the mesh.
pub struct Outbound<'p> {
    push: &'p Push,
    labels: &'p Labels,
    namespace: &'p str,
    gateways: BTreeSet<String>,
    search_domain: String,
    services: Vec<OutboundService>,
    by_host: BTreeMap<String, usize>,
    virtual_services: Vec<Arc<EffectiveVirtualService>>,
    /// Those of them that have rules for connections.
    of_bytes: Vec<Arc<EffectiveVirtualService>>,
    mesh_routes: &'p dyn MeshRoutes,
    unknown_hosts: UnknownHosts,
}

impl<'p> Outbound<'p> {
    /// A sidecar with these labels in a namespace that sees these services and VirtualServices of
    /// the mesh, the latter in the order in which they count.
    pub fn new(
        push: &'p Push,
        (namespace, labels): (&'p str, &'p Labels),
        services: &[Arc<Service>],
        virtual_services: Vec<Arc<EffectiveVirtualService>>,
        unknown_hosts: UnknownHosts,
        mesh_routes: &'p dyn MeshRoutes,
    ) -> Self {
        let of_bytes = |object: &&Arc<EffectiveVirtualService>| {
            !(object.tls.is_empty() && object.tcp.is_empty())
        };
        let of_bytes = virtual_services.iter().filter(of_bytes).cloned().collect();
        let services = outbound_services(services);
        let hosts = services.iter().enumerate().map(|(at, service)| (service.host.clone(), at));
        Self {
            push,
            labels,
            namespace,
            gateways: [MESH.to_owned()].into(),
            search_domain: format!("{namespace}.svc.{}", push.mesh.domain),
            by_host: hosts.collect(),
            services,
            virtual_services,
            of_bytes,
            mesh_routes,
            unknown_hosts,
        }
    }

    /// The virtual hosts of a port, of which its tables are made.
    #[must_use]
    pub fn port_hosts(&self, port: u16) -> PortHosts {
        self.routes().port_hosts(port)
    }

    /// The server names that stand for a service where its address does not.
    #[must_use]
    pub fn server_names(&self, service: &Service) -> Vec<String> {
        let mut names = vec![service.host.clone()];
        let own = self.by_host.get(&service.host).map(|&at| &self.services[at]);
        for alias in own.into_iter().flat_map(|own| &own.aliases) {
            names.push(alias.clone());
            names.extend(short_forms(alias, &self.search_domain));
        }
        names
    }

    /// What the tables are made of, to ask why they are as they are.
    #[must_use]
    pub fn routes(&self) -> SidecarRoutes<'_> {
        SidecarRoutes {
            client: self.client(),
            search_domain: &self.search_domain,
            services: &self.services,
            virtual_services: &self.virtual_services,
            others: self,
            default_retry: self.push.mesh.retries.as_ref(),
            unknown_hosts: &self.unknown_hosts,
            profile: self.push.profile,
        }
    }

    /// The chains of a port whose connections are passed on. `subnets` are the addresses that
    /// stand for the service where its listener has several; `by_name` are the server names that
    /// stand for it where the address does not.
    #[must_use]
    pub fn chains(
        &self,
        service: &Service,
        port: &Port,
        subnets: &[String],
        by_name: &[String],
    ) -> Vec<NetworkChain> {
        let ports: Vec<u16> = service.ports.iter().map(|port| port.number).collect();
        let of = PortOfService {
            host: &service.host,
            ports: &ports,
            port: port.number,
            subnets,
            origin: service.origin,
        };
        let seen = SeenServices { push: self.push, client: self.client() };
        let named = self
            .of_bytes
            .iter()
            .filter(|object| object.hosts.iter().any(|host| hosts::overlap(host, &service.host)));
        let mut objects: Vec<_> = named.map(|object| &**object).collect();
        if let Some(group) = self.mesh_routes.group(self.namespace, &service.host, port.number)
            && let MeshRoute::Stream(proxy) = &group.route
        {
            // Objects that stand behind the group are never reached: it takes all connections.
            objects.retain(|object| !counts_before(&group, self.namespace, object));
            if objects.is_empty() {
                return vec![stream_chain(proxy, subnets, by_name)];
            }
        }
        if port.protocol.is_tls() {
            tls_chains(of, by_name, self.client(), &objects, &seen)
        } else {
            tcp_chains(of, self.client(), &objects, &seen)
        }
    }

    fn client(&self) -> Client<'_> {
        Client { labels: self.labels, namespace: self.namespace, gateways: &self.gateways }
    }
}

impl OtherRules for Outbound<'_> {
    fn of_destination(&self, destination: &Destination) -> Option<HashPolicy> {
        hash::of_destination(self.push, self.client(), destination)
    }

    fn of_service(&self, host: &str, port: u16) -> Option<HashPolicy> {
        hash::of_service(self.push, self.client(), host, port)
    }

    fn mesh_group(&self, host: &str, port: u16) -> Option<MeshGroup> {
        let mut group = self.mesh_routes.group(self.namespace, host, port)?;
        if let MeshRoute::Http(routes) = &group.route {
            group.route = MeshRoute::Http(with_mesh_default(self.push, routes).into());
        }
        Some(group)
    }
}

/// The chain of a route of Gateway API that passes bytes on.
fn stream_chain(proxy: &TcpProxy, subnets: &[String], by_name: &[String]) -> NetworkChain {
    NetworkChain {
        server_names: by_name.to_vec(),
        subnets: subnets.to_vec(),
        proxy: proxy.clone(),
        source: ChainSource::Rule,
    }
}
