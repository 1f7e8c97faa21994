//! A mesh's proxy as plain as the standard leaves it: one listener for each port of each Service,
//! chosen by the address that the client dialled, whatever name the request carries. What is
//! dialled otherwise, such as a pod, is passed on.
//!
//! Source: gateway-api `geps/gep-1294`: routes bind to the frontend of a Service.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::Sourced;
use crate::manifest::kinds::{AppProtocol, Transport};
use crate::proxy::envoy::config::{
    Bootstrap, Case, ChainMatch, Cluster, Destination, Direction, Discovery, DownstreamTls,
    FilterChain, Forward, HeaderMutations, Listener, LoadBalancer, NetworkFilter,
    OriginalDestination, PathMatcher, ProxyConfig, Route, RouteAction, RouteMatch, RouteSource,
    RouteTable, RoutingPriority, TcpProxy, UpstreamProtocol, VirtualHost,
};
use crate::units::SimDuration;
use crate::world::{Origin, Service, ServiceId, ServiceKind, World};

use super::super::backend::ServicePortId;
use super::super::compile::{Clusters, Edge, TlsPolicies, manager, plain_cluster};
use super::{Mesh, MeshRoute};

/// The configuration of a proxy beside a client in a namespace.
pub(super) fn proxy(mesh: &Mesh, world: &World, client_namespace: &str) -> ProxyConfig {
    let mut config = ProxyConfig {
        bootstrap: Bootstrap { repeated_headers: mesh.repeated_headers, ..Bootstrap::default() },
        ..ProxyConfig::default()
    };
    let mut clusters = Clusters::default();
    for (id, service) in world.services.entries() {
        let ports = service.ports.iter().enumerate();
        for (port, _) in ports.filter(|(_, port)| port.transport == Transport::Tcp) {
            let cluster = clusters.of_port(world, ServicePortId { service: id, port });
            let listener = Frontend { mesh, world, service: id, port, cluster };
            config.listeners.extend(listener.listener(client_namespace).map(Arc::new));
        }
    }
    clusters.put_into(world, (&TlsPolicies::new(), None), &mut config);
    config.listeners.push(Arc::new(capturing()));
    config.clusters.insert(PASSED_ON.to_owned(), Arc::new(passed_on()));
    config
}

/// The listener that gets all connections of the workload, and hands them over to the one of the
/// address that was dialled.
fn capturing() -> Listener {
    let idle = Sourced::default_of(SimDuration::from_secs(3600), "envoy.tcp-idle-timeout");
    let clusters = vec![(Sourced::new(PASSED_ON.to_owned(), PLAIN), 1)];
    let stream = TcpProxy { clusters, idle_timeout: idle, origin: PLAIN };
    let chain = FilterChain {
        name: PASSED_ON.to_owned(),
        matches: ChainMatch::default(),
        tls: DownstreamTls::None,
        filters: vec![NetworkFilter::TcpProxy(Arc::new(stream))],
        origin: PLAIN,
    };
    let (address, direction) = ("0.0.0.0".to_owned(), Direction::Outbound);
    Listener {
        name: "virtualOutbound".to_owned(),
        original_destination: OriginalDestination::HandedOver,
        default_chain: Some(chain),
        ..Listener::bound(address, CAPTURING_PORT, direction, Vec::new(), PLAIN)
    }
}

/// The cluster of connections that go where the client dialled.
fn passed_on() -> Cluster {
    Cluster {
        discovery: Discovery::OriginalDestination,
        balancer: Sourced::new(LoadBalancer::ClusterProvided, PLAIN),
        ..plain_cluster(PASSED_ON.to_owned(), UpstreamProtocol::Http1, PLAIN)
    }
}

const PASSED_ON: &str = "PassthroughCluster";
const CAPTURING_PORT: u16 = 15001;
const PLAIN: Origin = Origin::Assumed("a proxy captures what its workload sends");

/// A port of a Service.
struct Frontend<'m> {
    mesh: &'m Mesh,
    world: &'m World,
    service: ServiceId,
    port: usize,
    cluster: String,
}

