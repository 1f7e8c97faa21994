//! Messages on their way: through the sidecars of both sides and over the network.
//!
//! What a sidecar decides stands in `meshwalk-models`; its workers are in `boxes`.

use meshwalk_models::path::Protection;
use meshwalk_models::proxy::envoy::router::More;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::random::mix;
use crate::log::{Recorder, Step};
use crate::net::{Distance, Site};
use crate::stats::{Part, WireBytes};

use super::boxes::Work;
use super::circuit::CircuitStage;
use super::engine::Engine;
use super::event::Kind;
use super::gate::Passed;
use super::ledger::Side;
use super::state::{Attempt, NO_STATUS, NONE, NextBox, ServerKnows, Try, TryStage};
use super::stream::Turn;

/// The directions of a message, for the keys of their draws.
mod leg {
    pub(super) const REQUEST: u64 = 0x7265_7175;
    pub(super) const RESPONSE: u64 = 0x7265_7370;
    pub(super) const REQUEST_IN_POD: u64 = 0x7265_7169;
    pub(super) const RESPONSE_IN_POD: u64 = 0x7265_7369;
    pub(super) const RESET: u64 = 0x7265_7365;
}

/// What HTTP/1.1 or HTTP/2 headers add to a body, in bytes; a typical figure.
const HEADER_BYTES: u64 = 512;

impl<R: Recorder> Engine<R> {
    pub(super) fn site(&self, pod: u32) -> Site {
        self.plan.pods[pod as usize].site
    }

    /// How long a request travels from an application to its own sidecar.
    pub(super) fn request_in_pod(&self, slot: u32) -> SimDuration {
        let it = &self.tries[slot];
        self.request_travel_in_pod(it.call, it.key, Side::Client)
    }

    fn request_travel_in_pod(&self, call: u32, key: u64, side: Side) -> SimDuration {
        let bytes = self.plan.calls[call as usize].request_bytes + HEADER_BYTES;
        let key = mix(mix(key, leg::REQUEST_IN_POD), side as u64);
        self.plan.links.travel_in_pod(bytes, key)
    }

    /// How long a message of an answer travels between an application and its own sidecar.
    fn response_in_pod(&self, slot: u32, side: Side) -> SimDuration {
        let attempt = &self.attempts[slot];
        let message = u64::from(attempt.messages_left) << 1 | side as u64;
        let key = mix(mix(attempt.key, leg::RESPONSE_IN_POD), message);
        self.plan.links.travel_in_pod(self.response_bytes(slot) + HEADER_BYTES, key)
    }

    /// How long the caller's sidecar's own answer travels to the application.
    pub(super) fn local_answer_travel(&self, slot: u32) -> SimDuration {
        if self.outer_of(slot).is_some() {
            return SimDuration::ZERO;
        }
        let key = mix(mix(self.tries[slot].key, leg::RESPONSE_IN_POD), Side::Client as u64);
        self.plan.links.travel_in_pod(HEADER_BYTES, key)
    }

    /// How long word travels that the caller has gone.
    pub(super) fn reset_travel(&self, slot: u32) -> SimDuration {
        let Attempt { client, server, key, .. } = self.attempts[slot];
        self.plan.links.travel(self.site(client), self.site(server), 0, mix(key, leg::RESET))
    }

    /// The caller's sidecar takes the request.
    pub(super) fn request_at_client_proxy(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Try { call, client, stage, .. } = self.tries[slot];
        if stage == TryStage::GivenUp {
            self.tries.remove(slot);
            return;
        }
        self.tries[slot].stage = TryStage::Underway;
        self.tell_try(now, slot, Step::RequestAtClientProxy);
        let bytes = self.plan.calls[call as usize].request_bytes + HEADER_BYTES;
        self.meter.box_took(self.box_of(client), now, bytes);
        let done = self.write_request(slot);
        self.tell_try(done, slot, Step::RequestLeftClientProxy);
        let legs = self.plan.calls[call as usize].legs;
        self.begin_stream(slot, legs.expect("a caller with a proxy has legs"), done);
    }

    /// The caller's sidecar works on a request; tells when it is done.
    pub(super) fn write_request(&mut self, slot: u32) -> SimTime {
        let Try { call, client, .. } = self.tries[slot];
        let bytes = self.plan.calls[call as usize].request_bytes;
        let near = self.box_of(client);
        let done = self.box_work(near, Work::Request(bytes));
        self.charge_box_try(slot, (near, Side::Client), done);
        done.at
    }

