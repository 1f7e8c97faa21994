//! What becomes of requests: they get a connection or wait for one, end, or are given up.

use crate::explain::Probe;

use super::super::router::ResetReason;
use super::super::upstream::{Breakers, Resource};
use super::connection::State;
use super::effects::{PoolCounter, PoolEffects};
use super::settings::Sharing;
use super::{ConnectionId, Pool};

/// What a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A connection.
    Attached(ConnectionId),
    /// A place among those who wait.
    Waiting,
    /// Nothing: a breaker is open.
    Overflow,
}

/// How a request on a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// With its whole response.
    Complete,
    /// With its whole response, after which the host closes the connection.
    LastOnConnection,
    /// The proxy gives it up.
    GivenUp,
    /// The host resets it (HTTP/2).
    Reset(ResetReason),
}

impl<S: Copy + PartialEq> Pool<S> {
    /// A request wants a connection.
    pub fn open(
        &mut self,
        stream: S,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
        probe: &mut impl Probe,
    ) -> Opened {
        if let Some(&id) = self.ready.last() {
            if breakers.try_take(Resource::Requests, probe).is_err() {
                effects.count(PoolCounter::RqActiveOverflow);
                return Opened::Overflow;
            }
            self.put_on(stream, id, effects);
            return Opened::Attached(id);
        }
        if breakers.try_take(Resource::Pending, probe).is_err() {
            effects.count(PoolCounter::RqPendingOverflow);
            return Opened::Overflow;
        }
        self.pending.push_back(stream);
        self.connect_if_needed(breakers, effects);
        Opened::Waiting
    }

    /// A request that waits is given up. A connection that is being made for it is made all the
    /// same.
    pub fn cancel(
        &mut self,
        stream: S,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
    ) {
        let Some(at) = self.pending.iter().position(|waiting| *waiting == stream) else { return };
        self.pending.remove(at);
        breakers.release(Resource::Pending);
        effects.count(PoolCounter::RqCancelled);
    }

    /// A request on a connection ends.
    pub fn end(
        &mut self,
        stream: S,
        id: ConnectionId,
        end: StreamEnd,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
        probe: &mut impl Probe,
    ) {
        let sharing = self.settings.sharing;
        let Some(connection) = self.connection(id) else { return };
        let Some(at) = connection.streams.iter().position(|one| *one == stream) else { return };
        connection.streams.swap_remove(at);
        breakers.release(Resource::Requests);
        if sharing == Sharing::Multiplexed {
            match end {
                StreamEnd::GivenUp => effects.count(PoolCounter::RqTxReset),
                StreamEnd::Reset(ResetReason::RemoteReset) => {
                    effects.count(PoolCounter::RqRxReset);
                }
                _ => {}
            }
        }
        let breaks = matches!(
            (sharing, end),
            (_, StreamEnd::LastOnConnection)
                | (Sharing::Exclusive, StreamEnd::GivenUp | StreamEnd::Reset(_))
        );
        if breaks && connection.state != State::Draining {
            connection.state = State::Draining;
            self.ready.retain(|ready| *ready != id);
        }
        self.after_end(id, breakers, effects, probe);
    }

    fn after_end(
        &mut self,
        id: ConnectionId,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
        probe: &mut impl Probe,
    ) {
        let Some(connection) = self.connection(id) else { return };
        match connection.state {
            State::Draining if connection.streams.is_empty() => {
                effects.close(id);
                self.remove(id, breakers);
                self.connect_if_needed(breakers, effects);
            }
            State::Busy => {
                connection.state = State::Ready;
                self.ready.push(id);
                self.serve_waiting(breakers, effects, probe);
            }
            State::Draining | State::Ready | State::Connecting => {}
        }
    }

    /// Puts a request on a connection that has room.
    pub(super) fn put_on(
        &mut self,
        stream: S,
        id: ConnectionId,
        effects: &mut impl PoolEffects<S>,
    ) {
        let Some(connection) = self.connection(id) else { return };
        connection.streams.push(stream);
        connection.remaining = connection.remaining.saturating_sub(1);
        connection.state = connection.state_when_taken();
        let state = connection.state;
        if state == State::Draining {
            effects.count(PoolCounter::CxMaxRequests);
        }
        if state != State::Ready {
            self.ready.retain(|ready| *ready != id);
        }
        effects.count(PoolCounter::RqTotal);
    }
}
