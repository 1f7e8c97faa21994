//! Connection pools: finding a connection for an attempt, waiting for one, giving it back.
//!
//! The pools of a proxy belong to its clusters and follow Envoy's pool, breakers and all; those
//! of applications without a proxy are bounded by the scenario.

use meshwalk_models::path::DataPath;
use meshwalk_models::proxy::envoy::router::ResetReason;
use meshwalk_models::proxy::envoy::upstream::Resource;
use meshwalk_models::proxy::kube_proxy;
use meshwalk_models::units::SimTime;

use crate::kernel::random::{CounterDraw, Draws};
use crate::log::{Recorder, Step};

use super::engine::Engine;
use super::event::Kind;
use super::plan::{Picks, Reuse, Sharing};
use super::state::{Connection, IdleCheck, NONE, Phase, Pool, Stage};

/// What a draw is for.
pub(super) const ENDPOINT: u64 = 0x656E_6470;
/// Connections that a proxy begins at once for those who wait, at most.
///
/// Source: Envoy, `ConnPoolImplBase::tryCreateNewConnections`.
const CONNECTS_AT_ONCE: usize = 3;

/// What an attempt gets of its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// A connection.
    Attached,
    /// A place among those who wait.
    Waiting,
    /// Nothing: a breaker is open.
    Overflow,
}

impl<R: Recorder> Engine<R> {
    /// Finds a connection for an attempt of a caller without a proxy.
    pub(super) fn acquire_connection(&mut self, slot: u32, from: SimTime) {
        let attempt = self.attempts[slot];
        let call = &self.plan.calls[attempt.call as usize];
        let balance = self.plan.targets[call.target as usize].balance;
        let first = self.pools_of(slot);
        let pool =
            if balance.is_per_request() { first + self.choose_endpoint(slot, from) } else { first };
        self.attempts[slot].pool = pool;
        let joined = self.join_pool(slot, from);
        debug_assert_ne!(joined, Joined::Overflow, "applications have no breakers");
    }

    /// Gives an attempt a connection of its pool that leaves at `from`, or a place among those who
    /// wait for one.
    pub(super) fn join_pool(&mut self, slot: u32, from: SimTime) -> Joined {
        let pool = self.attempts[slot].pool;
        let free = self.pools[pool].free;
        if free != NONE {
            if !self.take(pool, Resource::Requests, slot) {
                return Joined::Overflow;
            }
            self.use_connection(slot, free, from);
            return Joined::Attached;
        }
        if !self.take(pool, Resource::Pending, slot) {
            return Joined::Overflow;
        }
        self.wait_in_pool(slot, pool);
        let opens = self.wants_connection(slot, pool) && self.open_connection(slot, pool, from);
        let client = self.attempts[slot].client;
        if !opens {
            self.tell(from, slot, client, Step::WaitsForConnection);
        }
        let edge = self.plan.calls[self.attempts[slot].call as usize].edge;
        self.meter.pending(edge, from);
        Joined::Waiting
    }

    /// The pools of this caller and target: one, or one for each endpoint. They come into being
    /// on first use.
    fn pools_of(&mut self, slot: u32) -> u32 {
        let attempt = &self.attempts[slot];
        let call = &self.plan.calls[attempt.call as usize];
        let table = self.plan.pods[attempt.client as usize].first_pool_table + call.pool_table;
        if self.pool_tables[table] == NONE {
            let target = &self.plan.targets[call.target as usize];
            let count = if target.balance.is_per_request() { target.endpoints.1 } else { 1 };
            let concurrent = match call.sharing {
                Sharing::Exclusive => 1,
                Sharing::Shared => u32::MAX,
            };
            self.pool_tables[table] = self.pools.len() as u32;
            for _ in 0..count {
                self.pools.push(Pool::new(concurrent, NONE));
            }
        }
        self.pool_tables[table]
    }

