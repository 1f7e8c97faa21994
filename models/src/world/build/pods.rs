//! Makes the rows of workloads and groups their pods by shape. How one workload's pods come to
//! be is `pod_maker`'s business.

use std::sync::Arc;

use crate::lookup::LookupMap;
use crate::manifest::Located;
use crate::manifest::kinds::{Labels, PodSpec, Transport, WorkloadKind};
use crate::world::{NamespaceId, Placement, PodId, TableId, Topology, Workload, WorkloadSource};

use super::Draft;
use super::nodes::Pools;
use super::objects::ClusterObjects;
use super::placement::Placer;
use super::plan::{Accounts, WorkloadPlan};
use super::pod_maker::PodMaker;

/// Pods that no selector and no port name can tell apart.
pub(super) struct Shape<'a> {
    pub(super) namespace: NamespaceId,
    pub(super) labels: Arc<Labels>,
    pub(super) spec: &'a PodSpec,
    pub(super) pods: Vec<PodId>,
}

/// All shapes in the order of their pods, and the pods by name.
pub(super) struct Shapes<'a> {
    pub(super) shapes: Vec<Shape<'a>>,
    /// Pods whose names a manifest gives, which EndpointSlices refer to.
    pub(super) by_name: LookupMap<(NamespaceId, String), PodId>,
}

/// Makes all pods.
pub(super) fn add<'a>(
    draft: &mut Draft,
    clusters: &[ClusterObjects<'a>],
    plans: Vec<WorkloadPlan<'a>>,
    accounts: &Accounts<'a>,
    pools: &Pools,
    topology: &Topology,
) -> Shapes<'a> {
    let mut placers: Vec<_> = pools.clusters.iter().map(Placer::new).collect();
    let mut shapes = Shapes { shapes: Vec::new(), by_name: LookupMap::default() };
    for plan in plans {
        let cluster_name = clusters[plan.cluster].name;
        let placement = placement_of(topology, cluster_name, &plan);
        let mut maker = PodMaker {
            placer: &mut placers[plan.cluster],
            labels: Arc::new(plan.labels.clone()),
            placement,
            seed: [cluster_name, plan.namespace_name, source_name(plan.source), plan.name],
            workload: TableId::from_index(draft.world.workloads.len()),
            first_shape: shapes.shapes.len(),
            shapes: &mut shapes,
            plan: &plan,
        };
        let first = PodId::from_index(draft.world.pods.len());
        maker.make_pods(draft);
        let labels = maker.labels;
        let end = PodId::from_index(draft.world.pods.len());
        draft.world.workloads.push(Workload {
            name: plan.name.to_owned(),
            source: plan.source,
            namespace: Some(plan.namespace),
            service_account: accounts.get(&(plan.namespace, plan.service_account())).copied(),
            labels,
            annotations: Arc::new(plan.annotations.clone()),
            container_ports: container_ports(plan.spec),
            containers: Arc::clone(&plan.spec.containers),
            host_network: plan.spec.host_network,
            pods: first..end,
            origin: plan.origin,
        });
    }
    shapes
}

fn placement_of<'t>(
    topology: &'t Topology,
    cluster: &str,
    plan: &WorkloadPlan<'_>,
) -> Option<&'t Placement> {
    topology.placements.iter().rev().find(|rule| {
        rule.workload == plan.name
            && rule.namespace == plan.namespace_name
            && rule.cluster.as_ref().is_none_or(|name| name == cluster)
    })
}

pub(super) fn container_ports(spec: &PodSpec) -> Vec<(String, u16, Transport)> {
    let containers = spec.containers.iter().filter(|container| !container.init);
    let ports = containers.flat_map(|container| &container.ports);
    let name = |name: &Option<Located<String>>| name.as_ref().map(|name| name.value.clone());
    ports
        .map(|port| (name(&port.name).unwrap_or_default(), port.number.value, port.transport))
        .collect()
}

/// A frozen name for each source: hashes depend on it.
fn source_name(source: WorkloadSource) -> &'static str {
    match source {
        WorkloadSource::Controller(WorkloadKind::Deployment) => "Deployment",
        WorkloadSource::Controller(WorkloadKind::ReplicaSet) => "ReplicaSet",
        WorkloadSource::Controller(WorkloadKind::StatefulSet) => "StatefulSet",
        WorkloadSource::Controller(WorkloadKind::DaemonSet) => "DaemonSet",
        WorkloadSource::Controller(WorkloadKind::Job) => "Job",
        WorkloadSource::Controller(WorkloadKind::CronJob) => "CronJob",
        WorkloadSource::BarePod => "Pod",
        WorkloadSource::Outside => "Outside",
    }
}
