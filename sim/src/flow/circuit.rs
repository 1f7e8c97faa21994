//! What carries a connection below its own protocol: the box of the caller's node takes it on the
//! spot and makes a way to the server, as a stream in a tunnel or as a plain connection. Proxies
//! that speak HBONE themselves use streams in the same way. Tunnels are in `tunnel`; what a request
//! does on such a connection is in `proxy`.
//!
//! Source: ztunnel `src/proxy/outbound.rs` and `src/proxy/inbound.rs`.

use meshwalk_models::path::Protection;
use meshwalk_models::proxy::envoy::router::ResetReason;
use meshwalk_models::proxy::ztunnel::pool::TunnelId;
use meshwalk_models::units::SimDuration;

use crate::kernel::random::mix;
use crate::log::{Recorder, Step};
use crate::stats::Ruling;

use super::alarm::Alarm;
use super::boxes::{Role, Work};
use super::engine::Engine;
use super::event::Kind;
use super::plan::{ConnectionFate, NO_BOX};
use super::state::{Connection, NO_STATUS, NONE, Phase, ServerKnows, Stage};

/// How long ztunnel waits for a connection (`CONNECTION_TIMEOUT` in `src/proxy.rs`).
pub(super) const BOX_PATIENCE: SimDuration = SimDuration::from_secs(10);

/// The legs of a stream's beginning, for the keys of their draws.
mod leg {
    pub(super) const ACCEPT: u64 = 0x6163_6370;
    pub(super) const DIAL: u64 = 0x6469_616C;
    pub(super) const CONNECT: u64 = 0x636F_6E6E;
    pub(super) const TO_APP: u64 = 0x746F_6170;
    pub(super) const ANSWER: u64 = 0x616E_7377;
    pub(super) const RESET: u64 = 0x7273_6574;
}

/// One connection below its own protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circuit {
    /// The key of its draws.
    pub(super) key: u64,
    /// The connection; [`NONE`] once it is closed.
    pub(super) connection: u32,
    pub(super) client: u32,
    pub(super) server: u32,
    /// The call site that had the connection opened.
    pub(super) call: u32,
    /// The row of the gate that it meets.
    pub(super) gate: u32,
    /// The row of the tunnels that it takes one of; [`NONE`] in plaintext.
    pub(super) tunnels: u32,
    /// Which of them carries it, once that is known.
    pub(super) tunnel: Option<TunnelId>,
    /// Requests that wait in the box for it.
    pub(super) first_waiting: u32,
    last_waiting: u32,
    pub(super) stage: CircuitStage,
}

/// How far a circuit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CircuitStage {
    /// The connection is on its way to the box.
    Arriving,
    /// It waits for a tunnel that is being opened.
    Waiting,
    /// CONNECT is on its way to the other box.
    Asking,
    /// The answer is on its way back; in plaintext, the server's to the SYN.
    Answering,
    /// Nobody will answer.
    Failing,
    /// Bytes pass.
    Open,
    /// The other side does not take it.
    Refused,
}

impl<R: Recorder> Engine<R> {
    /// The box of a pod's node that takes its connections, whatever they carry.
    pub(super) fn near_box(&self, pod: u32) -> Option<u32> {
        let row = self.box_of(pod);
        let place = self.plan.boxes.get(row as usize)?;
        place.kind.takes_connections().then_some(row)
    }

    /// Makes the way for a connection; the box hears of it after `pause`.
    pub(super) fn open_circuit(&mut self, connection: u32, pause: SimDuration) {
        let Connection { key, client, server, call, gate, protection, .. } =
            self.connections[connection];
        let tunnels = match protection {
            Protection::Hbone => self.tunnels_between(client, server),
            Protection::Plaintext | Protection::MutualTls => NONE,
        };
        let circuit = self.circuits.insert(Circuit {
            key: mix(key, leg::ACCEPT),
            connection,
            client,
            server,
            call,
            gate,
            tunnels,
            tunnel: None,
            first_waiting: NONE,
            last_waiting: NONE,
            stage: CircuitStage::Arriving,
        });
        self.connections[connection].circuit = circuit;
        self.wake_circuit(circuit, pause);
    }

    /// Lets a circuit go on after `pause`.
    pub(super) fn wake_circuit(&mut self, circuit: u32, pause: SimDuration) {
        let alarm = self.alarms.insert(Alarm::Circuit(circuit));
        let at = self.kernel.now() + pause;
        self.schedule(at, Kind::Alarm, alarm);
    }