    /// Picks one of a target's endpoints where no proxy of the caller does, as a place in the
    /// target's list.
    fn choose_endpoint(&mut self, slot: u32, at: SimTime) -> u32 {
        let attempt = &self.attempts[slot];
        let target = &self.plan.targets[self.plan.calls[attempt.call as usize].target as usize];
        let (first, candidates) = target.endpoints;
        let draw = CounterDraw::keyed(attempt.key, ENDPOINT).next_u64();
        let client = attempt.client;
        let rule = target.balance.rule(self.plan.pods[client as usize].data_path);
        let endpoint = kube_proxy::choose(candidates, draw)
            .expect("a target without endpoints fails before it is balanced");
        let pod = self.plan.endpoints[(first + endpoint) as usize];
        self.attempts[slot].server = pod;
        self.tell(at, slot, client, Step::EndpointChosen { pod, candidates, rule });
        endpoint
    }

    /// Whether one more connection is to be made for those who wait.
    fn wants_connection(&self, slot: u32, pool: u32) -> bool {
        let state = &self.pools[pool];
        if state.cluster != NONE {
            let coming = u64::from(state.opening) * u64::from(state.concurrent);
            return u64::from(state.waiting) > coming;
        }
        if !state.is_exclusive() {
            return state.connections == 0;
        }
        let pod = &self.plan.pods[self.attempts[slot].client as usize];
        // Clients outside are many and share none.
        let app = self.plan.apps.get(pod.app as usize);
        debug_assert_ne!(pod.data_path, DataPath::IstioSidecar, "proxies have clusters");
        app.is_none_or(|app| state.connections < app.max_connections)
    }

    fn wait_in_pool(&mut self, slot: u32, pool: u32) {
        self.attempts[slot].next = NONE;
        let last = self.pools[pool].last_waiting;
        if last == NONE {
            self.pools[pool].first_waiting = slot;
        } else {
            self.attempts[last].next = slot;
        }
        self.pools[pool].last_waiting = slot;
        self.pools[pool].waiting += 1;
    }

    /// Takes the first attempt that waits in a pool and is still wanted.
    pub(super) fn next_waiting(&mut self, pool: u32) -> Option<u32> {
        loop {
            let slot = self.pools[pool].first_waiting;
            if slot == NONE {
                return None;
            }
            let attempt = self.attempts[slot];
            self.pools[pool].first_waiting = attempt.next;
            if attempt.next == NONE {
                self.pools[pool].last_waiting = NONE;
            }
            if attempt.is_wanted() {
                self.pools[pool].waiting -= 1;
                self.forget_those_gone(pool);
                return Some(slot);
            }
            self.attempts.remove(slot);
        }
    }

    /// Lets go of attempts that stand in a pool's line when none of them is wanted any more: a pool
    /// that nobody comes to again would keep them for ever.
    pub(super) fn forget_those_gone(&mut self, pool: u32) {
        if self.pools[pool].waiting > 0 {
            return;
        }
        let mut next = self.pools[pool].first_waiting;
        self.pools[pool].first_waiting = NONE;
        self.pools[pool].last_waiting = NONE;
        while next != NONE {
            let gone = next;
            next = self.attempts[gone].next;
            debug_assert!(!self.attempts[gone].is_wanted(), "those who are wanted are counted");
            self.attempts.remove(gone);
        }
    }

    /// Opens a connection for an attempt, and tells whether it could: a breaker may forbid it, or
    /// there may be nobody to connect to.
    fn open_connection(&mut self, slot: u32, pool: u32, from: SimTime) -> bool {
        if !self.may_connect(pool, slot) {
            return false;
        }
        let attempt = self.attempts[slot];
        let Some((endpoint, server)) = self.server_for_connection(slot, pool, from) else {
            self.give_back(pool, Resource::Connections);
            return false;
        };
        let gate = self.gate_at(slot, server);
        let protection = self
            .protection_of(gate)
            .unwrap_or_else(|| self.protection(attempt.client, server, pool));
        let connection = self.connections.insert(Connection {
            key: attempt.key,
            free_since: from,
            pool,
            client: attempt.client,
            server,
            call: attempt.call,
            endpoint,
            previous: NONE,
            next: NONE,
            streams: 0,
            served: 0,
            phase: Phase::Connecting,
            idle_check: IdleCheck::NotArmed,
            protection,
            gate,
            circuit: NONE,
        });
        let state = &mut self.pools[pool];
        state.connections += 1;
        state.opening += 1;
        let edge = self.plan.calls[attempt.call as usize].edge;
        self.meter.connection_opened(edge, from);
        self.meter.box_connected(self.box_of(attempt.client), from);
        self.meter.box_connected(self.box_of(server), from);
        let step = Step::ConnectionOpening { connection, server, protection };
        self.tell(from, slot, attempt.client, step);
        self.begin_handshake(connection, from);
        true
    }

