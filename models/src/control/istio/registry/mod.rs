//! Istio's registry of services: those of Kubernetes and those of ServiceEntries, with their
//! endpoints. Which proxy knows which of them is not decided here but for `exportTo`.

mod entries;
mod kubernetes;
mod places;
mod protocol;
mod service;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::kinds;
use crate::manifest::kinds::istio::{ServiceEntry, WorkloadEntry};
use crate::path::Placement;
use crate::world::{ClusterId, World};

use self::places::Pods;
use super::config::{Config, ExportTo};

pub use places::locality;
pub use protocol::Protocol;
pub use service::{Port, Resolution, Service, ServiceEndpoint, ServiceSource};

/// All services of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// The older first.
    services: Vec<Arc<Service>>,
    /// By host, then by namespace: the first of those with one host in one namespace, but
    /// Kubernetes before ServiceEntries.
    by_host: BTreeMap<String, BTreeMap<String, Arc<Service>>>,
    /// Seen by everybody.
    public: Vec<Arc<Service>>,
    /// Seen from one namespace, beside those that everybody sees.
    exported: BTreeMap<String, Vec<Arc<Service>>>,
}

/// What the registry is made of.
pub(super) struct Sources<'s> {
    pub(super) world: &'s World,
    pub(super) cluster: ClusterId,
    /// The manifests of Services, by namespace and name.
    pub(super) services: &'s BTreeMap<(String, String), &'s kinds::Service>,
    /// The older first.
    pub(super) entries: Entries<'s>,
    /// The domain of Services' names.
    pub(super) domain: &'s str,
    /// Who sees services that do not say so.
    pub(super) default_export: &'s ExportTo,
    pub(super) placement: &'s Placement,
}

/// ServiceEntries and WorkloadEntries.
pub(super) struct Entries<'s> {
    pub(super) services: Vec<&'s Config<ServiceEntry>>,
    pub(super) workloads: Vec<&'s Config<WorkloadEntry>>,
}

impl Registry {
    pub(super) fn new(sources: &Sources<'_>) -> Self {
        let pods = Pods::new(sources.world, sources.cluster, sources.placement);
        let mut services = of_kubernetes(sources, &pods);
        services.extend(of_entries(sources, &pods));
        share_endpoints(&mut services);
        // Stable, so that ties keep the order of names.
        services.sort_by(by_age);
        let mut registry = Self::default();
        for (id, service) in (0..).zip(services) {
            registry.insert(Arc::new(Service { id, ..service }));
        }
        registry
    }

    fn insert(&mut self, service: Arc<Service>) {
        self.services.push(Arc::clone(&service));
        let namespaces = self.by_host.entry(service.host.clone()).or_default();
        match namespaces.get(&service.namespace) {
            Some(first) if first.is_kubernetes() || !service.is_kubernetes() => {}
            _ => {
                namespaces.insert(service.namespace.clone(), Arc::clone(&service));
            }
        }
        if service.export_to.is_public() {
            self.public.push(service);
            return;
        }
        for namespace in service.export_to.listed(&service.namespace) {
            let seen = self.exported.entry(namespace.to_owned()).or_default();
            seen.push(Arc::clone(&service));
        }
    }

    /// All services, the older first.
    #[must_use]
    pub fn services(&self) -> &[Arc<Service>] {
        &self.services
    }

    /// The services that are exported to a namespace: first those for it alone, then those for
    /// everybody (istio `pilot/pkg/model/push_context.go`, `servicesExportedToNamespace`).
    pub fn exported_to(&self, namespace: &str) -> impl Iterator<Item = &Arc<Service>> {
        self.exported.get(namespace).into_iter().flatten().chain(&self.public)
    }

    /// The services with this host, by namespace.
    #[must_use]
    pub fn with_host(&self, host: &str) -> Option<&BTreeMap<String, Arc<Service>>> {
        self.by_host.get(host)
    }

    /// All hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.by_host.keys().map(String::as_str)
    }
}

/// The older first, then by name and namespace; without a time a service counts as yet to be made.
pub(super) fn by_age(one: &Service, other: &Service) -> std::cmp::Ordering {
    let age = |service: &Service| (service.created.is_none(), service.created);
    let name = |service: &Service| (service.name.clone(), service.namespace.clone());
    age(one).cmp(&age(other)).then_with(|| name(one).cmp(&name(other)))
}

fn of_kubernetes(sources: &Sources<'_>, pods: &Pods<'_>) -> Vec<Service> {
    let world = sources.world;
    let in_cluster = world
        .services
        .entries()
        .filter(|(_, service)| world.namespaces[service.namespace].cluster == sources.cluster);
    in_cluster
        .map(|(id, row)| {
            let key = (world.namespaces[row.namespace].name.clone(), row.name.clone());
            let manifest = sources.services.get(&key).copied();
            let ports = kubernetes::ports(world, id, manifest, pods, &sources.entries);
            let export = sources.default_export;
            let service = kubernetes::service(world, id, manifest, sources.domain, export);
            Service { ports, ..service }
        })
        .collect()
}

fn of_entries(sources: &Sources<'_>, pods: &Pods<'_>) -> Vec<Service> {
    let mut services = Vec::new();
    for entry in &sources.entries.services {
        for service in entries::services(entry, sources.default_export) {
            let (world, cluster) = (sources.world, sources.cluster);
            let host = &service.host;
            let ports = entries::ports(world, cluster, entry, host, pods, &sources.entries);
            services.push(Service { ports, ..service });
        }
    }
    services
}

/// Services with one host in one namespace share their endpoints, port by port of one name, as
/// Istio's index does (istio `pilot/pkg/model/endpointshards.go`).
fn share_endpoints(services: &mut [Service]) {
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (index, service) in services.iter().enumerate() {
        groups.entry((service.host.clone(), service.namespace.clone())).or_default().push(index);
    }
    for members in groups.into_values().filter(|members| members.len() > 1) {
        let mut by_name: BTreeMap<String, Vec<ServiceEndpoint>> = BTreeMap::new();
        for &member in &members {
            for port in &services[member].ports {
                by_name.entry(port.name.clone()).or_default().extend_from_slice(&port.endpoints);
            }
        }
        for &member in &members {
            for port in &mut services[member].ports {
                port.endpoints = by_name[&port.name].clone().into();
            }
        }
    }
}
