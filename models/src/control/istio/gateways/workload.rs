//! From what Istio knows of a cluster to the listeners and route tables of one gateway workload.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::clusters::Viewpoint;
use crate::control::istio::destination::{self, Traffic, rule_for};
use crate::control::istio::http_manager::{Guards, http_manager};
use crate::control::istio::registry::{Protocol, locality};
use crate::control::istio::routes::{Client, SeenServices};
use crate::control::istio::unmodelled::Touched;
use crate::explain::Silent;
use crate::manifest::Diagnostic;
use crate::manifest::kinds::Labels;
use crate::proxy::envoy::config::{
    Bootstrap, FilterChain, HttpManager, Listener, NetworkFilter, ProxyConfig, RouteSource,
    RouteTable,
};
use crate::world::{PodId, World};

use super::effective::{EffectiveGateway, GatewayProxy, ServiceTarget, Workloads};
use super::network::MeshPort;
use super::tables::GatewayRoutes;
use super::{clusters, listeners, merge, tables};

/// Says that Gateways keep to the ports of the workload.
const KEEPS_PORTS: &str = "experimental.istio.io/disable-gateway-port-translation";

/// The label of workloads that serve a Gateway of Gateway API.
pub(in crate::control) const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// A workload that serves Gateways.
#[derive(Clone, Debug)]
pub struct GatewayWorkload {
    /// Its labels.
    pub labels: Labels,
    /// Its namespace.
    pub namespace: String,
    /// The ports of Services that it stands behind.
    pub targets: Vec<ServiceTarget>,
    /// The pod; `None` where no manifest has one, and one is assumed.
    pub pod: Option<PodId>,
}

/// What a gateway's proxy gets, but for clusters and endpoints.
#[derive(Clone, Debug, Default)]
pub struct GatewayParts {
    /// Its listeners.
    pub listeners: Vec<Arc<Listener>>,
    /// Its route tables, by name.
    pub tables: BTreeMap<String, Arc<RouteTable>>,
    /// What Istio leaves out.
    pub findings: Vec<Diagnostic>,
}

impl GatewayWorkload {
    /// A pod that may serve Gateways.
    #[must_use]
    pub fn of_pod(push: &Push, world: &World, pod: PodId) -> Self {
        let namespace = world.workload_of(pod).namespace;
        Self {
            labels: Labels::clone(&world.pods[pod].labels),
            namespace: namespace.map(|it| world.namespaces[it].name.clone()).unwrap_or_default(),
            targets: targets(push, pod),
            pod: Some(pod),
        }
    }

    /// The workload that serves a Gateway: the first pod that it selects. Where the manifests have
    /// none, as when an installer made it, one is assumed with just the labels that the Gateway
    /// asks for, in its namespace and behind no Service.
    #[must_use]
    pub fn serving(push: &Push, world: &World, gateway: &EffectiveGateway) -> Self {
        let of_cluster = world
            .pods
            .ids()
            .filter(|&pod| world.cluster_of(world.pods[pod].workload) == Some(push.cluster));
        let mut candidates = of_cluster.map(|pod| Self::of_pod(push, world, pod));
        let selected = match &gateway.workloads {
            // Without a selector every gateway serves it, but no other pod does.
            Workloads::Labels(labels) if labels.is_empty() => None,
            _ => candidates.find(|workload| gateway.targets(&workload.proxy()).is_some()),
        };
        selected.unwrap_or_else(|| Self {
            labels: match &gateway.workloads {
                Workloads::Labels(labels) => labels.clone(),
                Workloads::Services { .. } => Labels::new(),
            },
            namespace: gateway.namespace.clone(),
            targets: Vec::new(),
            pod: None,
        })
    }

