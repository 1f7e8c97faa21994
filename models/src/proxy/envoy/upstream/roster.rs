//! What all proxies share that have the same cluster, the same endpoints and the same locality:
//! the tables, and the view before anything was ejected.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::config::{
    Cluster, Endpoint, LoadAssignment, LoadBalancer, Locality, LocalityMode, SlowStart,
};
use super::HostId;
use super::hosts::HostTable;
use super::load::Factors;
use super::view::{Localities, View, ViewMaker, Weights};
use super::zone::LocalCluster;

/// What all proxies share that have the same cluster, endpoints and locality. Build it once and
/// give it to each [`super::ClusterState`].
#[derive(Clone, Debug)]
pub struct Roster {
    pub(super) cluster: Arc<Cluster>,
    pub(super) table: HostTable,
    pub(super) factors: Factors,
    pub(super) view: Arc<View>,
    local_cluster: LocalCluster,
}

impl Roster {
    /// The hosts of `assignment` behind `cluster`, as a proxy in `local` sees them.
    #[must_use]
    pub fn new(cluster: Arc<Cluster>, assignment: Arc<LoadAssignment>, local: &Locality) -> Self {
        let table = HostTable::new(assignment, local);
        let overprovisioning =
            table.overprovisioning().unwrap_or(cluster.balancing.overprovisioning);
        let factors = Factors {
            overprovisioning: overprovisioning.as_ppm() / 10_000,
            // Whole percent, rounded, as the proxy keeps them.
            panic_threshold: ((cluster.balancing.panic_threshold.as_ppm() + 5_000) / 10_000)
                .min(100),
        };
        let local_cluster = LocalCluster { own: local.clone(), proxies: BTreeMap::new() };
        let view = Arc::new(maker(&cluster, &table, &local_cluster, factors, &[]).make(|_| true));
        Self { cluster, table, factors, view, local_cluster }
    }

    /// Tells how many proxies like this one run in each locality; without it there is no
    /// zone-aware routing, as in an Envoy without `local_cluster_name`.
    #[must_use]
    pub fn with_local_cluster(mut self, proxies: BTreeMap<Locality, u32>) -> Self {
        self.local_cluster.proxies = proxies;
        self.view = Arc::new(self.maker(&[]).make(|_| true));
        self
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// How many hosts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no host.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// The endpoint behind `host`.
    #[must_use]
    pub fn endpoint(&self, host: HostId) -> &Endpoint {
        self.table.endpoint(host.raw())
    }

    /// Where `host` is.
    #[must_use]
    pub fn locality(&self, host: HostId) -> &Locality {
        self.table.locality(host.raw())
    }

    /// The priority of `host`.
    #[must_use]
    pub fn priority(&self, host: HostId) -> u32 {
        self.table.priority(host.raw())
    }

    pub(super) fn slow_start(&self) -> Option<&SlowStart> {
        match &self.cluster.balancer.value {
            LoadBalancer::RoundRobin(slow) => slow.as_ref(),
            LoadBalancer::LeastRequest(least) => least.slow_start.as_ref(),
            _ => None,
        }
        .filter(|slow| slow.window.as_ns() > 0)
    }

    /// How views of all hosts are made when the hosts of `ejected` (sorted) are left out.
    pub(super) fn maker<'a>(&'a self, ejected: &'a [u32]) -> ViewMaker<'a> {
        maker(&self.cluster, &self.table, &self.local_cluster, self.factors, ejected)
    }
}

fn maker<'a>(
    cluster: &'a Cluster,
    table: &'a HostTable,
    local_cluster: &'a LocalCluster,
    factors: Factors,
    ejected: &'a [u32],
) -> ViewMaker<'a> {
    let (localities, weights, zones) = match &cluster.balancing.locality {
        LocalityMode::Unaware => (Localities::Together, Weights::Hosts, None),
        LocalityMode::Weighted => (Localities::Apart, Weights::Localities, None),
        LocalityMode::ZoneAware(config) => {
            (Localities::Apart, Weights::Hosts, Some((config, local_cluster)))
        }
    };
    let balancer = &cluster.balancer.value;
    ViewMaker { balancer, weights, zones, table, factors, localities, ejected }
}
