//! The cluster that the manifests describe: who exists, where it runs, how it is reached.
//!
//! Tables with dense ids, in an order that depends on names alone, so that the order of files
//! never changes an id. Which proxy a pod has and how applications behave is not said here.

mod build;
mod find;
mod ids;
mod ingress;
mod input;
mod model;

#[cfg(test)]
pub(crate) use build::testing;
pub use build::{Assumption, Built, build};
pub(crate) use build::{first_mismatch, fits};
pub use ids::{
    ClusterId, IdTable, IngressClassId, NamespaceId, NodeId, PodId, RegionId, ServiceAccountId,
    ServiceId, TableId, WorkloadId, ZoneId,
};
pub use ingress::{BrokenBackend, IngressClass, IngressHost, IngressRoute, IngressTarget};
pub use input::{
    ClusterManifests, ClusterTopology, NodeNames, OutsideHost, Placement, Spread, Topology,
    ZoneTopology,
};
pub use model::{
    Cluster, Endpoint, EndpointTarget, HeadlessAddress, Namespace, Node, Origin, Pod, PodDns,
    Region, Service, ServiceAccount, ServiceKind, ServicePort, Workload, WorkloadSource, World,
    Zone,
};
