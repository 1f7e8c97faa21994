//! The clusters that a configuration needs: ports of Services with their endpoints, as plain as
//! the standard leaves them. Names are Istio's, so that explanations agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::Sourced;
use crate::manifest::kinds::AppProtocol;
use crate::manifest::kinds::gateway::{BackendRef, RouteKind};
use crate::profile::{ControllerFacts, GatewayBalancer};
use crate::proxy::envoy::config::{
    Address, Cluster, CommonBalancing, DeclaredHealth, Discovery, Endpoint, LeastRequest,
    LoadAssignment, LoadBalancer, Locality, LocalityEndpoints, LocalityMode, ProxyConfig,
    RoutingPriority, Target, Thresholds, UpstreamHttp, UpstreamProtocol, UpstreamTls,
};
use crate::units::{Ppm, SimDuration};
use crate::world::{EndpointTarget, Origin, ServiceId, World};

use super::super::backend::{From, Invalid, ServicePortId, resolve};
use super::{Context, TlsPolicies};

/// The clusters that routes refer to.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Clusters {
    needed: BTreeMap<ServicePortId, Need>,
}

/// What is known of the traffic to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Need {
    /// Some route sends gRPC there.
    grpc: bool,
    /// The sender is a Gateway, which follows BackendTLSPolicies.
    from_gateway: bool,
}

impl Clusters {
    /// The name of the cluster that a backendRef means.
    pub(in super::super) fn of_backend(
        &mut self,
        context: &Context<'_>,
        from: From<'_>,
        kind: RouteKind,
        target: &BackendRef,
    ) -> Result<String, Invalid> {
        let port = resolve(context.objects, from, target)?;
        let from_gateway = matches!(from, From::Gateway(_));
        if let Some(Err(invalid)) = context.tls.get(&port).filter(|_| from_gateway) {
            return Err(invalid.clone());
        }
        let need = self.needed.entry(port).or_insert(Need { grpc: false, from_gateway });
        need.grpc |= kind == RouteKind::Grpc;
        Ok(port.cluster_name(context.objects.world))
    }

    /// Adds a port that no route names.
    pub(in super::super) fn of_port(&mut self, world: &World, port: ServicePortId) -> String {
        self.needed.entry(port).or_insert(Need { grpc: false, from_gateway: false });
        port.cluster_name(world)
    }

    /// The ports of Services that are needed.
    pub(in super::super) fn ports(&self) -> impl Iterator<Item = ServicePortId> + '_ {
        self.needed.keys().copied()
    }

    /// Puts the clusters and their endpoints into a configuration.
    pub(in super::super) fn put_into(
        &self,
        world: &World,
        (tls, controller): (&TlsPolicies, Option<&ControllerFacts>),
        config: &mut ProxyConfig,
    ) {
        for (&port, &need) in &self.needed {
            let name = port.cluster_name(world);
            let mut cluster = cluster(world, tls, port, need, name.clone());
            if let Some(controller) = controller {
                settle(controller, &mut cluster);
            }
            config.clusters.insert(name.clone(), Arc::new(cluster));
            config.assignments.insert(name, Arc::new(assignment(world, port)));
        }
    }
}

fn cluster(
    world: &World,
    tls: &TlsPolicies,
    id: ServicePortId,
    need: Need,
    name: String,
) -> Cluster {
    let service = &world.services[id.service];
    let port = &service.ports[id.port];
    let protocol = match port.app_protocol {
        AppProtocol::Http2 | AppProtocol::Grpc => UpstreamProtocol::Http2,
        AppProtocol::Undeclared if need.grpc => UpstreamProtocol::AsDownstream,
        _ => UpstreamProtocol::Http1,
    };
    let tls = tls.get(&id).filter(|_| need.from_gateway).and_then(|tls| tls.clone().ok());
    let target = Target {
        namespace: world.namespaces[service.namespace].name.clone(),
        service: service.name.clone(),
        port: port.port,
        subset: None,
    };
    let plain = plain_cluster(name, protocol, port.origin);
    Cluster { target: Some(target), tls: tls.unwrap_or(plain.tls.clone()), ..plain }
}

