//! The verdict over one request: whether it may pass, what the client sees, which box decides, and
//! who is believed to be whom on each leg of the way. Which layer decides what is found out by the
//! rest of the walk.

mod ends;
mod legs;
mod lines;
#[cfg(test)]
mod tests;

use crate::proxy::envoy::router::ResetReason;
use crate::units::SimDuration;
use crate::world::Origin;

pub(super) use ends::{hears, settle};
pub(super) use legs::{Ends, Taker, from_outside, inside, legs, to_waypoint};
pub(super) use lines::name as name_lines;

/// Whether a request may pass, over all layers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It passes: the server gets it, or a box answers as it is configured to.
    Allowed,
    /// A box on the way answers in place of the server, and its answer is no.
    Denied,
    /// Its packets are dropped: the client waits.
    Dropped,
    /// Its connection is refused, reset or closed, or the handshake fails.
    Reset,
    /// A box wants to know who asks: 401.
    Unauthenticated,
    /// It cannot be told, or servers differ.
    Unknown,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Allowed,
        Self::Denied,
        Self::Dropped,
        Self::Reset,
        Self::Unauthenticated,
        Self::Unknown,
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Dropped => "dropped",
            Self::Reset => "reset",
            Self::Unauthenticated => "unauthenticated",
            Self::Unknown => "unknown",
        }
    }
}

/// What the client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sees {
    /// What the server answers.
    Server,
    /// An answer of a box on the way.
    Answer(SeenAnswer),
    /// Its connection is refused.
    Refused,
    /// Its connection is made, and ends without an answer.
    Reset {
        /// How long that takes, where it is not at once.
        after: Option<SimDuration>,
    },
    /// The handshake of TLS fails.
    TlsError,
    /// Nothing: it gives up making the connection.
    TimeOut {
        /// When it gives up, if the application sets no limit of its own.
        after: SimDuration,
        /// How many SYN packets are sent until then.
        syns: u32,
    },
    /// The name has no address.
    NotResolved {
        /// How long the client waits for name servers that do not answer; `None` where one says
        /// that there is no such name.
        after: Option<SimDuration>,
    },
    /// It cannot be told.
    Unknown,
}

/// An answer that is not the server's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Option<String>,
    /// Why, as `%RESPONSE_CODE_DETAILS%` of the proxy prints it.
    pub details: Option<String>,
    /// How long the client waits for it, where that is not a matter of a round trip.
    pub after: Option<SimDuration>,
}

/// The sorts of boxes that decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxKind {
    /// What answers for names.
    NameServer,
    /// The network policy at the client's node.
    ClientNode,
    /// The proxy beside the client.
    ClientSidecar,
    /// The proxy of ambient on the client's node.
    ClientZtunnel,
    /// A gateway.
    Gateway,
    /// A waypoint of ambient, which stands between client and server.
    Waypoint,
    /// The node that turns a Service's address into that of a pod.
    Service,
    /// The network policy at the server's node.
    ServerNode,
    /// The proxy beside the server.
    ServerSidecar,
    /// The proxy of ambient on the server's node.
    ServerZtunnel,
    /// The called application.
    ServerApplication,
}

impl BoxKind {
    /// In plain words, such as `server sidecar`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NameServer => "name server",
            Self::ClientNode => "client's node (network policy)",
            Self::ClientSidecar => "client sidecar",
            Self::ClientZtunnel => "client's ztunnel",
            Self::Gateway => "gateway",
            Self::Waypoint => "waypoint",
            Self::Service => "Service",
            Self::ServerNode => "server's node (network policy)",
            Self::ServerSidecar => "server sidecar",
            Self::ServerZtunnel => "server's ztunnel",
            Self::ServerApplication => "server application",
        }
    }
}

/// The box that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnforcedBy {
    /// Its sort.
    pub kind: BoxKind,
    /// Whose it is: a workload with its pod, a gateway, a name.
    pub of: String,
    /// What it goes by: policies, and what says how the client sends.
    pub origins: Vec<Origin>,
}

/// Who the deciding box takes the client for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenIdentity {
    /// A SPIFFE id, or the client's own certificate; `None` is nobody.
    pub principal: Option<String>,
    /// Where that comes from.
    pub source: String,
}

/// One leg of the way: a connection between two boxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Who opens the connection.
    pub from: LegEnd,
    /// Who takes it.
    pub to: LegEnd,
    /// What protects the bytes.
    pub encryption: LegEncryption,
    /// Whether it leaves a node.
    pub crosses_node: Crossing,
    /// What makes it so.
    pub origin: Option<Origin>,
}

/// One end of a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegEnd {
    /// Its sort.
    pub kind: EndKind,
    /// Whose it is.
    pub of: String,
    /// Who the other end believes this one to be.
    pub believed: SeenIdentity,
}

/// The sorts of ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// An application.
    Application,
    /// A proxy beside one.
    Sidecar,
    /// The proxy of ambient on the node of one.
    Ztunnel,
    /// A waypoint of ambient.
    Waypoint,
    /// A gateway.
    Gateway,
    /// A client outside.
    Outside,
}

impl EndKind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Sidecar => "sidecar",
            Self::Ztunnel => "ztunnel",
            Self::Waypoint => "waypoint",
            Self::Gateway => "gateway",
            Self::Outside => "client",
        }
    }
}

/// What protects the bytes of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegEncryption {
    /// Nothing.
    Plaintext,
    /// Mutual TLS with the mesh's certificates.
    Mtls,
    /// A tunnel (HTTP/2 CONNECT) in mutual TLS with the mesh's certificates, on port 15008.
    Hbone,
    /// TLS of a proxy without a certificate of the mesh.
    Tls,
    /// TLS that the application itself speaks.
    ApplicationTls,
}

impl LegEncryption {
    /// In plain words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Mtls => "mTLS",
            Self::Hbone => "HBONE (mTLS)",
            Self::Tls => "TLS, no certificate of the mesh",
            Self::ApplicationTls => "TLS of the application",
        }
    }
}

/// Whether the bytes of a leg leave a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// Both ends are in one pod or on one node.
    No,
    /// The ends may be, or are, on different nodes.
    May,
}

/// What one sort of servers makes of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVerdict {
    /// The servers' workload.
    pub server: String,
    /// The share of the requests, in parts per million.
    pub share_ppm: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, if it is not `allowed`.
    pub why: Option<String>,
}

/// How a request ends before the application of the server, as the box that ends it knows.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) verdict: Verdict,
    pub(super) sees: Sees,
    pub(super) by: EnforcedBy,
}

/// What happens to a connection at its far end, as whoever opened it notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is made, and ends.
    Closed,
    /// It is refused.
    Refused,
    /// Its handshake fails.
    NoHandshake,
    /// Its packets are dropped.
    Dropped,
}

impl Fate {
    /// As the router of a proxy counts it.
    pub(super) const fn reason(self) -> ResetReason {
        match self {
            Self::Closed => ResetReason::ConnectionTermination,
            Self::Refused => ResetReason::ConnectionRefused,
            Self::NoHandshake => ResetReason::ConnectionReset,
            Self::Dropped => ResetReason::ConnectionTimeout,
        }
    }
}