    /// As Gateways look at it.
    #[must_use]
    pub fn proxy(&self) -> GatewayProxy<'_> {
        GatewayProxy { labels: &self.labels, namespace: &self.namespace, targets: &self.targets }
    }

    /// All that its proxy gets.
    #[must_use]
    pub fn config(&self, push: &Push, world: &World) -> ProxyConfig {
        let parts = self.parts(push);
        let place = self.pod.map(|pod| locality(world, world.pods[pod].node)).unwrap_or_default();
        let node = self.pod.map_or("", |pod| world.nodes[world.pods[pod].node].name.as_str());
        let viewpoint = Viewpoint { locality: &place, node, labels: &self.labels };
        let (clusters, assignments) = clusters::clusters(push, &self.namespace, viewpoint);
        ProxyConfig {
            bootstrap: Bootstrap {
                workers: push.mesh.concurrency.value,
                locality: place.clone(),
                ..Bootstrap::default()
            },
            listeners: parts.listeners,
            route_tables: parts.tables,
            clusters,
            assignments,
        }
    }

    /// As policies look at it. One that serves a Gateway of Gateway API has its name as a label.
    #[must_use]
    pub fn touched(&self) -> Touched<'_> {
        let gateway = self.labels.get(GATEWAY_NAME).map(|name| name.value.as_str());
        Touched { namespace: &self.namespace, labels: &self.labels, gateway }
    }

    /// Its listeners and route tables; nothing if it serves no Gateway.
    #[must_use]
    pub fn parts(&self, push: &Push) -> GatewayParts {
        let (merged, mut findings) = merge(&push.gateways, &self.proxy());
        let Some(merged) = merged else {
            return GatewayParts { findings, ..GatewayParts::default() };
        };
        let gateways = BTreeSet::new();
        let client =
            Client { labels: &self.labels, namespace: &self.namespace, gateways: &gateways };
        let services = SeenServices { push, client };
        let from = GatewayRoutes {
            proxy: self.proxy(),
            virtual_services: &push.virtual_services,
            services: &services,
            default_retry: push.mesh.retries.as_ref(),
            profile: push.profile,
        };
        let mesh_ports = mesh_ports(push, client);
        let guards = Guards::of(push, self.touched());
        let manager = |table: &str| guards.before(manager(push, table));
        let (mut listeners, more) = listeners(&merged, &from, &mesh_ports, &manager);
        listeners.iter_mut().for_each(|listener| guard_bytes(&guards, listener));
        findings.extend(more);
        GatewayParts { listeners, tables: tables(&merged, &from), findings }
    }
}

/// The guards stand before bytes too, but not where TLS is passed on by the name of a cluster: those
/// connections belong to the gateway of another network (istio
/// `pilot/pkg/networking/core/gateway.go`, `builtAutoPassthroughFilterChains`).
pub(super) fn guard_bytes(guards: &Guards, listener: &mut Arc<Listener>) {
    let passes = |chain: &FilterChain| match chain.filters.as_slice() {
        [NetworkFilter::TcpProxy(proxy)] => {
            !proxy.clusters.iter().any(|(cluster, _)| cluster.value.starts_with("outbound_."))
        }
        _ => false,
    };
    if !listener.chains.iter().any(passes) {
        return;
    }
    for chain in Arc::make_mut(listener).chains.iter_mut().filter(|chain| passes(chain)) {
        let own = std::mem::take(&mut chain.filters);
        chain.filters = own.into_iter().flat_map(|last| guards.before_bytes(last)).collect();
    }
}

/// The ports of Services on which a pod answers.
fn targets(push: &Push, pod: PodId) -> Vec<ServiceTarget> {
    let services = push.registry.services().iter();
    let each = services.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    let own = each.filter_map(|(service, port)| {
        let endpoint = port.endpoints.iter().find(|endpoint| endpoint.pod == Some(pod))?;
        Some(ServiceTarget {
            host: service.host.clone(),
            namespace: service.namespace.clone(),
            port: port.number,
            target_port: endpoint.address.port,
            keeps_ports: service.labels.contains_key(KEEPS_PORTS),
        })
    });
    own.collect()
}

/// The ports of the mesh's own services with their subsets, for `AUTO_PASSTHROUGH`.
fn mesh_ports(push: &Push, client: Client<'_>) -> Vec<MeshPort> {
    let inside = push.registry.exported_to(client.namespace).filter(|service| !service.is_external);
    let caller = destination::Client { namespace: client.namespace, labels: client.labels };
    let each = inside.flat_map(|service| {
        let rule = rule_for(push, caller, Traffic::Outbound, service, &mut Silent);
        let subsets = rule.iter().flat_map(|rule| &rule.subsets);
        let subsets: Vec<_> = subsets.map(|subset| subset.name.value.clone()).collect();
        let ports = service.ports.iter().filter(|port| port.protocol != Protocol::Udp);
        ports.map(move |port| MeshPort {
            host: service.host.clone(),
            port: port.number,
            subsets: subsets.clone(),
            origin: service.origin,
        })
    });
    each.collect()
}

/// The connection manager of a gateway (istio `pilot/pkg/networking/core/gateway.go`,
/// `buildGatewayConnectionManager`, and `listener_builder.go`, `buildHTTPConnectionManager`).
pub(super) fn manager(push: &Push, table: &str) -> HttpManager {
    let routes = RouteSource::Named(table.to_owned());
    HttpManager { uses_remote_address: true, ..http_manager(push, routes) }
}
