//! The results of a run as `-o json` prints them; field names are stable.
//!
//! No wall-clock figure stands here: the same inputs give the same bytes.

use std::collections::BTreeMap;

use serde::Serialize;

/// A measured value and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean over replications.
    pub value: f64,
    /// Half the width of the 95 % confidence interval; `null` with a single replication.
    pub half_width: Option<f64>,
}

/// Everything `meshwalk run` reports.
#[derive(Clone, Debug, Serialize)]
pub struct RunResults {
    /// What makes this run this run.
    pub identity: Identity,
    /// The rolling hash of the run, 16 hexadecimal digits; with replications, of all in order.
    pub state_hash: String,
    /// The simulated time that was measured, in seconds.
    pub measured_s: f64,
    /// How many replications were run.
    pub replications: u32,
    /// Sums over everything.
    pub totals: Totals,
    /// What was called, by name.
    pub services: Vec<ServiceResults>,
    /// Who called what, by caller and service.
    pub edges: Vec<EdgeResults>,
    /// Capacity, by workload name.
    pub workloads: Vec<WorkloadResults>,
    /// Proxies, by kind and owner.
    pub proxies: Vec<ProxyResults>,
    /// Traffic sources, in the order of the scenario.
    pub traffic: Vec<TrafficResults>,
    /// Expectations, in the order of the scenario.
    pub expectations: Vec<ExpectationResult>,
    /// What was assumed because nothing said it.
    pub assumptions: Vec<Assumption>,
    /// What was read and has no effect.
    pub not_modelled: Vec<NotModelled>,
}

/// What makes a run this run: equal identities give equal hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The version of meshwalk.
    pub engine: String,
    /// The behaviour profile.
    pub profile: String,
    /// SHA-256 of the scenario, overrides applied.
    pub scenario: String,
    /// SHA-256 of the manifests, whatever the order of files.
    pub manifests: String,
    /// The seed.
    pub seed: u64,
    /// Overrides given on the command line.
    pub edits: Vec<String>,
}

/// Sums over everything.
#[derive(Clone, Debug, Serialize)]
pub struct Totals {
    /// Requests that traffic sources sent in the measured part.
    pub requests: u64,
    /// Of those, the ones that ended well.
    pub succeeded: u64,
    /// Of those, the ones that failed.
    pub failed: u64,
    /// Requests under way at the end.
    pub in_flight: u64,
    /// Measured requests without an end: sent, and neither succeeded nor failed.
    pub censored: u64,
    /// Exchanges between two applications.
    pub hops: u64,
    /// Kernel events.
    pub events: u64,
}

/// One service, as its callers saw it.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceResults {
    /// Its namespace; empty for hosts outside.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Calls that ended, summed over replications.
    pub requests: u64,
    /// Attempts, summed over replications.
    pub attempts: u64,
    /// Attempts for each call that there would be without any retries, from 1; `null` without
    /// calls.
    pub amplification: Option<f64>,
    /// Attempts after the first of a call, by the reason: a status or a reset that the caller's
    /// proxy saw, or `application`.
    pub retries: BTreeMap<String, u64>,
    /// Attempts that had to wait for a connection.
    pub pending: u64,
    /// What circuit breakers of callers' proxies had no place for: `connections`, `pending`,
    /// `requests`, `retries`.
    pub overflow: BTreeMap<&'static str, u64>,
    /// Ejections of hosts by callers' proxies, each time and in each proxy.
    pub ejections: u64,
    /// What policy ended: requests `denied` and `unauthenticated`, connections `dropped` and
    /// `reset`.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Bytes that left their node unencrypted, headers included.
    pub plaintext_bytes: u64,
    /// Calls that ended, per second.
    pub rate_per_s: Estimate,
    /// Good answers that callers still waited for, per second: calls below 400.
    pub goodput_per_s: Estimate,
    /// The share that ended well, from 0 to 1; `null` without requests.
    pub success_rate: Option<Estimate>,
    /// Mean latency in milliseconds.
    pub mean_ms: Option<Estimate>,
    /// Median latency in milliseconds.
    pub p50_ms: Option<Estimate>,
    /// 90th percentile in milliseconds.
    pub p90_ms: Option<Estimate>,
    /// 99th percentile in milliseconds.
    pub p99_ms: Option<Estimate>,
    /// Calls by HTTP status, those that occurred; `none` where no answer came.
    pub statuses: BTreeMap<String, u64>,
    /// Calls by the response flags of the caller's proxy, as it prints them; calls without flags
    /// are left out.
    pub response_flags: BTreeMap<String, u64>,
    /// Calls by response code details.
    pub details: BTreeMap<&'static str, u64>,
}

