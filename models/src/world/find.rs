//! Finds rows by name; the tables are in the order of names, so a binary search does.

use super::{
    ClusterId, IdTable, NamespaceId, ServiceId, TableId, WorkloadId, WorkloadSource, World,
};

impl World {
    /// The cluster with this name.
    #[must_use]
    pub fn cluster_named(&self, name: &str) -> Option<ClusterId> {
        search(&self.clusters, |row| row.name.as_str().cmp(name))
    }

    /// The namespace of `cluster` with this name.
    #[must_use]
    pub fn namespace_named(&self, cluster: ClusterId, name: &str) -> Option<NamespaceId> {
        search(&self.namespaces, |row| (row.cluster, row.name.as_str()).cmp(&(cluster, name)))
    }

    /// The Service of `namespace` with this name.
    #[must_use]
    pub fn service_named(&self, namespace: NamespaceId, name: &str) -> Option<ServiceId> {
        search(&self.services, |row| (row.namespace, row.name.as_str()).cmp(&(namespace, name)))
    }

    /// The host outside all clusters with this name.
    #[must_use]
    pub fn outside_named(&self, name: &str) -> Option<WorkloadId> {
        search(&self.workloads, |row| {
            let outside = row.source == WorkloadSource::Outside;
            (outside, row.name.as_str()).cmp(&(true, name))
        })
    }
}

fn search<I: TableId, T>(
    table: &IdTable<I, T>,
    compare: impl FnMut(&T) -> std::cmp::Ordering,
) -> Option<I> {
    table.as_slice().binary_search_by(compare).ok().map(I::from_index)
}
