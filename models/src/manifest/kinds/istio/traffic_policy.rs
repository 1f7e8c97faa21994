//! `trafficPolicy` of a DestinationRule: how a destination's endpoints are balanced, limited,
//! ejected and reached. What stands where nothing is written is the control plane's business.

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};
use crate::units::{Ppm, SimDuration};

use super::load_balancer::{LoadBalancerSettings, read_load_balancer};

/// `trafficPolicy`, or an entry of `portLevelSettings`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrafficPolicy {
    /// Who gets the next request.
    pub load_balancer: Option<LoadBalancerSettings>,
    /// Limits.
    pub connection_pool: Option<ConnectionPool>,
    /// Ejection of hosts that fail.
    pub outlier: Option<OutlierSettings>,
    /// Encryption.
    pub tls: Option<ClientTls>,
    /// Retries under way as a share of requests under way.
    pub retry_budget: Option<RetryBudget>,
    /// By the port of the service, in the order written; never within an entry of its own.
    pub ports: Vec<(Located<u16>, TrafficPolicy)>,
    /// Where it begins.
    pub place: Option<Place>,
}

/// `connectionPool`. Istio cannot tell zero from absent in most of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionPool {
    /// `tcp.maxConnections`.
    pub max_connections: Option<Located<u32>>,
    /// `tcp.connectTimeout`.
    pub connect_timeout: Option<Located<SimDuration>>,
    /// `tcp.idleTimeout`.
    pub tcp_idle_timeout: Option<Located<SimDuration>>,
    /// `http.http1MaxPendingRequests`, for HTTP/2 too.
    pub max_pending: Option<Located<u32>>,
    /// `http.http2MaxRequests`, for HTTP/1.1 too.
    pub max_requests: Option<Located<u32>>,
    /// `http.maxRequestsPerConnection`.
    pub max_requests_per_connection: Option<Located<u32>>,
    /// `http.maxRetries`.
    pub max_retries: Option<Located<u32>>,
    /// `http.idleTimeout`.
    pub http_idle_timeout: Option<Located<SimDuration>>,
    /// `http.h2UpgradePolicy`; `None` inherits.
    pub upgrade: Option<Located<Upgrade>>,
    /// `http.useClientProtocol`.
    pub use_client_protocol: Option<Located<bool>>,
    /// `http.maxConcurrentStreams`.
    pub max_concurrent_streams: Option<Located<u32>>,
    /// Where it begins.
    pub place: Place,
}

/// `h2UpgradePolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// HTTP/1.1 stays.
    No,
    /// HTTP/1.1 becomes HTTP/2.
    Yes,
}

/// `outlierDetection`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlierSettings {
    /// `consecutive5xxErrors`.
    pub consecutive_5xx: Option<Located<u32>>,
    /// `consecutiveGatewayErrors`.
    pub consecutive_gateway: Option<Located<u32>>,
    /// `splitExternalLocalOriginErrors`.
    pub split_local_origin: Option<Located<bool>>,
    /// `consecutiveLocalOriginFailures`.
    pub consecutive_local: Option<Located<u32>>,
    /// `interval`.
    pub interval: Option<Located<SimDuration>>,
    /// `baseEjectionTime`.
    pub base_ejection: Option<Located<SimDuration>>,
    /// `maxEjectionPercent`.
    pub max_ejection_percent: Option<Located<u32>>,
    /// `minHealthPercent`.
    pub min_health_percent: Option<Located<u32>>,
    /// Where it begins.
    pub place: Place,
}

/// `tls` towards endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTls {
    /// How.
    pub mode: Located<ClientTlsMode>,
    /// `subjectAltNames`.
    pub subject_alt_names: Vec<Located<String>>,
    /// `sni`.
    pub sni: Option<Located<String>>,
}

/// `tls.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientTlsMode {
    /// Plaintext.
    Disable,
    /// TLS without a client certificate.
    Simple,
    /// TLS with a client certificate of the user's.
    Mutual,
    /// TLS with the mesh's own certificates.
    IstioMutual,
}

/// `retryBudget`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// The share of requests under way; 20 % where absent.
    pub share: Option<Located<Ppm>>,
    /// Retries that are always allowed; 3 where absent.
    pub min_concurrency: Option<Located<u32>>,
    /// Where it begins.
    pub place: Place,
}

/// Istio's own names of the modes; an absent mode is `DISABLE`.
const TLS_MODES: &[(&str, ClientTlsMode)] = &[
    ("DISABLE", ClientTlsMode::Disable),
    ("SIMPLE", ClientTlsMode::Simple),
    ("MUTUAL", ClientTlsMode::Mutual),
    ("ISTIO_MUTUAL", ClientTlsMode::IstioMutual),
];

