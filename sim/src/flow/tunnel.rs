//! Tunnels between boxes: opened for the first connection that needs one, shared by those that
//! follow, and let go when nobody asks for them. Who shares which is decided in `meshwalk-models`.
//!
//! Source: ztunnel `src/proxy/pool.rs`.

use meshwalk_models::proxy::ztunnel::pool::{Acquired, Lane, PoolSettings, Remains, TunnelId};
use meshwalk_models::units::SimDuration;

use crate::kernel::random::mix;
use crate::log::{Recorder, Step, Subject};

use super::alarm::Alarm;
use super::boxes::{Role, Work};
use super::circuit::{BOX_PATIENCE, Circuit, CircuitStage};
use super::engine::Engine;
use super::event::Kind;
use super::plan::ConnectionFate;
use super::state::NONE;

/// The legs of a handshake, for the keys of their draws.
mod leg {
    pub(super) const SYN: u64 = 0x7473_796E;
    pub(super) const CLIENT_HELLO: u64 = 0x7468_6C6F;
    pub(super) const SERVER_FLIGHT: u64 = 0x7466_6C69;
}

/// The tunnels from one pod to another.
#[derive(Clone, Debug)]
pub(super) struct Tunnels {
    pub(super) client: u32,
    pub(super) server: u32,
    pub(super) lane: Lane,
    /// Circuits that wait for the tunnel that is being opened, the oldest first.
    pub(super) waiting: Vec<u32>,
    /// Whether an alarm will look for a tunnel that nobody asks for.
    release: Release,
}

/// Whether an alarm is set for the release of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Release {
    Armed,
    NotArmed,
}

/// A tunnel that is being opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) tunnels: u32,
    pub(super) id: TunnelId,
    /// The circuit that it is opened for.
    circuit: u32,
    key: u64,
    pub(super) phase: OpeningPhase,
}

/// How far the handshakes of a tunnel have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpeningPhase {
    /// SYN sent.
    Connecting,
    /// The client hello is on its way.
    Greeting,
    /// The server's flight is on its way back.
    Finishing,
    /// The client's box checks it and proves who it is.
    Proving,
    /// It will not come to anything.
    Failing,
}

impl<R: Recorder> Engine<R> {
    /// The row of the tunnels from one pod to another, made on first use.
    pub(super) fn tunnels_between(&mut self, client: u32, server: u32) -> u32 {
        if let Some(row) = self.tunnel_rows.get(&(client, server)) {
            return *row;
        }
        let row = self.tunnels.push(Tunnels {
            client,
            server,
            lane: Lane::default(),
            waiting: Vec::new(),
            release: Release::NotArmed,
        });
        self.tunnel_rows.insert((client, server), row);
        row
    }

    /// A circuit needs a tunnel.
    pub(super) fn ask_for_tunnel(&mut self, circuit: u32) {
        let now = self.kernel.now();
        let row = self.circuits[circuit].tunnels;
        match self.tunnels[row].lane.acquire(PoolSettings::default(), now) {
            Acquired::Stream(tunnel) => {
                self.ask_on_tunnel(circuit, tunnel);
                self.watch_tunnels(row);
            }
            Acquired::Open(tunnel) => self.open_tunnel(row, tunnel, circuit),
            Acquired::Wait => {
                self.circuits[circuit].stage = CircuitStage::Waiting;
                self.tunnels[row].waiting.push(circuit);
            }
        }
    }

    fn open_tunnel(&mut self, row: u32, id: TunnelId, circuit: u32) {
        let Circuit { client, server, key, connection, .. } = self.circuits[circuit];
        self.circuits[circuit].stage = CircuitStage::Waiting;
        let (here, there) = (self.site(client), self.site(server));
        let round_trip = self.plan.links.round_trip(here, there, mix(key, leg::SYN));
        let (phase, pause) = if self.syn_is_dropped(circuit) || round_trip > BOX_PATIENCE {
            (OpeningPhase::Failing, BOX_PATIENCE)
        } else {
            (OpeningPhase::Connecting, round_trip)
        };
        let opening = Opening { tunnels: row, id, circuit, key, phase };
        let opening = self.openings.insert(opening);
        let connection = (connection != NONE).then_some(connection);
        self.tell_tunnel(row, client, Step::TunnelOpening { server, connection });
        self.wake_opening(opening, pause);
    }

    fn wake_opening(&mut self, opening: u32, pause: SimDuration) {
        let alarm = self.alarms.insert(Alarm::Tunnel(opening));
        let at = self.kernel.now() + pause;
        self.schedule(at, Kind::Alarm, alarm);
    }

