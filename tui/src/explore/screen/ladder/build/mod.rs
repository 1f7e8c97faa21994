//! Makes the ladder of a connection: what the log tells of it, and between that, marked as
//! derived, the messages that the protocols prescribe and the engine does not simulate one by one.
//!
//! The flights are those of TLS 1.3 with certificates on both sides (RFC 8446, section 2).

mod users;

use meshwalk_models::path::Protection;
use meshwalk_models::proxy::ztunnel::HBONE_PORT;
use meshwalk_sim::flow::plan::BoxKind;
use meshwalk_sim::log::{ConnectionRow, Step};
use meshwalk_sim::timeline::{ConnectionEntry, EventId, Log, LogEntry};

use crate::explore::hop::{self, Hop};
use crate::explore::wording::{Happened, Spot, SpotPart, Words};

use super::model::{
    Basis, Column, Keys, Ladder, Message, MessageKind, Note, Outcome, Phase, Rung, What,
};

/// The life of a connection as far as it is recorded; nothing where there is no such one.
pub(super) fn build(
    words: &Words<'_>,
    log: &Log,
    row: ConnectionRow,
    cursor: EventId,
) -> Option<Ladder> {
    let connection = log.connection(row)?;
    let (columns, ends) = columns(words, &connection);
    let own = log.events_of_connection(row);
    let protection = protection(words, log, &connection);
    let mut making = Making {
        words,
        log,
        connection,
        own: &own,
        ladder: Ladder { row, columns, ends, protection, rungs: Vec::new(), left_out: 0 },
        anchor: EventId(0),
        heard: false,
        tunnel: OwnTunnel::NotAsked,
    };
    let (chosen, left_out) = users::chosen(log, row, cursor);
    making.ladder.left_out = left_out;
    let mut events = own.clone();
    events.extend(users::events(log, &chosen));
    events.sort_unstable();
    events.dedup();
    for id in events {
        making.anchor = id;
        let entry = log.entry(id);
        if own.binary_search(&id).is_ok() {
            making.connection_step(&entry);
        } else {
            making.user_step(&entry);
        }
    }
    Some(making.ladder)
}

/// The columns, and the two between which bytes cross the network.
fn columns(words: &Words<'_>, of: &ConnectionEntry) -> (Vec<Column>, (usize, usize)) {
    let column = |spot: Spot| Column {
        name: match spot.part {
            SpotPart::Sidecar | SpotPart::Ztunnel => words.spot_in_short(spot),
            _ => words.pod(spot.pod),
        },
        what: spot.part.word(),
        spot,
    };
    let app = |pod: u32| column(Spot { part: SpotPart::App, pod });
    let proxy = |pod: u32| column(words.proxy_spot(pod));
    let mut columns = match words.proxy(of.client) {
        None => vec![app(of.client)],
        Some(BoxKind::Sidecar | BoxKind::Ztunnel) => vec![app(of.client), proxy(of.client)],
        Some(BoxKind::Waypoint | BoxKind::Gateway) => vec![proxy(of.client)],
    };
    let near = columns.len() - 1;
    columns.extend(match words.proxy(of.server) {
        None => vec![app(of.server)],
        Some(BoxKind::Waypoint | BoxKind::Gateway) => vec![proxy(of.server)],
        Some(BoxKind::Sidecar | BoxKind::Ztunnel) => vec![proxy(of.server), app(of.server)],
    });
    (columns, (near, near + 1))
}

/// What protects the bytes between the ends, as the log tells where it is opened.
fn protection(words: &Words<'_>, log: &Log, of: &ConnectionEntry) -> Protection {
    match of.opened.map(|event| log.step(event)) {
        Some(Step::ConnectionOpening { protection, .. }) => protection,
        // Nobody is known to have opened it.
        _ => {
            let paths = (words.data_path(of.client), words.data_path(of.server));
            meshwalk_models::path::protection(paths.0, paths.1)
        }
    }
}

/// A ladder in the making.
struct Making<'a> {
    words: &'a Words<'a>,
    log: &'a Log,
    connection: ConnectionEntry,
    own: &'a [EventId],
    ladder: Ladder,
    /// The entry that is looked at.
    anchor: EventId,
    /// Whether the server's end is known to have had something of the client.
    heard: bool,
    /// How far its own tunnel has come, where it asked for one.
    tunnel: OwnTunnel,
}

