//! Connections, and what carries them below their own protocol.

use meshwalk_models::path::Protection;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::circuit::CircuitStage;
use crate::flow::engine::Engine;
use crate::flow::plan::ConnectionFate;
use crate::flow::state::{NONE, Phase};
use crate::log::Recorder;

use super::Slot;

/// A connection, from the caller's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionState {
    /// Its name.
    pub connection: Slot,
    /// The how-manieth pool it belongs to.
    pub pool: u32,
    /// The row of the pod that opened it.
    pub client: u32,
    /// The row of the pod at the other end.
    pub server: u32,
    /// The call site that had it opened.
    pub call: u32,
    /// How far it has come.
    pub phase: ConnectionPhase,
    /// What protects its bytes.
    pub protection: Protection,
    /// Requests on it.
    pub streams: u32,
    /// Requests that fit on it at a time; `None` without a limit.
    pub streams_max: Option<u32>,
    /// Requests that it took so far.
    pub served: u32,
    /// Requests that it takes over its life; `None` without a limit.
    pub served_max: Option<u32>,
    /// Since when nobody uses it; `None` while somebody does, and while it is being opened.
    pub free_since: Option<SimTime>,
    /// How long it is kept when nobody uses it; `None` for ever.
    pub idle_timeout: Option<SimDuration>,
    /// What policy makes of it, where policy stands in its way.
    pub verdict: Option<Verdict>,
    /// What carries it below its own protocol.
    pub circuit: Option<CircuitState>,
}

/// How a connection ends that policy does not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of it.
    pub fate: ConnectionFate,
    /// The row of the plan's decision, which says why.
    pub decision: u32,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionPhase {
    /// SYN sent; the answer comes next.
    Connecting,
    /// The client hello is on its way to the server's side.
    Greeting,
    /// The server's flight is on its way back.
    Finishing,
    /// The client's side checks it and proves who it is.
    Proving,
    /// Nobody answers the SYN.
    Unanswered,
    /// Word is on its way that the server's side does not take it.
    Refusing,
    /// It takes longer than the caller waits.
    TimingOut,
    /// Ready.
    Open,
    /// It takes no more requests, and closes with the last of them.
    Draining,
    /// Closed.
    Closed,
}

/// What carries a connection below its own protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitState {
    /// How far it has come.
    pub phase: CircuitPhase,
    /// The how-manieth pair of pods with tunnels, where a tunnel carries it.
    pub tunnels: Option<u32>,
    /// The number of the tunnel among those of the pair, once it has one.
    pub tunnel: Option<u64>,
    /// Requests that wait in the caller's node for it.
    pub waiting: u32,
}

/// How far the way below a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CircuitPhase {
    /// The connection is on its way to the node's proxy.
    Arriving,
    /// It waits for a tunnel that is being opened.
    Waiting,
    /// CONNECT is on its way to the other proxy.
    Asking,
    /// The answer is on its way back.
    Answering,
    /// Nobody will answer.
    Failing,
    /// Bytes pass.
    Open,
    /// The other side does not take it.
    Refused,
}

impl ConnectionPhase {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Connecting => "SYN sent",
            Self::Greeting => "client hello sent",
            Self::Finishing => "server's flight on its way",
            Self::Proving => "client proves its identity",
            Self::Unanswered => "SYN unanswered",
            Self::Refusing => "being refused",
            Self::TimingOut => "will time out",
            Self::Open => "open",
            Self::Draining => "draining",
            Self::Closed => "closed",
        }
    }
}

impl CircuitPhase {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Arriving => "on its way to the node's proxy",
            Self::Waiting => "waits for a tunnel",
            Self::Asking => "CONNECT sent",
            Self::Answering => "answer on its way",
            Self::Failing => "nobody will answer",
            Self::Open => "open",
            Self::Refused => "refused",
        }
    }
}

impl From<Phase> for ConnectionPhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Connecting => Self::Connecting,
            Phase::Greeting => Self::Greeting,
            Phase::Finishing => Self::Finishing,
            Phase::Proving => Self::Proving,
            Phase::Unanswered => Self::Unanswered,
            Phase::Refusing => Self::Refusing,
            Phase::TimingOut => Self::TimingOut,
            Phase::Open => Self::Open,
            Phase::Draining => Self::Draining,
            Phase::Closed => Self::Closed,
        }
    }
}

impl From<CircuitStage> for CircuitPhase {
    fn from(stage: CircuitStage) -> Self {
        match stage {
            CircuitStage::Arriving => Self::Arriving,
            CircuitStage::Waiting => Self::Waiting,
            CircuitStage::Asking => Self::Asking,
            CircuitStage::Answering => Self::Answering,
            CircuitStage::Failing => Self::Failing,
            CircuitStage::Open => Self::Open,
            CircuitStage::Refused => Self::Refused,
        }
    }
}

impl<R: Recorder> Engine<R> {
    pub(super) fn connection_state(&self, name: Slot) -> Option<ConnectionState> {
        let own = *self.connections.get_if(name.slot, name.generation)?;
        let pool = self.pools.get(own.pool)?;
        let served_max = self.cluster_of(own.pool).map(|it| it.requests_per_connection);
        let rests = own.streams == 0 && own.phase == Phase::Open;
        Some(ConnectionState {
            connection: name,
            pool: own.pool,
            client: own.client,
            server: own.server,
            call: own.call,
            phase: own.phase.into(),
            protection: own.protection,
            streams: own.streams,
            streams_max: (pool.concurrent != u32::MAX).then_some(pool.concurrent),
            served: own.served,
            served_max: served_max.filter(|limit| *limit > 0),
            free_since: rests.then_some(own.free_since),
            idle_timeout: self.idle_timeout(name.slot),
            verdict: self
                .fate_of(own.gate)
                .map(|(fate, decision)| Verdict { fate, decision: decision.0 }),
            circuit: self.circuit_state(own.circuit),
        })
    }

    fn circuit_state(&self, slot: u32) -> Option<CircuitState> {
        let own = self.circuits.get(slot)?;
        let mut waiting = 0;
        let mut next = own.first_waiting;
        while let Some(attempt) = self.attempts.get(next) {
            waiting += 1;
            next = attempt.next;
        }
        Some(CircuitState {
            phase: own.stage.into(),
            tunnels: (own.tunnels != NONE).then_some(own.tunnels),
            tunnel: own.tunnel.map(|tunnel| tunnel.0),
            waiting,
        })
    }

    /// The name of a connection by its place in the store, as the log tells it.
    #[must_use]
    pub fn connection_at(&self, slot: u32) -> Option<Slot> {
        self.connections.contains(slot).then(|| self.connection_name(slot))
    }

    pub(super) fn connection_name(&self, slot: u32) -> Slot {
        Slot { slot, generation: self.connections.generation(slot) }
    }

    pub(super) fn connection_slots(&self) -> impl Iterator<Item = Slot> {
        let here = self.connections.iter().filter(|(_, it)| it.phase != Phase::Closed);
        here.map(|(slot, _)| self.connection_name(slot))
    }
}