/// The clusters of ports of Services with their endpoints, for other controllers at the edge.
pub(in crate::control) fn backend_clusters(
    world: &World,
    ports: impl Iterator<Item = (ServiceId, usize)>,
) -> (BTreeMap<String, Cluster>, BTreeMap<String, Arc<LoadAssignment>>) {
    let (mut clusters, mut assignments) = (BTreeMap::new(), BTreeMap::new());
    for (service, port) in ports {
        let id = ServicePortId { service, port };
        let name = id.cluster_name(world);
        let need = Need { grpc: false, from_gateway: false };
        clusters.insert(name.clone(), cluster(world, &TlsPolicies::new(), id, need, name.clone()));
        assignments.insert(name, Arc::new(assignment(world, id)));
    }
    (clusters, assignments)
}

/// The name of the cluster of a Service's port.
pub(in crate::control) fn cluster_name(world: &World, service: ServiceId, port: usize) -> String {
    ServicePortId { service, port }.cluster_name(world)
}

/// What a controller sets for every backend.
fn settle(controller: &ControllerFacts, cluster: &mut Cluster) {
    let connect_timeout = *controller.connect_timeout;
    cluster.connect_timeout = Sourced::default_of(connect_timeout, "gateway.connect-timeout");
    if *controller.balancer == GatewayBalancer::LeastRequest {
        let balancer = LoadBalancer::LeastRequest(LeastRequest::DEFAULT);
        cluster.balancer = Sourced::default_of(balancer, "gateway.balancer");
    }
    let max_retries = Sourced::default_of(*controller.max_retries, "gateway.max-retries");
    let thresholds = Thresholds { max_retries, ..Thresholds::DEFAULT };
    cluster.thresholds.insert(RoutingPriority::Default, thresholds);
}

/// A cluster with Envoy's defaults.
pub(in super::super) fn plain_cluster(
    name: String,
    protocol: UpstreamProtocol,
    origin: Origin,
) -> Cluster {
    Cluster {
        name,
        target: None,
        discovery: Discovery::Eds,
        connect_timeout: Sourced::default_of(SimDuration::from_secs(5), "envoy.connect-timeout"),
        balancer: Sourced::default_of(LoadBalancer::RoundRobin(None), "envoy.balancer"),
        balancing: CommonBalancing {
            panic_threshold: Sourced::default_of(Ppm::from_percent(50), "envoy.panic-threshold"),
            fail_traffic_on_panic: false,
            overprovisioning: Ppm::from_percent(140),
            locality: LocalityMode::Unaware,
            update_merge_window: SimDuration::from_secs(1),
        },
        subsets: None,
        thresholds: BTreeMap::new(),
        outlier: None,
        http: UpstreamHttp {
            protocol: Sourced::new(protocol, origin),
            max_requests_per_connection: Sourced::default_of(0, "envoy.requests-per-connection"),
            max_concurrent_streams: Sourced::default_of(1 << 31, "envoy.concurrent-streams"),
            idle_timeout: Sourced::default_of(SimDuration::from_secs(3600), "envoy.idle-timeout"),
        },
        tls: Sourced::default_of(UpstreamTls::None, "gateway.backend-tls"),
        origin,
    }
}

/// The endpoints that take traffic.
fn assignment(world: &World, id: ServicePortId) -> LoadAssignment {
    let rows = &world.services[id.service].ports[id.port].endpoints;
    let endpoints = rows.iter().filter(|row| row.ready).map(|row| {
        let (host, pod) = match &row.target {
            EndpointTarget::Pod(pod) => (world.pods[*pod].ip.to_string(), Some(*pod)),
            EndpointTarget::Address(address) => (address.clone(), None),
        };
        Endpoint {
            address: Address { host, port: row.port },
            pod,
            weight: 1,
            health: DeclaredHealth::Healthy,
            labels: BTreeMap::new(),
            takes_mutual_tls: false,
            origin: row.origin,
        }
    });
    let endpoints = endpoints.collect();
    let locality = Locality::default();
    let group = LocalityEndpoints { locality, priority: 0, weight: None, endpoints };
    LoadAssignment { localities: vec![group], overprovisioning: None }
}
