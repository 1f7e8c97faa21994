//! What the layers of policy do to connections and requests in time: SYNs that nobody answers,
//! connections that are refused or closed, answers of the server's proxy. What they decide is in
//! the plan before the run begins.

use std::borrow::Cow;
use std::sync::Arc;

use meshwalk_models::manifest::kinds::Timestamp;
use meshwalk_models::path::Protection;
use meshwalk_models::proxy::envoy::Request;
use meshwalk_models::proxy::envoy::filters::{Ask, ExternalAnswer, Step as Pass};
use meshwalk_models::token::TokenFacts;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::random::{CounterDraw, Draws, mix};
use crate::log::{Recorder, Step};
use crate::stats::{Details, Ruling};

use super::alarm::Alarm;
use super::dice::KeyedDice;
use super::engine::Engine;
use super::event::Kind;
use super::filters;
use super::plan::{
    ConnectionFate, ConnectionGate, Decision, DestinationEnd, GateKey, GatePlan, RequestGate,
    RouteAction,
};
use super::rules::Rules;
use super::state::{Attempt, Connection, NONE, Phase, ServerKnows, Stage};
use super::stream::Stream;

/// The pause before a SYN is sent again; it doubles each time (RFC 6298, section 2.1).
const FIRST_SYN_TIMEOUT: SimDuration = SimDuration::from_secs(1);
/// When Linux gives up: `tcp_syn_retries` is 6, so the last pause ends 1 + 2 + ... + 64 s after
/// the first SYN (Linux, `Documentation/networking/ip-sysctl.rst`).
pub(crate) const SYN_PATIENCE: SimDuration = SimDuration::from_secs(127);

/// What the draws of filters beside servers are for.
const SERVER_FILTERS: u64 = 0x7366_696C;
/// What the draws of external authorisers are for.
const AUTHORIZER: u64 = 0x6175_7468;

impl<R: Recorder> Engine<R> {
    /// The row of the gate that an attempt meets at a server; [`NONE`] where nothing is in the way.
    pub(super) fn gate_at(&self, slot: u32, server: u32) -> u32 {
        if self.plan.gates.is_empty() {
            return NONE;
        }
        let attempt = &self.attempts[slot];
        let Some(sending) = self.sending_of(attempt) else { return NONE };
        let class = |pod: u32| self.plan.pods[pod as usize].gate_class;
        let key = GateKey { sending, client: class(attempt.client), server: class(server) };
        self.plan.gates.find(key).unwrap_or(NONE)
    }

    /// How an attempt is sent, while it is wanted.
    fn sending_of(&self, attempt: &Attempt) -> Option<u32> {
        if self.pools[attempt.pool].cluster == NONE {
            return self.plan.calls[attempt.call as usize].sending;
        }
        let Stream { route, destination, .. } = self.streams[attempt.of];
        let RouteAction::Forward(terms) = &self.plan.mesh.routes[route as usize].action else {
            return None;
        };
        match terms.destinations.get(destination as usize)?.end {
            DestinationEnd::Cluster { sending, .. } => Some(sending),
            DestinationEnd::Missing(_) => None,
        }
    }

    /// What protects a connection that meets this gate.
    pub(super) fn protection_of(&self, gate: u32) -> Option<Protection> {
        self.plan.gates.get(gate).map(|gate| gate.protection)
    }

    /// How a connection ends that is not taken.
    pub(super) fn fate_of(&self, gate: u32) -> Option<(ConnectionFate, Decision)> {
        match self.plan.gates.get(gate)?.connection {
            ConnectionGate::Open => None,
            ConnectionGate::Ends(fate, decision) => Some((fate, decision)),
        }
    }

    /// Remembers which gate an attempt meets on its connection.
    pub(super) fn remember_gate(&mut self, slot: u32, gate: u32) {
        if self.plan.gates.is_empty() {
            return;
        }
        while self.gates.len() <= slot as usize {
            self.gates.push(NONE);
        }
        self.gates[slot] = gate;
    }

    /// The gate that an attempt meets at its server.
    fn gate_of(&self, slot: u32) -> Option<&GatePlan> {
        self.plan.gates.get(*self.gates.get(slot)?)
    }

    /// How long a client waits for its SYN to be answered.
    pub(super) fn connect_patience(&self, client: u32, pool: u32) -> SimDuration {
        let limit = match self.cluster_of(pool) {
            Some(cluster) => Some(cluster.connect_timeout).filter(|limit| !limit.is_zero()),
            None => {
                let app = self.plan.pods[client as usize].app;
                self.plan.apps.get(app as usize).and_then(|app| app.connect_timeout)
            }
        };
        limit.unwrap_or(SYN_PATIENCE)
    }

