//! Connections that are not made or break, and the attempts that end with them.

use meshwalk_models::proxy::envoy::router::ResetReason;
use meshwalk_models::proxy::envoy::upstream::Resource;

use crate::log::{Recorder, Step};
use crate::stats::Ending;

use super::engine::Engine;
use super::plan::ending_without_proxy;
use super::state::{Connection, NONE, Phase, Stage};
use super::stream::RouterEvent;

/// What the gateway at the edge answers when its server cannot be reached.
const GATEWAY_FAILED: u16 = 503;

impl<R: Recorder> Engine<R> {
    /// A connection could not be made. All who wait in a proxy's pool fail, and all who wait for
    /// one shared connection; an application without a proxy dials for each request by itself.
    ///
    /// Source: Envoy, `ConnPoolImplBase::onConnectionEvent`.
    pub(super) fn connect_failed(&mut self, connection: u32, reason: ResetReason) {
        let Connection { pool, key, .. } = self.connections[connection];
        self.pools[pool].opening -= 1;
        self.close_connection(connection);
        if self.pools[pool].cluster == NONE && self.pools[pool].is_exclusive() {
            if let Some(slot) = self.take_waiting(pool, key) {
                self.fail_waiting(slot, pool, reason);
            }
            self.replace_connection(pool);
            return;
        }
        while let Some(slot) = self.next_waiting(pool) {
            self.fail_waiting(slot, pool, reason);
        }
    }

    /// An attempt that was taken from among those who wait gets no connection.
    pub(super) fn fail_waiting(&mut self, slot: u32, pool: u32, reason: ResetReason) {
        // It has still its pool, so that outlier detection learns whose failure it was.
        self.attempts[slot].stage = Stage::Done;
        self.defer_failure(slot, reason);
        self.give_back(pool, Resource::Pending);
    }

    /// Word reaches the client's side that the server's side has closed the connection.
    pub(super) fn connection_broke(&mut self, slot: u32) {
        let attempt = self.attempts[slot];
        if !attempt.is_wanted() {
            self.message_arrived(slot);
            return;
        }
        self.attempts[slot].messages_under_way -= 1;
        let reason = ResetReason::ConnectionTermination;
        if self.pools[attempt.pool].cluster == NONE {
            self.break_connection(slot);
            self.fail_without_proxy(slot, reason);
            return;
        }
        self.fail_at_proxy(slot, reason);
        self.break_connection(slot);
        self.attempts.remove(slot);
    }

    /// Tells the router of a stream that an attempt has failed.
    pub(super) fn fail_at_proxy(&mut self, slot: u32, reason: ResetReason) {
        let now = self.kernel.now();
        let attempt = self.attempts[slot];
        let number = self.number_of(&attempt);
        self.tell(now, slot, attempt.client, Step::AttemptReset { reason: reason.words() });
        self.drive(attempt.of, now, RouterEvent::Reset(number, reason));
        if self.tries.get(attempt.of).is_some_and(|it| it.attempt == slot) {
            self.tries[attempt.of].attempt = NONE;
        }
    }

    /// Ends an attempt whose caller has no proxy, and its try with it.
    pub(super) fn fail_without_proxy(&mut self, slot: u32, reason: ResetReason) {
        let now = self.kernel.now();
        let attempt = self.attempts[slot];
        self.tell(now, slot, attempt.client, Step::AttemptReset { reason: reason.words() });
        let target = self.plan.calls[attempt.call as usize].target;
        let ending = self.relayed_ending(slot).unwrap_or_else(|| ending_without_proxy(reason));
        // The gateway at the edge answers for a server that it cannot reach.
        let at_gateway = self.plan.targets[target as usize].balance.is_per_request();
        let status = if at_gateway { GATEWAY_FAILED } else { ending.status };
        self.tries[attempt.of].ending = Ending { status, ..ending };
        self.tries[attempt.of].attempt = NONE;
        self.attempts.remove(slot);
        self.end_try(attempt.of);
    }

    /// Takes an attempt off a connection that carries nothing more.
    fn break_connection(&mut self, slot: u32) {
        let Some((connection, _)) = self.leave_connection(slot) else { return };
        let Connection { pool, streams, .. } = self.connections[connection];
        if streams > 0 {
            self.unlink_free(connection);
            self.connections[connection].phase = Phase::Draining;
            return;
        }
        self.close_connection(connection);
        self.replace_connection(pool);
    }

    /// Takes the attempt with this key from among those who wait, if it does.
    fn take_waiting(&mut self, pool: u32, key: u64) -> Option<u32> {
        let mut previous = NONE;
        let mut slot = self.pools[pool].first_waiting;
        while slot != NONE {
            let attempt = self.attempts[slot];
            if attempt.key != key || !attempt.is_wanted() {
                previous = slot;
                slot = attempt.next;
                continue;
            }
            match previous {
                NONE => self.pools[pool].first_waiting = attempt.next,
                before => self.attempts[before].next = attempt.next,
            }
            if attempt.next == NONE {
                self.pools[pool].last_waiting = previous;
            }
            self.pools[pool].waiting -= 1;
            self.forget_those_gone(pool);
            return Some(slot);
        }
        None
    }
}