    /// Sends a request on its way: over the wire, or to the box of the caller's node first.
    pub(super) fn send_request_over(&mut self, slot: u32, from: SimTime) {
        let Attempt { client, call, key, .. } = self.attempts[slot];
        self.tell(from, slot, client, Step::RequestSent);
        self.charge(slot, Part::SetUp, from);
        if self.near_box(client).is_some() {
            let travel = self.request_travel_in_pod(call, key, Side::Client);
            self.attempts[slot].next_box = NextBox::Near;
            self.charge(slot, Part::Loopback, from + travel);
            self.schedule(from + travel, Kind::RequestAtBox, slot);
            return;
        }
        self.put_request_on_wire(slot, from);
    }

    fn put_request_on_wire(&mut self, slot: u32, from: SimTime) {
        let attempt = self.attempts[slot];
        let (client, server) = (attempt.client, attempt.server);
        let bytes = self.plan.calls[attempt.call as usize].request_bytes + HEADER_BYTES;
        let key = mix(attempt.key, leg::REQUEST);
        let travel = self.plan.links.travel(self.site(client), self.site(server), bytes, key);
        self.count_wire(&attempt, from, bytes);
        self.meter.box_gave(self.box_of(client), from, bytes);
        self.charge(slot, self.network_part(slot), from + travel);
        let kind = if self.has_box(server) { Kind::RequestAtBox } else { Kind::RequestAtApp };
        self.schedule(from + travel, kind, slot);
    }

    /// A request reaches the next box between the applications.
    pub(super) fn request_at_box(&mut self, slot: u32) {
        let Attempt { connection, next_box, .. } = self.attempts[slot];
        if next_box == NextBox::Far {
            self.request_at_server_proxy(slot);
            return;
        }
        if connection == NONE {
            // The caller has gone, and its connection with it.
            self.drop_at_server(slot);
            return;
        }
        let circuit = self.connections[connection].circuit;
        match self.circuits.get(circuit).map(|it| it.stage) {
            Some(CircuitStage::Open) => self.pass_near_box(slot),
            Some(CircuitStage::Refused) | None => self.reset_at_near_box(slot),
            Some(_) => self.wait_in_box(circuit, slot),
        }
    }

    /// The box of the caller's node passes a request on.
    pub(super) fn pass_near_box(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Attempt { client, call, .. } = self.attempts[slot];
        let bytes = self.plan.calls[call as usize].request_bytes;
        self.attempts[slot].next_box = NextBox::Far;
        self.tell(now, slot, client, Step::RequestAtClientNodeProxy);
        self.meter.box_took(self.box_of(client), now, bytes + HEADER_BYTES);
        let near = self.box_of(client);
        self.charge(slot, Part::SetUp, now);
        let done = self.box_work(near, Work::Request(bytes));
        self.charge_box(slot, (near, Side::Client), done);
        let done = done.at;
        self.tell(done, slot, client, Step::RequestLeftClientNodeProxy);
        self.put_request_on_wire(slot, done);
    }

    /// The box of the caller's node passes a message of an answer on to the caller.
    fn response_at_near_box(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = self.attempts[slot];
        if !attempt.is_wanted() {
            self.message_arrived(slot);
            return;
        }
        let travel = self.response_in_pod(slot, Side::Client);
        if attempt.status == NO_STATUS {
            self.schedule(now + travel, Kind::ResponseAtCaller, slot);
            return;
        }
        self.tell(now, slot, attempt.client, Step::ResponseAtClientNodeProxy);
        let done = self.pass_response(slot, Side::Client);
        self.charge(slot, Part::Loopback, done + travel);
        self.tell(done, slot, attempt.client, Step::ResponseLeftClientNodeProxy);
        let bytes = self.response_bytes(slot) + HEADER_BYTES;
        self.meter.box_gave(self.box_of(attempt.client), done, bytes);
        self.schedule(done + travel, Kind::ResponseAtCaller, slot);
    }

    /// A step at the proxy beside a server, as it is called where that is the proxy of its node.
    fn at_server(&self, step: Step, server: u32) -> Step {
        if !R::LISTENS || self.near_box(server).is_none() {
            return step;
        }
        match step {
            Step::RequestAtServerProxy => Step::RequestAtServerNodeProxy,
            Step::RequestLeftServerProxy => Step::RequestLeftServerNodeProxy,
            Step::ResponseAtServerProxy => Step::ResponseAtServerNodeProxy,
            Step::ResponseLeftServerProxy => Step::ResponseLeftServerNodeProxy,
            other => other,
        }
    }

