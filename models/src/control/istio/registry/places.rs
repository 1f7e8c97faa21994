//! Who a pod is to the registry: its labels, its place, whether a proxy stands beside it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::explain::Silent;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::WorkloadSpec;
use crate::path::Placement;
use crate::proxy::envoy::config::{Address, Locality};
use crate::world::{ClusterId, NamespaceId, NodeId, Origin, PodId, TableId, World};

use super::super::enrolment::{Enrolled, decide, has_sidecar};
use super::ServiceEndpoint;

/// The label that says whether the proxy of a workload takes mutual TLS.
const TLS_MODE: &str = "security.istio.io/tlsMode";

/// The label that says which tunnels the proxy of a workload takes.
const TUNNEL: &str = "networking.istio.io/tunnel";

/// The pods of one cluster by what services select them by.
pub(super) struct Pods<'w> {
    world: &'w World,
    placement: &'w Placement,
    nodes: Vec<Arc<str>>,
    by_namespace: BTreeMap<NamespaceId, Vec<PodId>>,
    by_address: BTreeMap<IpAddr, PodId>,
}

impl<'w> Pods<'w> {
    pub(super) fn new(world: &'w World, cluster: ClusterId, placement: &'w Placement) -> Self {
        let mut by_namespace: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut by_address = BTreeMap::new();
        for (id, pod) in world.pods.entries() {
            let Some(namespace) = world.workloads[pod.workload].namespace else { continue };
            if world.namespaces[namespace].cluster == cluster {
                by_namespace.entry(namespace).or_default().push(id);
                by_address.entry(pod.ip).or_insert(id);
            }
        }
        let nodes = world.nodes.iter().map(|node| node.name.as_str().into()).collect();
        Self { world, placement, nodes, by_namespace, by_address }
    }

    /// The pods of a namespace.
    pub(super) fn of_namespace(&self, namespace: NamespaceId) -> &[PodId] {
        self.by_namespace.get(&namespace).map_or(&[], Vec::as_slice)
    }

    /// A pod as an endpoint on `port`.
    pub(super) fn endpoint(&self, pod: PodId, port: u16, origin: Origin) -> ServiceEndpoint {
        let row = &self.world.pods[pod];
        ServiceEndpoint {
            address: Address { host: row.ip.to_string(), port },
            pod: Some(pod),
            labels: Arc::clone(&row.labels),
            locality: locality(self.world, row.node),
            node: Arc::clone(&self.nodes[row.node.index()]),
            weight: 1,
            takes_mutual_tls: self.takes_mutual_tls(pod),
            takes_tunnel: self.takes_tunnel(pod),
            origin,
        }
    }

    /// The injector gives sidecars the label that says so, unless the pod has it already; gateways
    /// do not get it (istio `manifests/charts/istio-control/istio-discovery/files/
    /// injection-template.yaml`).
    fn takes_mutual_tls(&self, pod: PodId) -> bool {
        match self.world.pods[pod].labels.get(TLS_MODE) {
            Some(mode) => mode.value == "istio",
            None => has_sidecar(self.world, pod, self.placement),
        }
    }

    /// Pods in ambient mode do, and sidecars with the label that says so (istio
    /// `pilot/pkg/xds/endpoints/endpoint_builder.go`, `supportTunnel`).
    fn takes_tunnel(&self, pod: PodId) -> bool {
        let labels = &self.world.pods[pod].labels;
        labels.get(TUNNEL).is_some_and(|tunnel| tunnel.value == "http")
            || decide(self.world, pod, self.placement, &mut Silent) == Enrolled::Ambient
    }

    /// An address that is written down; a pod that has it is recognised.
    pub(super) fn address(&self, host: &str, port: u16, origin: Origin) -> ServiceEndpoint {
        let pod = host.parse().ok().and_then(|ip: IpAddr| self.by_address.get(&ip).copied());
        match pod {
            Some(pod) => self.endpoint(pod, port, origin),
            None => ServiceEndpoint {
                address: Address { host: host.to_owned(), port },
                pod: None,
                labels: Arc::default(),
                locality: Locality::default(),
                node: "".into(),
                weight: 1,
                takes_mutual_tls: false,
                takes_tunnel: false,
                origin,
            },
        }
    }

    /// A workload outside Kubernetes.
    pub(super) fn workload(
        &self,
        workload: &WorkloadSpec,
        labels: Arc<Labels>,
        host: &str,
        port: u16,
    ) -> ServiceEndpoint {
        let written = workload.locality.as_ref().map(|locality| locality_of_text(locality));
        let found = self.address(host, port, Origin::Manifest(workload.place));
        let takes_mutual_tls = labels.get(TLS_MODE).is_some_and(|mode| mode.value == "istio");
        let takes_tunnel = labels.get(TUNNEL).is_some_and(|tunnel| tunnel.value == "http");
        ServiceEndpoint {
            locality: written.unwrap_or(found.locality.clone()),
            weight: workload.weight.map_or(1, |weight| weight.value),
            takes_mutual_tls: takes_mutual_tls || found.takes_mutual_tls,
            takes_tunnel: takes_tunnel || found.takes_tunnel,
            labels,
            ..found
        }
    }
}

/// Where a node runs.
#[must_use]
pub fn locality(world: &World, node: NodeId) -> Locality {
    let zone = &world.zones[world.nodes[node].zone];
    Locality {
        region: world.regions[zone.region].name.clone(),
        zone: zone.name.clone(),
        sub_zone: String::new(),
    }
}

/// `region/zone/subzone`, with less of it on the right.
fn locality_of_text(text: &str) -> Locality {
    let mut parts = text.split('/').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    Locality { region: next(), zone: next(), sub_zone: next() }
}
