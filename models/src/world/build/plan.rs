//! Which workloads there are and where each one's pods come from: from its template, or, in a
//! dump, from the pods that really ran. It makes no pod yet.

use std::collections::BTreeMap;

use crate::manifest::kinds::{
    Labels, OwnerReference, Pod, PodPhase, PodSpec, Workload, WorkloadKind,
};
use crate::world::{NamespaceId, Origin, ServiceAccount, ServiceAccountId, WorkloadSource};

use super::objects::{ClusterObjects, WorkloadKey};
use super::{Draft, Notes};

/// Real chains are Pod, ReplicaSet, Deployment or Pod, Job, CronJob; a longer one is a mistake.
const OWNER_STEPS_MAX: usize = 4;
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// One row of the workload table to be.
pub(super) struct WorkloadPlan<'a> {
    /// The position of its cluster.
    pub(super) cluster: usize,
    pub(super) namespace: NamespaceId,
    pub(super) namespace_name: &'a str,
    pub(super) name: &'a str,
    pub(super) source: WorkloadSource,
    /// The controller, if the manifests have it.
    pub(super) controller: Option<&'a Workload>,
    pub(super) labels: &'a Labels,
    pub(super) annotations: &'a Labels,
    pub(super) spec: &'a PodSpec,
    /// The pods of a dump, by name, without those that have ended.
    pub(super) real_pods: Vec<&'a Pod>,
    /// Whether the pods of a dump stand for the template, even if all of them have ended.
    pub(super) is_dump: bool,
    pub(super) origin: Origin,
}

impl<'a> WorkloadPlan<'a> {
    /// `namespace/name`, for people.
    pub(super) fn title(&self) -> String {
        format!("{}/{}", self.namespace_name, self.name)
    }

    /// The name of the service account that its pods run under.
    pub(super) fn service_account(&self) -> &'a str {
        // Kubernetes fills in `default` at admission.
        self.spec.service_account.as_ref().map_or("default", |name| &name.value)
    }
}

type PlanKey<'a> = (NamespaceId, &'a str, WorkloadSource);

/// Plans all workloads, in the order of namespaces, names and kinds.
pub(super) fn plan<'a>(
    notes: &mut Notes,
    clusters: &[ClusterObjects<'a>],
) -> Vec<WorkloadPlan<'a>> {
    let mut plans = BTreeMap::new();
    for (index, cluster) in clusters.iter().enumerate() {
        add_controllers(&mut plans, index, cluster);
        add_pods(notes, &mut plans, index, cluster);
    }
    plans.into_values().collect()
}

/// Controllers that no other controller of the manifests made.
fn add_controllers<'a>(
    plans: &mut BTreeMap<PlanKey<'a>, WorkloadPlan<'a>>,
    index: usize,
    cluster: &ClusterObjects<'a>,
) {
    for ((namespace, name, kind), workload) in &cluster.workloads {
        let owner = workload.meta.owner.as_ref();
        if owner.and_then(|owner| top_controller(cluster, namespace, owner)).is_some() {
            continue;
        }
        let source = WorkloadSource::Controller(*kind);
        let namespace_id = cluster.namespace_id(namespace);
        let plan = WorkloadPlan {
            cluster: index,
            namespace: namespace_id,
            namespace_name: namespace,
            name,
            source,
            controller: Some(workload),
            labels: &workload.template.labels,
            annotations: &workload.template.annotations,
            spec: &workload.template.spec,
            real_pods: Vec::new(),
            is_dump: false,
            origin: Origin::Manifest(workload.meta.place),
        };
        plans.insert((namespace_id, name, source), plan);
    }
}

/// Pods go to the topmost controller there is; those without one stand alone.
fn add_pods<'a>(
    notes: &mut Notes,
    plans: &mut BTreeMap<PlanKey<'a>, WorkloadPlan<'a>>,
    index: usize,
    cluster: &ClusterObjects<'a>,
) {
    for ((namespace, _), pod) in &cluster.pods {
        let namespace_id = cluster.namespace_id(namespace);
        let (name, source) = owner_of(cluster, namespace, pod);
        let plan = plans.entry((namespace_id, name, source)).or_insert_with(|| {
            if source != WorkloadSource::BarePod {
                let sentence = "its pods name it as their owner, but it is not among the \
                                manifests; its pods alone describe it";
                notes.assume(
                    format!("workload {namespace}/{name}"),
                    sentence,
                    Some(pod.meta.place),
                );
            }
            WorkloadPlan {
                cluster: index,
                namespace: namespace_id,
                namespace_name: namespace,
                name,
                source,
                controller: None,
                labels: &pod.meta.labels,
                annotations: &pod.meta.annotations,
                spec: &pod.spec,
                real_pods: Vec::new(),
                is_dump: true,
                origin: Origin::Manifest(pod.meta.place),
            }
        });
        plan.is_dump = true;
        if !matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed) {
            plan.real_pods.push(pod);
        }
    }
}

