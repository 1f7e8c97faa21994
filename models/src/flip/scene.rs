//! Who takes part in a question: the client and the servers, as policies name them and as the
//! manifests write them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::{Beside, ControlPlanes, is_tunnel};
use crate::identity::SpiffeId;
use crate::manifest::kinds::{Labels, Resource, Transport};
use crate::manifest::{Located, Place, SourceId};
use crate::path::DataPath;
use crate::proxy::ztunnel::HBONE_PORT;
use crate::walk::{Answer, Question, Sender, full_name};
use crate::world::{PodId, WorkloadSource, World};

use super::draft::Draft;
use super::edit::At;
use super::network::NAME_LABEL;

/// How many sorts of servers are looked at.
const SERVERS_MAX: usize = 8;

/// Everything that candidates are made of.
pub(super) struct Scene<'s> {
    pub(super) world: &'s World,
    pub(super) planes: &'s ControlPlanes,
    pub(super) question: &'s Question,
    pub(super) draft: &'s Draft<'s>,
    /// `None` for a client outside.
    pub(super) caller: Option<Side>,
    /// Whom the servers take the caller for, without `spiffe://`.
    pub(super) seen: Option<String>,
    /// By workload.
    pub(super) servers: Vec<Side>,
    /// What answers for names, where the caller does not reach it.
    pub(super) name_server: Option<Side>,
    /// The hosts that are called, by their whole names.
    pub(super) hosts: BTreeSet<String>,
}

/// One end of a request.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) pod: PodId,
    pub(super) cluster: String,
    pub(super) namespace: String,
    /// With the one that the API server sets.
    pub(super) namespace_labels: Labels,
    pub(super) labels: Arc<Labels>,
    pub(super) account: String,
    /// Its identity as policies write it.
    pub(super) principal: Option<String>,
    /// The ports of the pod that are called.
    pub(super) ports: BTreeSet<u16>,
    /// The same as the network sees them: tunnels have one port.
    pub(super) wire_ports: BTreeSet<u16>,
    pub(super) path: DataPath,
    /// The names of its ports.
    pub(super) port_names: BTreeMap<(String, Transport), u16>,
    pub(super) has_sidecar: bool,
    /// By which the ports are called.
    pub(super) transport: Transport,
    /// Such as `shop/deploy/web`.
    pub(super) title: String,
    /// What makes its pods.
    pub(super) object: Option<At>,
    /// Where that stands.
    pub(super) place: Option<Place>,
    /// Labels that the controller itself selects its pods by, which cannot change.
    pub(super) fixed: BTreeSet<String>,
    /// The object of its namespace.
    pub(super) namespace_object: Option<At>,
    /// Where that stands.
    pub(super) namespace_place: Option<Place>,
}

impl<'s> Scene<'s> {
    pub(super) fn of(
        world: &'s World,
        planes: &'s ControlPlanes,
        question: &'s Question,
        draft: &'s Draft<'s>,
        reached: &Reached,
    ) -> Self {
        let index = Index::of(draft);
        let side = |pod, ports| Side::of(world, planes, &index, pod, ports);
        let caller = match &question.sender {
            Sender::Pod(caller) => side(caller.pod, BTreeSet::new()),
            Sender::Outside(_) | Sender::Client(_) | Sender::Controller(_) => None,
        };
        let mut seen = BTreeSet::new();
        let mut servers = Vec::new();
        for (&pod, ports) in &reached.pods {
            let is_new = seen.insert(world.pods[pod].workload);
            if is_new && servers.len() < SERVERS_MAX {
                servers.extend(side(pod, ports.clone()));
            }
        }
        for server in &mut servers {
            let from = caller.as_ref().map_or(DataPath::None, |caller| caller.path);
            if is_tunnel(from, server.path) {
                server.wire_ports = BTreeSet::from([HBONE_PORT]);
            }
        }
        let lost = caller.as_ref().filter(|_| reached.extent == Extent::NoServer);
        let name_server = lost.map(|caller| name_server(world, planes, &index, caller));
        let hosts = reached.hosts.clone();
        let seen = reached.seen.clone();
        Self { world, planes, question, draft, caller, seen, servers, name_server, hosts }
    }

