//! The hosts of one cluster as flat tables: priorities, localities, weights and declared health.
//! It is shared by all proxies that have the same endpoints and stand in the same locality, and
//! knows nothing of ejections.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::config::{DeclaredHealth, Endpoint, LoadAssignment, Locality};

/// Envoy refuses an assignment with a greater priority (`endpoint_components.proto`).
const MAX_PRIORITY: u32 = 128;

/// A host of one cluster: its place in the load assignment, counted over all localities in the
/// order written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(u32);

impl HostId {
    /// The host at `index`.
    #[must_use]
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// The place in the load assignment.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) const fn raw(self) -> u32 {
        self.0
    }
}

/// How a host counts when load is spread. Source: Envoy, `HostImplBase::coarseHealth` and
/// `ClusterImplBase::partitionHostList`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It gets requests.
    Healthy,
    /// It gets requests when healthy hosts are too few.
    Degraded,
    /// It gets requests only in a panic.
    Unhealthy,
    /// Like an unhealthy one, and it does not count as part of the whole either.
    Draining,
}

impl From<DeclaredHealth> for Standing {
    fn from(declared: DeclaredHealth) -> Self {
        match declared {
            DeclaredHealth::Unknown | DeclaredHealth::Healthy => Self::Healthy,
            DeclaredHealth::Unhealthy | DeclaredHealth::Timeout => Self::Unhealthy,
            DeclaredHealth::Draining => Self::Draining,
            DeclaredHealth::Degraded => Self::Degraded,
        }
    }
}

/// Where an endpoint stands in the load assignment.
#[derive(Clone, Copy, Debug)]
struct Slot {
    group: u32,
    index: u32,
}

/// The hosts of one priority.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    /// In the order written.
    pub hosts: Vec<u32>,
    /// The proxy's own locality first, then the others in the order of their names.
    pub localities: Vec<LocalityHosts>,
    /// Whether the first locality is the proxy's own.
    pub has_local: bool,
}

/// The hosts of one locality at one priority.
#[derive(Clone, Debug)]
pub(super) struct LocalityHosts {
    pub locality: Locality,
    /// Zero if none is given: with locality weights such a locality gets nothing.
    pub weight: u32,
    pub hosts: Vec<u32>,
}

/// All hosts of a cluster.
#[derive(Clone, Debug)]
pub(super) struct HostTable {
    assignment: Arc<LoadAssignment>,
    slots: Vec<Slot>,
    weights: Vec<u32>,
    standing: Vec<Standing>,
    priorities: Vec<u32>,
    pub levels: Vec<Level>,
}

impl HostTable {
    /// The hosts of `assignment`, as a proxy in `local` sees them.
    pub(super) fn new(assignment: Arc<LoadAssignment>, local: &Locality) -> Self {
        let mut table = Self {
            slots: Vec::new(),
            weights: Vec::new(),
            standing: Vec::new(),
            priorities: Vec::new(),
            levels: vec![Level::default()],
            assignment: Arc::clone(&assignment),
        };
        for (group, locality) in assignment.localities.iter().enumerate() {
            // A greater priority is refused by the proxy; the bound keeps bad input small.
            let priority = locality.priority.min(MAX_PRIORITY);
            if locality.endpoints.is_empty() {
                continue;
            }
            if table.levels.len() <= priority as usize {
                table.levels.resize_with(priority as usize + 1, Level::default);
            }
            for (index, endpoint) in locality.endpoints.iter().enumerate() {
                table.levels[priority as usize].hosts.push(table.slots.len() as u32);
                table.slots.push(Slot { group: group as u32, index: index as u32 });
                table.weights.push(endpoint.weight.max(1));
                table.standing.push(endpoint.health.into());
                table.priorities.push(priority);
            }
        }
        table.group_by_locality(local);
        table
    }

    /// Source: Envoy, `PriorityStateManager::updateClusterPrioritySet`.
    fn group_by_locality(&mut self, local: &Locality) {
        for level in 0..self.levels.len() {
            let mut groups: BTreeMap<&Locality, (u32, Vec<u32>)> = BTreeMap::new();
            for &host in &self.levels[level].hosts {
                let group = &self.assignment.localities[self.slots[host as usize].group as usize];
                let entry = groups.entry(&group.locality).or_default();
                if let Some(weight) = &group.weight {
                    entry.0 = weight.value;
                }
                entry.1.push(host);
            }
            let has_local = *local != Locality::default() && groups.contains_key(local);
            let first = has_local.then(|| groups.remove_entry(local)).flatten();
            let localities = first
                .into_iter()
                .chain(groups)
                .map(|(locality, (weight, hosts))| LocalityHosts {
                    locality: locality.clone(),
                    weight,
                    hosts,
                })
                .collect();
            self.levels[level].localities = localities;
            self.levels[level].has_local = has_local;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn endpoint(&self, host: u32) -> &Endpoint {
        let slot = self.slots[host as usize];
        &self.assignment.localities[slot.group as usize].endpoints[slot.index as usize]
    }

    pub(super) fn locality(&self, host: u32) -> &Locality {
        &self.assignment.localities[self.slots[host as usize].group as usize].locality
    }

    /// The factor that the endpoints bring along, if any.
    pub(super) fn overprovisioning(&self) -> Option<crate::units::Ppm> {
        self.assignment.overprovisioning
    }

    pub(super) fn weight(&self, host: u32) -> u32 {
        self.weights[host as usize]
    }

    pub(super) fn priority(&self, host: u32) -> u32 {
        self.priorities[host as usize]
    }

    /// What the control plane said.
    pub(super) fn declared(&self, host: u32) -> Standing {
        self.standing[host as usize]
    }
}
