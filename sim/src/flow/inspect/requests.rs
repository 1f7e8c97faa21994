//! Tries and attempts of requests, and the timers that run for them.

use meshwalk_models::path::Protection;
use meshwalk_models::units::SimTime;

use crate::flow::engine::Engine;
use crate::flow::plan::{LanePlan, Rings, RouteAction, RouterLanes};
use crate::flow::state::{Attempt, Caller, NO_STATUS, NONE, ServerKnows, Stage, Try, TryStage};
use crate::kernel::TimerHandle;
use crate::log::{Recorder, RequestName};

use super::Slot;

/// One try of a call, as its caller has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryState {
    /// Its name.
    pub name: Slot,
    /// The root request that it serves, and which try of its call it is.
    pub request: RequestName,
    /// Who waits for it.
    pub by: CalledBy,
    /// The row of the pod that calls.
    pub client: u32,
    /// The call site.
    pub call: u32,
    /// The row of the layout's edges.
    pub edge: u32,
    /// When the call began, its earlier tries included.
    pub called_at: SimTime,
    /// What it waits for.
    pub phase: TryPhase,
    /// Attempts that the caller's proxy has made for it; without a proxy there is one.
    pub attempts: u32,
    /// Retries that the proxy's policy still allows; `None` without a proxy.
    pub retries_left: Option<u32>,
    /// The window from which the proxy draws its next back-off, in milliseconds.
    pub next_window_ms: Option<u32>,
    /// The caller's own tries that may follow.
    pub own_retries_left: u32,
    /// The cluster of the caller's proxy that it goes to.
    pub cluster: Option<u32>,
    /// The attempts that are under way for it, the earliest first.
    pub live: Vec<Slot>,
    /// Its running timers, the earliest first.
    pub timers: Vec<TimerState>,
}

/// Who waits for a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalledBy {
    /// A source of traffic.
    Source,
    /// A user of a source.
    User(u32),
    /// An application, to answer this attempt.
    Application(Slot),
    /// A waypoint, on behalf of this attempt.
    Waypoint(Slot),
}

/// What a try waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TryPhase {
    /// The caller's pause before this try.
    Pausing,
    /// To reach the caller's proxy.
    ToProxy,
    /// Filters of the caller's proxy, which hold it up.
    InFilters,
    /// The proxy's pause before the next attempt.
    BackingOff,
    /// An attempt.
    Underway,
    /// An answer from the caller's own side.
    Answered,
    /// Nothing: the caller has given up.
    GivenUp,
}

/// A timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerState {
    /// What it means when it rings.
    pub rings: Rings,
    /// When it rings.
    pub at: SimTime,
}

/// One attempt at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptState {
    /// Its name.
    pub name: Slot,
    /// The root request that it serves.
    pub request: RequestName,
    /// Which attempt of its try it is, from 0.
    pub number: u8,
    /// The try that it is made for, while the answer is wanted.
    pub of: Option<Slot>,
    /// The call site.
    pub call: u32,
    /// The row of the pod that calls.
    pub client: u32,
    /// The row of the pod that is called, once it is known.
    pub server: Option<u32>,
    /// The how-manieth pool that it uses or waits in.
    pub pool: Option<u32>,
    /// Its connection, once it has one.
    pub connection: Option<Slot>,
    /// How far it has come.
    pub phase: AttemptPhase,
    /// What protects its messages on the wire.
    pub protection: Protection,
    /// The status that was answered, once there is one.
    pub status: Option<u16>,
    /// When its caller went; `None` as long as the answer is wanted.
    pub gone_at: Option<SimTime>,
    /// Messages on their way back, and a reset on its way to the server.
    pub messages_under_way: u16,
    /// Messages that the server has still to send.
    pub messages_left: u16,
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttemptPhase {
    /// It waits for a connection.
    WaitsForConnection,
    /// The request is on its way, or the server works on it.
    AtServer,
    /// The same, and the server knows that nobody waits for the answer.
    AtServerInVain,
    /// The server has done its part; messages may be under way.
    Answering,
}

