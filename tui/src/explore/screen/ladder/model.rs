//! A connection's life as a sequence of messages: plain data, before anything is drawn. Who made
//! it of what is said in `build`.

use meshwalk_models::path::Protection;
use meshwalk_models::units::SimTime;
use meshwalk_sim::log::ConnectionRow;
use meshwalk_sim::timeline::EventId;

use crate::explore::wording::Spot;

/// The life of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ladder {
    /// Which connection.
    pub(super) row: ConnectionRow,
    /// The boxes from the client's to the server's.
    pub(super) columns: Vec<Column>,
    /// The columns between which bytes cross the network: the client's end and the server's.
    pub(super) ends: (usize, usize),
    /// What protects them there.
    pub(super) protection: Protection,
    /// What happened, in order.
    pub(super) rungs: Vec<Rung>,
    /// How many requests used it whose messages are left out.
    pub(super) left_out: usize,
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name in few letters.
    pub(super) name: String,
    /// What it is, in a word.
    pub(super) what: &'static str,
    /// Which box.
    pub(super) spot: Spot,
}

/// One row of the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    /// The entry of the log that tells of it, or the first that shows that it has happened.
    pub(super) anchor: EventId,
    /// When, where that is recorded.
    pub(super) at: Option<SimTime>,
    /// How it is known.
    pub(super) basis: Basis,
    /// The part of the connection's life.
    pub(super) phase: Phase,
    /// What happens.
    pub(super) what: What,
}

/// How something is known. Bytes of a recording will be one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// An entry of the log tells of it.
    Recorded,
    /// It follows from what the log tells and from the protocol; the engine does not simulate it
    /// one by one, and its moment is not known.
    Derived,
}

/// Part of a connection's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// TCP between an application and the proxy of its node.
    Local,
    /// TCP between the ends.
    Tcp,
    /// The first flight of TLS.
    Hello,
    /// The server proves who it is.
    ServerProof,
    /// The client does.
    ClientProof,
    /// A stream is asked for in a tunnel.
    Stream,
    /// Requests and answers.
    Data,
    /// It ends.
    End,
}

impl Phase {
    /// In words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Local => "TCP in the pod",
            Self::Tcp => "TCP",
            Self::Hello => "TLS hello",
            Self::ServerProof => "the server proves itself",
            Self::ClientProof => "the client proves itself",
            Self::Stream => "CONNECT",
            Self::Data => "requests",
            Self::End => "the end",
        }
    }
}

/// What happens in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A message.
    Message(Message),
    /// Something in one box.
    Note(Note),
}

/// A message from one column to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The column that sends it.
    pub(super) from: usize,
    /// The column that it goes to.
    pub(super) to: usize,
    /// What it is.
    pub(super) kind: MessageKind,
    /// What protects it on the wire.
    pub(super) protection: Keys,
    /// Whether it ends something.
    pub(super) outcome: Outcome,
}

/// The messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MessageKind {
    /// `SYN`
    Syn,
    /// `SYN,ACK`
    SynAck,
    /// `ACK`
    Ack,
    /// The client's first flight of TLS.
    ClientHello,
    /// The first part of the server's.
    ServerHello,
    /// What the server says under handshake keys before it proves itself.
    ServerAsks,
    /// The proof of one side.
    Proof,
    /// A stream is asked for.
    Connect,
    /// The other side takes the stream.
    Connected,
    /// A request, with words of its own.
    Request(String),
    /// An answer.
    Answer(String),
    /// The connection, or a stream, is not taken; with words of its own.
    Refusal(String),
    /// The connection is closed.
    Close,
}

impl MessageKind {
    /// In words, and in fewer.
    pub(super) fn words(&self) -> (String, String) {
        let both = |text: &str| (text.to_owned(), text.to_owned());
        match self {
            Self::Syn => both("SYN"),
            Self::SynAck => both("SYN,ACK"),
            Self::Ack => both("ACK"),
            Self::ClientHello => both("ClientHello"),
            Self::ServerHello => both("ServerHello"),
            Self::ServerAsks => (
                "{EncryptedExtensions, CertificateRequest}".to_owned(),
                "{Extensions, CertRequest}".to_owned(),
            ),
            Self::Proof => (
                "{Certificate, CertificateVerify, Finished}".to_owned(),
                "{Cert, Verify, Finished}".to_owned(),
            ),
            Self::Connect => ("[h2 CONNECT]".to_owned(), "[CONNECT]".to_owned()),
            Self::Connected => ("[h2 200: the stream is open]".to_owned(), "[200 open]".to_owned()),
            Self::Request(words) | Self::Answer(words) | Self::Refusal(words) => {
                let first = words.split(' ').next().unwrap_or_default();
                (words.clone(), first.to_owned())
            }
            Self::Close => both("close"),
        }
    }
}

/// Which keys protect a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// None: anybody on the wire can read it.
    None,
    /// Those of the handshake.
    Handshake,
    /// Those of the connection.
    Application,
}

impl Keys {
    /// In words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::None => "in plaintext",
            Self::Handshake => "under handshake keys",
            Self::Application => "under application keys",
        }
    }
}

/// Something in one box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// Its column.
    pub(super) column: usize,
    /// What.
    pub(super) text: String,
    /// Whether it ends something.
    pub(super) outcome: Outcome,
}

/// Whether something goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It does.
    GoesOn,
    /// It does not.
    Fatal,
}

impl Ladder {
    /// The row at the cursor: the last one that had happened; nothing before the first.
    pub(super) fn row_at(&self, cursor: EventId) -> Option<usize> {
        self.rungs.iter().rposition(|rung| rung.anchor <= cursor)
    }

    /// The phases that this connection goes through, in order.
    pub(super) fn phases(&self) -> Vec<Phase> {
        let mut phases: Vec<Phase> = self.rungs.iter().map(|rung| rung.phase).collect();
        phases.sort_unstable();
        phases.dedup();
        phases
    }
}
