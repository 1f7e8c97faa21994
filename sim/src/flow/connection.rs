//! A connection's own life: handshakes, idleness, the end.

use meshwalk_models::path::{self, Protection};
use meshwalk_models::proxy::envoy::router::ResetReason;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::random::mix;
use crate::log::{Recorder, Step, Subject};

use super::boxes::{Role, Work};
use super::engine::Engine;
use super::event::Kind;
use super::plan::{Balance, ClusterTls, ConnectionFate, NO_BOX};
use super::state::{Connection, IdleCheck, NONE, Phase};

/// The legs of a TLS handshake, for the keys of their draws.
mod leg {
    pub(super) const CLIENT_HELLO: u64 = 0x6865_6C6F;
    pub(super) const SERVER_FLIGHT: u64 = 0x666C_6974;
    pub(super) const ACCEPTED: u64 = 0x6163_6374;
}

impl<R: Recorder> Engine<R> {
    /// What the client's node works before the SYN leaves.
    fn connect_cost(&self, connection: u32) -> SimDuration {
        let Connection { pool, call, .. } = self.connections[connection];
        let connects = self.plan.connects;
        let target = self.plan.calls[call as usize].target;
        let balance = self.plan.targets[target as usize].balance;
        // A proxy beside the caller picks the endpoint itself.
        if self.pools[pool].cluster == NONE && balance == Balance::RandomPerConnection {
            connects.connect + connects.pick
        } else {
            connects.connect
        }
    }

    /// Sends the SYN.
    pub(super) fn begin_handshake(&mut self, connection: u32, from: SimTime) {
        let Connection { key, client, server, pool, gate, protection, .. } =
            self.connections[connection];
        if self.near_box(client).is_some() {
            let round_trip = self.plan.links.travel_in_pod(0, key)
                + self.plan.links.travel_in_pod(0, mix(key, leg::ACCEPTED));
            self.schedule(from + round_trip, Kind::Connection, connection);
            return;
        }
        if protection == Protection::Hbone {
            self.open_circuit(connection, from - self.kernel.now());
            return;
        }
        let from = from + self.connect_cost(connection);
        if let Some((ConnectionFate::Dropped, decision)) = self.fate_of(gate) {
            self.begin_waiting(connection, decision, from);
            return;
        }
        let round_trip = self.plan.links.round_trip(self.site(client), self.site(server), key);
        let patience = self.connect_patience(client, pool);
        if round_trip > patience {
            self.connections[connection].phase = Phase::TimingOut;
            self.schedule(from + patience, Kind::Connection, connection);
            return;
        }
        self.schedule(from + round_trip, Kind::Connection, connection);
    }

    /// An open connection may have been idle for too long, or the next flight of a handshake
    /// arrives: SYN-ACK at the client, then, with TLS 1.3, the
    /// client hello at the server, the server's flight at the client, and the client's own
    /// proof. The first request goes out with it.
    pub(super) fn connection_goes_on(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Connection { key, client, server, phase, call, protection, gate, .. } =
            self.connections[slot];
        let (here, there) = (self.site(client), self.site(server));
        match phase {
            Phase::Connecting if self.near_box(client).is_some() => {
                self.tell_connection(slot, client, Step::TcpEstablished);
                let travel = self.plan.links.travel_in_pod(0, mix(key, leg::ACCEPTED));
                self.open_circuit(slot, travel);
                self.connection_ready(slot);
            }
            Phase::Connecting => {
                if let Some((fate @ ConnectionFate::Refused, decision)) = self.fate_of(gate) {
                    self.connection_refused(slot, fate, decision);
                    return;
                }
                self.tell_connection(slot, client, Step::TcpEstablished);
                if protection == Protection::Plaintext {
                    self.connection_ready(slot);
                    return;
                }
                self.connections[slot].phase = Phase::Greeting;
                let key = mix(key, leg::CLIENT_HELLO);
                let travel = self.plan.links.travel(here, there, 0, key);
                self.schedule(now + travel, Kind::Connection, slot);
            }
            Phase::Greeting if self.is_no_handshake(gate) => {
                self.connections[slot].phase = Phase::Refusing;
                let travel = self.plan.links.travel(there, here, 0, mix(key, leg::SERVER_FLIGHT));
                self.schedule(now + travel, Kind::Connection, slot);
            }
            Phase::Refusing => {
                if let Some((fate, decision)) = self.fate_of(gate) {
                    self.connection_refused(slot, fate, decision);
                }
            }
            Phase::Unanswered => self.syn_unanswered(slot),
            Phase::Greeting => {
                let done = self.server_handshake(client, server);
                self.connections[slot].phase = Phase::Finishing;
                let key = mix(key, leg::SERVER_FLIGHT);
                let travel = self.plan.links.travel(there, here, 0, key);
                self.schedule(done + travel, Kind::Connection, slot);
            }
            Phase::Finishing => {
                let done = self.box_work(self.box_of(client), Work::Handshake(Role::Client)).at;
                self.connections[slot].phase = Phase::Proving;
                self.schedule(done, Kind::Connection, slot);
            }
            Phase::Proving => {
                self.tell_connection(slot, client, Step::TlsEstablished);
                let edge = self.plan.calls[call as usize].edge;
                self.meter.tls_established(edge, now);
                self.connection_ready(slot);
            }
            Phase::TimingOut => self.connect_failed(slot, ResetReason::ConnectionTimeout),
            Phase::Open | Phase::Draining | Phase::Closed => self.idle_check(slot),
        }
    }

