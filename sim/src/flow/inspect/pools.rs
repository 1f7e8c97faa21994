//! Pools of connections: by caller and destination or, where each request is balanced, by host.

use crate::flow::engine::Engine;
use crate::flow::plan::{CallPlan, Picks};
use crate::flow::state::{NONE, Phase, Pool};
use crate::flow::upstream::ProxyCluster;
use crate::log::Recorder;
use crate::stats::EdgeOrigin;

use super::Slot;

/// Connections from one caller to one destination or host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// The how-manieth pool.
    pub pool: u32,
    /// The row of the pod that calls; `None` where the plan does not tell.
    pub client: Option<u32>,
    /// The cluster of the caller's proxy that it belongs to; `None` without a proxy.
    pub cluster: Option<u32>,
    /// The call site that it serves, where no proxy of the caller has it.
    pub call: Option<u32>,
    /// The row of the pod at the other end, where every host has a pool of its own.
    pub server: Option<u32>,
    /// Connections that are open.
    pub open: u32,
    /// Connections that are being opened.
    pub opening: u32,
    /// Of the open ones, those that take another request.
    pub free: u32,
    /// Requests on all of its connections.
    pub streams: u32,
    /// Requests that wait for a connection.
    pub waiting: u32,
    /// Requests at a time on one connection; `None` without a limit.
    pub concurrent: Option<u32>,
    /// Connections that it may have, where the application limits them; those of proxies are
    /// limited by breakers.
    pub connections_max: Option<u32>,
}

/// Whose a pool is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Owner {
    client: Option<u32>,
    call: Option<u32>,
    server: Option<u32>,
    connections_max: Option<u32>,
}

impl<R: Recorder> Engine<R> {
    pub(super) fn pool_state(&self, row: u32) -> Option<PoolState> {
        let own = self.connections.iter().filter(|(_, it)| it.pool == row);
        let streams = own.map(|(_, connection)| connection.streams).sum();
        let owner = self.owner_in_cluster(row);
        let owner = owner.or_else(|| self.owners().get(row as usize).copied()).unwrap_or_default();
        self.pool_state_with(row, owner, streams)
    }

    /// As [`Engine::pool_state`], where owner and requests on all connections are known.
    pub(super) fn pool_state_with(
        &self,
        row: u32,
        owner: Owner,
        streams: u32,
    ) -> Option<PoolState> {
        let state = *self.pools.get(row)?;
        Some(PoolState {
            pool: row,
            client: owner.client,
            cluster: (state.cluster != NONE).then_some(state.cluster),
            call: owner.call,
            server: owner.server,
            open: state.connections - state.opening,
            opening: state.opening,
            free: self.free_in(&state),
            streams,
            waiting: state.waiting,
            concurrent: (state.concurrent != u32::MAX).then_some(state.concurrent),
            connections_max: owner.connections_max,
        })
    }

    /// Connections that stand in the list of free ones.
    fn free_in(&self, pool: &Pool) -> u32 {
        let mut free = 0;
        let mut next = pool.free;
        while let Some(connection) = self.connections.get(next) {
            free += 1;
            next = connection.next;
        }
        free
    }

    /// Whose the pools are, in their order.
    pub(super) fn owners(&self) -> Vec<Owner> {
        let mut owners = vec![Owner::default(); self.pools.len()];
        for own in self.clusters.iter() {
            for (first, count) in self.pools_in(own) {
                let pools = owners.iter_mut().skip(first as usize).take(count as usize);
                for (place, owner) in pools.enumerate() {
                    *owner = self.owner_at(own, place);
                }
            }
        }
        // Callers without a proxy have theirs in tables, by call site.
        let bare = (0..).zip(&self.plan.calls).filter(|(_, call)| call.legs.is_none());
        for (number, call) in bare {
            for client in self.clients_of(call.edge) {
                self.own_by_call(&mut owners, number, call, client);
            }
        }
        owners
    }

    /// The pools of a cluster in a caller's proxy: the first of each sort, and how many follow it.
    fn pools_in(&self, own: &ProxyCluster) -> impl Iterator<Item = (u32, u32)> {
        let plan = &self.plan.mesh.clusters[own.row as usize];
        let count = if plan.picks == Picks::PerRequest { plan.hosts.len() as u32 } else { 1 };
        own.pools.into_iter().filter(|first| *first != NONE).map(move |first| (first, count))
    }

    /// Whose the pool is that comes at this place in its cluster.
    fn owner_at(&self, own: &ProxyCluster, place: usize) -> Owner {
        let plan = &self.plan.mesh.clusters[own.row as usize];
        let host = plan.hosts.get(place).copied();
        let server = host.filter(|_| plan.picks == Picks::PerRequest);
        Owner { client: Some(own.client), server, ..Owner::default() }
    }

    /// Whose a pool is that belongs to a cluster.
    fn owner_in_cluster(&self, row: u32) -> Option<Owner> {
        let own = self.clusters.get(self.pools.get(row)?.cluster)?;
        let mut pools = self.pools_in(own);
        let (first, _) = pools.find(|(first, count)| (*first..first + count).contains(&row))?;
        Some(self.owner_at(own, (row - first) as usize))
    }

    fn own_by_call(&self, owners: &mut [Owner], number: u32, call: &CallPlan, client: u32) {
        let target = &self.plan.targets[call.target as usize];
        let per_request = target.balance.is_per_request();
        let count = if per_request { target.endpoints.1 } else { 1 };
        let pod = &self.plan.pods[client as usize];
        let first = self.pool_tables.get(pod.first_pool_table + call.pool_table).copied();
        let Some(first) = first.filter(|first| *first != NONE) else { return };
        let app = self.plan.apps.get(pod.app as usize);
        for place in 0..count {
            let Some(owner) = owners.get_mut((first + place) as usize) else { return };
            if owner.client.is_some() {
                continue;
            }
            let server = self.plan.endpoints.get((target.endpoints.0 + place) as usize).copied();
            let is_exclusive = self.pools[first + place].is_exclusive();
            *owner = Owner {
                client: Some(client),
                call: Some(number),
                server: server.filter(|_| per_request),
                connections_max: app.map(|app| app.max_connections).filter(|_| is_exclusive),
            };
        }
    }

    /// The rows of the pods that call on an edge.
    fn clients_of(&self, edge: u32) -> std::ops::Range<u32> {
        let entry = self.plan.layout.edges.get(edge as usize);
        let (first, count) = match entry.map(|entry| entry.from) {
            Some(EdgeOrigin::Traffic(row)) => {
                self.plan.sources.get(row).map_or((0, 0), |source| source.pods)
            }
            Some(EdgeOrigin::Workload(row)) => {
                self.plan.apps.get(row).map_or((0, 0), |app| app.pods)
            }
            None => (0, 0),
        };
        first..first + count
    }

    /// The connections of a pool that are open or being opened. It looks at all there are.
    #[must_use]
    pub fn connections_of(&self, pool: u32) -> Vec<Slot> {
        let own = self.connections.iter();
        let own = own.filter(|(_, it)| it.pool == pool && it.phase != Phase::Closed);
        own.map(|(slot, _)| self.connection_name(slot)).collect()
    }

    /// The attempts that wait in a pool for a connection, in their order.
    #[must_use]
    pub fn waiting_in(&self, pool: u32) -> Vec<Slot> {
        let mut waiting = Vec::new();
        let mut next = self.pools.get(pool).map_or(NONE, |pool| pool.first_waiting);
        while let Some(attempt) = self.attempts.get(next) {
            if attempt.is_wanted() {
                waiting.push(self.attempt_name(next));
            }
            next = attempt.next;
        }
        waiting
    }
}
