//! Pods and the controllers that make them.

use crate::manifest::{Located, Place};

use super::{Labels, ObjectMeta, Transport};

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
    pub containers: Vec<Container>,
}

/// One container.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name.
    pub name: Located<String>,
    /// Whether it stands under `initContainers`.
    pub init: bool,
    /// The ports it declares.
    pub ports: Vec<ContainerPort>,
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