    /// The namespace of the mesh's own objects, in the cluster of a pod.
    pub(super) fn root_namespace(&self, pod: PodId) -> Option<&str> {
        let push = self.planes.istio().push_of(self.world, pod)?;
        Some(&push.mesh.root_namespace.value)
    }
}

/// How far a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// It is known which servers it is sent to.
    Servers,
    /// It ends before; the servers are those that it would get to without policies of the network.
    NoServer,
}

/// Whom a request is sent to.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    /// The ports that are called, by pod.
    pub(super) pods: BTreeMap<PodId, BTreeSet<u16>>,
    /// The hosts, by their whole names.
    pub(super) hosts: BTreeSet<String>,
    pub(super) extent: Extent,
    /// Whom the servers take the caller for, without `spiffe://`.
    pub(super) seen: Option<String>,
}

impl Reached {
    pub(super) fn of(question: &Question, answer: &Answer) -> Self {
        let mut pods: BTreeMap<PodId, BTreeSet<u16>> = BTreeMap::new();
        for endpoint in answer.weights.iter().flat_map(|share| &share.endpoints) {
            let port = endpoint.address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
            if let (Some(pod), Some(port)) = (endpoint.pod_id, port) {
                pods.entry(pod).or_default().insert(port);
            }
        }
        let services = answer.weights.iter().map(|share| &share.destination);
        let services =
            services.map(|it| format!("{}.{}.svc.cluster.local", it.service, it.namespace));
        let hosts = services.chain([question.target.host.clone()]).collect();
        let extent = if pods.is_empty() { Extent::NoServer } else { Extent::Servers };
        let seen = answer.identity.as_ref().and_then(|it| it.principal.as_deref());
        let seen = seen.map(|it| it.strip_prefix("spiffe://").unwrap_or(it).to_owned());
        Self { pods, hosts, extent, seen }
    }
}

/// Where the objects of pods and namespaces stand, by cluster and name. Of two the later counts.
struct Index<'d> {
    workloads: BTreeMap<(&'d str, &'d str, WorkloadSource, &'d str), At>,
    namespaces: BTreeMap<(&'d str, &'d str), At>,
    draft: &'d Draft<'d>,
}

impl<'d> Index<'d> {
    fn of(draft: &'d Draft<'d>) -> Self {
        let mut index = Self { workloads: BTreeMap::new(), namespaces: BTreeMap::new(), draft };
        for (at, default, resource) in draft.objects() {
            let cluster = draft.cluster_name(at);
            let (source, meta) = match resource {
                Resource::Namespace(object) => {
                    index.namespaces.insert((cluster, &object.meta.name.value), at);
                    continue;
                }
                Resource::Workload(object) => {
                    (WorkloadSource::Controller(object.kind), &object.meta)
                }
                Resource::Pod(object) => (WorkloadSource::BarePod, &object.meta),
                _ => continue,
            };
            let namespace = meta.namespace.as_ref().map_or(default, |it| it.value.as_str());
            index.workloads.insert((cluster, namespace, source, &meta.name.value), at);
        }
        index
    }
}