    /// Whom a new connection goes to: the host of the cluster, where connections are balanced by a
    /// proxy, and its pod.
    fn server_for_connection(&mut self, slot: u32, pool: u32, from: SimTime) -> Option<(u32, u32)> {
        match self.picks_of(pool) {
            Some(Picks::PerRequest) => Some((NONE, self.attempts[slot].server)),
            Some(Picks::PerConnection) => self.host_for_connection(slot, pool, from),
            None => {
                let call = &self.plan.calls[self.attempts[slot].call as usize];
                if !self.plan.targets[call.target as usize].balance.is_per_request() {
                    self.choose_endpoint(slot, from);
                }
                Some((NONE, self.attempts[slot].server))
            }
        }
    }

    /// Lets an attempt's caller dial one of the addresses itself.
    pub(super) fn dial(&mut self, slot: u32, from: SimTime) -> u32 {
        self.choose_endpoint(slot, from);
        self.attempts[slot].server
    }

    /// A connection is ready: whoever waits may use it.
    pub(super) fn connection_ready(&mut self, connection: u32) {
        let pool = self.connections[connection].pool;
        self.connections[connection].phase = Phase::Open;
        self.pools[pool].opening -= 1;
        self.offer_connection(connection);
    }

    /// Puts a connection with room aside and gives it to those who wait.
    fn offer_connection(&mut self, connection: u32) {
        let pool = self.connections[connection].pool;
        self.push_free(connection);
        self.serve_waiting(pool);
        let Connection { streams, phase, .. } = self.connections[connection];
        if streams == 0 && phase == Phase::Open {
            self.rest_connection(connection);
        }
    }

    /// Gives the connections that have room to those who wait, the oldest first.
    fn serve_waiting(&mut self, pool: u32) {
        let now = self.kernel.now();
        while self.pools[pool].free != NONE {
            let Some(slot) = self.next_waiting(pool) else { return };
            if self.pools[pool].cluster != NONE {
                if !self.take(pool, Resource::Requests, slot) {
                    self.fail_waiting(slot, pool, ResetReason::Overflow);
                    continue;
                }
                self.give_back(pool, Resource::Pending);
                self.defer_connected(slot);
            }
            let free = self.pools[pool].free;
            self.use_connection(slot, free, now);
        }
    }

    /// Sends an attempt over an open connection with room.
    fn use_connection(&mut self, slot: u32, connection: u32, from: SimTime) {
        let pool = self.connections[connection].pool;
        let state = &mut self.connections[connection];
        state.streams += 1;
        state.served += 1;
        let Connection { streams, server, served, protection, .. } = *state;
        if self.is_worn_out(pool, served) {
            self.unlink_free(connection);
            self.connections[connection].phase = Phase::Draining;
        } else if streams == self.pools[pool].concurrent {
            self.unlink_free(connection);
        }
        let attempt = &mut self.attempts[slot];
        attempt.connection = connection;
        attempt.server = server;
        attempt.protection = protection;
        attempt.stage = Stage::Served;
        let client = attempt.client;
        if !self.plan.gates.is_empty() {
            let gate = self.gate_at(slot, server);
            self.remember_gate(slot, gate);
        }
        self.host_begins(pool);
        self.tell(from, slot, client, Step::ConnectionReused { connection });
        self.send_request_over(slot, from);
    }

