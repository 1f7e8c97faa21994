//! Pods and the controllers that make them.

use std::sync::Arc;

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

use super::pod::read_template;
use super::{HealthProbes, Labels, ObjectMeta, Resource, Transport};

/// `v1 Pod`.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Name, namespace, labels, owner.
    pub meta: ObjectMeta,
    /// The containers and where they run.
    pub spec: PodSpec,
    /// `status.podIP`.
    pub pod_ip: Option<Located<String>>,
    /// `status.phase`; absent (a manifest) counts as running.
    pub phase: PodPhase,
    /// The `Ready` condition; absent counts as ready.
    pub ready: bool,
}

/// `status.phase` of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PodPhase {
    /// Accepted, not started.
    Pending,
    /// At least one container runs.
    #[default]
    Running,
    /// All containers ended well.
    Succeeded,
    /// A container failed.
    Failed,
    /// The node does not answer.
    Unknown,
}

/// A controller of pods.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Which controller.
    pub kind: WorkloadKind,
    /// Name, namespace, owner.
    pub meta: ObjectMeta,
    /// `spec.replicas`, or `spec.parallelism` of a Job; absent means the kind's default of 1.
    /// A DaemonSet has none.
    pub replicas: Option<Located<u32>>,
    /// `spec.selector`; a Job may have none.
    pub selector: Option<Located<Selector>>,
    /// `spec.serviceName` of a StatefulSet.
    pub service_name: Option<Located<String>>,
    /// `spec.suspend` of a Job or CronJob.
    pub suspend: bool,
    /// The pods it makes.
    pub template: PodTemplate,
}

/// The controllers of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum WorkloadKind {
    /// `apps/v1 Deployment`.
    Deployment,
    /// `apps/v1 ReplicaSet`.
    ReplicaSet,
    /// `apps/v1 StatefulSet`.
    StatefulSet,
    /// `apps/v1 DaemonSet`.
    DaemonSet,
    /// `batch/v1 Job`.
    Job,
    /// `batch/v1 CronJob`.
    CronJob,
}

/// `spec.template`.
#[derive(Clone, Debug)]
pub struct PodTemplate {
    /// The labels that Services select.
    pub labels: Labels,
    /// The annotations that injectors read.
    pub annotations: Labels,
    /// The pods' specification.
    pub spec: PodSpec,
    /// Where the template begins.
    pub place: Place,
}

/// `spec` of a pod, as far as it matters to traffic.
#[derive(Clone, Debug, Default)]
pub struct PodSpec {
    /// `serviceAccountName`; absent means `default`.
    pub service_account: Option<Located<String>>,
    /// `nodeName`: already placed.
    pub node_name: Option<Located<String>>,
    /// `nodeSelector`.
    pub node_selector: Labels,
    /// `hostNetwork`.
    pub host_network: bool,
    /// `hostname`, for DNS names of single pods.
    pub hostname: Option<Located<String>>,
    /// `subdomain`, likewise.
    pub subdomain: Option<Located<String>>,
    /// Init containers first, then containers, in the order written.
    pub containers: Arc<[Container]>,
}

/// One container.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name; empty where the manifest has none.
    pub name: Located<String>,
    /// Whether it stands under `initContainers`.
    pub init: bool,
    /// Whether it stands there and runs as long as the pod does: `restartPolicy: Always`.
    pub is_sidecar: bool,
    /// The ports it declares.
    pub ports: Vec<ContainerPort>,
    /// What the kubelet asks of it.
    pub probes: HealthProbes,
}

/// A declared container port.
#[derive(Clone, Debug)]
pub struct ContainerPort {
    /// The name that `targetPort` may use.
    pub name: Option<Located<String>>,
    /// The number.
    pub number: Located<u16>,
    /// TCP, UDP or SCTP.
    pub transport: Transport,
}

/// A label selector: all labels equal and all expressions true. An empty one selects everything.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// `matchLabels`.
    pub match_labels: Labels,
    /// `matchExpressions`.
    pub match_expressions: Vec<SelectorExpression>,
}

/// One entry of `matchExpressions`.
#[derive(Clone, Debug)]
pub struct SelectorExpression {
    /// The label.
    pub key: Located<String>,
    /// What is asked of it.
    pub operator: SelectorOperator,
    /// The values of `In` and `NotIn`.
    pub values: Vec<Located<String>>,
}

/// The operators of label selectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectorOperator {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

