//! Clusters: how endpoints are found, balanced, limited and ejected, as data. The state machines
//! are in `upstream`.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::RoutingPriority;

/// A named set of endpoints and how they are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Such as `outbound|9080|v2|reviews.default.svc.cluster.local`.
    pub name: String,
    /// What it stands for, where a control plane made it from a service.
    pub target: Option<Target>,
    /// How endpoints are found.
    pub discovery: Discovery,
    /// How long a TCP connection (and TLS) may take to be made.
    pub connect_timeout: Sourced<SimDuration>,
    /// Who gets the next request.
    pub balancer: Sourced<LoadBalancer>,
    /// What all balancers share.
    pub balancing: CommonBalancing,
    /// Subsets by labels.
    pub subsets: Option<Subsets>,
    /// Limits; a priority that is not listed has Envoy's defaults.
    pub thresholds: BTreeMap<RoutingPriority, Thresholds>,
    /// Ejection of hosts that fail.
    pub outlier: Option<OutlierDetection>,
    /// Connections to endpoints.
    pub http: UpstreamHttp,
    /// Encryption to endpoints.
    pub tls: Sourced<UpstreamTls>,
    /// What made it: a Service, a DestinationRule's subset, a default.
    pub origin: Origin,
}

/// The service behind a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Target {
    /// The namespace; empty for hosts outside.
    pub namespace: String,
    /// The Service's name, or the host of a ServiceEntry.
    pub service: String,
    /// The port of the service.
    pub port: u16,
    /// The subset, if any.
    pub subset: Option<String>,
}

/// How endpoints are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Discovery {
    /// They are written down.
    Static,
    /// The control plane sends them.
    Eds,
    /// All addresses of a DNS name.
    StrictDns,
    /// One address of a DNS name.
    LogicalDns,
    /// The address that the client dialled.
    OriginalDestination,
}

/// Who gets the next request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LoadBalancer {
    /// In turn, by weight (earliest deadline first).
    RoundRobin(Option<SlowStart>),
    /// The less busy of some that are drawn.
    LeastRequest(LeastRequest),
    /// At random.
    Random,
    /// A ring of hashes.
    RingHash(RingHash),
    /// A Maglev table.
    Maglev(Maglev),
    /// Whatever address the client dialled.
    ClusterProvided,
}

/// The least-request balancer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeastRequest {
    /// How many hosts are drawn; 2 by default.
    pub choices: u32,
    /// How much active requests count for hosts of different weights, in parts per million; one
    /// by default.
    pub active_request_bias: Ppm,
    /// Whether all hosts are looked at instead of a few that are drawn.
    pub full_scan: bool,
    /// New hosts get less at first.
    pub slow_start: Option<SlowStart>,
}

impl LeastRequest {
    /// As Envoy has it.
    pub const DEFAULT: Self =
        Self { choices: 2, active_request_bias: Ppm::ONE, full_scan: false, slow_start: None };
}

/// New hosts get less at first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlowStart {
    /// How long a host counts as new.
    pub window: Sourced<SimDuration>,
    /// The shape of the rise, in parts per million; one is linear.
    pub aggression: Ppm,
    /// The least share of its weight that a host gets.
    pub min_weight: Ppm,
}

/// The ring of hashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RingHash {
    /// The least number of entries; 1024 by default.
    pub min_size: u64,
    /// The greatest number of entries; 8 Mi by default.
    pub max_size: u64,
    /// Which hash.
    pub function: HashFunction,
}

/// Which hash a ring uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HashFunction {
    /// xxHash, 64 bits, seed 0.
    #[default]
    XxHash,
    /// MurmurHash 2, 64 bits, as in libstdc++.
    Murmur2,
}

/// The Maglev table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Maglev {
    /// A prime; 65 537 by default.
    pub table_size: u64,
}

/// What all balancers share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommonBalancing {
    /// With a smaller share of healthy hosts all hosts are used; zero disables.
    pub panic_threshold: Sourced<Ppm>,
    /// Whether in a panic the request fails instead.
    pub fail_traffic_on_panic: bool,
    /// How much of a locality's or priority's loss healthy hosts make up for; 1.4 by default. The
    /// load assignment may override it.
    pub overprovisioning: Ppm,
    /// How localities are told apart.
    pub locality: LocalityMode,
    /// Changes of health within this time are applied together; 1 s by default, zero disables.
    pub update_merge_window: SimDuration,
}

/// How localities are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LocalityMode {
    /// Not at all.
    Unaware,
    /// By their weights.
    Weighted,
    /// The proxy's own zone first, as far as zones are balanced.
    ZoneAware(ZoneAware),
}

/// Routing that prefers the proxy's own zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZoneAware {
    /// The share of requests that is routed by zone.
    pub enabled: Ppm,
    /// Clusters with fewer hosts are not routed by zone; 6 by default.
    pub min_cluster_size: u64,
}

/// Subsets by labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subsets {
    /// The keys of each selector, sorted.
    pub selectors: Vec<Vec<String>>,
    /// What happens when no subset fits.
    pub fallback: SubsetFallback,
}

/// What happens when no subset fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SubsetFallback {
    /// There is no host.
    None,
    /// Any host.
    AnyEndpoint,
    /// The hosts with these labels.
    Default(BTreeMap<String, String>),
}

