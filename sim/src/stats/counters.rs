//! Raw counters of one run or one window of it.
//!
//! Only requests that began after the warm-up count. A request is a logical call; each try of
//! it is an attempt.

use meshwalk_models::units::SimDuration;
use serde::{Deserialize, Serialize};

use crate::kernel::Histogram;

/// How a call ended, as its caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An answer below 400.
    Ok,
    /// An answer from 400 to 499.
    ClientError,
    /// An answer of 500 or more that the application gave.
    ServerError,
    /// 503: the pod's queue was full.
    Overloaded,
    /// 503 from the caller's proxy, or a refused connection: nobody is ready.
    NoEndpoint,
    /// The connection could not be made.
    ConnectFailure,
    /// The caller gave up.
    Timeout,
    /// The name does not resolve, or the port does not exist.
    Unresolved,
}

impl Outcome {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// All of them, in the order of their rows.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Ok,
        Self::ClientError,
        Self::ServerError,
        Self::Overloaded,
        Self::NoEndpoint,
        Self::ConnectFailure,
        Self::Timeout,
        Self::Unresolved,
    ];

    /// Its row in [`EdgeCounters::outcomes`].
    #[must_use]
    pub const fn row(self) -> usize {
        self as usize
    }

    /// Whether the caller counts it as success: any answer below 500.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Ok | Self::ClientError)
    }

    /// The name in JSON and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Overloaded => "overloaded",
            Self::NoEndpoint => "no_endpoint",
            Self::ConnectFailure => "connect_failure",
            Self::Timeout => "timeout",
            Self::Unresolved => "unresolved",
        }
    }
}

/// One caller of one service.
#[derive(Clone, Debug, Default)]
pub struct EdgeCounters {
    /// Calls that ended, by [`Outcome::row`].
    pub outcomes: [u64; Outcome::COUNT],
    /// Tries that began.
    pub attempts: u64,
    /// Time from the call to its end, of calls that ended.
    pub latency: Histogram,
    /// Connections that were opened.
    pub connections_opened: u64,
    /// TLS handshakes.
    pub tls_handshakes: u64,
    /// Payload sent, in bytes.
    pub request_bytes: u64,
    /// Payload received, in bytes.
    pub response_bytes: u64,
}

impl EdgeCounters {
    /// Calls that ended.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// Calls that ended well.
    #[must_use]
    pub fn successes(&self) -> u64 {
        Outcome::ALL.iter().filter(|o| o.is_success()).map(|o| self.outcomes[o.row()]).sum()
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.outcomes.iter_mut().zip(other.outcomes) {
            *mine += theirs;
        }
        self.attempts += other.attempts;
        self.latency.merge(&other.latency);
        self.connections_opened += other.connections_opened;
        self.tls_handshakes += other.tls_handshakes;
        self.request_bytes += other.request_bytes;
        self.response_bytes += other.response_bytes;
    }
}

/// One workload.
#[derive(Clone, Debug, Default)]
pub struct WorkloadCounters {
    /// Requests that reached a pod.
    pub arrived: u64,
    /// Requests turned away because the queue was full.
    pub rejected: u64,
    /// Requests whose answer left a pod.
    pub finished: u64,
    /// Time that requests waited for a worker.
    pub wait: Histogram,
    /// Worker time in use, summed over all pods, in nanoseconds.
    pub busy_ns: u128,
    /// Worker time in use, by pod in the order of the layout.
    pub busy_ns_by_pod: Vec<u64>,
    /// Requests waiting, integrated over time and summed over all pods.
    pub queued_request_ns: u128,
    /// Time in which the pods' sidecars worked, summed over all of their workers.
    pub proxy_busy_ns: u128,
}

/// One traffic source.
#[derive(Clone, Debug, Default)]
pub struct TrafficCounters {
    /// Requests that were sent.
    pub sent: u64,
    /// Calls that ended, by [`Outcome::row`].
    pub outcomes: [u64; Outcome::COUNT],
    /// Time from sending to the end.
    pub latency: Histogram,
}

/// Everything one run counted.
#[derive(Clone, Debug, Default)]
pub struct RunStatistics {
    /// The length of the measured part.
    pub measured: SimDuration,
    /// By row of the layout.
    pub edges: Vec<EdgeCounters>,
    /// By row of the layout.
    pub workloads: Vec<WorkloadCounters>,
    /// By row of the layout.
    pub traffic: Vec<TrafficCounters>,
    /// Requests of traffic sources that had begun, counted or not, and not ended at the end.
    pub in_flight_at_end: u64,
    /// Of those, the ones that began in the measured part: their latency is unknown (censored).
    pub censored: u64,
    /// Request-response exchanges between two applications that ended, warm-up included.
    pub hops: u64,
    /// Kernel events.
    pub events: u64,
    /// The rolling hash of the run.
    pub state_hash: u64,
}
