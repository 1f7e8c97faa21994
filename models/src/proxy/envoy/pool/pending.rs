//! What becomes of connections, and of the requests that wait for them.

use crate::explain::Probe;

use super::super::router::ResetReason;
use super::super::upstream::{Breakers, Resource};
use super::connection::State;
use super::effects::{PoolCounter, PoolEffects};
use super::settings::Sharing;
use super::{ConnectionId, Pool};

impl<S: Copy + PartialEq> Pool<S> {
    /// A connection is made: those who wait get it.
    pub fn connected(
        &mut self,
        id: ConnectionId,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
        probe: &mut impl Probe,
    ) {
        let Some(connection) = self.connection(id) else { return };
        if connection.state != State::Connecting {
            return;
        }
        connection.state = State::Ready;
        self.ready.push(id);
        self.serve_waiting(breakers, effects, probe);
    }

    /// A connection could not be made: all who wait fail, whatever else is being made. Who tries
    /// again gets a connection of his own.
    pub fn connect_failed(
        &mut self,
        id: ConnectionId,
        reason: ResetReason,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
    ) {
        let connecting = self.connection(id).is_some_and(|one| one.state == State::Connecting);
        if !connecting || self.remove(id, breakers).is_none() {
            return;
        }
        effects.count(PoolCounter::CxConnectFail);
        if reason == ResetReason::ConnectionTimeout {
            effects.count(PoolCounter::CxConnectTimeout);
        }
        for stream in std::mem::take(&mut self.pending) {
            breakers.release(Resource::Pending);
            effects.count(PoolCounter::RqPendingFailureEject);
            effects.fail(stream, reason);
        }
    }

    /// A connection is gone, and the requests on it with it: closed or reset by the host, or
    /// closed by the proxy because the host broke the protocol.
    pub fn connection_lost(
        &mut self,
        id: ConnectionId,
        reason: ResetReason,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
    ) {
        let Some(connection) = self.remove(id, breakers) else { return };
        for stream in connection.streams {
            breakers.release(Resource::Requests);
            if self.settings.sharing == Sharing::Multiplexed {
                effects.count(PoolCounter::RqPendingFailureEject);
            }
            effects.fail(stream, reason);
        }
        self.connect_if_needed(breakers, effects);
    }

    /// Gives the connections that have room to those who wait, the oldest first.
    pub(super) fn serve_waiting(
        &mut self,
        breakers: &mut Breakers<'_>,
        effects: &mut impl PoolEffects<S>,
        probe: &mut impl Probe,
    ) {
        while let (Some(&stream), Some(&id)) = (self.pending.front(), self.ready.last()) {
            self.pending.pop_front();
            breakers.release(Resource::Pending);
            if breakers.try_take(Resource::Requests, probe).is_err() {
                effects.count(PoolCounter::RqActiveOverflow);
                effects.fail(stream, ResetReason::Overflow);
                continue;
            }
            self.put_on(stream, id, effects);
            effects.attach(stream, id);
        }
        self.connect_if_needed(breakers, effects);
    }
}