    pub(super) fn request_at_server_proxy(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = self.attempts[slot];
        let bytes = self.plan.calls[attempt.call as usize].request_bytes;
        if attempt.server_knows == ServerKnows::CallerGone {
            self.drop_at_server(slot);
            return;
        }
        self.tell(
            now,
            slot,
            attempt.server,
            self.at_server(Step::RequestAtServerProxy, attempt.server),
        );
        self.meter.box_took(self.box_of(attempt.server), now, bytes + HEADER_BYTES);
        let far = self.box_of(attempt.server);
        let done = self.box_work(far, Work::Request(bytes));
        self.charge_box(slot, (far, Side::Server), done);
        let done = done.at;
        if self.pass_gate(slot, done) == Passed::Through {
            self.leave_server_proxy(slot, done);
        }
    }

    /// The server's proxy passes a request on to the application.
    pub(super) fn leave_server_proxy(&mut self, slot: u32, done: SimTime) {
        let attempt = self.attempts[slot];
        self.charge(slot, Part::Filters, done);
        self.tell(
            done,
            slot,
            attempt.server,
            self.at_server(Step::RequestLeftServerProxy, attempt.server),
        );
        if let Some(call) = self.plan.calls[attempt.call as usize].onward {
            self.begin_inner(slot, call, done);
            return;
        }
        let travel = self.request_travel_in_pod(attempt.call, attempt.key, Side::Server);
        let bytes = self.plan.calls[attempt.call as usize].request_bytes + HEADER_BYTES;
        self.meter.box_gave(self.box_of(attempt.server), done, bytes);
        self.charge(slot, Part::Loopback, done + travel);
        self.schedule(done + travel, Kind::RequestAtApp, slot);
    }

    /// Sends the next message of an answer on its way back.
    pub(super) fn send_message(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = &mut self.attempts[slot];
        if attempt.server_knows == ServerKnows::CallerGone {
            self.drop_at_server(slot);
            return;
        }
        attempt.messages_left -= 1;
        attempt.messages_under_way += 1;
        let (left, server, call) = (attempt.messages_left, attempt.server, attempt.call);
        self.tell(now, slot, server, Step::MessageSent);
        self.charge(slot, Part::Application, now);
        if left > 0
            && let Some(streaming) = self.plan.calls[call as usize].streaming
        {
            self.schedule(now + streaming.interval, Kind::StreamMessage, slot);
        }
        if self.has_box(server) {
            let travel = self.response_in_pod(slot, Side::Server);
            self.charge(slot, Part::Loopback, now + travel);
            self.schedule(now + travel, Kind::ResponseAtServerProxy, slot);
        } else {
            self.send_response_over(slot, now);
        }
    }

    pub(super) fn response_at_server_proxy(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = self.attempts[slot];
        if attempt.server_knows == ServerKnows::CallerGone {
            self.message_arrived(slot);
            return;
        }
        self.tell(
            now,
            slot,
            attempt.server,
            self.at_server(Step::ResponseAtServerProxy, attempt.server),
        );
        let done = self.pass_response(slot, Side::Server);
        self.tell(
            done,
            slot,
            attempt.server,
            self.at_server(Step::ResponseLeftServerProxy, attempt.server),
        );
        self.send_response_over(slot, done);
    }

    /// Sends word back that the connection is closed.
    pub(super) fn send_reset_back(&mut self, slot: u32, from: SimTime) {
        let Attempt { client, server, key, .. } = self.attempts[slot];
        let key = mix(key, leg::RESPONSE);
        let travel = self.plan.links.travel(self.site(server), self.site(client), 0, key);
        self.schedule(from + travel, self.response_kind(client), slot);
    }

    /// Who gets an answer first.
    fn response_kind(&self, client: u32) -> Kind {
        if self.has_box(client) { Kind::ResponseAtClientProxy } else { Kind::ResponseAtCaller }
    }

    /// Puts a message on the wire back to the caller.
    pub(super) fn send_response_over(&mut self, slot: u32, from: SimTime) {
        let attempt = self.attempts[slot];
        let (client, server) = (attempt.client, attempt.server);
        let bytes = self.response_bytes(slot) + HEADER_BYTES;
        let key = mix(mix(attempt.key, leg::RESPONSE), u64::from(attempt.messages_left));
        let travel = self.plan.links.travel(self.site(server), self.site(client), bytes, key);
        self.count_wire(&attempt, from, bytes);
        self.meter.box_gave(self.box_of(server), from, bytes);
        self.charge(slot, self.network_part(slot), from + travel);
        self.schedule(from + travel, self.response_kind(client), slot);
    }

