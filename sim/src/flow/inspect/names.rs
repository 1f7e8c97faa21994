//! How the rows of a plan are called: pods, proxies, callers, services, requests. It knows no
//! state.

use crate::flow::plan::{NO_BOX, Plan, SourcePlan};
use crate::log::RequestName;

/// The names of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Names<'p> {
    plan: &'p Plan,
}

impl<'p> Names<'p> {
    /// Of `plan`.
    #[must_use]
    pub const fn new(plan: &'p Plan) -> Self {
        Self { plan }
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// `namespace/name` of a pod, `traffic:NAME` for the clients of a source outside.
    #[must_use]
    pub fn pod(&self, row: u32) -> String {
        let Some(pod) = self.plan.pods.get(row as usize) else { return unknown("pod", row) };
        if let Some(workload) = self.plan.layout.workloads.get(pod.app as usize) {
            let name = workload.pods.get(pod.ordinal as usize);
            let name = name.map_or(workload.name.as_str(), String::as_str);
            return in_namespace(&workload.namespace, name);
        }
        if pod.proxy != NO_BOX {
            return self.proxy_instance(pod.proxy);
        }
        let is_own = |source: &&SourcePlan| {
            let (first, count) = source.pods;
            (first..first + count).contains(&row)
        };
        match self.plan.sources.iter().find(is_own) {
            Some(source) => format!("traffic:{}", source.name),
            None => unknown("pod", row),
        }
    }

    /// The name of a pod without its namespace.
    #[must_use]
    pub fn pod_short(&self, row: u32) -> String {
        let full = self.pod(row);
        full.rsplit('/').next().unwrap_or(&full).to_owned()
    }

    /// `namespace/name` of the workload of a pod; `None` for clients outside and waypoints.
    #[must_use]
    pub fn workload_of(&self, pod: u32) -> Option<String> {
        let app = self.plan.pods.get(pod as usize)?.app as usize;
        (app < self.plan.layout.workloads.len()).then(|| self.plan.layout.workload_name(app))
    }

    /// The kind of a proxy and whose it is, such as `sidecar of shop/cart-0`.
    #[must_use]
    pub fn proxy(&self, row: u32) -> String {
        match self.plan.boxes.get(row as usize) {
            Some(place) => format!("{} of {}", place.kind.name(), self.proxy_instance(row)),
            None => unknown("proxy", row),
        }
    }

    /// The pod or node of a proxy.
    #[must_use]
    pub fn proxy_instance(&self, row: u32) -> String {
        let entry = self.plan.boxes.get(row as usize).and_then(|place| {
            let entry = self.plan.layout.proxies.get(place.entry as usize)?;
            Some((place, entry))
        });
        let Some((place, entry)) = entry else { return unknown("proxy", row) };
        let instance = entry.instances.get(place.ordinal as usize);
        let instance = instance.map_or("?", String::as_str);
        match entry.owner.split_once('/') {
            Some((namespace, _)) => in_namespace(namespace, instance),
            None => instance.to_owned(),
        }
    }

    /// The cluster of the plan in this row, under Envoy's name for it.
    #[must_use]
    pub fn cluster(&self, row: u32) -> &'p str {
        self.plan.mesh.clusters.get(row as usize).map_or("?", |cluster| &cluster.name)
    }

    /// Who calls on an edge: a workload, or `traffic:NAME`.
    #[must_use]
    pub fn caller_on(&self, edge: u32) -> String {
        let entry = self.plan.layout.edges.get(edge as usize);
        entry.map_or_else(|| unknown("edge", edge), |it| self.plan.layout.origin_name(it.from))
    }

    /// What is called on an edge.
    #[must_use]
    pub fn called_on(&self, edge: u32) -> String {
        let entry = self.plan.layout.edges.get(edge as usize);
        entry.map_or_else(|| unknown("edge", edge), |it| self.plan.layout.service_name(it.to))
    }

    /// What a call site calls.
    #[must_use]
    pub fn called_by(&self, call: u32) -> String {
        match self.plan.calls.get(call as usize) {
            Some(call) => self.called_on(call.edge),
            None => unknown("call", call),
        }
    }

    /// A service, as `namespace/name`.
    #[must_use]
    pub fn service(&self, row: u32) -> String {
        if (row as usize) < self.plan.layout.services.len() {
            self.plan.layout.service_name(row as usize)
        } else {
            unknown("service", row)
        }
    }

    /// A request, such as `shoppers#1042`.
    #[must_use]
    pub fn request(&self, name: RequestName) -> String {
        let source = self.plan.sources.get(usize::from(name.source));
        format!("{}#{}", source.map_or("?", |source| &source.name), name.request)
    }
}

fn in_namespace(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

fn unknown(kind: &str, row: u32) -> String {
    format!("{kind} {row}")
}