    /// Takes an attempt out of its pool and off its connection, if it has one; what becomes of
    /// the connection is for the caller to say.
    pub(super) fn leave_connection(&mut self, slot: u32) -> Option<(u32, u32)> {
        let attempt = &mut self.attempts[slot];
        let (pool, connection, call) = (attempt.pool, attempt.connection, attempt.call);
        if pool == NONE {
            return None;
        }
        attempt.pool = NONE;
        attempt.connection = NONE;
        if connection == NONE {
            if attempt.stage == Stage::Waiting {
                self.pools[pool].waiting -= 1;
                self.give_back(pool, Resource::Pending);
            }
            return None;
        }
        self.connections[connection].streams -= 1;
        self.give_back(pool, Resource::Requests);
        self.host_ends(pool);
        Some((connection, call))
    }

    /// An attempt is over: its connection is free for others.
    pub(super) fn release_connection(&mut self, slot: u32) {
        let Some((connection, call)) = self.leave_connection(slot) else { return };
        if self.plan.calls[call as usize].reuse == Reuse::Close {
            self.close_connection(connection);
        } else {
            self.after_stream(connection);
        }
    }

    /// A stream has left a connection that may carry others.
    fn after_stream(&mut self, connection: u32) {
        let Connection { pool, phase, streams, .. } = self.connections[connection];
        match phase {
            Phase::Draining if streams == 0 => {
                self.close_connection(connection);
                self.replace_connection(pool);
            }
            Phase::Draining => {}
            _ if streams + 1 == self.pools[pool].concurrent => self.offer_connection(connection),
            _ if streams == 0 => self.rest_connection(connection),
            _ => {}
        }
    }

    /// A caller gives up: an exclusive connection is closed, because the answer may still come
    /// on it; a stream of a shared one is reset.
    pub(super) fn abandon_connection(&mut self, slot: u32) {
        let Some((connection, _)) = self.leave_connection(slot) else { return };
        let pool = self.connections[connection].pool;
        if self.pools[pool].is_exclusive() {
            self.close_connection(connection);
            self.replace_connection(pool);
        } else {
            self.after_stream(connection);
        }
    }

    /// After a connection was closed, somebody may wait for whom it was the only hope.
    pub(super) fn replace_connection(&mut self, pool: u32) {
        let proxied = self.pools[pool].cluster != NONE;
        for _ in 0..CONNECTS_AT_ONCE {
            let state = self.pools[pool];
            let enough = if proxied {
                let coming = u64::from(state.opening) * u64::from(state.concurrent);
                u64::from(state.waiting) <= coming
            } else {
                state.opening > 0
            };
            if enough {
                return;
            }
            let Some(slot) = self.next_waiting(pool) else { return };
            self.requeue_first(slot, pool);
            if !self.open_connection(slot, pool, self.kernel.now()) {
                return;
            }
        }
    }

    fn requeue_first(&mut self, slot: u32, pool: u32) {
        let first = self.pools[pool].first_waiting;
        self.attempts[slot].next = first;
        self.pools[pool].first_waiting = slot;
        self.pools[pool].waiting += 1;
        if first == NONE {
            self.pools[pool].last_waiting = slot;
        }
    }

    /// Nobody uses an open connection: remembers since when, and looks again later.
    fn rest_connection(&mut self, connection: u32) {
        let now = self.kernel.now();
        self.connections[connection].free_since = now;
        if self.connections[connection].idle_check == IdleCheck::NotArmed
            && let Some(timeout) = self.idle_timeout(connection)
        {
            self.connections[connection].idle_check = IdleCheck::Armed;
            self.schedule(now + timeout, Kind::Connection, connection);
        }
    }

    fn push_free(&mut self, connection: u32) {
        let pool = self.connections[connection].pool;
        let head = self.pools[pool].free;
        if head != NONE {
            self.connections[head].previous = connection;
        }
        let state = &mut self.connections[connection];
        state.previous = NONE;
        state.next = head;
        self.pools[pool].free = connection;
    }

    pub(super) fn unlink_free(&mut self, connection: u32) {
        let Connection { pool, previous, next, .. } = self.connections[connection];
        if previous != NONE {
            self.connections[previous].next = next;
        } else if self.pools[pool].free == connection {
            self.pools[pool].free = next;
        }
        if next != NONE {
            self.connections[next].previous = previous;
        }
        let state = &mut self.connections[connection];
        state.previous = NONE;
        state.next = NONE;
    }
}