    /// Sends the first of the SYNs that nobody answers.
    pub(super) fn begin_waiting(&mut self, slot: u32, decision: Decision, from: SimTime) {
        let Connection { client, pool, .. } = self.connections[slot];
        self.connections[slot].phase = Phase::Unanswered;
        self.count_ruling_on(slot, Ruling::Dropped, from);
        self.tell_connection_at(from, slot, client, Step::SynDropped { decision });
        let patience = self.connect_patience(client, pool);
        self.schedule(from + FIRST_SYN_TIMEOUT.min(patience), Kind::Connection, slot);
    }

    /// Nobody has answered: the SYN is sent again, or the client gives up.
    pub(super) fn syn_unanswered(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Connection { client, pool, free_since: began, .. } = self.connections[slot];
        let (waited, patience) = (now - began, self.connect_patience(client, pool));
        if waited >= patience {
            self.connect_failed(slot, ConnectionFate::Dropped.reason());
            return;
        }
        self.tell_connection_at(now, slot, client, Step::SynSentAgain);
        let next = waited + waited + FIRST_SYN_TIMEOUT;
        self.schedule(began + next.min(patience), Kind::Connection, slot);
    }

    /// The server's side has refused a connection, and the client learns of it.
    pub(super) fn connection_refused(&mut self, slot: u32, fate: ConnectionFate, by: Decision) {
        let now = self.kernel.now();
        let client = self.connections[slot].client;
        self.count_ruling_on(slot, Ruling::Reset, now);
        self.tell_connection_at(now, slot, client, Step::ConnectionRefused { decision: by });
        self.connect_failed(slot, fate.reason());
    }

    fn count_ruling_on(&mut self, connection: u32, ruling: Ruling, at: SimTime) {
        let edge = self.plan.calls[self.connections[connection].call as usize].edge;
        self.meter.ruled(edge, at, ruling);
    }

    /// The server's proxy is done with reading a request: what becomes of it.
    pub(super) fn pass_gate(&mut self, slot: u32, done: SimTime) -> Passed {
        let Some(gate) = self.gate_of(slot) else { return Passed::Through };
        if let ConnectionGate::Ends(_, decision) = gate.connection {
            self.close_at_server(slot, decision);
            return Passed::Ended;
        }
        match gate.request {
            RequestGate::Through => Passed::Through,
            RequestGate::Answered { status, details, decision } => {
                self.answer_at_server_proxy(slot, (status, details), decision, done);
                Passed::Ended
            }
            RequestGate::Filters(..) => self.meet_server_filters(slot, done),
        }
    }

    /// The server's side closes a connection at its first bytes. Word of it travels as an answer
    /// without a status.
    fn close_at_server(&mut self, slot: u32, decision: Decision) {
        let now = self.kernel.now();
        let Attempt { server, call, .. } = self.attempts[slot];
        self.meter.ruled(self.plan.calls[call as usize].edge, now, Ruling::Reset);
        self.tell(now, slot, server, Step::ConnectionReset { decision });
        self.end_at_server(slot, 0);
        self.send_reset_back(slot, now);
    }

    /// The server's proxy answers in place of the application.
    fn answer_at_server_proxy(
        &mut self,
        slot: u32,
        (status, details): (u16, Details),
        decision: Decision,
        from: SimTime,
    ) {
        let Attempt { server, call, .. } = self.attempts[slot];
        let ruling = if status == 401 { Ruling::Unauthenticated } else { Ruling::Denied };
        self.meter.ruled(self.plan.calls[call as usize].edge, from, ruling);
        let step = Step::AnsweredByServerProxy { status, details, decision };
        self.tell(from, slot, server, step);
        self.end_at_server(slot, status);
        self.send_response_over(slot, from);
    }

    /// The server's side has done its part, with one message on its way back.
    fn end_at_server(&mut self, slot: u32, status: u16) {
        let attempt = &mut self.attempts[slot];
        attempt.status = status;
        attempt.stage = Stage::Done;
        attempt.messages_left = 0;
        attempt.messages_under_way += 1;
    }

