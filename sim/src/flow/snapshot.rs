//! Putting a run aside and taking it up again: pages that did not change are shared.

use std::collections::BTreeMap;

use meshwalk_models::proxy::envoy::filters::FilterState;

use crate::kernel::{KernelSnapshot, LaneSnapshot, PagedSnapshot, SlabSnapshot, TimerHandle};
use crate::log::Recorder;
use meshwalk_models::units::SimTime;

use super::alarm::{Alarm, StreamTimers};
use super::boxes::Pace;
use super::circuit::Circuit;
use super::engine::Engine;
use super::filters::Passage;
use super::ledger::Ledger;
use super::measure::MeterSnapshot;
use super::relay::Relay;
use super::source::{SourceState, UserState};
use super::state::{Attempt, Connection, Pod, Pool, Task, Try};
use super::stream::Stream;
use super::tunnel::{Opening, Tunnels};
use super::upstream::{ProxyCluster, RetryMemory};

/// What a row of a map takes, in bytes, roughly.
const MAP_ROW_BYTES: usize = 64;

/// A run at one moment. The recorder is not part of it: it only listens.
#[derive(Clone)]
pub struct EngineSnapshot {
    kernel: KernelSnapshot,
    pods: PagedSnapshot<Pod>,
    tasks: SlabSnapshot<Task>,
    tries: SlabSnapshot<Try>,
    attempts: SlabSnapshot<Attempt>,
    timers: PagedSnapshot<Option<TimerHandle>>,
    lanes: Vec<LaneSnapshot>,
    pool_tables: PagedSnapshot<u32>,
    pools: PagedSnapshot<Pool>,
    connections: SlabSnapshot<Connection>,
    clusters: PagedSnapshot<ProxyCluster>,
    streams: PagedSnapshot<Stream>,
    stream_timers: PagedSnapshot<StreamTimers>,
    alarms: SlabSnapshot<Alarm>,
    memories: BTreeMap<u32, RetryMemory>,
    hedges: BTreeMap<(u32, u32), u32>,
    passages: BTreeMap<u32, Passage>,
    filter_states: BTreeMap<(u32, u32), FilterState>,
    gates: PagedSnapshot<u32>,
    server_passages: BTreeMap<u32, Passage>,
    relays: PagedSnapshot<Relay>,
    workers_free_at: PagedSnapshot<SimTime>,
    paces: PagedSnapshot<Pace>,
    ledgers: PagedSnapshot<Ledger>,
    circuits: SlabSnapshot<Circuit>,
    tunnels: PagedSnapshot<Tunnels>,
    tunnel_rows: BTreeMap<(u32, u32), u32>,
    openings: SlabSnapshot<Opening>,
    sources: Vec<SourceState>,
    users: PagedSnapshot<UserState>,
    meter: MeterSnapshot,
}

impl EngineSnapshot {
    /// The bytes that it takes beside `earlier` of the same run, with which it shares what did not
    /// change, roughly: what elements hold elsewhere is not counted.
    #[must_use]
    pub fn bytes_beside(&self, earlier: Option<&Self>) -> usize {
        let mut bytes = size_of::<Self>() + self.kernel.bytes();
        macro_rules! add {
            ($($part:ident),*) => {
                $(bytes += self.$part.bytes_beside(earlier.map(|it| &it.$part));)*
            };
        }
        add!(
            pods,
            tasks,
            tries,
            attempts,
            timers,
            pool_tables,
            pools,
            connections,
            clusters,
            streams,
            stream_timers,
            alarms,
            gates,
            relays,
            workers_free_at,
            paces,
            ledgers,
            circuits,
            tunnels,
            openings,
            users,
            meter
        );
        bytes += self.lanes.iter().map(LaneSnapshot::bytes).sum::<usize>();
        let rows = self.memories.len()
            + self.hedges.len()
            + self.passages.len()
            + self.filter_states.len()
            + self.server_passages.len()
            + self.tunnel_rows.len();
        bytes + rows * MAP_ROW_BYTES + self.sources.len() * size_of::<SourceState>()
    }
}

impl<R: Recorder> Engine<R> {
    /// Puts the present moment aside.
    pub fn snapshot(&mut self) -> EngineSnapshot {
        EngineSnapshot {
            kernel: self.kernel.snapshot(),
            pods: self.pods.checkpoint(),
            tasks: self.tasks.checkpoint(),
            tries: self.tries.checkpoint(),
            attempts: self.attempts.checkpoint(),
            timers: self.timers.checkpoint(),
            lanes: self.lanes.iter_mut().map(|lane| lane.checkpoint()).collect(),
            pool_tables: self.pool_tables.checkpoint(),
            pools: self.pools.checkpoint(),
            connections: self.connections.checkpoint(),
            clusters: self.clusters.checkpoint(),
            streams: self.streams.checkpoint(),
            stream_timers: self.stream_timers.checkpoint(),
            alarms: self.alarms.checkpoint(),
            memories: self.memories.clone(),
            hedges: self.hedges.clone(),
            passages: self.passages.clone(),
            filter_states: self.filter_states.clone(),
            gates: self.gates.checkpoint(),
            server_passages: self.server_passages.clone(),
            relays: self.relays.checkpoint(),
            workers_free_at: self.workers_free_at.checkpoint(),
            paces: self.paces.checkpoint(),
            ledgers: self.ledgers.checkpoint(),
            circuits: self.circuits.checkpoint(),
            tunnels: self.tunnels.checkpoint(),
            tunnel_rows: self.tunnel_rows.clone(),
            openings: self.openings.checkpoint(),
            sources: self.sources.clone(),
            users: self.users.checkpoint(),
            meter: self.meter.checkpoint(),
        }
    }

    /// Goes back (or forward) to a moment of a run of the same plan and seed.
    pub fn restore(&mut self, snapshot: &EngineSnapshot) {
        self.kernel.restore(&snapshot.kernel);
        self.pods.restore(&snapshot.pods);
        self.tasks.restore(&snapshot.tasks);
        self.tries.restore(&snapshot.tries);
        self.attempts.restore(&snapshot.attempts);
        self.timers.restore(&snapshot.timers);
        for (lane, state) in self.lanes.iter_mut().zip(&snapshot.lanes) {
            lane.restore(state);
        }
        self.pool_tables.restore(&snapshot.pool_tables);
        self.pools.restore(&snapshot.pools);
        self.connections.restore(&snapshot.connections);
        self.clusters.restore(&snapshot.clusters);
        self.streams.restore(&snapshot.streams);
        self.stream_timers.restore(&snapshot.stream_timers);
        self.alarms.restore(&snapshot.alarms);
        self.memories.clone_from(&snapshot.memories);
        self.hedges.clone_from(&snapshot.hedges);
        self.passages.clone_from(&snapshot.passages);
        self.filter_states.clone_from(&snapshot.filter_states);
        self.gates.restore(&snapshot.gates);
        self.server_passages.clone_from(&snapshot.server_passages);
        self.relays.restore(&snapshot.relays);
        self.workers_free_at.restore(&snapshot.workers_free_at);
        self.paces.restore(&snapshot.paces);
        self.ledgers.restore(&snapshot.ledgers);
        self.circuits.restore(&snapshot.circuits);
        self.tunnels.restore(&snapshot.tunnels);
        self.tunnel_rows.clone_from(&snapshot.tunnel_rows);
        self.openings.restore(&snapshot.openings);
        self.sources.clone_from(&snapshot.sources);
        self.users.restore(&snapshot.users);
        self.meter.restore(&snapshot.meter);
    }
}