impl Side {
    /// `None` for a host outside.
    fn of(
        world: &World,
        planes: &ControlPlanes,
        index: &Index<'_>,
        pod: PodId,
        ports: BTreeSet<u16>,
    ) -> Option<Self> {
        let workload = world.workload_of(pod);
        let row = &world.namespaces[workload.namespace?];
        let cluster = world.clusters[row.cluster].name.as_str();
        let account = workload.service_account.map(|id| world.service_accounts[id].name.clone());
        let account = account.unwrap_or_else(|| "default".to_owned());
        let domain = planes.istio().push_of(world, pod).map(|it| &it.mesh.trust_domain.value);
        let id = domain.and_then(|domain| SpiffeId::new(domain, &row.name, &account).ok());
        let key = (cluster, row.name.as_str(), workload.source, workload.name.as_str());
        let object = index.workloads.get(&key).copied();
        let written = object.and_then(|at| index.draft.get(at));
        let namespace_object = index.namespaces.get(&(cluster, row.name.as_str())).copied();
        let mut namespace_labels = row.labels.clone();
        namespace_labels.insert(NAME_LABEL.to_owned(), Located::new(row.name.clone(), NOWHERE));
        let names = workload.container_ports.iter();
        let names = names.map(|(name, port, transport)| ((name.clone(), *transport), *port));
        Some(Self {
            pod,
            cluster: cluster.to_owned(),
            namespace: row.name.clone(),
            namespace_labels,
            labels: Arc::clone(&world.pods[pod].labels),
            account,
            principal: id.map(|id| id.principal()),
            wire_ports: ports.clone(),
            ports,
            path: planes.data_path(world, pod),
            port_names: names.collect(),
            has_sidecar: !matches!(planes.beside(world, pod), Beside::Nothing),
            transport: Transport::Tcp,
            title: full_name(world, world.pods[pod].workload),
            fixed: written.map(fixed_labels).unwrap_or_default(),
            place: written.and_then(place_of_pods),
            object,
            namespace_object,
            namespace_place: namespace_object.and_then(|at| match index.draft.get(at)? {
                Resource::Namespace(namespace) => Some(namespace.meta.place),
                _ => None,
            }),
        })
    }
}

/// Where labels and accounts of pods are written.
fn place_of_pods(resource: &Resource) -> Option<Place> {
    match resource {
        Resource::Workload(workload) => Some(workload.template.place),
        Resource::Pod(pod) => Some(pod.meta.place),
        _ => None,
    }
}

/// The namespace and label of the pods that answer for names, as installers of clusters set them
/// (CoreDNS keeps those of its predecessor, kubernetes `cluster/addons/dns/coredns`).
const DNS_NAMESPACE: &str = "kube-system";
const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");

/// What answers for names in the caller's cluster: its pods, or such as a cluster has.
fn name_server(world: &World, planes: &ControlPlanes, index: &Index<'_>, caller: &Side) -> Side {
    let ports = BTreeSet::from([53]);
    let is_it = |pod: &crate::world::Pod| {
        pod.labels.get(DNS_LABEL.0).is_some_and(|value| value.value == DNS_LABEL.1)
    };
    let pods = world.pods.entries().filter(|(_, pod)| is_it(pod)).map(|(id, _)| id);
    let mut sides = pods.filter_map(|pod| Side::of(world, planes, index, pod, ports.clone()));
    let found = sides.find(|it| it.namespace == DNS_NAMESPACE && it.cluster == caller.cluster);
    let named = |(key, value): (&str, &str)| {
        Labels::from([(key.to_owned(), Located::new(value.to_owned(), NOWHERE))])
    };
    let side = found.unwrap_or_else(|| Side {
        namespace: DNS_NAMESPACE.to_owned(),
        namespace_labels: named((NAME_LABEL, DNS_NAMESPACE)),
        labels: Arc::new(named(DNS_LABEL)),
        account: "coredns".to_owned(),
        principal: None,
        wire_ports: ports.clone(),
        ports,
        port_names: BTreeMap::from([(("dns".to_owned(), Transport::Udp), 53)]),
        has_sidecar: false,
        object: None,
        place: None,
        namespace_object: None,
        namespace_place: None,
        fixed: BTreeSet::new(),
        title: "kube-dns".to_owned(),
        ..caller.clone()
    });
    Side { transport: Transport::Udp, ..side }
}

/// What no file says stands nowhere; no such place is shown.
const NOWHERE: Place = Place { source: SourceId(0), line: 1, column: 1 };

/// The labels that a controller selects its pods by: it refuses a template without them, and its
/// selector never changes.
fn fixed_labels(resource: &Resource) -> BTreeSet<String> {
    let Resource::Workload(workload) = resource else { return BTreeSet::new() };
    let Some(selector) = &workload.selector else { return BTreeSet::new() };
    let expressions = selector.match_expressions.iter().map(|it| it.key.value.clone());
    selector.match_labels.keys().cloned().chain(expressions).collect()
}
