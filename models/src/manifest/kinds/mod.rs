//! The resource kinds that are modelled, one file a family; reading them from YAML is each file's
//! own business, joining them is `world`'s.

mod core;
mod endpoints;
mod ingress;
mod service;
mod workload;

pub use self::core::{Labels, Namespace, Node, ObjectMeta, OwnerReference, ServiceAccount};
pub use endpoints::{EndpointAddress, EndpointPort, EndpointSet, EndpointSetKind};
pub use ingress::{Ingress, IngressBackend, IngressPath, IngressPathType, IngressRule};
pub use service::{AppProtocol, Service, ServicePort, ServiceType, TargetPort, Transport};
pub use workload::{
    Container, ContainerPort, Pod, PodPhase, PodSpec, PodTemplate, Selector, SelectorExpression,
    SelectorOperator, Workload, WorkloadKind,
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
}