    /// The server's side does its part of a handshake. A server without a proxy takes as long as
    /// the client's.
    fn server_handshake(&mut self, client: u32, server: u32) -> SimTime {
        let (near, far) = (self.box_of(client), self.box_of(server));
        if far == NO_BOX {
            let prices = self.plan.boxes.get(near as usize).map(|it| it.prices);
            let prices = prices.and_then(|row| self.plan.prices.get(row as usize));
            let work_ns = prices.map_or(0, |prices| prices.handshake_ns);
            return self.kernel.now() + SimDuration::from_ns(work_ns);
        }
        self.box_work(far, Work::Handshake(Role::Server)).at
    }

    fn is_no_handshake(&self, gate: u32) -> bool {
        matches!(self.fate_of(gate), Some((ConnectionFate::NoHandshake, _)))
    }

    /// What protects a connection of a pool that meets no gate.
    pub(super) fn protection(&self, client: u32, server: u32, pool: u32) -> Protection {
        if self.cluster_of(pool).is_some_and(|cluster| cluster.tls == ClusterTls::Off) {
            return Protection::Plaintext;
        }
        let data_path = |pod: u32| self.plan.pods[pod as usize].data_path;
        path::protection(data_path(client), data_path(server))
    }

    /// How long a free connection is kept; `None` for ever.
    pub(super) fn idle_timeout(&self, connection: u32) -> Option<SimDuration> {
        let Connection { client, pool, .. } = self.connections[connection];
        if let Some(cluster) = self.cluster_of(pool) {
            return Some(cluster.idle_timeout).filter(|timeout| !timeout.is_zero());
        }
        let pod = &self.plan.pods[client as usize];
        self.plan.apps.get(pod.app as usize).map(|app| app.idle_timeout)
    }

    /// Looks whether a connection was free for the whole idle time-out.
    fn idle_check(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Connection { phase, streams, free_since, .. } = self.connections[slot];
        self.connections[slot].idle_check = IdleCheck::NotArmed;
        if phase == Phase::Closed {
            self.connections.remove(slot);
            return;
        }
        let Some(timeout) = self.idle_timeout(slot) else { return };
        if streams > 0 {
            return;
        }
        let due = free_since + timeout;
        if due > now {
            self.connections[slot].idle_check = IdleCheck::Armed;
            self.schedule(due, Kind::Connection, slot);
            return;
        }
        self.close_connection(slot);
    }

    /// Closes a connection that carries nothing that anybody waits for.
    pub(super) fn close_connection(&mut self, slot: u32) {
        let Connection { pool, client, server, endpoint, idle_check, .. } = self.connections[slot];
        self.leave_circuit(slot);
        self.meter.box_left(self.box_of(client));
        self.meter.box_left(self.box_of(server));
        self.tell_connection(slot, client, Step::ConnectionClosed);
        self.unlink_free(slot);
        self.pools[pool].connections -= 1;
        self.connection_left_cluster(pool, endpoint);
        match idle_check {
            IdleCheck::Armed => self.connections[slot].phase = Phase::Closed,
            IdleCheck::NotArmed => {
                self.connections.remove(slot);
            }
        }
    }

    fn tell_connection(&mut self, slot: u32, pod: u32, step: Step) {
        self.tell_connection_at(self.kernel.now(), slot, pod, step);
    }

    /// Tells the recorder what happens to a connection.
    pub(super) fn tell_connection_at(&mut self, at: SimTime, slot: u32, pod: u32, step: Step) {
        self.recorder.record(at, Subject::Connection { slot }, pod, step);
    }
}
