//! What the rows of the counters mean; the same for every replication of a run.

use std::collections::BTreeMap;

use super::ProxyEntry;

/// Names for the rows of [`super::RunStatistics`].
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Everything that is called: Services, and hosts outside.
    pub services: Vec<ServiceEntry>,
    /// Who calls what; one row per caller and service.
    pub edges: Vec<EdgeEntry>,
    /// Workloads that have pods.
    pub workloads: Vec<WorkloadEntry>,
    /// Proxies that the run has, by kind and owner.
    pub proxies: Vec<ProxyEntry>,
    /// Traffic sources, in the order of the scenario.
    pub traffic: Vec<TrafficEntry>,
    /// Rows of `services` by full name, and by short name where that is unambiguous.
    pub service_by_name: BTreeMap<String, usize>,
    /// Rows of `workloads` by full name, and by short name where that is unambiguous.
    pub workload_by_name: BTreeMap<String, usize>,
}

/// Something that is called.
#[derive(Clone, Debug)]
pub struct ServiceEntry {
    /// Its namespace; empty for hosts outside.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The rows of `edges` that lead to it.
    pub edges: Vec<usize>,
}

/// One caller of one service.
#[derive(Clone, Debug)]
pub struct EdgeEntry {
    /// Who calls.
    pub from: EdgeOrigin,
    /// The row of `services` that is called.
    pub to: usize,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeOrigin {
    /// A row of `traffic`: clients outside the cluster.
    Traffic(usize),
    /// A row of `workloads`.
    Workload(usize),
}

/// A workload.
#[derive(Clone, Debug)]
pub struct WorkloadEntry {
    /// Its namespace; empty for hosts outside.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The names of its pods.
    pub pods: Vec<String>,
    /// How many requests one pod works on at the same time.
    pub workers: u32,
    /// How many workers the sidecar of one pod has; `None` without sidecars.
    pub proxy_workers: Option<u32>,
}

/// A traffic source.
#[derive(Clone, Debug)]
pub struct TrafficEntry {
    /// Its name.
    pub name: String,
}

impl Layout {
    /// `namespace/name` of a service, or the bare name of a host outside.
    #[must_use]
    pub fn service_name(&self, row: usize) -> String {
        full_name(&self.services[row].namespace, &self.services[row].name)
    }

    /// `namespace/name` of a workload, or the bare name of a host outside.
    #[must_use]
    pub fn workload_name(&self, row: usize) -> String {
        full_name(&self.workloads[row].namespace, &self.workloads[row].name)
    }

    /// The name of a caller: a workload's, or `traffic:NAME`.
    #[must_use]
    pub fn origin_name(&self, origin: EdgeOrigin) -> String {
        match origin {
            EdgeOrigin::Traffic(row) => format!("traffic:{}", self.traffic[row].name),
            EdgeOrigin::Workload(row) => self.workload_name(row),
        }
    }
}

fn full_name(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}