const OPERATORS: &[(&str, SelectorOperator)] = &[
    ("In", SelectorOperator::In),
    ("NotIn", SelectorOperator::NotIn),
    ("Exists", SelectorOperator::Exists),
    ("DoesNotExist", SelectorOperator::DoesNotExist),
];

/// The API's integers are signed.
const REPLICAS_MAX: u32 = i32::MAX as u32;

pub(in crate::manifest) fn read_deployment(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read_replicated(fields, meta, WorkloadKind::Deployment)
}

pub(in crate::manifest) fn read_replica_set(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read_replicated(fields, meta, WorkloadKind::ReplicaSet)
}

fn read_replicated(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
    kind: WorkloadKind,
) -> Vec<Resource> {
    let workload = fields.required_object("spec", |spec| {
        let replicas = spec.number("replicas", 0..=REPLICAS_MAX);
        let selector = read_selector(spec, Need::Required);
        Some(Workload { replicas, selector, ..read_common(spec, meta, kind)? })
    });
    finish(workload.flatten())
}

pub(in crate::manifest) fn read_stateful_set(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let workload = fields.required_object("spec", |spec| {
        let replicas = spec.number("replicas", 0..=REPLICAS_MAX);
        let selector = read_selector(spec, Need::Required);
        let service_name = spec.string("serviceName").filter(|name| !name.is_empty());
        let common = read_common(spec, meta, WorkloadKind::StatefulSet)?;
        Some(Workload { replicas, selector, service_name, ..common })
    });
    finish(workload.flatten())
}

pub(in crate::manifest) fn read_daemon_set(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let workload = fields.required_object("spec", |spec| {
        let selector = read_selector(spec, Need::Required);
        Some(Workload { selector, ..read_common(spec, meta, WorkloadKind::DaemonSet)? })
    });
    finish(workload.flatten())
}

pub(in crate::manifest) fn read_job(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let workload = fields.required_object("spec", |spec| read_job_spec(spec, meta));
    finish(workload.flatten())
}

pub(in crate::manifest) fn read_cron_job(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let workload = fields.required_object("spec", |spec| {
        let suspend = spec.boolean("suspend").is_some_and(|it| it.value);
        let workload = spec.required_object("jobTemplate", |template| {
            template.required_object("spec", |spec| read_job_spec(spec, meta)).flatten()
        });
        let mut workload = workload.flatten()?;
        workload.kind = WorkloadKind::CronJob;
        workload.suspend |= suspend;
        Some(workload)
    });
    finish(workload.flatten())
}

fn read_job_spec(spec: &mut Fields<'_, '_, '_, '_>, meta: ObjectMeta) -> Option<Workload> {
    let replicas = spec.number("parallelism", 0..=REPLICAS_MAX);
    let selector = read_selector(spec, Need::Optional);
    let suspend = spec.boolean("suspend").is_some_and(|it| it.value);
    let common = read_common(spec, meta, WorkloadKind::Job)?;
    Some(Workload { replicas, selector, suspend, ..common })
}

/// What all controllers have: metadata and a template. It comes last, so that the other fields were
/// asked for even where there is no template.
fn read_common(
    spec: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
    kind: WorkloadKind,
) -> Option<Workload> {
    Some(Workload {
        kind,
        meta,
        replicas: None,
        selector: None,
        service_name: None,
        suspend: false,
        template: read_template(spec)?,
    })
}

fn finish(workload: Option<Workload>) -> Vec<Resource> {
    workload.map(Resource::Workload).into_iter().collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

pub(super) fn read_selector(
    spec: &mut Fields<'_, '_, '_, '_>,
    need: Need,
) -> Option<Located<Selector>> {
    match need {
        Need::Required => spec.required_object("selector", read_clauses),
        Need::Optional => read_selector_of(spec, "selector"),
    }
}

/// The label selector under `name`, if there is one.
pub(super) fn read_selector_of(
    fields: &mut Fields<'_, '_, '_, '_>,
    name: &'static str,
) -> Option<Located<Selector>> {
    fields.object(name, read_clauses)
}

fn read_clauses(selector: &mut Fields<'_, '_, '_, '_>) -> Located<Selector> {
    let place = selector.place();
    let match_labels = selector.labels("matchLabels");
    let match_expressions = selector.list("matchExpressions", |expression| {
        let key = expression.required_string("key");
        let operator = expression.required_choice("operator", OPERATORS);
        let values = expression.strings("values");
        Some(SelectorExpression { key: key?, operator: operator?.value, values })
    });
    Located::new(Selector { match_labels, match_expressions }, place)
}
