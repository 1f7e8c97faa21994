//! What proxies did: raw counters by box, and the rows that they stand in.

use serde::Serialize;

/// What a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoxKind {
    /// An Envoy beside one pod.
    Sidecar,
    /// The proxy of a node, shared by all its ambient pods.
    Ztunnel,
    /// An Envoy in a pod of its own, for what a namespace, Service or workload is sent.
    Waypoint,
    /// An Envoy at the edge.
    Gateway,
}

impl BoxKind {
    /// Whether it takes connections whatever they carry, for all pods of a node, and picks nothing
    /// for each request.
    #[must_use]
    pub const fn takes_connections(self) -> bool {
        matches!(self, Self::Ztunnel)
    }

    /// As tables and JSON print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sidecar => "sidecar",
            Self::Ztunnel => "ztunnel",
            Self::Waypoint => "waypoint",
            Self::Gateway => "gateway",
        }
    }
}

/// The boxes of one kind that one workload or node has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyEntry {
    /// What they are.
    pub kind: BoxKind,
    /// Whose they are: `namespace/name` of a workload, or the name of a node.
    pub owner: String,
    /// Each of them, by the name of its pod or node.
    pub instances: Vec<String>,
    /// Workers of each.
    pub workers: u32,
}

/// What boxes did in the measured part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoxCounters {
    /// Worker time on the path of messages, in nanoseconds.
    pub path_ns: u64,
    /// Worker time after messages had left, in nanoseconds.
    pub after_ns: u64,
    /// Worker time for handshakes and streams of tunnels, in nanoseconds.
    pub set_up_ns: u64,
    /// Time that anything waited for a worker, in nanoseconds.
    pub wait_ns: u64,
    /// Requests that passed.
    pub requests: u64,
    /// Messages of responses that passed.
    pub responses: u64,
    /// TLS handshakes in which the box was the client.
    pub handshakes_as_client: u64,
    /// TLS handshakes in which the box was the server.
    pub handshakes_as_server: u64,
    /// Tunnels that the box opened.
    pub tunnels_opened: u64,
    /// Tunnels that it opened and that were closed.
    pub tunnels_closed: u64,
    /// The most tunnels of its own that it held at a time; of several boxes, the sum.
    pub tunnels_peak: u64,
    /// Streams in tunnels that the box asked for.
    pub streams_opened: u64,
    /// Of these, those that have ended.
    pub streams_closed: u64,
    /// Streams in tunnels that the box was asked for.
    pub streams_accepted: u64,
    /// The most connections that it had on either side at a time; of several boxes, the sum.
    pub connections_peak: u64,
    /// Bytes that came in, headers included.
    pub bytes_in: u64,
    /// Bytes that went out, headers included.
    pub bytes_out: u64,
}

impl BoxCounters {
    /// Worker time in all, in nanoseconds.
    #[must_use]
    pub const fn cpu_ns(&self) -> u64 {
        self.path_ns + self.after_ns + self.set_up_ns
    }

    /// Adds the counts of `other`.
    pub const fn merge(&mut self, other: &Self) {
        self.path_ns += other.path_ns;
        self.after_ns += other.after_ns;
        self.set_up_ns += other.set_up_ns;
        self.wait_ns += other.wait_ns;
        self.requests += other.requests;
        self.responses += other.responses;
        self.handshakes_as_client += other.handshakes_as_client;
        self.handshakes_as_server += other.handshakes_as_server;
        self.tunnels_opened += other.tunnels_opened;
        self.tunnels_closed += other.tunnels_closed;
        self.tunnels_peak += other.tunnels_peak;
        self.streams_opened += other.streams_opened;
        self.streams_closed += other.streams_closed;
        self.streams_accepted += other.streams_accepted;
        self.connections_peak += other.connections_peak;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
    }
}

/// One row of proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyCounters {
    /// All instances together.
    pub all: BoxCounters,
    /// Worker time by instance, in the order of the layout, in nanoseconds.
    pub cpu_ns_by_instance: Vec<u64>,
}
