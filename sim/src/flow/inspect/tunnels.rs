//! Tunnels between pods.

use meshwalk_models::proxy::ztunnel::pool::PoolSettings;
use meshwalk_models::units::SimTime;

use crate::flow::engine::Engine;
use crate::flow::tunnel::OpeningPhase as EnginePhase;
use crate::log::Recorder;

/// The tunnels from one pod to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelsState {
    /// The how-manieth pair of pods.
    pub tunnels: u32,
    /// The row of the pod that calls.
    pub client: u32,
    /// The row of the pod that is called.
    pub server: u32,
    /// Those that stand.
    pub open: Vec<TunnelState>,
    /// Streams that fit in one at a time.
    pub streams_max: u16,
    /// The number of the one that takes further streams.
    pub taking: Option<u64>,
    /// When that one is let go unless a stream is asked for before.
    pub let_go_at: Option<SimTime>,
    /// The one that is being opened.
    pub opening: Option<OpeningState>,
    /// Connections that wait for it.
    pub waiting: u32,
}

/// A tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TunnelState {
    /// Its number among those of the pair, from 0.
    pub number: u64,
    /// Streams in it.
    pub streams: u16,
}

/// A tunnel that is being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningState {
    /// Its number among those of the pair, from 0.
    pub number: u64,
    /// How far it has come.
    pub phase: OpeningPhase,
}

/// How far the handshakes of a tunnel have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpeningPhase {
    /// SYN sent.
    Connecting,
    /// The client hello is on its way.
    Greeting,
    /// The server's flight is on its way back.
    Finishing,
    /// The client's proxy checks it and proves who it is.
    Proving,
    /// It will not come to anything.
    Failing,
}

impl OpeningPhase {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Connecting => "SYN sent",
            Self::Greeting => "client hello sent",
            Self::Finishing => "server's flight on its way",
            Self::Proving => "client proves its identity",
            Self::Failing => "will fail",
        }
    }
}

impl From<EnginePhase> for OpeningPhase {
    fn from(phase: EnginePhase) -> Self {
        match phase {
            EnginePhase::Connecting => Self::Connecting,
            EnginePhase::Greeting => Self::Greeting,
            EnginePhase::Finishing => Self::Finishing,
            EnginePhase::Proving => Self::Proving,
            EnginePhase::Failing => Self::Failing,
        }
    }
}

impl<R: Recorder> Engine<R> {
    pub(super) fn tunnels_state(&self, row: u32) -> Option<TunnelsState> {
        let own = self.tunnels.get(row)?;
        let settings = PoolSettings::default();
        let opening = own.lane.opening().and_then(|id| {
            let mut openings = self.openings.iter();
            let (_, it) = openings.find(|(_, it)| it.tunnels == row && it.id == id)?;
            Some(OpeningState { number: id.0, phase: it.phase.into() })
        });
        let open = own.lane.open_tunnels();
        Some(TunnelsState {
            tunnels: row,
            client: own.client,
            server: own.server,
            open: open.map(|(id, streams)| TunnelState { number: id.0, streams }).collect(),
            streams_max: settings.streams_max,
            taking: own.lane.taking().map(|(id, _)| id.0),
            let_go_at: own.lane.released_at(settings),
            opening,
            waiting: own.waiting.len() as u32,
        })
    }
}