    /// Lets the filters beside a server look at a request, from where it stands.
    fn meet_server_filters(&mut self, slot: u32, from: SimTime) -> Passed {
        let plan = self.plan.clone();
        let gate = self.gates.get(slot).and_then(|row| plan.gates.get(*row));
        let Some(RequestGate::Filters(filters, decision)) = gate.map(|gate| &gate.request) else {
            return Passed::Through;
        };
        let Attempt { key, server, .. } = self.attempts[slot];
        let mut passage = self.server_passages.remove(&slot).unwrap_or_default();
        let mut dice = KeyedDice::new(mix(mix(key, SERVER_FILTERS), u64::from(passage.stops)));
        let mut rules = Rules::default();
        let request = self.at_this_time(&filters.request);
        let state = self.filter_states.entry((server, filters.number)).or_default();
        let subject = (filters.as_ref(), &*request, None);
        let pass = filters::run(subject, &mut passage, state, from, &mut dice, &mut rules);
        if R::LISTENS {
            for rule in rules.0 {
                self.tell(from, slot, server, Step::Decided { rule });
            }
        }
        match pass {
            Pass::Wait(pause) => {
                passage.stops += 1;
                self.tell(from, slot, server, Step::Delayed { pause });
                self.server_passages.insert(slot, passage);
                let alarm = self.alarms.insert(Alarm::ServerFilters(slot));
                self.schedule(from + pause, Kind::Alarm, alarm);
                Passed::Ended
            }
            Pass::Ask(ask) => {
                passage.stops += 1;
                let (answer, pause) = self.ask_authorizer(mix(key, u64::from(passage.stops)), &ask);
                passage.progress.tell(answer);
                self.tell(from, slot, server, Step::Asks { pause });
                self.server_passages.insert(slot, passage);
                let alarm = self.alarms.insert(Alarm::ServerFilters(slot));
                self.schedule(from + pause, Kind::Alarm, alarm);
                Passed::Ended
            }
            Pass::Answer(reply) => {
                let ending = filters::ending_of(&reply);
                passage
                    .progress
                    .end(self.filter_states.entry((server, filters.number)).or_default());
                let answer = (ending.status, ending.details);
                self.answer_at_server_proxy(slot, answer, *decision, from);
                Passed::Ended
            }
            Pass::Through => {
                passage
                    .progress
                    .end(self.filter_states.entry((server, filters.number)).or_default());
                Passed::Through
            }
            // The plan has no filters that cannot tell.
            Pass::Unknown => {
                self.close_at_server(slot, *decision);
                Passed::Ended
            }
        }
    }

    /// A request as it is at this time: its tokens may have expired.
    pub(super) fn at_this_time<'r>(&self, request: &'r Request) -> Cow<'r, Request> {
        let Some(start) = self.plan.starts_at else { return Cow::Borrowed(request) };
        let elapsed_s = (self.kernel.now().as_ns() / 1_000_000_000) as i64;
        let now = Timestamp::from_unix_s(start.as_unix_s().saturating_add(elapsed_s));
        let tokens = TokenFacts { now: Some(now), ..request.tokens.as_ref().clone() };
        Cow::Owned(Request { tokens: Arc::new(tokens), ..request.clone() })
    }

    /// What an external authoriser answers, and after which time.
    pub(super) fn ask_authorizer(&self, key: u64, ask: &Ask) -> (ExternalAnswer, SimDuration) {
        let Some(authorizer) = self.plan.authorizers.get(&ask.provider) else {
            return (ExternalAnswer::Fail, ask.timeout);
        };
        let mut draws = CounterDraw::keyed(key, AUTHORIZER);
        let failed = authorizer.failures.happens(draws.next_u64());
        let distribution = &self.plan.distributions[authorizer.latency as usize];
        let latency = distribution.sample(&mut draws);
        if !ask.timeout.is_zero() && latency > ask.timeout {
            return (ExternalAnswer::Fail, ask.timeout);
        }
        (if failed { ExternalAnswer::Fail } else { authorizer.answer }, latency)
    }

    /// The time is over for which filters held up a request at its server.
    pub(super) fn server_filters_go_on(&mut self, slot: u32) {
        let now = self.kernel.now();
        if self.attempts[slot].server_knows == ServerKnows::CallerGone {
            self.server_passages.remove(&slot);
            self.drop_at_server(slot);
            return;
        }
        if self.meet_server_filters(slot, now) == Passed::Through {
            self.leave_server_proxy(slot, now);
        }
    }
}

/// What became of a request in its server's proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// It goes on to the application.
    Through,
    /// It does not, or not yet.
    Ended,
}
