//! The rows of the world's tables.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use crate::explain::Sourced;
use crate::manifest::Place;
use crate::manifest::kinds::{
    AppProtocol, Container, ExternalTraffic, Labels, Transport, WorkloadKind,
};

use super::ids::{
    ClusterId, IdTable, IngressClassId, NamespaceId, NodeId, PodId, RegionId, ServiceAccountId,
    ServiceId, WorkloadId, ZoneId,
};
use super::ingress::IngressClass;

/// Where something in the world comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A place in a manifest.
    Manifest(Place),
    /// A place in the scenario file.
    Scenario(Place),
    /// A default that was assumed; the text names it.
    Assumed(&'static str),
    /// A documented default of the profile, by its stable name such as `istio.connect-timeout`.
    Default(&'static str),
}

/// Everything that exists.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Clusters, by name.
    pub clusters: IdTable<ClusterId, Cluster>,
    /// Regions, by name.
    pub regions: IdTable<RegionId, Region>,
    /// Zones, by region and name.
    pub zones: IdTable<ZoneId, Zone>,
    /// Nodes, by cluster and name.
    pub nodes: IdTable<NodeId, Node>,
    /// Namespaces, by cluster and name.
    pub namespaces: IdTable<NamespaceId, Namespace>,
    /// Service accounts, by namespace and name.
    pub service_accounts: IdTable<ServiceAccountId, ServiceAccount>,
    /// Services, by namespace and name.
    pub services: IdTable<ServiceId, Service>,
    /// Workloads, by namespace, name and kind; hosts outside last.
    pub workloads: IdTable<WorkloadId, Workload>,
    /// Pods, in the order of their workloads, then by name or ordinal.
    pub pods: IdTable<PodId, Pod>,
    /// Merged Ingress rules, by cluster and class.
    pub ingress_classes: IdTable<IngressClassId, IngressClass>,
}

/// A Kubernetes cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name.
    pub name: String,
}

/// A region of a cloud.
#[derive(Clone, Debug)]
pub struct Region {
    /// Such as `eu-1`.
    pub name: String,
}

/// An availability zone.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Such as `eu-1a`.
    pub name: String,
    /// Its region.
    pub region: RegionId,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its cluster; `None` for the place where hosts outside run.
    pub cluster: Option<ClusterId>,
    /// Its zone.
    pub zone: ZoneId,
    /// Its address, which pods on the host network share; synthetic unless declared.
    pub ip: IpAddr,
    /// Whether a manifest gives the address.
    pub ip_is_declared: bool,
    /// Where it was declared.
    pub origin: Origin,
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its cluster.
    pub cluster: ClusterId,
    /// Labels, which decide on injection.
    pub labels: Labels,
    /// Where it was declared, or that it was only mentioned.
    pub origin: Origin,
}

/// A service account.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Where it was declared, or that it was only mentioned.
    pub origin: Origin,
}

/// A Service with its endpoints resolved.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: NamespaceId,
    /// How its name resolves.
    pub kind: ServiceKind,
    /// Whether clients outside the cluster reach it: its type is NodePort or LoadBalancer.
    pub is_exposed: bool,
    /// What becomes of the address of such a client, and who says so.
    pub external_traffic: Sourced<ExternalTraffic>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// What DNS answers with when the Service is headless, in the order of pod ids and then
    /// addresses; empty for every other kind.
    pub addresses: Vec<HeadlessAddress>,
    /// Where it was declared.
    pub origin: Origin,
}

/// One address behind a headless Service. It may lack the ports that the Service names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadlessAddress {
    /// Who answers.
    pub target: EndpointTarget,
    /// Whether DNS lists it.
    pub ready: bool,
}

/// How a Service's DNS name resolves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    /// To one virtual address, balanced per connection by kube-proxy.
    ClusterIp(IpAddr),
    /// To the addresses of its pods.
    Headless,
    /// To another name.
    ExternalName(String),
}