impl TryPhase {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pausing => "pauses before it begins",
            Self::ToProxy => "on its way to the caller's proxy",
            Self::InFilters => "held up by filters of the caller's proxy",
            Self::BackingOff => "backs off before the next attempt",
            Self::Underway => "waits for an attempt",
            Self::Answered => "answered by its own side",
            Self::GivenUp => "given up by its caller",
        }
    }
}

impl AttemptPhase {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::WaitsForConnection => "waits for a connection",
            Self::AtServer => "at the server",
            Self::AtServerInVain => "at the server, in vain",
            Self::Answering => "answering",
        }
    }
}

impl TimerState {
    /// What it means when it rings, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self.rings {
            Rings::CallerTimeOut => "caller's time-out",
            Rings::Route => "route timeout",
            Rings::PerTry => "per-try timeout",
            Rings::PerTryIdle => "per-try idle timeout",
            Rings::AttemptDuration => "attempt's longest life",
            Rings::StreamIdle => "stream idle timeout",
            Rings::MaxDuration => "stream's longest life",
        }
    }
}

impl<R: Recorder> Engine<R> {
    pub(super) fn try_state(&self, name: Slot) -> Option<TryState> {
        let own = *self.tries.get_if(name.slot, name.generation)?;
        let call = self.plan.calls.get(own.call as usize)?;
        let stream = self.streams.get(name.slot).filter(|_| self.has_stream(name.slot, &own));
        Some(TryState {
            name,
            request: RequestName {
                source: own.source,
                request: own.request,
                try_number: own.number,
            },
            by: self.called_by(own.caller),
            client: own.client,
            call: own.call,
            edge: call.edge,
            called_at: own.called_at,
            phase: self.try_phase(name.slot, &own),
            attempts: match stream {
                Some(stream) => stream.router.attempts(),
                None => u32::from(own.attempt != NONE),
            },
            retries_left: stream.map(|stream| stream.router.retries_left()),
            next_window_ms: stream.map(|stream| stream.router.next_window_ms()),
            own_retries_left: u32::from(call.retries.saturating_sub(own.number)),
            cluster: stream.map(|stream| stream.cluster).filter(|cluster| *cluster != NONE),
            live: self.live_of(name.slot, &own),
            timers: self.timers_of(name.slot, &own),
        })
    }

    /// Whether a try has come into the hands of its caller's proxy.
    fn has_stream(&self, slot: u32, it: &Try) -> bool {
        let reached = matches!(it.stage, TryStage::Underway | TryStage::Answered);
        reached && self.plan.calls[it.call as usize].legs.is_some() && self.is_streaming(slot)
    }

    fn try_phase(&self, slot: u32, it: &Try) -> TryPhase {
        match it.stage {
            TryStage::Pausing => TryPhase::Pausing,
            TryStage::ToProxy => TryPhase::ToProxy,
            TryStage::Answered => TryPhase::Answered,
            TryStage::GivenUp => TryPhase::GivenUp,
            TryStage::Underway if !self.is_streaming(slot) => TryPhase::Underway,
            TryStage::Underway => {
                let router = self.streams.get(slot).map(|stream| stream.router);
                match router {
                    Some(router) if router.is_pausing() => TryPhase::BackingOff,
                    Some(router) if router.attempts() == 0 => TryPhase::InFilters,
                    _ => TryPhase::Underway,
                }
            }
        }
    }

    fn called_by(&self, caller: Caller) -> CalledBy {
        match caller {
            Caller::Source => CalledBy::Source,
            Caller::User(row) => CalledBy::User(row),
            Caller::Relay(outer) => CalledBy::Waypoint(self.attempt_name(outer)),
            Caller::Task(task) => {
                CalledBy::Application(self.attempt_name(self.tasks[task].attempt))
            }
        }
    }

    fn live_of(&self, slot: u32, it: &Try) -> Vec<Slot> {
        let mut live: Vec<u32> =
            self.hedges.range((slot, 0)..=(slot, u32::MAX)).map(|(_, attempt)| *attempt).collect();
        if it.attempt != NONE && !live.contains(&it.attempt) {
            live.push(it.attempt);
        }
        live.retain(|attempt| self.attempts.contains(*attempt));
        live.sort_by_key(|attempt| self.attempts[*attempt].number);
        live.into_iter().map(|attempt| self.attempt_name(attempt)).collect()
    }