/// One caller of one service.
#[derive(Clone, Debug, Serialize)]
pub struct EdgeResults {
    /// The caller: `namespace/name` of a workload, or `traffic:NAME`.
    pub from: String,
    /// The service: `namespace/name`, or a host outside.
    pub to: String,
    /// Calls that ended, summed over replications.
    pub requests: u64,
    /// Attempts, summed over replications.
    pub attempts: u64,
    /// Attempts for each call that there would be without any retries, from 1; `null` without
    /// calls.
    pub amplification: Option<f64>,
    /// Attempts after the first of a call, by the reason: a status or a reset that the caller's
    /// proxy saw, or `application`.
    pub retries: BTreeMap<String, u64>,
    /// Attempts that had to wait for a connection.
    pub pending: u64,
    /// What circuit breakers of callers' proxies had no place for: `connections`, `pending`,
    /// `requests`, `retries`.
    pub overflow: BTreeMap<&'static str, u64>,
    /// Ejections of hosts by callers' proxies, each time and in each proxy.
    pub ejections: u64,
    /// What policy ended: requests `denied` and `unauthenticated`, connections `dropped` and
    /// `reset`.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Bytes that left their node unencrypted, headers included.
    pub plaintext_bytes: u64,
    /// Calls that ended, per second.
    pub rate_per_s: Estimate,
    /// Good answers that the caller still waited for, per second: calls below 400.
    pub goodput_per_s: Estimate,
    /// The share that ended well, from 0 to 1.
    pub success_rate: Option<Estimate>,
    /// Median latency in milliseconds.
    pub p50_ms: Option<Estimate>,
    /// 90th percentile in milliseconds.
    pub p90_ms: Option<Estimate>,
    /// 99th percentile in milliseconds.
    pub p99_ms: Option<Estimate>,
    /// Calls by HTTP status, those that occurred; `none` where no answer came.
    pub statuses: BTreeMap<String, u64>,
    /// Calls by the response flags of the caller's proxy, as it prints them; calls without flags
    /// are left out.
    pub response_flags: BTreeMap<String, u64>,
    /// Calls by response code details.
    pub details: BTreeMap<&'static str, u64>,
    /// Connections opened, summed over replications.
    pub connections_opened: u64,
    /// TLS handshakes, summed over replications.
    pub tls_handshakes: u64,
    /// Payload sent, in bytes, summed over replications.
    pub request_bytes: u64,
    /// Payload received, in bytes, summed over replications.
    pub response_bytes: u64,
    /// Bytes that left their node encrypted, headers included.
    pub encrypted_bytes: u64,
    /// Bytes that stayed on their node, headers included.
    pub same_node_bytes: u64,
    /// Bytes that went from one zone to another, headers included.
    pub cross_zone_bytes: u64,
}

/// The capacity of one workload.
#[derive(Clone, Debug, Serialize)]
pub struct WorkloadResults {
    /// Its namespace; empty for hosts outside.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How many pods it has.
    pub pods: u32,
    /// Requests that reached its pods, summed over replications.
    pub arrived: u64,
    /// The share of worker time in use, from 0 to 1, mean over pods.
    pub utilisation: Estimate,
    /// The share of the worker time in use that went into answers nobody waited for any more;
    /// `null` without work.
    pub wasted: Option<Estimate>,
    /// The pod that is used most.
    pub busiest_pod: Option<PodUtilisation>,
    /// Mean number of requests waiting in one pod.
    pub queue_length: Estimate,
    /// Mean wait for a worker in milliseconds.
    pub wait_mean_ms: Option<Estimate>,
    /// 99th percentile of that wait in milliseconds.
    pub wait_p99_ms: Option<Estimate>,
    /// Requests turned away because the queue was full, summed over replications.
    pub rejected: u64,
    /// The share of the sidecars' worker time in use; `null` without sidecars.
    pub proxy_utilisation: Option<Estimate>,
}

/// One pod's share of worker time in use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PodUtilisation {
    /// The pod.
    pub pod: String,
    /// From 0 to 1, mean over replications.
    pub utilisation: f64,
}

