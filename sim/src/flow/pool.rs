//! Connection pools: finding a connection for a request, waiting for one, giving it back.

use meshwalk_models::path::DataPath;
use meshwalk_models::proxy::envoy::choose_least_request;
use meshwalk_models::proxy::kube_proxy;
use meshwalk_models::units::SimTime;

use crate::kernel::random::{CounterDraw, Draws};
use crate::log::{Recorder, Step};

use super::engine::Engine;
use super::event::Kind;
use super::plan::{Balance, Reuse, Sharing};
use super::state::{Connection, IdleCheck, NONE, Phase, Pool, Stage};

/// What a draw is for.
const ENDPOINT: u64 = 0x656E_6470;

impl<R: Recorder> Engine<R> {
    /// Finds a connection for a try that wants to leave its pod at `from`.
    pub(super) fn acquire_connection(&mut self, slot: u32, from: SimTime) {
        let attempt = self.attempts[slot];
        let call = &self.plan.calls[attempt.call as usize];
        let (target, sharing, edge) = (call.target, call.sharing, call.edge);
        let balance = self.plan.targets[target as usize].balance;
        let first = self.pools_of(slot);
        let pool = if balance.is_per_request() {
            let endpoint = self.choose_endpoint(slot, first, from);
            first + endpoint
        } else {
            first
        };
        self.attempts[slot].pool = pool;
        self.pools[pool].active += 1;
        let free = self.pools[pool].free;
        if free != NONE && self.connections[free].phase == Phase::Open {
            self.use_connection(slot, free, from);
            return;
        }
        self.wait_in_pool(slot, pool);
        let wanted = match sharing {
            Sharing::Shared => self.pools[pool].connections == 0,
            Sharing::Exclusive => self.pools[pool].connections < self.connections_max(slot),
        };
        if wanted {
            self.open_connection(slot, pool, from);
        } else {
            self.tell(from, slot, attempt.client, Step::WaitsForConnection);
        }
        self.meter.pending(edge, from);
    }

    /// The pools of this caller and target: one, or one for each endpoint. They come into being
    /// on first use.
    fn pools_of(&mut self, slot: u32) -> u32 {
        let attempt = &self.attempts[slot];
        let call = &self.plan.calls[attempt.call as usize];
        let table = self.plan.pods[attempt.client as usize].first_pool_table + call.pool_table;
        if self.pool_tables[table] == NONE {
            let target = &self.plan.targets[call.target as usize];
            let count = match target.balance {
                Balance::RandomPerConnection | Balance::DialledAddress => 1,
                Balance::LeastRequest | Balance::RandomPerRequest => target.endpoints.1,
                // One pool for the connections, and a counter for each endpoint.
                Balance::LeastConnection => 1 + target.endpoints.1,
            };
            self.pool_tables[table] = self.pools.len() as u32;
            for _ in 0..count {
                self.pools.push(Pool::EMPTY);
            }
        }
        self.pool_tables[table]
    }

    /// Picks an endpoint for a request or a connection, as a place in the target's list.
    fn choose_endpoint(&mut self, slot: u32, first_pool: u32, at: SimTime) -> u32 {
        let attempt = &self.attempts[slot];
        let target = &self.plan.targets[self.plan.calls[attempt.call as usize].target as usize];
        let (first, candidates) = target.endpoints;
        let draw = CounterDraw::keyed(attempt.key, ENDPOINT).next_u64();
        let (client, rule) = (attempt.client, target.balance.rule());
        let chosen = match target.balance {
            Balance::RandomPerConnection | Balance::DialledAddress | Balance::RandomPerRequest => {
                kube_proxy::choose(candidates, draw)
            }
            Balance::LeastRequest => {
                choose_least_request(candidates, draw, |host| self.pools[first_pool + host].active)
            }
            Balance::LeastConnection => choose_least_request(candidates, draw, |host| {
                self.pools[first_pool + 1 + host].active
            }),
        };
        let endpoint = chosen.expect("a target without endpoints fails before it is balanced");
        let pod = self.plan.endpoints[(first + endpoint) as usize];
        self.attempts[slot].server = pod;
        self.tell(at, slot, client, Step::EndpointChosen { pod, candidates, rule });
        endpoint
    }

    /// How many connections the caller's side may open to one pool.
    fn connections_max(&self, slot: u32) -> u32 {
        let pod = &self.plan.pods[self.attempts[slot].client as usize];
        match (pod.data_path, self.plan.apps.get(pod.app as usize)) {
            // Istio sets Envoy's limit to 2^32-1; clients outside are many and share none.
            (DataPath::IstioSidecar, _) | (_, None) => u32::MAX,
            (DataPath::None, Some(app)) => app.max_connections,
        }
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
    }

