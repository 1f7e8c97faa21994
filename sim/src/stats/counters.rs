//! Raw counters of one run or one window of it.
//!
//! Only requests that began after the warm-up count. A request is a logical call; each try of
//! it is an attempt.

use meshwalk_models::units::SimDuration;

use crate::kernel::Histogram;

use super::{Endings, Full, Parts, ProxyCounters, RetryReason, Ruling, Tally, WireBytes};

/// One caller of one service.
#[derive(Clone, Debug, Default)]
pub struct EdgeCounters {
    /// Calls that ended, and how.
    pub endings: Endings,
    /// Calls that would have been made without any retries, neither of them nor above them.
    pub originals: u64,
    /// Attempts that began: those of the caller's proxy, or the caller's own tries without one.
    pub attempts: u64,
    /// Attempts after the first of a call, by the reason.
    pub retries: Tally<RetryReason>,
    /// Attempts that had to wait for a connection.
    pub pending: u64,
    /// Attempts that a circuit breaker of the caller's proxy had no place for, and retries that it
    /// did not allow.
    pub overflow: Tally<Full>,
    /// Hosts that callers' proxies ejected, each time and in each proxy.
    pub ejections: u64,
    /// Time from the call to its end, of calls that ended.
    pub latency: Histogram,
    /// Where the time of calls that ended went; empty unless the run kept accounts.
    pub parts: Parts,
    /// Connections that were opened.
    pub connections_opened: u64,
    /// TLS handshakes.
    pub tls_handshakes: u64,
    /// Payload sent, in bytes.
    pub request_bytes: u64,
    /// Payload received, in bytes.
    pub response_bytes: u64,
    /// What was put on the wire.
    pub wire: WireBytes,
    /// What policy ended: requests that were answered, connections that were not.
    pub rulings: Tally<Ruling>,
}

impl EdgeCounters {
    /// Calls that ended.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.endings.total()
    }

    /// Calls that ended well.
    #[must_use]
    pub fn successes(&self) -> u64 {
        self.endings.successes()
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.endings.merge(&other.endings);
        self.originals += other.originals;
        self.attempts += other.attempts;
        self.retries.merge(&other.retries);
        self.pending += other.pending;
        self.overflow.merge(&other.overflow);
        self.ejections += other.ejections;
        self.latency.merge(&other.latency);
        self.parts.merge(&other.parts);
        self.connections_opened += other.connections_opened;
        self.tls_handshakes += other.tls_handshakes;
        self.request_bytes += other.request_bytes;
        self.response_bytes += other.response_bytes;
        self.wire.merge(other.wire);
        self.rulings.merge(&other.rulings);
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
    /// Worker time that went into answers nobody waited for any more: the caller had gone, or that
    /// of a call above it. In nanoseconds, summed over all pods.
    pub wasted_ns: u128,
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
    /// A fingerprint of which requests were sent and when, in their order.
    pub arrivals: u64,
    /// Calls that ended, and how.
    pub endings: Endings,
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
    pub proxies: Vec<ProxyCounters>,
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