    /// Counts a message that is put on the wire.
    fn count_wire(&mut self, attempt: &Attempt, at: SimTime, bytes: u64) {
        let distance = Distance::between(self.site(attempt.client), self.site(attempt.server));
        let edge = self.plan.calls[attempt.call as usize].edge;
        let bytes = match (distance, attempt.protection) {
            (Distance::SameNode, _) => WireBytes { same_node: bytes, ..WireBytes::default() },
            (_, Protection::Plaintext) => WireBytes { plaintext: bytes, ..WireBytes::default() },
            (_, Protection::MutualTls | Protection::Hbone) => {
                WireBytes { encrypted: bytes, ..WireBytes::default() }
            }
        };
        let crosses = matches!(distance, Distance::SameRegion | Distance::CrossRegion);
        let cross_zone = if crosses { bytes.total() } else { 0 };
        self.meter.put_on_the_wire(edge, at, WireBytes { cross_zone, ..bytes });
    }

    pub(super) fn response_at_client_proxy(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = self.attempts[slot];
        if self.near_box(attempt.client).is_some() {
            self.response_at_near_box(slot);
            return;
        }
        if attempt.status == NO_STATUS {
            self.connection_broke(slot);
            return;
        }
        if !attempt.is_wanted() {
            self.message_arrived(slot);
            return;
        }
        self.tell(now, slot, attempt.client, Step::ResponseAtClientProxy);
        let done = self.pass_response(slot, Side::Client);
        let last = attempt.messages_left == 0 && attempt.messages_under_way == 1;
        let more = if last { More::End } else { More::Follows };
        match self.hear_response(slot, more, done) {
            Turn::Forwarded => {
                self.tell(done, slot, attempt.client, Step::ResponseLeftClientProxy);
                if let Some(outer) = self.outer_of(attempt.of) {
                    self.relay_message(slot, outer, more, done);
                    return;
                }
                if last {
                    // The proxy's connection is free as soon as the proxy has the whole answer.
                    self.release_connection(slot);
                }
                let bytes = self.response_bytes(slot) + HEADER_BYTES;
                self.meter.box_gave(self.box_of(attempt.client), done, bytes);
                let travel = self.response_in_pod(slot, Side::Client);
                self.charge(slot, Part::Loopback, done + travel);
                self.schedule(done + travel, Kind::ResponseAtCaller, slot);
            }
            Turn::Quiet => self.throw_away(slot, more),
        }
    }

    /// The proxy keeps an answer from its caller, because another attempt may do better.
    fn throw_away(&mut self, slot: u32, more: More) {
        let attempt = self.attempts[slot];
        if more == More::End && attempt.is_wanted() {
            self.release_connection(slot);
            self.count_answer(slot);
            self.attempts[slot].gone_at = self.kernel.now();
            if self.tries[attempt.of].attempt == slot {
                self.tries[attempt.of].attempt = NONE;
            }
        }
        self.message_arrived(slot);
    }

    /// Work of the box of a side for one message of an answer.
    fn pass_response(&mut self, slot: u32, side: Side) -> SimTime {
        let Attempt { client, server, .. } = self.attempts[slot];
        let own = self.box_of(if side == Side::Client { client } else { server });
        let bytes = self.response_bytes(slot);
        self.meter.box_took(own, self.kernel.now(), bytes + HEADER_BYTES);
        let done = self.box_work(own, Work::Response(bytes));
        self.charge_box(slot, (own, side), done);
        done.at
    }

    /// What the way of an attempt's messages between two pods counts for.
    fn network_part(&self, slot: u32) -> Part {
        if R::ACCOUNTS && self.is_outer(slot) { Part::WaypointDetour } else { Part::Network }
    }

    /// The size of the answer's body, in bytes.
    pub(super) fn response_bytes(&self, slot: u32) -> u64 {
        if self.is_outer(slot) {
            return self.relayed_bytes(slot);
        }
        let attempt = &self.attempts[slot];
        self.program_of(slot).map_or(0, |program| {
            if attempt.status < 400 {
                self.plan.programs[program as usize].response_bytes
            } else {
                0
            }
        })
    }
}