    /// What a circuit waited for has happened.
    pub(super) fn circuit_goes_on(&mut self, slot: u32) {
        let Circuit { stage, connection, .. } = self.circuits[slot];
        if connection == NONE && stage == CircuitStage::Arriving {
            self.circuits.remove(slot);
            return;
        }
        match stage {
            CircuitStage::Arriving => self.circuit_at_near_box(slot),
            CircuitStage::Asking => self.circuit_at_far_box(slot),
            CircuitStage::Answering => self.circuit_answered(slot),
            CircuitStage::Failing => self.refuse_circuit(slot),
            CircuitStage::Waiting | CircuitStage::Open | CircuitStage::Refused => {
                debug_assert!(false, "such a circuit has no event of its own");
            }
        }
    }

    fn circuit_at_near_box(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Circuit { key, client, server, tunnels, .. } = self.circuits[slot];
        if tunnels != NONE {
            self.ask_for_tunnel(slot);
            return;
        }
        let done = self.box_work(self.box_of(client), Work::Stream(Role::Client)).at;
        let key = mix(key, leg::DIAL);
        let round_trip = self.plan.links.round_trip(self.site(client), self.site(server), key);
        let (stage, pause) = if self.syn_is_dropped(slot) || round_trip > BOX_PATIENCE {
            (CircuitStage::Failing, BOX_PATIENCE)
        } else {
            (CircuitStage::Answering, round_trip)
        };
        self.circuits[slot].stage = stage;
        self.wake_circuit(slot, done + pause - now);
    }

    /// Whether policy drops the SYN that a box sends for a circuit. It is counted here: the caller
    /// may have gone long before the box gives up.
    pub(super) fn syn_is_dropped(&mut self, slot: u32) -> bool {
        let Circuit { gate, call, client, .. } = self.circuits[slot];
        let Some((ConnectionFate::Dropped, decision)) = self.fate_of(gate) else { return false };
        let edge = self.plan.calls[call as usize].edge;
        self.meter.ruled(edge, self.kernel.now(), Ruling::Dropped);
        self.tell_circuit(slot, client, Step::SynDropped { decision });
        true
    }

    /// A circuit has its tunnel: CONNECT goes out.
    pub(super) fn ask_on_tunnel(&mut self, slot: u32, tunnel: TunnelId) {
        let now = self.kernel.now();
        let Circuit { key, client, server, .. } = self.circuits[slot];
        let near = self.box_of(client);
        let done = self.box_work(near, Work::Stream(Role::Client)).at;
        let key = mix(key, leg::CONNECT);
        let travel = self.plan.links.travel(self.site(client), self.site(server), 0, key);
        let circuit = &mut self.circuits[slot];
        circuit.tunnel = Some(tunnel);
        circuit.stage = CircuitStage::Asking;
        self.meter.stream_began(near, now);
        self.tell_circuit(slot, client, Step::StreamAsked);
        self.wake_circuit(slot, done + travel - now);
    }

    /// CONNECT reaches the other box, which dials its application before it answers.
    fn circuit_at_far_box(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Circuit { key, client, server, gate, .. } = self.circuits[slot];
        let done = self.box_work(self.box_of(server), Work::Stream(Role::Server)).at;
        let dial = match self.fate_of(gate) {
            Some(_) => SimDuration::ZERO,
            // The tunnel ends in the proxy that reads the requests.
            None if self.is_waypoint(server) => SimDuration::ZERO,
            None => {
                let key = mix(key, leg::TO_APP);
                self.plan.links.travel_in_pod(0, key) + self.plan.links.travel_in_pod(0, !key)
            }
        };
        let key = mix(key, leg::ANSWER);
        let travel = self.plan.links.travel(self.site(server), self.site(client), 0, key);
        self.circuits[slot].stage = CircuitStage::Answering;
        self.wake_circuit(slot, done + dial + travel - now);
    }

    /// The answer is there.
    fn circuit_answered(&mut self, slot: u32) {
        let Circuit { gate, connection, client, .. } = self.circuits[slot];
        if self.fate_of(gate).is_some() {
            self.refuse_circuit(slot);
            return;
        }
        self.circuits[slot].stage = CircuitStage::Open;
        self.tell_circuit(slot, client, Step::StreamOpened);
        while let Some(attempt) = self.next_in_box(slot) {
            if self.attempts[attempt].is_wanted() {
                self.pass_near_box(attempt);
            } else {
                self.drop_at_server(attempt);
            }
        }
        if connection == NONE {
            self.end_circuit(slot);
        } else if self.connections[connection].phase == Phase::Connecting {
            // A proxy that speaks HBONE itself has waited for this.
            self.connection_ready(connection);
        }
    }

