//! From what Istio knows of a cluster to the routes and chains of one sidecar. Which services and
//! VirtualServices its Sidecar object lets it see is decided elsewhere and handed in.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::hosts;
use crate::control::istio::registry::{Port, Service};
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::Destination;
use crate::proxy::envoy::config::{HashPolicy, Route, RouteTable};

use super::effective::EffectiveVirtualService;
use super::hash;
use super::matches::{Client, MESH};
use super::network::{NetworkChain, PortOfService, tcp_chains, tls_chains};
use super::seen::{SeenServices, outbound_services};
use super::sidecar::{OtherRules, OutboundService, SidecarRoutes, UnknownHosts};
use super::visible::visible;

/// Routes of Gateway API for the mesh, which take the place of a Service's default route.
pub trait MeshRoutes {
    /// The routes for clients of a namespace that call a host on a port; `None` if there are none.
    fn routes(&self, client: &str, host: &str, port: u16) -> Option<Vec<Arc<Route>>>;
}

/// No routes of Gateway API.
#[derive(Clone, Copy, Debug)]
pub struct NoMeshRoutes;

impl MeshRoutes for NoMeshRoutes {
    fn routes(&self, _: &str, _: &str, _: u16) -> Option<Vec<Arc<Route>>> {
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
    virtual_services: Vec<Arc<EffectiveVirtualService>>,
    mesh_routes: &'p dyn MeshRoutes,
    unknown_hosts: UnknownHosts,
}

impl<'p> Outbound<'p> {
    /// A sidecar with these labels in a namespace that sees `services`, and of the VirtualServices
    /// of the mesh those that `imports` lets through.
    pub fn new(
        push: &'p Push,
        (namespace, labels): (&'p str, &'p Labels),
        services: &[Arc<Service>],
        imports: impl Fn(&EffectiveVirtualService) -> bool,
        unknown_hosts: UnknownHosts,
        mesh_routes: &'p dyn MeshRoutes,
    ) -> Self {
        let mut virtual_services = visible(&push.virtual_services, namespace, MESH);
        virtual_services.retain(|object| imports(object));
        Self {
            push,
            labels,
            namespace,
            gateways: [MESH.to_owned()].into(),
            search_domain: format!("{namespace}.svc.{}", push.mesh.domain),
            services: outbound_services(services),
            virtual_services,
            mesh_routes,
            unknown_hosts,
        }
    }

    /// The table of a port.
    #[must_use]
    pub fn table(&self, port: u16) -> RouteTable {
        self.routes().table(port)
    }

    /// The table of a listener that serves one service on a port where sniffing finds HTTP.
    #[must_use]
    pub fn sniffed_table(&self, host: &str, port: u16) -> RouteTable {
        self.routes().sniffed_table(host, port)
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
            .virtual_services
            .iter()
            .filter(|object| object.hosts.iter().any(|host| hosts::overlap(host, &service.host)));
        let objects: Vec<_> = named.map(|object| &**object).collect();
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

    fn mesh_routes(&self, host: &str, port: u16) -> Option<Vec<Arc<Route>>> {
        self.mesh_routes.routes(self.namespace, host, port)
    }
}