impl Frontend<'_> {
    fn service(&self) -> &Service {
        &self.world.services[self.service]
    }

    fn namespace(&self) -> &str {
        &self.world.namespaces[self.service().namespace].name
    }

    /// `None` for a Service without an address of its own.
    fn listener(&self, client_namespace: &str) -> Option<Listener> {
        let service = self.service();
        let port = &service.ports[self.port];
        let ServiceKind::ClusterIp(address) = service.kind else { return None };
        let target = (self.namespace(), service.name.as_str());
        let group = self.mesh.group(client_namespace, target, port.port);
        let filter = match group.map(|group| &group.route) {
            Some(MeshRoute::Http(routes)) => self.http(routes.to_vec()),
            Some(MeshRoute::Stream(stream)) => NetworkFilter::TcpProxy(Arc::clone(stream)),
            None => match port.app_protocol {
                AppProtocol::Http | AppProtocol::Http2 | AppProtocol::Grpc => {
                    self.http(vec![Arc::new(self.default_route())])
                }
                _ => NetworkFilter::TcpProxy(Arc::new(self.default_stream())),
            },
        };
        let chain = FilterChain {
            name: self.cluster.clone(),
            matches: ChainMatch::default(),
            tls: DownstreamTls::None,
            filters: vec![filter],
            origin: port.origin,
        };
        let (address, direction) = (address.to_string(), Direction::Outbound);
        Some(Listener {
            bind_to_port: false,
            ..Listener::bound(address, port.port, direction, vec![chain], port.origin)
        })
    }

    fn http(&self, routes: Vec<Arc<Route>>) -> NetworkFilter {
        let service = self.service();
        let origin = service.ports[self.port].origin;
        let name = format!("{}.{}", service.name, self.namespace());
        let host = VirtualHost::plain(name, vec!["*".to_owned()], routes, origin);
        let table = RouteTable {
            name: self.cluster.clone(),
            virtual_hosts: vec![Arc::new(host)],
            most_specific_wins: true,
            ..RouteTable::default()
        };
        NetworkFilter::Http(manager(RouteSource::Inline(Arc::new(table)), Edge::Workload))
    }

    /// Without routes of the mesh, requests go to the Service's own endpoints.
    fn default_route(&self) -> Route {
        let origin = self.service().ports[self.port].origin;
        let cluster = Sourced::new(self.cluster.clone(), origin);
        let none = Sourced::default_of(SimDuration::ZERO, "gateway.request-timeout");
        let forward = Forward {
            destination: Destination::Cluster(cluster),
            cluster_not_found_status: Sourced::default_of(503, "envoy.cluster-not-found"),
            subset: BTreeMap::new(),
            path_rewrite: None,
            host_rewrite: None,
            timeout: none,
            idle_timeout: None,
            max_stream_duration: None,
            grpc_timeout_max: None,
            retry: None,
            hedge: None,
            mirrors: Vec::new(),
            hash: Vec::new(),
            priority: RoutingPriority::Default,
            cors: None,
        };
        Route {
            name: Some("default".to_owned()),
            matches: every_request(origin),
            action: RouteAction::Forward(Box::new(forward)),
            headers: HeaderMutations::default(),
            filters: BTreeMap::new(),
            origin,
        }
    }

    fn default_stream(&self) -> TcpProxy {
        let origin = self.service().ports[self.port].origin;
        let idle = Sourced::default_of(SimDuration::from_secs(3600), "envoy.tcp-idle-timeout");
        let clusters = vec![(Sourced::new(self.cluster.clone(), origin), 1)];
        TcpProxy { clusters, idle_timeout: idle, origin }
    }
}

fn every_request(origin: Origin) -> RouteMatch {
    RouteMatch {
        path: PathMatcher::Prefix("/".to_owned()),
        case: Case::Sensitive,
        headers: Vec::new(),
        query: Vec::new(),
        fraction: None,
        grpc_only: false,
        origin,
    }
}
