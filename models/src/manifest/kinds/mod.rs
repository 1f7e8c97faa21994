//! The resource kinds that are modelled, one file a family; reading them from YAML is each file's
//! own business, joining them is `world`'s.

mod core;
mod endpoints;
pub mod gateway;
mod ingress;
pub mod istio;
mod pod;
pub mod policy;
mod probe;
mod service;
mod timestamp;
mod workload;

pub use self::core::{Labels, Namespace, Node, ObjectMeta, OwnerReference, ServiceAccount};
pub(super) use self::core::{read_namespace, read_node, read_service_account};
pub(super) use self::pod::read_pod;
pub use endpoints::{EndpointAddress, EndpointPort, EndpointSet, EndpointSetKind};
pub(super) use endpoints::{read_endpoint_slice, read_endpoints};
pub(super) use ingress::read_ingress;
pub use ingress::{Ingress, IngressBackend, IngressPath, IngressPathType, IngressRule};
pub use probe::{HealthAsk, HealthProbe, HealthProbes, HealthScheme};
pub(super) use service::read_service;
pub use service::{
    AppProtocol, ExternalTraffic, Service, ServicePort, ServiceType, TargetPort, Transport,
};
pub use timestamp::{Timestamp, TimestampError};
pub use workload::{
    Container, ContainerPort, Pod, PodPhase, PodSpec, PodTemplate, Selector, SelectorExpression,
    SelectorOperator, Workload, WorkloadKind,
};
pub(super) use workload::{
    read_cron_job, read_daemon_set, read_deployment, read_job, read_replica_set, read_stateful_set,
};

/// One modelled object of a manifest.
#[derive(Clone, Debug)]
pub enum Resource {
    /// `v1 Namespace`.
    Namespace(Namespace),
    /// `v1 Node`.
    Node(Node),
    /// `v1 ServiceAccount`.
    ServiceAccount(ServiceAccount),
    /// `v1 Service`.
    Service(Service),
    /// `v1 Endpoints` or `discovery.k8s.io/v1 EndpointSlice`.
    EndpointSet(EndpointSet),
    /// `v1 Pod`.
    Pod(Pod),
    /// A controller of pods: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or CronJob.
    Workload(Workload),
    /// `networking.k8s.io/v1 Ingress`.
    Ingress(Ingress),
    /// `networking.k8s.io/v1 NetworkPolicy`.
    NetworkPolicy(Box<policy::NetworkPolicy>),
    /// A policy of the whole cluster.
    ClusterPolicy(Box<policy::ClusterPolicy>),
    /// `route.openshift.io/v1 Route`.
    OpenShiftRoute(Box<policy::OpenShiftRoute>),
    /// One of Istio's kinds.
    Istio(std::sync::Arc<istio::IstioResource>),
    /// A kind of Gateway API.
    GatewayApi(Box<gateway::GatewayResource>),
}