/// The workload that a pod belongs to.
fn owner_of<'a>(
    cluster: &ClusterObjects<'a>,
    namespace: &'a str,
    pod: &'a Pod,
) -> (&'a str, WorkloadSource) {
    let alone = (pod.meta.name.value.as_str(), WorkloadSource::BarePod);
    let Some(owner) = &pod.meta.owner else { return alone };
    if let Some((_, name, kind)) = top_controller(cluster, namespace, owner) {
        return (name, WorkloadSource::Controller(kind));
    }
    let Some(kind) = kind_named(&owner.kind) else { return alone };
    // A Deployment names its ReplicaSets after itself and the hash that its pods carry.
    let hash = pod.meta.labels.get(POD_TEMPLATE_HASH);
    let deployment = hash
        .and_then(|hash| owner.name.strip_suffix(hash.value.as_str()))
        .and_then(|name| name.strip_suffix('-'));
    match deployment {
        Some(name) if kind == WorkloadKind::ReplicaSet => {
            (name, WorkloadSource::Controller(WorkloadKind::Deployment))
        }
        _ => (&owner.name, WorkloadSource::Controller(kind)),
    }
}

/// The last controller of the chain of owners that the manifests have.
fn top_controller<'a>(
    cluster: &ClusterObjects<'a>,
    namespace: &'a str,
    owner: &'a OwnerReference,
) -> Option<WorkloadKey<'a>> {
    let mut top = None;
    let mut owner = owner;
    for _ in 0..OWNER_STEPS_MAX {
        let Some(kind) = kind_named(&owner.kind) else { break };
        let found = cluster.workloads.get_key_value(&(namespace, owner.name.as_str(), kind));
        let Some((key, workload)) = found else { break };
        top = Some(*key);
        let Some(next) = &workload.meta.owner else { break };
        owner = next;
    }
    top
}

fn kind_named(kind: &str) -> Option<WorkloadKind> {
    Some(match kind {
        "Deployment" => WorkloadKind::Deployment,
        "ReplicaSet" => WorkloadKind::ReplicaSet,
        "StatefulSet" => WorkloadKind::StatefulSet,
        "DaemonSet" => WorkloadKind::DaemonSet,
        "Job" => WorkloadKind::Job,
        "CronJob" => WorkloadKind::CronJob,
        _ => return None,
    })
}

/// The ids of service accounts, by namespace and name.
pub(super) type Accounts<'a> = BTreeMap<(NamespaceId, &'a str), ServiceAccountId>;

/// Fills the table of service accounts: those that are declared and those that pods mention.
pub(super) fn add_service_accounts<'a>(
    draft: &mut Draft,
    clusters: &[ClusterObjects<'a>],
    plans: &[WorkloadPlan<'a>],
) -> Accounts<'a> {
    let mut origins: BTreeMap<(NamespaceId, &str), Origin> = BTreeMap::new();
    for cluster in clusters {
        for ((namespace, name), account) in &cluster.service_accounts {
            let key = (cluster.namespace_id(namespace), *name);
            origins.insert(key, Origin::Manifest(account.meta.place));
        }
    }
    for plan in plans {
        let name = plan.service_account();
        let key = (plan.namespace, name);
        if origins.contains_key(&key) {
            continue;
        }
        if name == "default" {
            origins.insert(key, Origin::Assumed("every namespace has a service account `default`"));
        } else {
            origins.insert(key, Origin::Assumed("the service account exists"));
            super::checks::absent_account(&mut draft.notes, plan);
        }
    }
    let rows = origins.into_iter().map(|((namespace, name), origin)| {
        let row = ServiceAccount { name: name.to_owned(), namespace, origin };
        ((namespace, name), draft.world.service_accounts.push(row))
    });
    rows.collect()
}