    /// The first try that waits in a pool and is still wanted.
    fn next_waiting(&mut self, pool: u32) -> Option<u32> {
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
                return Some(slot);
            }
            self.attempts.remove(slot);
        }
    }

    fn open_connection(&mut self, slot: u32, pool: u32, from: SimTime) {
        let attempt = self.attempts[slot];
        let call = &self.plan.calls[attempt.call as usize];
        let balance = self.plan.targets[call.target as usize].balance;
        let edge = call.edge;
        let mut endpoint = NONE;
        let server = if balance.is_per_request() {
            attempt.server
        } else {
            endpoint = self.choose_endpoint(slot, pool, from);
            self.attempts[slot].server
        };
        if balance == Balance::LeastConnection {
            self.pools[pool + 1 + endpoint].active += 1;
        }
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
            phase: Phase::Connecting,
            idle_check: IdleCheck::NotArmed,
        });
        let state = &mut self.pools[pool];
        state.connections += 1;
        state.opening += 1;
        if self.plan.calls[attempt.call as usize].sharing == Sharing::Shared {
            state.free = connection;
        }
        self.meter.connection_opened(edge, from);
        self.tell(from, slot, attempt.client, Step::ConnectionOpening { connection });
        self.begin_handshake(connection, from);
    }

    /// A connection is ready: whoever waits may use it.
    pub(super) fn connection_ready(&mut self, connection: u32) {
        let now = self.kernel.now();
        let Connection { pool, call, .. } = self.connections[connection];
        self.connections[connection].phase = Phase::Open;
        self.pools[pool].opening -= 1;
        match self.plan.calls[call as usize].sharing {
            Sharing::Exclusive => self.offer_connection(connection),
            Sharing::Shared => {
                while let Some(slot) = self.next_waiting(pool) {
                    self.use_connection(slot, connection, now);
                }
                if self.connections[connection].streams == 0 {
                    self.rest_connection(connection);
                }
            }
        }
    }

    /// Gives an exclusive connection to the next that waits, or puts it aside.
    fn offer_connection(&mut self, connection: u32) {
        let now = self.kernel.now();
        let pool = self.connections[connection].pool;
        match self.next_waiting(pool) {
            Some(slot) => self.use_connection(slot, connection, now),
            None => {
                self.push_free(connection);
                self.rest_connection(connection);
            }
        }
    }

    /// Sends a try over a connection that is open.
    fn use_connection(&mut self, slot: u32, connection: u32, from: SimTime) {
        let call = self.attempts[slot].call;
        if self.plan.calls[call as usize].sharing == Sharing::Exclusive
            && self.connections[connection].streams == 0
        {
            self.unlink_free(connection);
        }
        let state = &mut self.connections[connection];
        state.streams += 1;
        let server = state.server;
        let attempt = &mut self.attempts[slot];
        attempt.connection = connection;
        attempt.server = server;
        attempt.stage = Stage::Served;
        let client = attempt.client;
        self.tell(from, slot, client, Step::ConnectionReused { connection });
        self.send_request_over(slot, from);
    }

    /// Takes a try out of its pool and off its connection, if it has one; what becomes of the
    /// connection is for the caller to say.
    fn leave_connection(&mut self, slot: u32) -> Option<(u32, u32)> {
        let attempt = &mut self.attempts[slot];
        let (pool, connection, call) = (attempt.pool, attempt.connection, attempt.call);
        if pool == NONE {
            return None;
        }
        attempt.pool = NONE;
        attempt.connection = NONE;
        self.pools[pool].active -= 1;
        if connection == NONE {
            return None;
        }
        self.connections[connection].streams -= 1;
        Some((connection, call))
    }

    /// A try is over: its connection is free for others.
    pub(super) fn release_connection(&mut self, slot: u32) {
        let Some((connection, call)) = self.leave_connection(slot) else { return };
        let plan = &self.plan.calls[call as usize];
        match plan.sharing {
            Sharing::Exclusive if plan.reuse == Reuse::Close => self.close_connection(connection),
            Sharing::Exclusive => self.offer_connection(connection),
            Sharing::Shared if self.connections[connection].streams == 0 => {
                self.rest_connection(connection);
            }
            Sharing::Shared => {}
        }
    }

    /// A caller gives up: an exclusive connection is closed, because the answer may still come
    /// on it; a stream of a shared one is reset.
    pub(super) fn abandon_connection(&mut self, slot: u32) {
        let Some((connection, call)) = self.leave_connection(slot) else { return };
        if self.plan.calls[call as usize].sharing == Sharing::Exclusive {
            let pool = self.connections[connection].pool;
            self.close_connection(connection);
            self.replace_connection(pool);
        } else if self.connections[connection].streams == 0 {
            self.rest_connection(connection);
        }
    }

    /// After a connection was closed, somebody may wait for whom it was the only hope.
    fn replace_connection(&mut self, pool: u32) {
        if self.pools[pool].opening > 0 {
            return;
        }
        if let Some(slot) = self.next_waiting(pool) {
            self.requeue_first(slot, pool);
            self.open_connection(slot, pool, self.kernel.now());
        }
    }

    fn requeue_first(&mut self, slot: u32, pool: u32) {
        let first = self.pools[pool].first_waiting;
        self.attempts[slot].next = first;
        self.pools[pool].first_waiting = slot;
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

    pub(super) fn push_free(&mut self, connection: u32) {
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