/// A tunnel that this connection asked for. Others between the same pods are opened and closed for
/// other connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnTunnel {
    NotAsked,
    Opening,
    Ended,
}

impl Making<'_> {
    fn push(&mut self, basis: Basis, phase: Phase, what: What) {
        let at = (basis == Basis::Recorded).then(|| self.log.time(self.anchor));
        self.ladder.rungs.push(Rung { anchor: self.anchor, at, basis, phase, what });
    }

    fn message(&mut self, basis: Basis, phase: Phase, message: Message) {
        self.push(basis, phase, What::Message(message));
    }

    fn note(&mut self, (basis, phase): (Basis, Phase), column: usize, text: impl Into<String>) {
        let note = Note { column, text: text.into(), outcome: Outcome::GoesOn };
        self.push(basis, phase, What::Note(note));
    }

    fn fatal_note(&mut self, phase: Phase, column: usize, text: String) {
        let note = Note { column, text, outcome: Outcome::Fatal };
        self.push(Basis::Recorded, phase, What::Note(note));
    }

    /// Messages of a protocol that nobody simulates, one after the other.
    fn derived(&mut self, phase: Phase, messages: &[(usize, usize, MessageKind, Keys)]) {
        for (from, to, kind, keys) in messages {
            let message = Message {
                from: *from,
                to: *to,
                kind: kind.clone(),
                protection: *keys,
                outcome: Outcome::GoesOn,
            };
            self.message(Basis::Derived, phase, message);
        }
    }

    /// Whether the client's end takes the application's connections itself.
    fn is_of_node(&self) -> bool {
        self.ladder.columns[self.ladder.ends.0].spot.part == SpotPart::Ztunnel
    }

    /// What the keys of the connection itself are.
    fn keys(&self) -> Keys {
        match self.ladder.protection {
            Protection::Plaintext => Keys::None,
            Protection::MutualTls | Protection::Hbone => Keys::Application,
        }
    }

    fn has_told(&self, is_it: impl Fn(Step) -> bool) -> bool {
        let past = self.own.iter().take_while(|id| **id < self.anchor);
        past.map(|id| self.log.step(*id)).any(is_it)
    }

    /// What the log tells of the connection and of its tunnel.
    fn connection_step(&mut self, entry: &LogEntry) {
        let (near, far) = self.ladder.ends;
        if !self.is_own(entry.step) {
            return self.of_others(entry);
        }
        match entry.step {
            Step::ConnectionOpening { .. } => self.opening(),
            Step::TcpEstablished => self.tcp_established(),
            Step::TlsEstablished => self.tls_established((near, far), "the connection"),
            Step::SynDropped { decision } => {
                let text = self.words.decided(decision);
                self.lost_syn(MessageKind::Syn);
                self.fatal_note(Phase::Tcp, far, format!("dropped on the way: {text}"));
            }
            Step::SynSentAgain => self.lost_syn(MessageKind::Syn),
            Step::ConnectionRefused { decision } => {
                let text = self.words.decided(decision);
                self.refused(text);
            }
            Step::TunnelOpening { .. } => self.tunnel_opening(),
            Step::TunnelOpened => self.tls_established((near, far), "the tunnel"),
            Step::TunnelFailed => {
                self.fatal_note(Phase::Tcp, near, "the tunnel could not be opened".to_owned());
            }
            Step::StreamAsked => self.stream_asked(),
            Step::StreamOpened => self.stream_opened(),
            Step::ConnectionClosed => self.closed(),
            _ => {}
        }
    }

    /// Whether an entry tells of this connection or of the tunnel that it asked for.
    fn is_own(&mut self, step: Step) -> bool {
        let slot = |event: EventId| match self.log.step(event) {
            Step::ConnectionOpening { connection, .. } => Some(connection),
            _ => None,
        };
        match step {
            Step::TunnelOpening { connection, .. } => {
                let is_own =
                    connection.is_some() && connection == self.connection.opened.and_then(slot);
                if is_own {
                    self.tunnel = OwnTunnel::Opening;
                }
                is_own
            }
            Step::TunnelOpened | Step::TunnelFailed => {
                let is_own = self.tunnel == OwnTunnel::Opening;
                if is_own {
                    self.tunnel = OwnTunnel::Ended;
                }
                is_own
            }
            // Its own stays while it has a stream in it.
            Step::TunnelClosed => false,
            _ => true,
        }
    }

    /// The end; nobody is told of it where nobody had answered.
    fn closed(&mut self) {
        let (near, far) = self.ladder.ends;
        let stood = |step: Step| {
            matches!(
                step,
                Step::TcpEstablished
                    | Step::TlsEstablished
                    | Step::StreamAsked
                    | Step::StreamOpened
            )
        };
        // A log that begins later may have missed the answer.
        if self.connection.opened.is_some() && !self.has_told(stood) {
            let text = "is given up: it never opened";
            return self.note((Basis::Recorded, Phase::End), near, text);
        }
        let (from, to, protection) = match self.is_of_node() {
            true => (0, near, Keys::None),
            false => (near, far, self.keys()),
        };
        let (kind, outcome) = (MessageKind::Close, Outcome::GoesOn);
        let message = Message { from, to, kind, protection, outcome };
        self.message(Basis::Recorded, Phase::End, message);
    }

    /// A tunnel between the same pods that another connection asked for.
    fn of_others(&mut self, entry: &LogEntry) {
        let near = self.ladder.ends.0;
        let phase = self.ladder.rungs.last().map_or(Phase::Tcp, |rung| rung.phase);
        let happened = Happened { step: entry.step, pod: entry.pod, connection: None };
        let text = format!("for another connection: {}", self.words.summary(happened));
        self.note((Basis::Recorded, phase), near, text);
    }

    fn opening(&mut self) {
        let (near, far) = self.ladder.ends;
        let number = self.ladder.row.0;
        let to = self.words.pod(self.connection.server);
        let phase = if self.is_of_node() { Phase::Local } else { Phase::Tcp };
        let opener = if self.is_of_node() { 0 } else { near };
        self.note((Basis::Recorded, phase), opener, format!("opens connection #{number} for {to}"));
        let has_lost =
            self.own.iter().any(|id| matches!(self.log.step(*id), Step::SynDropped { .. }));
        match (self.is_of_node(), self.ladder.protection) {
            (true, _) => self.derived(Phase::Local, &[(0, near, MessageKind::Syn, Keys::None)]),
            (false, Protection::Hbone) => {}
            (false, _) if has_lost => {}
            (false, _) => {
                self.derived(Phase::Tcp, &[(near, far, MessageKind::Syn, Keys::None)]);
            }
        }
    }

    fn tcp_established(&mut self) {
        let (near, far) = self.ladder.ends;
        let (from, to, phase) =
            if self.is_of_node() { (0, near, Phase::Local) } else { (near, far, Phase::Tcp) };
        self.derived(phase, &[(to, from, MessageKind::SynAck, Keys::None)]);
        let with = match self.is_of_node() {
            true => "TCP established, with the proxy of its node",
            false => "TCP established",
        };
        self.note((Basis::Recorded, phase), from, with);
        self.derived(phase, &[(from, to, MessageKind::Ack, Keys::None)]);
        if !self.is_of_node() && self.ladder.protection == Protection::MutualTls {
            self.derived(Phase::Hello, &[(near, far, MessageKind::ClientHello, Keys::None)]);
        }
    }

    /// The server's flight has come, and the client's has gone: the client is connected, and the
    /// server has checked nothing yet.
    fn tls_established(&mut self, (near, far): (usize, usize), what: &str) {
        use MessageKind::{Proof, ServerAsks, ServerHello};
        self.derived(Phase::Hello, &[(far, near, ServerHello, Keys::None)]);
        self.derived(
            Phase::ServerProof,
            &[(far, near, ServerAsks, Keys::Handshake), (far, near, Proof, Keys::Handshake)],
        );
        self.note((Basis::Derived, Phase::ServerProof), near, "checks the server's certificate");
        self.derived(Phase::ClientProof, &[(near, far, Proof, Keys::Handshake)]);
        let text = format!("CONNECTED: {what} stands for it, and it may send");
        self.note((Basis::Recorded, Phase::ClientProof), near, text);
        self.note(
            (Basis::Derived, Phase::ClientProof),
            far,
            "has yet to check the client's certificate",
        );
    }

    fn lost_syn(&mut self, kind: MessageKind) {
        let (near, far) = self.ladder.ends;
        let (from, to, protection) = (near, far, Keys::None);
        let message = Message { from, to, kind, protection, outcome: Outcome::Fatal };
        self.message(Basis::Recorded, Phase::Tcp, message);
    }

    fn refused(&mut self, why: String) {
        let (near, far) = self.ladder.ends;
        let asked = self.has_told(|step| step == Step::StreamAsked);
        let greeted = self.ladder.protection == Protection::MutualTls
            && self.has_told(|step| step == Step::TcpEstablished);
        let (phase, words, keys) = match (asked, greeted) {
            (true, _) => (Phase::Stream, "CONNECT is refused", self.keys()),
            (false, true) => (Phase::Hello, "the handshake fails", Keys::None),
            (false, false) => (Phase::Tcp, "refused (RST)", Keys::None),
        };
        self.fatal_note(phase, far, why);
        let message = Message {
            from: far,
            to: near,
            kind: MessageKind::Refusal(words.to_owned()),
            protection: keys,
            outcome: Outcome::Fatal,
        };
        self.message(Basis::Recorded, phase, message);
    }

    fn tunnel_opening(&mut self) {
        use MessageKind::{Ack, ClientHello, Syn, SynAck};
        let (near, far) = self.ladder.ends;
        let to = self.words.pod(self.connection.server);
        let text = format!("opens a tunnel to {to}, port {HBONE_PORT}");
        self.note((Basis::Recorded, Phase::Tcp), near, text);
        if self.has_told(|step| matches!(step, Step::SynDropped { .. })) {
            return;
        }
        self.derived(
            Phase::Tcp,
            &[
                (near, far, Syn, Keys::None),
                (far, near, SynAck, Keys::None),
                (near, far, Ack, Keys::None),
            ],
        );
        self.derived(Phase::Hello, &[(near, far, ClientHello, Keys::None)]);
    }

    fn stream_asked(&mut self) {
        let (near, far) = self.ladder.ends;
        if self.tunnel == OwnTunnel::NotAsked {
            let since = self.tunnel_since();
            self.note(
                (Basis::Derived, Phase::Stream),
                near,
                format!("a tunnel to there stands already{since}"),
            );
        }
        let message = Message {
            from: near,
            to: far,
            kind: MessageKind::Connect,
            protection: Keys::Application,
            outcome: Outcome::GoesOn,
        };
        self.message(Basis::Recorded, Phase::Stream, message);
    }

    /// Since when there is a tunnel, if the log tells.
    fn tunnel_since(&self) -> String {
        let Some(tunnels) = self.connection.tunnels else { return String::new() };
        let past = self.log.events_of(tunnels).take_while(|id| *id < self.anchor);
        let opened = past.filter(|id| self.log.step(*id) == Step::TunnelOpened).last();
        opened.map_or(String::new(), |id| format!(", since {}", id.dense_name()))
    }

    fn stream_opened(&mut self) {
        let (near, far) = self.ladder.ends;
        if self.ladder.protection != Protection::Hbone {
            use MessageKind::{Ack, Syn, SynAck};
            self.derived(
                Phase::Tcp,
                &[(near, far, Syn, Keys::None), (far, near, SynAck, Keys::None)],
            );
            self.note((Basis::Recorded, Phase::Tcp), near, "the way to the server is open");
            self.derived(Phase::Tcp, &[(near, far, Ack, Keys::None)]);
            return;
        }
        self.note((Basis::Derived, Phase::Stream), far, "has checked the client's certificate");
        self.heard = true;
        if self.ladder.columns.len() > far + 1 {
            self.note((Basis::Derived, Phase::Stream), far, "dials the application");
        }
        let message = Message {
            from: far,
            to: near,
            kind: MessageKind::Connected,
            protection: Keys::Application,
            outcome: Outcome::GoesOn,
        };
        self.message(Basis::Recorded, Phase::Stream, message);
    }
}
