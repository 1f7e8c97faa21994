//! The cluster that the manifests describe: who exists, where it runs, how it is reached.
//!
//! Tables with dense ids, in an order that depends on names alone, so that the order of files
//! never changes an id. Which proxy a pod has and how applications behave is not said here.

mod ids;
mod model;

pub use ids::{
    ClusterId, IdTable, NamespaceId, NodeId, PodId, RegionId, ServiceAccountId, ServiceId, TableId,
    WorkloadId, ZoneId,
};
pub use model::{
    Cluster, Endpoint, EndpointTarget, Namespace, Node, Origin, Pod, Region, Service,
    ServiceAccount, ServiceKind, ServicePort, Workload, WorkloadSource, World, Zone,
};