    /// The next flight of a tunnel's handshake has arrived.
    pub(super) fn tunnel_goes_on(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Opening { tunnels, circuit, key, phase, .. } = self.openings[slot];
        let Tunnels { client, server, .. } = self.tunnels[tunnels];
        let (here, there) = (self.site(client), self.site(server));
        let (next, pause) = match phase {
            OpeningPhase::Connecting => {
                let key = mix(key, leg::CLIENT_HELLO);
                (OpeningPhase::Greeting, self.plan.links.travel(here, there, 0, key))
            }
            OpeningPhase::Greeting => {
                let key = mix(key, leg::SERVER_FLIGHT);
                let travel = self.plan.links.travel(there, here, 0, key);
                let gate = self.circuits[circuit].gate;
                if matches!(self.fate_of(gate), Some((ConnectionFate::NoHandshake, _))) {
                    (OpeningPhase::Failing, travel)
                } else {
                    let done = self.box_work(self.box_of(server), Work::Handshake(Role::Server));
                    (OpeningPhase::Finishing, done.at + travel - now)
                }
            }
            OpeningPhase::Finishing => {
                let done = self.box_work(self.box_of(client), Work::Handshake(Role::Client));
                (OpeningPhase::Proving, done.at - now)
            }
            OpeningPhase::Proving => {
                self.tunnel_stands(slot);
                return;
            }
            OpeningPhase::Failing => {
                self.tunnel_failed(slot);
                return;
            }
        };
        self.openings[slot].phase = next;
        self.wake_opening(slot, pause);
    }

    fn tunnel_stands(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Opening { tunnels: row, id, circuit, .. } = self.openings[slot];
        self.openings.remove(slot);
        let client = self.tunnels[row].client;
        self.tunnels[row].lane.opened(PoolSettings::default(), id, now);
        let edge = self.plan.calls[self.circuits[circuit].call as usize].edge;
        self.meter.tls_established(edge, now);
        self.meter.tunnel_stands(self.box_of(client), now);
        self.tell_tunnel(row, client, Step::TunnelOpened);
        self.ask_on_tunnel(circuit, id);
        self.watch_tunnels(row);
        self.serve_tunnel_waiters(row);
    }

    /// A tunnel could not be opened. The circuit that asked for it is lost; those behind it try in
    /// their turn.
    fn tunnel_failed(&mut self, slot: u32) {
        let Opening { tunnels: row, id, circuit, .. } = self.openings[slot];
        self.openings.remove(slot);
        let client = self.tunnels[row].client;
        self.tunnels[row].lane.failed(id);
        self.tell_tunnel(row, client, Step::TunnelFailed);
        self.refuse_circuit(circuit);
        self.serve_tunnel_waiters(row);
    }

    fn serve_tunnel_waiters(&mut self, row: u32) {
        for circuit in std::mem::take(&mut self.tunnels[row].waiting) {
            self.ask_for_tunnel(circuit);
        }
    }

    /// A stream has ended.
    pub(super) fn leave_tunnel(&mut self, row: u32, tunnel: TunnelId) {
        if self.tunnels[row].lane.release(tunnel) == Remains::Closed {
            self.tunnel_closed(row);
        }
    }

    /// Sets the alarm for a tunnel that nobody asks for.
    fn watch_tunnels(&mut self, row: u32) {
        let state = &mut self.tunnels[row];
        if state.release == Release::Armed {
            return;
        }
        let Some(due) = state.lane.released_at(PoolSettings::default()) else { return };
        state.release = Release::Armed;
        let alarm = self.alarms.insert(Alarm::TunnelRelease(row));
        self.schedule(due.max(self.kernel.now()), Kind::Alarm, alarm);
    }

    /// Looks whether a tunnel was not asked for in a long time.
    pub(super) fn release_tunnels(&mut self, row: u32) {
        let now = self.kernel.now();
        let state = &mut self.tunnels[row];
        state.release = Release::NotArmed;
        let released = state.lane.release_unused(PoolSettings::default(), now);
        if matches!(released, Some((_, Remains::Closed))) {
            self.tunnel_closed(row);
        }
        self.watch_tunnels(row);
    }

    fn tunnel_closed(&mut self, row: u32) {
        let client = self.tunnels[row].client;
        self.meter.tunnel_closed(self.box_of(client), self.kernel.now());
        self.tell_tunnel(row, client, Step::TunnelClosed);
    }

    fn tell_tunnel(&mut self, row: u32, pod: u32, step: Step) {
        self.recorder.record(self.kernel.now(), Subject::Tunnels { row }, pod, step);
    }
}
