//! The names that conditions speak of: pods, workloads, callers and services of a plan.

use std::collections::BTreeSet;

use crate::flow::inspect::Names;
use crate::flow::plan::Plan;

/// The names of a plan, ready to be compared.
#[derive(Clone, Debug, Default)]
pub struct ConditionNames {
    /// By row of pods.
    pub(super) pods: Vec<PodName>,
    /// By row of edges: who calls, and what.
    pub(super) edges: Vec<(String, String)>,
    /// By row of sources.
    pub(super) sources: Vec<String>,
}

/// What a pod is called.
#[derive(Clone, Debug)]
pub(super) struct PodName {
    /// `namespace/name`.
    pub(super) pod: String,
    /// `namespace/name`, for pods of a workload.
    pub(super) workload: Option<String>,
    /// Empty for hosts and clients outside.
    pub(super) namespace: String,
}

impl ConditionNames {
    /// Of `plan`.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let names = Names::new(plan);
        let pod = |row: u32| {
            let pod = names.pod(row);
            let namespace = pod.split_once('/').map_or("", |(namespace, _)| namespace).to_owned();
            PodName { workload: names.workload_of(row), namespace, pod }
        };
        Self {
            pods: (0..plan.pods.len() as u32).map(pod).collect(),
            edges: (0..plan.layout.edges.len() as u32)
                .map(|row| (names.caller_on(row), names.called_on(row)))
                .collect(),
            sources: plan.sources.iter().map(|source| source.name.clone()).collect(),
        }
    }

    /// All names of pods, workloads and so on, each in full.
    pub(super) fn all(&self, of: NameOf) -> BTreeSet<&str> {
        let pods = self.pods.iter();
        match of {
            NameOf::Pod => pods.map(|it| it.pod.as_str()).collect(),
            NameOf::Workload => pods.filter_map(|it| it.workload.as_deref()).collect(),
            NameOf::Namespace => pods.map(|it| it.namespace.as_str()).collect(),
            NameOf::Caller => self.edges.iter().map(|(from, _)| from.as_str()).collect(),
            NameOf::Called => self.edges.iter().map(|(_, to)| to.as_str()).collect(),
            NameOf::Source => self.sources.iter().map(String::as_str).collect(),
        }
    }
}

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameOf {
    Pod,
    Workload,
    Namespace,
    Caller,
    Called,
    Source,
}

impl NameOf {
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Workload => "workload",
            Self::Namespace => "namespace",
            Self::Caller => "caller",
            Self::Called => "service",
            Self::Source => "traffic source",
        }
    }
}

/// Whether a full name is meant by `written`, which may leave the namespace out.
pub(super) fn is_meant(full: &str, written: &str) -> bool {
    full == written || full.rsplit_once('/').is_some_and(|(_, short)| short == written)
}
