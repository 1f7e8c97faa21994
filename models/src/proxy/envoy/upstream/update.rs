//! What becomes of a cluster's state when its endpoints change: hosts that stay keep what is known
//! of them.
//!
//! Source: Envoy, `BaseDynamicClusterImpl::updateDynamicHostList` and the callback of
//! `ClusterManagerImpl::onClusterInit`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::config::Address;
use super::roster::Roster;
use super::{ClusterState, HostId};
use crate::units::SimTime;

/// Where the hosts of a cluster are after its endpoints changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    now: Vec<Option<HostId>>,
}

impl Moved {
    /// The host that was `before`; `None` if it has gone.
    #[must_use]
    pub fn of(&self, before: HostId) -> Option<HostId> {
        self.now.get(before.index()).copied().flatten()
    }
}

impl ClusterState {
    /// The control plane sent other endpoints, or says something else of them. `roster` has the
    /// same cluster. Hosts are the same if their addresses are; the answer translates the ids
    /// that were given out before.
    ///
    /// Workers learn at once of hosts that come or go. Where only health or weights change, the
    /// window of changes counts, as for ejections.
    pub fn update(&mut self, roster: Arc<Roster>, now: SimTime) -> Moved {
        let hosts = |roster: &Roster| (0..roster.len() as u32).map(HostId::new).collect::<Vec<_>>();
        let new: BTreeMap<&Address, HostId> =
            hosts(&roster).into_iter().map(|host| (&roster.endpoint(host).address, host)).collect();
        let moved: Vec<Option<HostId>> = hosts(&self.roster)
            .into_iter()
            .map(|host| new.get(&self.roster.endpoint(host).address).copied())
            .collect();
        let same = moved.len() == roster.len()
            && moved.iter().enumerate().all(|(at, to)| to.is_some_and(|to| to.index() == at));
        let len = roster.len();
        if !self.active.is_empty() {
            self.active = carried(&self.active, &moved, len);
        }
        let rare = self.rare.get_or_insert_default();
        if let Some(outliers) = &mut rare.outliers {
            outliers.carry(&moved, len);
        }
        if let Some(newcomers) = &mut rare.newcomers {
            newcomers.carry(&moved, len);
        }
        let moved = Moved { now: moved };
        self.roster = roster;
        let window = self.roster.cluster.balancing.update_merge_window;
        if !same || rare.deliveries.change(window, now) == now {
            self.deliver(&[], now);
        }
        moved
    }
}

/// What is known of hosts, at their new places; nothing is known of new ones.
pub(super) fn carried<T: Clone + Default>(
    old: &[T],
    moved: &[Option<HostId>],
    len: usize,
) -> Vec<T> {
    let mut new = vec![T::default(); len];
    for (known, to) in old.iter().zip(moved) {
        if let Some(to) = to {
            new[to.index()] = known.clone();
        }
    }
    new
}