/// One port of a Service.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// Its name, empty if there is only one.
    pub name: String,
    /// The port that clients use.
    pub port: u16,
    /// TCP, UDP or SCTP.
    pub transport: Transport,
    /// What is spoken, as declared by `appProtocol` or the port's name.
    pub app_protocol: AppProtocol,
    /// The endpoints, in the order of pod ids and then addresses.
    pub endpoints: Vec<Endpoint>,
    /// Where the port was declared.
    pub origin: Origin,
}

/// One endpoint of a Service port.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Who answers.
    pub target: EndpointTarget,
    /// The port on the target.
    pub port: u16,
    /// Whether it takes traffic.
    pub ready: bool,
    /// The container port, EndpointSlice or number that decided the port.
    pub origin: Origin,
}

/// Who answers at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointTarget {
    /// A pod of this world.
    Pod(PodId),
    /// An address that no known pod has.
    Address(String),
}

/// A workload: pods that are alike.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// What made its pods.
    pub source: WorkloadSource,
    /// Its namespace; `None` for hosts outside.
    pub namespace: Option<NamespaceId>,
    /// The identity that its pods run under; `None` for hosts outside.
    pub service_account: Option<ServiceAccountId>,
    /// The labels of its pods.
    pub labels: Arc<Labels>,
    /// The annotations of its pods.
    pub annotations: Arc<Labels>,
    /// The ports that its containers declare: name, number, transport.
    pub container_ports: Vec<(String, u16, Transport)>,
    /// Its containers.
    pub containers: Arc<[Container]>,
    /// Whether its pods use the node's network namespace.
    pub host_network: bool,
    /// Its pods.
    pub pods: Range<PodId>,
    /// Where it was declared.
    pub origin: Origin,
}

/// What made a workload's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadSource {
    /// A controller.
    Controller(WorkloadKind),
    /// A pod without a known controller.
    BarePod,
    /// A host outside all clusters, declared by the scenario.
    Outside,
}

/// A pod.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Its name; made from the workload's name and an ordinal where no manifest gives it.
    pub name: String,
    /// Its workload.
    pub workload: WorkloadId,
    /// Where it runs.
    pub node: NodeId,
    /// Whether a manifest says so: the pod is bound to the node, or every node has one of its kind.
    pub node_is_declared: bool,
    /// Its address; synthetic and stable by name unless declared.
    pub ip: IpAddr,
    /// Whether a manifest gives the address (`status.podIP`).
    pub ip_is_declared: bool,
    /// Whether it takes traffic.
    pub ready: bool,
    /// Its own labels; shared with its workload unless a manifest gives the pod others.
    pub labels: Arc<Labels>,
    /// Its name below a headless Service, if it asks for one.
    pub dns: Option<PodDns>,
}

/// `hostname.subdomain`: the DNS name of a single pod, valid while a headless Service named
/// like the subdomain selects the pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodDns {
    /// `spec.hostname`, or the pod's name in a StatefulSet.
    pub hostname: String,
    /// `spec.subdomain`, or `spec.serviceName` of the StatefulSet.
    pub subdomain: String,
}

impl World {
    /// `namespace/name` of a workload, or the bare name of a host outside.
    #[must_use]
    pub fn workload_name(&self, id: WorkloadId) -> String {
        let workload = &self.workloads[id];
        match workload.namespace {
            Some(namespace) => format!("{}/{}", self.namespaces[namespace].name, workload.name),
            None => workload.name.clone(),
        }
    }

    /// `namespace/name` of a Service.
    #[must_use]
    pub fn service_name(&self, id: ServiceId) -> String {
        let service = &self.services[id];
        format!("{}/{}", self.namespaces[service.namespace].name, service.name)
    }

    /// The cluster that a workload runs in; `None` for hosts outside.
    #[must_use]
    pub fn cluster_of(&self, id: WorkloadId) -> Option<ClusterId> {
        self.workloads[id].namespace.map(|namespace| self.namespaces[namespace].cluster)
    }

    /// The workload that a pod belongs to.
    #[must_use]
    pub fn workload_of(&self, pod: PodId) -> &Workload {
        &self.workloads[self.pods[pod].workload]
    }
}
