//! What an engine's state is at a moment, as plain data with names and units: for those who look
//! on. It changes nothing, and decides nothing: what a breaker or outlier detection makes of the
//! state is told by `meshwalk-models`.
//!
//! Everything that can be looked at is an [`Object`]. [`Engine::inspect`] gives the numbers of one
//! of them as a [`State`], with the rows of the plan in place of names; [`describe`] writes a state
//! out as sections of named values, and [`Capture`] remembers the states of all of them, so that
//! two moments can be compared.

mod capture;
mod clusters;
mod connections;
mod describe;
mod facts;
mod filters;
mod names;
mod pods;
mod pools;
mod proxies;
mod requests;
mod sources;
#[cfg(test)]
mod tests;
mod totals;
mod tunnels;
mod upcoming;

pub use capture::{Capture, Change, ChangeKind, change, changed};
pub use clusters::{ClusterState, Health, HostState, Used};
pub use connections::{CircuitPhase, CircuitState, ConnectionPhase, ConnectionState, Verdict};
pub use describe::{describe, title};
pub use facts::{Cells, Facts, Field, Section, Value};
pub use filters::FiltersState;
pub use names::Names;
pub use pods::{Failed, PodState, TaskState, TaskWait};
pub use pools::PoolState;
pub use proxies::ProxyState;
pub use requests::{AttemptPhase, AttemptState, CalledBy, TimerState, TryPhase, TryState};
pub use sources::SourceState;
pub use totals::TotalsState;
pub use tunnels::{OpeningPhase, OpeningState, TunnelState, TunnelsState};
pub use upcoming::Upcoming;

use crate::log::Recorder;

use super::engine::Engine;

/// A place in a store whose places are used again; the generation tells those who had it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The place.
    pub slot: u32,
    /// The how-manieth to have it, from 0.
    pub generation: u32,
}

/// Something that can be looked at. The same name means the same thing at every moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// Who sends requests, by row of the plan's sources.
    Source(u32),
    /// A pod with its workers and its queue, by row of the plan's pods.
    Pod(u32),
    /// A proxy with its workers, by row of the plan's boxes.
    Proxy(u32),
    /// A cluster in the proxy of a caller: the how-manieth that was used in the run.
    Cluster(u32),
    /// What filters of a caller's proxy keep, by pod and connection manager.
    Filters {
        /// The row of the pod.
        pod: u32,
        /// The number of the connection manager.
        manager: u32,
    },
    /// Connections from one caller to one destination or host: the how-manieth such pool.
    Pool(u32),
    /// A connection.
    Connection(Slot),
    /// The tunnels from one pod to another: the how-manieth pair that had any.
    Tunnels(u32),
    /// One try of a call.
    Try(Slot),
    /// One attempt at a server.
    Attempt(Slot),
    /// What was counted so far of one caller of one service, by row of the layout's edges.
    Edge(u32),
    /// What was counted so far of one service, by row of the layout's services.
    Service(u32),
}

/// The numbers of one object at a moment.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Of a source.
    Source(SourceState),
    /// Of a pod.
    Pod(PodState),
    /// Of a proxy.
    Proxy(ProxyState),
    /// Of a cluster in a caller's proxy.
    Cluster(ClusterState),
    /// Of filters.
    Filters(FiltersState),
    /// Of a pool of connections.
    Pool(PoolState),
    /// Of a connection.
    Connection(ConnectionState),
    /// Of the tunnels between two pods.
    Tunnels(TunnelsState),
    /// Of a try.
    Try(TryState),
    /// Of an attempt.
    Attempt(AttemptState),
    /// Of an edge.
    Edge(TotalsState),
    /// Of a service.
    Service(TotalsState),
}

impl Object {
    /// What sort of thing it is, in one word.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Source(_) => "source",
            Self::Pod(_) => "pod",
            Self::Proxy(_) => "proxy",
            Self::Cluster(_) => "cluster",
            Self::Filters { .. } => "filters",
            Self::Pool(_) => "pool",
            Self::Connection(_) => "connection",
            Self::Tunnels(_) => "tunnels",
            Self::Try(_) => "try",
            Self::Attempt(_) => "attempt",
            Self::Edge(_) => "edge",
            Self::Service(_) => "service",
        }
    }
}

impl<R: Recorder> Engine<R> {
    /// The state of one object; `None` when there is no such thing at this moment. It costs what
    /// the object is large, whatever else there is.
    #[must_use]
    pub fn inspect(&self, object: Object) -> Option<State> {
        Some(match object {
            Object::Source(row) => State::Source(self.source_state(row)?),
            Object::Pod(row) => State::Pod(self.pod_state(row)?),
            Object::Proxy(row) => State::Proxy(self.proxy_state(row)?),
            Object::Cluster(slot) => State::Cluster(self.cluster_state(slot)?),
            Object::Filters { pod, manager } => State::Filters(self.filters_state(pod, manager)?),
            Object::Pool(row) => State::Pool(self.pool_state(row)?),
            Object::Connection(slot) => State::Connection(self.connection_state(slot)?),
            Object::Tunnels(row) => State::Tunnels(self.tunnels_state(row)?),
            Object::Try(slot) => State::Try(self.try_state(slot)?),
            Object::Attempt(slot) => State::Attempt(self.attempt_state(slot)?),
            Object::Edge(row) => State::Edge(self.edge_totals(row)?),
            Object::Service(row) => State::Service(self.service_totals(row)?),
        })
    }

    /// Everything that there is at this moment, in the order of [`Object`].
    #[must_use]
    pub fn objects(&self) -> Vec<Object> {
        let rows = |count: usize| 0..count as u32;
        let mut all: Vec<Object> = rows(self.plan.sources.len()).map(Object::Source).collect();
        all.extend(rows(self.plan.pods.len()).map(Object::Pod));
        all.extend(rows(self.plan.boxes.len()).map(Object::Proxy));
        all.extend(rows(self.clusters.len()).map(Object::Cluster));
        let filters = self.filter_states.keys();
        all.extend(filters.map(|(pod, manager)| Object::Filters { pod: *pod, manager: *manager }));
        all.extend(rows(self.pools.len()).map(Object::Pool));
        all.extend(self.connection_slots().map(Object::Connection));
        all.extend(rows(self.tunnels.len()).map(Object::Tunnels));
        all.extend(self.try_slots().map(Object::Try));
        all.extend(self.attempt_slots().map(Object::Attempt));
        all.extend(rows(self.plan.layout.edges.len()).map(Object::Edge));
        all.extend(rows(self.plan.layout.services.len()).map(Object::Service));
        all
    }

    /// How the rows of objects are called.
    #[must_use]
    pub fn names(&self) -> Names<'_> {
        Names::new(&self.plan)
    }
}
