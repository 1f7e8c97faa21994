//! The workload that a proxy stands beside: what of it decides its configuration. Which pods have
//! a proxy at all is the business of `injection`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::manifest::kinds::Labels;
use crate::proxy::envoy::config::Locality;
use crate::world::{EndpointTarget, PodId, World};

use super::Push;
use super::clusters::Viewpoint;
use super::registry::{Port, Registry, Service, ServiceSource, locality};

/// A workload with a proxy.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: Arc<Labels>,
    /// Its annotations.
    pub annotations: Arc<Labels>,
    /// Its addresses; the first one is its own for those who ask for one.
    pub addresses: Vec<IpAddr>,
    /// Where it runs.
    pub locality: Locality,
    /// The name of its node; empty where there is none.
    pub node: Arc<str>,
    /// The name of its service account; empty where it has none.
    pub service_account: String,
    /// The ports of services that it answers on, in the order of the registry: the older service
    /// first.
    pub instances: Vec<Instance>,
}

/// A port of a service that a workload answers on.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The service.
    pub service: Arc<Service>,
    /// The port of the service, by its place in [`Service::ports`].
    pub port: usize,
    /// The port of the workload.
    pub target_port: u16,
}

impl Instance {
    /// The port of the service.
    #[must_use]
    pub fn service_port(&self) -> &Port {
        &self.service.ports[self.port]
    }
}

impl Workload {
    /// A pod of the world.
    #[must_use]
    pub fn of_pod(push: &Push, world: &World, pod: PodId) -> Self {
        let (row, workload) = (&world.pods[pod], world.workload_of(pod));
        let namespace = workload.namespace.map(|it| world.namespaces[it].name.clone());
        let account = workload.service_account.map(|it| world.service_accounts[it].name.clone());
        Self {
            namespace: namespace.unwrap_or_default(),
            labels: Arc::clone(&row.labels),
            annotations: Arc::clone(&workload.annotations),
            addresses: vec![row.ip],
            locality: locality(world, row.node),
            node: world.nodes[row.node].name.as_str().into(),
            service_account: account.unwrap_or_default(),
            instances: push.served.of_pod(&push.registry, pod),
        }
    }

    /// A workload that is no pod, such as one that a WorkloadEntry describes: it answers where an
    /// endpoint has one of its addresses.
    #[must_use]
    pub fn at(push: &Push, namespace: &str, labels: Labels, addresses: Vec<IpAddr>) -> Self {
        Self {
            namespace: namespace.to_owned(),
            labels: Arc::new(labels),
            annotations: Arc::default(),
            instances: push.served.of_addresses(&push.registry, &addresses),
            addresses,
            locality: Locality::default(),
            node: "".into(),
            service_account: String::new(),
        }
    }

    /// As localities look at it.
    #[must_use]
    pub fn viewpoint(&self) -> Viewpoint<'_> {
        Viewpoint { locality: &self.locality, node: &self.node, labels: &self.labels }
    }
}

/// A place in the registry: service, port, and the port of the workload.
type Served = (usize, usize, u16);

/// Who answers on which ports of services.
#[derive(Clone, Debug, Default)]
pub(super) struct ServedPorts {
    by_pod: BTreeMap<PodId, Vec<Served>>,
    by_address: BTreeMap<IpAddr, Vec<Served>>,
}

impl ServedPorts {
    /// Pods count whether they are ready or not: the proxy is configured before its workload is
    /// ready (istio `pilot/pkg/serviceregistry/kube/controller/controller.go`,
    /// `GetProxyServiceTargets`).
    pub(super) fn new(world: &World, registry: &Registry) -> Self {
        let mut served = Self::default();
        for (at, service) in registry.services().iter().enumerate() {
            for (port, row) in service.ports.iter().enumerate() {
                served.add_unready(world, (at, port), service);
                for endpoint in row.endpoints.iter() {
                    let entry = (at, port, endpoint.address.port);
                    match (endpoint.pod, endpoint.address.host.parse()) {
                        (Some(pod), _) => served.by_pod.entry(pod).or_default().push(entry),
                        (None, Ok(ip)) => served.by_address.entry(ip).or_default().push(entry),
                        (None, Err(_)) => {}
                    }
                }
            }
        }
        for entries in served.by_pod.values_mut().chain(served.by_address.values_mut()) {
            entries.sort_unstable();
            entries.dedup();
        }
        served
    }

    fn add_unready(&mut self, world: &World, (at, port): (usize, usize), service: &Service) {
        let ServiceSource::Kubernetes(id) = service.source else { return };
        let number = service.ports[port].number;
        let rows = world.services[id].ports.iter().filter(|row| row.port == number);
        for endpoint in rows.flat_map(|row| &row.endpoints).filter(|endpoint| !endpoint.ready) {
            if let EndpointTarget::Pod(pod) = endpoint.target {
                self.by_pod.entry(pod).or_default().push((at, port, endpoint.port));
            }
        }
    }

    fn of_pod(&self, registry: &Registry, pod: PodId) -> Vec<Instance> {
        let served = self.by_pod.get(&pod).map_or(&[][..], Vec::as_slice);
        served.iter().map(|&entry| instance(registry, entry)).collect()
    }

    fn of_addresses(&self, registry: &Registry, addresses: &[IpAddr]) -> Vec<Instance> {
        let lists = addresses.iter().filter_map(|address| self.by_address.get(address));
        let mut served: Vec<_> = lists.flatten().copied().collect();
        served.sort_unstable();
        served.dedup();
        served.into_iter().map(|entry| instance(registry, entry)).collect()
    }
}

fn instance(registry: &Registry, (service, port, target_port): Served) -> Instance {
    Instance { service: Arc::clone(&registry.services()[service]), port, target_port }
}