    /// The other side does not take a circuit, or no way to it could be made: the connection,
    /// which stands already, is reset.
    pub(super) fn refuse_circuit(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Circuit { connection, client, call, gate, .. } = self.circuits[slot];
        let by = self.fate_of(gate).filter(|(fate, _)| *fate != ConnectionFate::Dropped);
        self.circuits[slot].stage = CircuitStage::Refused;
        if connection == NONE {
            self.reset_waiting(slot);
            self.end_circuit(slot);
            return;
        }
        if self.connections[connection].phase == Phase::Connecting {
            match by {
                Some((fate, decision)) => self.connection_refused(connection, fate, decision),
                None => self.connect_failed(connection, ResetReason::ConnectionTimeout),
            }
            return;
        }
        if let Some((_, decision)) = by {
            self.meter.ruled(self.plan.calls[call as usize].edge, now, Ruling::Reset);
            self.tell_circuit(slot, client, Step::ConnectionRefused { decision });
        }
        if self.connections[connection].streams == 0 {
            self.close_connection(connection);
            return;
        }
        self.unlink_free(connection);
        self.connections[connection].phase = Phase::Draining;
        self.reset_waiting(slot);
    }

    /// Resets the requests that wait in the box.
    fn reset_waiting(&mut self, slot: u32) {
        while let Some(attempt) = self.next_in_box(slot) {
            self.reset_at_near_box(attempt);
        }
    }

    /// A request is in the box of its caller's node, and its connection leads nowhere.
    pub(super) fn reset_at_near_box(&mut self, slot: u32) {
        let attempt = self.attempts[slot];
        if !attempt.is_wanted() || attempt.server_knows == ServerKnows::CallerGone {
            self.drop_at_server(slot);
            return;
        }
        let state = &mut self.attempts[slot];
        state.status = NO_STATUS;
        state.stage = Stage::Done;
        state.messages_left = 0;
        state.messages_under_way += 1;
        let travel = self.plan.links.travel_in_pod(0, mix(attempt.key, leg::RESET));
        let at = self.kernel.now() + travel;
        self.schedule(at, Kind::ResponseAtCaller, slot);
    }

    /// Lets a request wait in the box until its circuit is open.
    pub(super) fn wait_in_box(&mut self, circuit: u32, attempt: u32) {
        self.attempts[attempt].next = NONE;
        let last = self.circuits[circuit].last_waiting;
        if last == NONE {
            self.circuits[circuit].first_waiting = attempt;
        } else {
            self.attempts[last].next = attempt;
        }
        self.circuits[circuit].last_waiting = attempt;
    }

    fn next_in_box(&mut self, circuit: u32) -> Option<u32> {
        let slot = self.circuits[circuit].first_waiting;
        if slot == NONE {
            return None;
        }
        let next = self.attempts[slot].next;
        self.circuits[circuit].first_waiting = next;
        if next == NONE {
            self.circuits[circuit].last_waiting = NONE;
        }
        Some(slot)
    }

    /// A connection is closed: its circuit ends, at once or when it is known what became of it.
    pub(super) fn leave_circuit(&mut self, connection: u32) {
        let circuit = std::mem::replace(&mut self.connections[connection].circuit, NONE);
        if circuit == NONE {
            return;
        }
        self.circuits[circuit].connection = NONE;
        let stage = self.circuits[circuit].stage;
        if matches!(stage, CircuitStage::Open | CircuitStage::Refused) {
            self.end_circuit(circuit);
        }
    }

    fn end_circuit(&mut self, slot: u32) {
        let Circuit { client, tunnels, tunnel, .. } = self.circuits[slot];
        self.circuits.remove(slot);
        if let Some(tunnel) = tunnel {
            self.meter.stream_ended(self.box_of(client), self.kernel.now());
            self.leave_tunnel(tunnels, tunnel);
        }
    }

    /// Tells the recorder what happens to the connection of a circuit.
    pub(super) fn tell_circuit(&mut self, slot: u32, pod: u32, step: Step) {
        let connection = self.circuits[slot].connection;
        if R::LISTENS && connection != NONE {
            self.tell_connection_at(self.kernel.now(), connection, pod, step);
        }
    }

    /// Whether a pod has a box of its side.
    pub(super) fn has_box(&self, pod: u32) -> bool {
        self.box_of(pod) != NO_BOX
    }
}