/// The limits of one priority.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thresholds {
    /// Connections to the cluster.
    pub max_connections: Sourced<u32>,
    /// Requests that wait for a connection.
    pub max_pending: Sourced<u32>,
    /// Requests under way.
    pub max_requests: Sourced<u32>,
    /// Retries under way, unless there is a budget.
    pub max_retries: Sourced<u32>,
    /// Retries under way as a share of requests under way.
    pub retry_budget: Option<Sourced<Ppm>>,
    /// Retries that the budget always allows; 3 by default.
    pub min_retry_concurrency: u32,
}

impl Thresholds {
    /// As Envoy has them.
    pub const DEFAULT: Self = Self {
        max_connections: Sourced::default_of(1024, "envoy.max-connections"),
        max_pending: Sourced::default_of(1024, "envoy.max-pending-requests"),
        max_requests: Sourced::default_of(1024, "envoy.max-requests"),
        max_retries: Sourced::default_of(3, "envoy.max-retries"),
        retry_budget: None,
        min_retry_concurrency: 3,
    };
}

/// Ejection of hosts that fail.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OutlierDetection {
    /// Between sweeps; 10 s by default.
    pub interval: Sourced<SimDuration>,
    /// The first ejection's length; 30 s by default.
    pub base_ejection: Sourced<SimDuration>,
    /// The longest ejection; 300 s by default, at least the base.
    pub max_ejection: Sourced<SimDuration>,
    /// The most random time added to an ejection.
    pub max_ejection_jitter: SimDuration,
    /// The greatest share of hosts that may be ejected; 10 % by default.
    pub max_ejection_share: Sourced<Ppm>,
    /// Whether one host may be ejected whatever the share says.
    pub always_eject_one: bool,
    /// Consecutive 5xx; zero disables, 5 by default.
    pub consecutive_5xx: Sourced<u32>,
    /// How often that ejects, in percent; 100 by default.
    pub enforcing_consecutive_5xx: u32,
    /// Consecutive 502, 503 and 504; 5 by default.
    pub consecutive_gateway: Sourced<u32>,
    /// How often that ejects, in percent; 0 by default.
    pub enforcing_consecutive_gateway: u32,
    /// Whether failures of the proxy's own making are counted apart.
    pub split_local_origin: bool,
    /// Consecutive failures of the proxy's own making; 5 by default.
    pub consecutive_local: Sourced<u32>,
    /// How often that ejects, in percent; 100 by default.
    pub enforcing_consecutive_local: u32,
    /// How often an outlier in success rate is ejected, in percent; 100 by default.
    pub enforcing_success_rate: u32,
    /// The same for failures of the proxy's own making; 100 by default.
    pub enforcing_local_success_rate: u32,
    /// Hosts with enough requests that a comparison needs; 5 by default.
    pub success_rate_min_hosts: u32,
    /// Requests in an interval that a host needs; 100 by default.
    pub success_rate_request_volume: u32,
    /// How many thousandths of a standard deviation below the mean is an outlier; 1900 by default.
    pub success_rate_stdev_factor: u32,
    /// The share of failures, in percent, from which a host is ejected; 85 by default.
    pub failure_percentage_threshold: u32,
    /// How often that ejects, in percent; 0 by default.
    pub enforcing_failure_percentage: u32,
    /// The same for failures of the proxy's own making; 0 by default.
    pub enforcing_local_failure_percentage: u32,
    /// Hosts that are needed; 5 by default.
    pub failure_percentage_min_hosts: u32,
    /// Requests in an interval that a host needs; 50 by default.
    pub failure_percentage_request_volume: u32,
    /// Where it is written.
    pub origin: Origin,
}

/// Connections to endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamHttp {
    /// What is spoken.
    pub protocol: Sourced<UpstreamProtocol>,
    /// Requests on one connection; zero is no limit.
    pub max_requests_per_connection: Sourced<u32>,
    /// Streams at a time on one HTTP/2 connection.
    pub max_concurrent_streams: Sourced<u32>,
    /// How long an unused connection is kept; zero for ever, 1 h by default.
    pub idle_timeout: Sourced<SimDuration>,
}

/// What is spoken to endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpstreamProtocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
    /// What the client spoke.
    AsDownstream,
    /// Raw TCP.
    Tcp,
}

/// Encryption to endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UpstreamTls {
    /// Plaintext.
    None,
    /// Istio's mutual TLS to endpoints with a sidecar, plaintext to others (auto mTLS).
    AutoMutual,
    /// A tunnel of the mesh (HBONE) to endpoints that take one, plaintext to others.
    Hbone,
    /// Istio's mutual TLS to all.
    IstioMutual {
        /// The identities that are accepted; empty means any of the mesh.
        subject_alt_names: Vec<String>,
        /// The server name that is sent.
        sni: Option<String>,
    },
    /// TLS of the user's making.
    Simple {
        /// The identities that are accepted; empty means the host's name.
        subject_alt_names: Vec<String>,
        /// The server name that is sent.
        sni: Option<String>,
    },
    /// TLS with a client certificate of the user's making.
    Mutual {
        /// The identities that are accepted; empty means the host's name.
        subject_alt_names: Vec<String>,
        /// The server name that is sent.
        sni: Option<String>,
    },
}