const UPGRADES: &[(&str, Option<Upgrade>)] =
    &[("DEFAULT", None), ("DO_NOT_UPGRADE", Some(Upgrade::No)), ("UPGRADE", Some(Upgrade::Yes))];

/// Fields of type `int32` that must not be negative.
const COUNT_MAX: u32 = i32::MAX as u32;

pub(super) fn read_traffic_policy(policy: &mut Fields<'_, '_, '_, '_>) -> TrafficPolicy {
    let ports = policy.list("portLevelSettings", |settings| {
        let port = settings.object("port", |port| port.number("number", 1..=u16::MAX)).flatten();
        let policy = read_settings(settings);
        Some((port?, policy))
    });
    let retry_budget = policy.object("retryBudget", |budget| RetryBudget {
        share: budget.decimal("percent").map(|it| it.map(Ppm::from_percent_f64)),
        min_concurrency: budget.number("minRetryConcurrency", 0..=u32::MAX),
        place: budget.place(),
    });
    TrafficPolicy { ports, retry_budget, ..read_settings(policy) }
}

/// What a policy and its entries for single ports have in common.
fn read_settings(policy: &mut Fields<'_, '_, '_, '_>) -> TrafficPolicy {
    TrafficPolicy {
        load_balancer: policy.object("loadBalancer", read_load_balancer),
        connection_pool: policy.object("connectionPool", read_connection_pool),
        outlier: policy.object("outlierDetection", read_outlier),
        tls: policy.object("tls", read_tls),
        retry_budget: None,
        ports: Vec::new(),
        place: Some(policy.place()),
    }
}

pub(super) fn read_connection_pool(pool: &mut Fields<'_, '_, '_, '_>) -> ConnectionPool {
    let place = pool.place();
    let tcp = pool.object("tcp", |tcp| {
        let max_connections = tcp.number("maxConnections", 0..=COUNT_MAX);
        (max_connections, tcp.parsed("connectTimeout"), tcp.parsed("idleTimeout"))
    });
    let (max_connections, connect_timeout, tcp_idle_timeout) = tcp.unwrap_or_default();
    let empty = ConnectionPool {
        max_connections,
        connect_timeout,
        tcp_idle_timeout,
        max_pending: None,
        max_requests: None,
        max_requests_per_connection: None,
        max_retries: None,
        http_idle_timeout: None,
        upgrade: None,
        use_client_protocol: None,
        max_concurrent_streams: None,
        place,
    };
    let http = pool.object("http", |http| ConnectionPool {
        max_pending: http.number("http1MaxPendingRequests", 0..=COUNT_MAX),
        max_requests: http.number("http2MaxRequests", 0..=COUNT_MAX),
        max_requests_per_connection: http.number("maxRequestsPerConnection", 0..=COUNT_MAX),
        max_retries: http.number("maxRetries", 0..=COUNT_MAX),
        http_idle_timeout: http.parsed("idleTimeout"),
        upgrade: http
            .choice("h2UpgradePolicy", UPGRADES)
            .and_then(|it| it.value.map(|value| Located::new(value, it.place))),
        use_client_protocol: http.boolean("useClientProtocol"),
        max_concurrent_streams: http.number("maxConcurrentStreams", 0..=COUNT_MAX),
        ..empty.clone()
    });
    http.unwrap_or(empty)
}

pub(super) fn read_outlier(outlier: &mut Fields<'_, '_, '_, '_>) -> OutlierSettings {
    OutlierSettings {
        consecutive_5xx: outlier.number("consecutive5xxErrors", 0..=u32::MAX),
        consecutive_gateway: outlier.number("consecutiveGatewayErrors", 0..=u32::MAX),
        split_local_origin: outlier.boolean("splitExternalLocalOriginErrors"),
        consecutive_local: outlier.number("consecutiveLocalOriginFailures", 0..=u32::MAX),
        interval: outlier.parsed("interval"),
        base_ejection: outlier.parsed("baseEjectionTime"),
        max_ejection_percent: outlier.number("maxEjectionPercent", 0..=100),
        min_health_percent: outlier.number("minHealthPercent", 0..=100),
        place: outlier.place(),
    }
}

fn read_tls(tls: &mut Fields<'_, '_, '_, '_>) -> ClientTls {
    let place = tls.place();
    let mode = tls.choice("mode", TLS_MODES);
    ClientTls {
        mode: mode.unwrap_or_else(|| Located::new(ClientTlsMode::Disable, place)),
        subject_alt_names: tls.strings("subjectAltNames"),
        sni: tls.string("sni").filter(|sni| !sni.is_empty()),
    }
}
