//! The objects of each cluster, sorted by kind and name; it judges none of them.

use std::collections::BTreeMap;

use crate::manifest::kinds::{
    EndpointSet, EndpointSetKind, Ingress, Namespace, Node, ObjectMeta, Pod, Resource, Service,
    ServiceAccount, Workload, WorkloadKind,
};
use crate::world::{ClusterManifests, NamespaceId, TableId, Topology};

/// Namespace and name.
pub(super) type Key<'a> = (&'a str, &'a str);

/// A workload controller's namespace, name and kind.
pub(super) type WorkloadKey<'a> = (&'a str, &'a str, WorkloadKind);

/// One cluster's objects, each map in the order of names.
pub(super) struct ClusterObjects<'a> {
    pub(super) name: &'a str,
    /// Every namespace that is declared or mentioned.
    pub(super) namespaces: BTreeMap<&'a str, NamespaceSlot<'a>>,
    pub(super) nodes: BTreeMap<&'a str, &'a Node>,
    pub(super) service_accounts: BTreeMap<Key<'a>, &'a ServiceAccount>,
    pub(super) services: BTreeMap<Key<'a>, &'a Service>,
    pub(super) pods: BTreeMap<Key<'a>, &'a Pod>,
    pub(super) workloads: BTreeMap<WorkloadKey<'a>, &'a Workload>,
    pub(super) ingresses: BTreeMap<Key<'a>, &'a Ingress>,
    endpoint_sets: BTreeMap<(Key<'a>, SetKind), &'a EndpointSet>,
}

/// A namespace and the id that it gets.
pub(super) struct NamespaceSlot<'a> {
    pub(super) declared: Option<&'a Namespace>,
    pub(super) id: NamespaceId,
}

impl NamespaceSlot<'_> {
    /// Mentioned; its id is set when all names are known.
    const MENTIONED: Self = Self { declared: None, id: NamespaceId(0) };
}

/// [`EndpointSetKind`] with an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum SetKind {
    Endpoints,
    Slice,
}

/// Sorts the objects by cluster, kind and name.
pub(super) fn sort<'a>(
    manifests: &[ClusterManifests<'a>],
    topology: &'a Topology,
) -> Vec<ClusterObjects<'a>> {
    let mut clusters: BTreeMap<&str, ClusterObjects<'a>> = BTreeMap::new();
    for cluster in &topology.clusters {
        let name = cluster.name.as_str();
        clusters.entry(name).or_insert_with(|| ClusterObjects::new(name));
    }
    for part in manifests {
        let objects = clusters.entry(part.name).or_insert_with(|| ClusterObjects::new(part.name));
        for resource in part.resources {
            objects.insert(resource, part.default_namespace);
        }
    }
    let mut sorted: Vec<_> = clusters.into_values().collect();
    let slots = sorted.iter_mut().flat_map(|cluster| cluster.namespaces.values_mut());
    for (index, slot) in slots.enumerate() {
        slot.id = TableId::from_index(index);
    }
    sorted
}

impl<'a> ClusterObjects<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            name,
            namespaces: BTreeMap::new(),
            nodes: BTreeMap::new(),
            service_accounts: BTreeMap::new(),
            services: BTreeMap::new(),
            pods: BTreeMap::new(),
            workloads: BTreeMap::new(),
            ingresses: BTreeMap::new(),
            endpoint_sets: BTreeMap::new(),
        }
    }

    fn insert(&mut self, resource: &'a Resource, default_namespace: &'a str) {
        match resource {
            Resource::Namespace(namespace) => {
                let name = &namespace.meta.name.value;
                self.namespaces.entry(name).or_insert(NamespaceSlot::MENTIONED).declared =
                    Some(namespace);
            }
            Resource::Node(node) => {
                self.nodes.insert(&node.meta.name.value, node);
            }
            Resource::ServiceAccount(account) => {
                let key = self.key(&account.meta, default_namespace);
                self.service_accounts.insert(key, account);
            }
            Resource::Service(service) => {
                let key = self.key(&service.meta, default_namespace);
                self.services.insert(key, service);
            }
            Resource::EndpointSet(set) => {
                let key = self.key(&set.meta, default_namespace);
                let kind = match set.kind {
                    EndpointSetKind::Endpoints => SetKind::Endpoints,
                    EndpointSetKind::EndpointSlice => SetKind::Slice,
                };
                self.endpoint_sets.insert((key, kind), set);
            }
            Resource::Pod(pod) => {
                let key = self.key(&pod.meta, default_namespace);
                self.pods.insert(key, pod);
            }
            Resource::Workload(workload) => {
                let (namespace, name) = self.key(&workload.meta, default_namespace);
                self.workloads.insert((namespace, name, workload.kind), workload);
            }
            Resource::Ingress(ingress) => {
                let key = self.key(&ingress.meta, default_namespace);
                self.ingresses.insert(key, ingress);
            }
            Resource::Istio(object) => {
                self.key(object.meta(), default_namespace);
            }
            // What the network makes of policies is `policy::network`'s business.
            Resource::NetworkPolicy(policy) => {
                self.key(&policy.meta, default_namespace);
            }
            Resource::OpenShiftRoute(route) => {
                self.key(&route.meta, default_namespace);
            }
            Resource::ClusterPolicy(_) => {}
            // What a Gateway makes of them is its control plane's business.
            Resource::GatewayApi(object) => {
                if object.is_namespaced() {
                    self.key(object.meta(), default_namespace);
                }
            }
        }
    }

    /// The object's key; its namespace exists from now on.
    fn key(&mut self, meta: &'a ObjectMeta, default_namespace: &'a str) -> Key<'a> {
        let namespace = meta.namespace.as_ref().map_or(default_namespace, |name| &name.value);
        self.namespaces.entry(namespace).or_insert(NamespaceSlot::MENTIONED);
        (namespace, &meta.name.value)
    }

    /// The id of a namespace that an object of this cluster stands in.
    pub(super) fn namespace_id(&self, name: &str) -> NamespaceId {
        self.namespaces[name].id
    }

    /// All endpoint sets with their namespaces, by name.
    pub(super) fn endpoint_sets(&self) -> impl Iterator<Item = (&'a str, &'a EndpointSet)> {
        self.endpoint_sets.iter().map(|(((namespace, _), _), set)| (*namespace, *set))
    }
}