    fn timers_of(&self, slot: u32, it: &Try) -> Vec<TimerState> {
        let mut timers = Vec::new();
        let own = self.plan.calls[it.call as usize].timeout;
        if let (Some(lane), Some(Some(handle))) = (own, self.timers.get(slot)) {
            timers.extend(self.timer_in(lane, *handle));
        }
        if self.is_streaming(slot)
            && let Some(lanes) = self.router_lanes(slot)
            && let Some(running) = self.stream_timers.get(slot)
        {
            let lanes = [
                lanes.route,
                lanes.per_try,
                lanes.per_try_idle,
                lanes.stream_idle,
                lanes.max_duration,
                lanes.attempt_duration,
            ];
            for (lane, handle) in lanes.into_iter().zip(running.lanes()) {
                if let (Some(lane), Some(handle)) = (lane, handle) {
                    timers.extend(self.timer_in(lane, handle));
                }
            }
        }
        timers.sort_by_key(|timer| timer.at);
        timers
    }

    fn router_lanes(&self, slot: u32) -> Option<RouterLanes> {
        let route = self.streams.get(slot)?.route;
        match &self.plan.mesh.routes.get(route as usize)?.action {
            RouteAction::Forward(terms) => Some(terms.lanes),
            RouteAction::Answer(_) => None,
        }
    }

    fn timer_in(&self, lane: u32, handle: TimerHandle) -> Option<TimerState> {
        let at = self.lanes.get(lane as usize)?.due(handle)?;
        let LanePlan { rings, .. } = self.plan.lanes[lane as usize];
        Some(TimerState { rings, at })
    }

    pub(super) fn attempt_state(&self, name: Slot) -> Option<AttemptState> {
        let own = *self.attempts.get_if(name.slot, name.generation)?;
        let row = |row: u32| (row != NONE).then_some(row);
        Some(AttemptState {
            name,
            request: RequestName {
                source: own.source,
                request: own.request,
                try_number: own.try_number,
            },
            number: own.number,
            of: own.is_wanted().then(|| self.try_name(own.of)),
            call: own.call,
            client: own.client,
            server: row(own.server),
            pool: row(own.pool),
            connection: row(own.connection).map(|slot| self.connection_name(slot)),
            phase: phase_of(&own),
            protection: own.protection,
            status: Some(own.status).filter(|status| *status != NO_STATUS),
            gone_at: (!own.is_wanted()).then_some(own.gone_at),
            messages_under_way: own.messages_under_way,
            messages_left: own.messages_left,
        })
    }

    /// The tries and attempts that are under way for a root request, in the order of their places.
    #[must_use]
    pub fn under_way_of(&self, source: u16, request: u32) -> (Vec<Slot>, Vec<Slot>) {
        let tries = self.tries.iter();
        let tries = tries.filter(|(_, it)| it.source == source && it.request == request);
        let attempts = self.attempts.iter();
        let attempts = attempts.filter(|(_, it)| it.source == source && it.request == request);
        (
            tries.map(|(slot, _)| self.try_name(slot)).collect(),
            attempts.map(|(slot, _)| self.attempt_name(slot)).collect(),
        )
    }

    pub(super) fn try_name(&self, slot: u32) -> Slot {
        Slot { slot, generation: self.tries.generation(slot) }
    }

    pub(super) fn attempt_name(&self, slot: u32) -> Slot {
        Slot { slot, generation: self.attempts.generation(slot) }
    }

    pub(super) fn try_slots(&self) -> impl Iterator<Item = Slot> {
        self.tries.iter().map(|(slot, _)| self.try_name(slot))
    }

    pub(super) fn attempt_slots(&self) -> impl Iterator<Item = Slot> {
        self.attempts.iter().map(|(slot, _)| self.attempt_name(slot))
    }
}

fn phase_of(attempt: &Attempt) -> AttemptPhase {
    match (attempt.stage, attempt.server_knows) {
        (Stage::Waiting, _) => AttemptPhase::WaitsForConnection,
        (Stage::Served, ServerKnows::Nothing) => AttemptPhase::AtServer,
        (Stage::Served, ServerKnows::CallerGone) => AttemptPhase::AtServerInVain,
        (Stage::Done, _) => AttemptPhase::Answering,
    }
}