/// The proxies of one kind that one workload or node has.
#[derive(Clone, Debug, Serialize)]
pub struct ProxyResults {
    /// `sidecar`, `ztunnel`, `waypoint` or `gateway`.
    pub kind: &'static str,
    /// Whose they are: `namespace/name` of a workload, or the name of a node.
    pub owner: String,
    /// How many there are.
    pub instances: u32,
    /// Workers of each.
    pub workers: u32,
    /// Cores that all of them use together.
    pub cpu_cores: Estimate,
    /// The share of their workers' time in use, from 0 to 1.
    pub utilisation: Estimate,
    /// The one that is used most.
    pub busiest: Option<ProxyUtilisation>,
    /// Mean time that a message, or a side of a handshake, waits for a worker, in milliseconds;
    /// `null` where nothing passed.
    pub wait_mean_ms: Option<Estimate>,
    /// Requests that passed, summed over replications.
    pub requests: u64,
    /// Messages of responses that passed, summed over replications.
    pub responses: u64,
    /// TLS handshakes in which they were the client, summed over replications.
    pub handshakes_as_client: u64,
    /// TLS handshakes in which they were the server, summed over replications.
    pub handshakes_as_server: u64,
    /// Tunnels that they opened, summed over replications.
    pub tunnels_opened: u64,
    /// The most tunnels that each of them held at a time, added up; the largest of the replications.
    pub tunnels_peak: u64,
    /// Streams in tunnels that they asked for, summed over replications.
    pub streams_opened: u64,
    /// The most connections that each of them had at a time, added up; the largest of the
    /// replications.
    pub connections_peak: u64,
    /// Bytes that came in, headers included, summed over replications.
    pub bytes_in: u64,
    /// Bytes that went out, headers included, summed over replications.
    pub bytes_out: u64,
}

/// One proxy's share of worker time in use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProxyUtilisation {
    /// Its pod, or its node.
    pub instance: String,
    /// From 0 to 1, mean over replications.
    pub utilisation: f64,
}

/// One traffic source.
#[derive(Clone, Debug, Serialize)]
pub struct TrafficResults {
    /// Its name.
    pub name: String,
    /// Requests sent, summed over replications.
    pub sent: u64,
    /// Requests sent per second.
    pub rate_per_s: Estimate,
    /// The share that ended well, from 0 to 1.
    pub success_rate: Option<Estimate>,
    /// Median latency in milliseconds.
    pub p50_ms: Option<Estimate>,
    /// 90th percentile in milliseconds.
    pub p90_ms: Option<Estimate>,
    /// 99th percentile in milliseconds.
    pub p99_ms: Option<Estimate>,
}

/// How one expectation fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectationResult {
    /// Its name.
    pub name: String,
    /// Its expression.
    pub expression: String,
    /// `that`, `always` or `eventually`.
    pub form: &'static str,
    /// Whether it held in every replication; `null` where it cannot be told.
    pub passed: Option<bool>,
    /// Why it failed or cannot be told, as a sentence.
    pub message: Option<String>,
    /// The values of the calls in the expression, such as `success_rate("checkout")`; durations in
    /// milliseconds.
    pub values: BTreeMap<String, f64>,
    /// In how many replications it failed.
    pub failed_replications: u32,
    /// The moment and the request at which it broke, in the first replication that failed.
    pub first_broken: Option<FirstBroken>,
}

/// When and by what an expectation broke.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstBroken {
    /// The replication, from 0.
    pub replication: u32,
    /// Its seed.
    pub seed: u64,
    /// Seconds into the run.
    pub time_s: f64,
    /// The stable name of the request, such as `shoppers#1042`.
    pub request: String,
    /// Its HTTP status; `null` where no answer came.
    pub status: Option<u16>,
    /// The response flags of the caller's proxy; `-` for none.
    pub response_flags: String,
    /// Its response code details.
    pub details: &'static str,
    /// Its latency in milliseconds.
    pub latency_ms: f64,
}

/// Something that was assumed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Assumption {
    /// A stable id.
    pub id: String,
    /// What was assumed, as a sentence.
    pub sentence: String,
}

/// Something that was read and has no effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotModelled {
    /// What: a kind, or a field of a kind.
    pub what: String,
    /// How often it was read.
    pub count: u64,
    /// `file:line:column` of the first.
    pub first: Option<String>,
}
