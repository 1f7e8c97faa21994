//! The rows of the statistics, and the names they are found under.

use std::collections::BTreeMap;

use meshwalk_models::world::{ServiceId, TableId, WorkloadId, WorkloadSource, World};

use crate::stats::{
    BoxKind, EdgeEntry, EdgeOrigin, Layout, ProxyEntry, ServiceEntry, TrafficEntry, WorkloadEntry,
};

use crate::flow::plan::AppPlan;

/// Collects rows; edges come as calls are compiled.
pub(super) struct LayoutBuilder {
    layout: Layout,
    edges: BTreeMap<(EdgeOrigin, usize), u32>,
    outside_rows: BTreeMap<WorkloadId, usize>,
}

impl LayoutBuilder {
    pub(super) fn new(world: &World) -> Self {
        let mut layout = Layout::default();
        for service in world.services.iter() {
            layout.services.push(ServiceEntry {
                namespace: world.namespaces[service.namespace].name.clone(),
                name: service.name.clone(),
                edges: Vec::new(),
            });
        }
        let mut outside_rows = BTreeMap::new();
        for (id, workload) in world.workloads.entries() {
            if workload.source == WorkloadSource::Outside {
                outside_rows.insert(id, layout.services.len());
                layout.services.push(ServiceEntry {
                    namespace: String::new(),
                    name: workload.name.clone(),
                    edges: Vec::new(),
                });
            }
        }
        Self { layout, edges: BTreeMap::new(), outside_rows }
    }

    /// The name of what is called.
    pub(super) fn service_name(&self, row: usize) -> String {
        self.layout.service_name(row)
    }

    pub(super) fn service_row(&self, id: ServiceId) -> usize {
        id.index()
    }

    /// The row of a host outside, or of a workload whose pods are called by address.
    pub(super) fn workload_row(&mut self, world: &World, id: WorkloadId) -> usize {
        let layout = &mut self.layout;
        *self.outside_rows.entry(id).or_insert_with(|| {
            let workload = &world.workloads[id];
            let namespace = workload.namespace.map(|id| world.namespaces[id].name.clone());
            layout.services.push(ServiceEntry {
                namespace: namespace.unwrap_or_default(),
                name: workload.name.clone(),
                edges: Vec::new(),
            });
            layout.services.len() - 1
        })
    }

    /// The row of a name that leads nowhere.
    pub(super) fn unknown_row(&mut self, name: &str) -> usize {
        let known = self.layout.services.iter();
        if let Some(row) = known
            .enumerate()
            .position(|(_, entry)| entry.namespace.is_empty() && entry.name == name)
        {
            return row;
        }
        self.layout.services.push(ServiceEntry {
            namespace: String::new(),
            name: name.to_owned(),
            edges: Vec::new(),
        });
        self.layout.services.len() - 1
    }

    pub(super) fn traffic(&mut self, name: &str) {
        self.layout.traffic.push(TrafficEntry { name: name.to_owned() });
    }

    /// The row of an edge.
    pub(super) fn edge(&mut self, from: EdgeOrigin, to: usize) -> u32 {
        let layout = &mut self.layout;
        *self.edges.entry((from, to)).or_insert_with(|| {
            let row = layout.edges.len();
            layout.edges.push(EdgeEntry { from, to });
            layout.services[to].edges.push(row);
            row as u32
        })
    }

    pub(super) fn finish(
        mut self,
        world: &World,
        apps: &[AppPlan],
        proxies: Vec<ProxyEntry>,
    ) -> Layout {
        let sidecars = proxies.iter().filter(|it| it.kind == BoxKind::Sidecar);
        let sidecar_workers: BTreeMap<String, u32> =
            sidecars.map(|it| (it.owner.clone(), it.workers)).collect();
        self.layout.proxies = proxies;
        for ((id, workload), app) in world.workloads.entries().zip(apps) {
            let namespace = workload.namespace.map(|id| world.namespaces[id].name.clone());
            let pods = workload.pods.start.index()..workload.pods.end.index();
            let name_of = |pod| world.pods[TableId::from_index(pod)].name.clone();
            debug_assert_eq!(id.index(), self.layout.workloads.len());
            self.layout.workloads.push(WorkloadEntry {
                namespace: namespace.unwrap_or_default(),
                name: workload.name.clone(),
                pods: pods.map(name_of).collect(),
                workers: app.workers,
                proxy_workers: sidecar_workers.get(&world.workload_name(id)).copied(),
            });
        }
        let layout = self.layout;
        let services = (0..layout.services.len())
            .map(|row| (layout.service_name(row), layout.services[row].name.clone()));
        let service_by_name = by_name(services);
        let workloads = (0..layout.workloads.len())
            .map(|row| (layout.workload_name(row), layout.workloads[row].name.clone()));
        let workload_by_name = by_name(workloads);
        Layout { service_by_name, workload_by_name, ..layout }
    }
}

/// Rows by full name, and by short name where that is unambiguous. In several clusters the first
/// row of a full name counts.
fn by_name(names: impl Iterator<Item = (String, String)> + Clone) -> BTreeMap<String, usize> {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for (row, (full, short)) in names.clone().enumerate() {
        rows.entry(full).or_insert(row);
        *owners.entry(short).or_default() += 1;
    }
    for (row, (_, short)) in names.enumerate() {
        if owners[&short] == 1 {
            rows.entry(short).or_insert(row);
        }
    }
    rows
}
