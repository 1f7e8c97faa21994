//! Route tables, virtual hosts and routes, as data. Which route a request takes is `routing`'s
//! business.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::Sourced;
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::retry::Substitution;
use super::{
    Case, Cors, FilterOverride, HeaderMatcher, HeaderMutations, Hedge, PathMatcher, QueryMatcher,
    RetryPolicy,
};

/// A named set of virtual hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteTable {
    /// Such as `8080` or `http.80`.
    pub name: String,
    /// The virtual hosts; domains are unique over all of them.
    pub virtual_hosts: Vec<Arc<VirtualHost>>,
    /// Applied last, unless `most_specific_wins`.
    pub headers: HeaderMutations,
    /// Whether header changes of the route are applied last instead of first.
    pub most_specific_wins: bool,
    /// Whether a port in the authority is left out when domains are compared.
    pub ignore_port_in_host: bool,
}

/// The routes of some domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualHost {
    /// Such as `reviews.default.svc.cluster.local:9080`.
    pub name: String,
    /// Exact, `*.suffix`, `prefix.*` or `*`.
    pub domains: Vec<String>,
    /// The routes, in the order in which they are tried.
    pub routes: Vec<Arc<Route>>,
    /// Applied after those of the route.
    pub headers: HeaderMutations,
    /// For routes without a policy of their own.
    pub retry: Option<Arc<RetryPolicy>>,
    /// For routes without a policy of their own.
    pub hedge: Option<Hedge>,
    /// Whether plaintext requests are redirected.
    pub tls: TlsRequirement,
    /// Whether `x-envoy-attempt-count` is added to requests.
    pub attempt_count_in_request: bool,
    /// Whether `x-envoy-attempt-count` is added to responses.
    pub attempt_count_in_response: bool,
    /// Request bytes that are kept for retries, mirrors and hedges; `None` is no limit of its own.
    pub request_buffer_bytes: Option<u64>,
    /// Settings of filters for these domains, by the filter's name.
    pub filters: BTreeMap<String, FilterOverride>,
    /// What made it: a VirtualService, a route, a Service.
    pub origin: Origin,
}

impl VirtualHost {
    /// Routes of some domains, and nothing else that Envoy would do for them.
    #[must_use]
    pub fn plain(
        name: String,
        domains: Vec<String>,
        routes: Vec<Arc<Route>>,
        origin: Origin,
    ) -> Self {
        Self {
            name,
            domains,
            routes,
            headers: HeaderMutations::default(),
            retry: None,
            hedge: None,
            tls: TlsRequirement::None,
            attempt_count_in_request: false,
            attempt_count_in_response: false,
            request_buffer_bytes: None,
            filters: BTreeMap::new(),
            origin,
        }
    }
}

/// Whether plaintext requests are redirected to HTTPS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsRequirement {
    /// No.
    #[default]
    None,
    /// All of them.
    All,
    /// Those from outside.
    ExternalOnly,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Which requests take it.
    pub matches: RouteMatch,
    /// What becomes of them.
    pub action: RouteAction,
    /// Changes to headers.
    pub headers: HeaderMutations,
    /// Settings of filters for this route, by the filter's name.
    pub filters: BTreeMap<String, FilterOverride>,
    /// Where the rule stands.
    pub origin: Origin,
}

/// Which requests take a route; all conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMatch {
    /// The path, without query.
    pub path: PathMatcher,
    /// Whether case counts in the path.
    pub case: Case,
    /// Headers, pseudo-headers such as `:method` among them.
    pub headers: Vec<HeaderMatcher>,
    /// Query parameters.
    pub query: Vec<QueryMatcher>,
    /// A share of the requests.
    pub fraction: Option<RuntimeFraction>,
    /// Whether only gRPC requests match.
    pub grpc_only: bool,
    /// Where the match stands.
    pub origin: Origin,
}

/// A share of the requests that runtime may change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuntimeFraction {
    /// Without a runtime value.
    pub default: Ppm,
    /// The key that may override it.
    pub runtime_key: Option<String>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteAction {
    /// It is sent to a cluster.
    Forward(Box<Forward>),
    /// The client is sent elsewhere.
    Redirect(Redirect),
    /// The proxy answers.
    Direct(DirectResponse),
}

/// How a request is forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Where to.
    pub destination: Destination,
    /// The answer if the cluster does not exist: 503 by default.
    pub cluster_not_found_status: Sourced<u16>,
    /// Labels that the endpoint must have (`envoy.lb` metadata).
    pub subset: BTreeMap<String, String>,
    /// Changes to the path.
    pub path_rewrite: Option<Sourced<PathRewrite>>,
    /// Changes to the authority.
    pub host_rewrite: Option<Sourced<HostRewrite>>,
    /// From the end of the request to the end of the response, all tries included; zero disables.
    pub timeout: Sourced<SimDuration>,
    /// Silence of the stream, in place of the connection manager's; zero disables.
    pub idle_timeout: Option<Sourced<SimDuration>>,
    /// The whole stream; zero disables.
    pub max_stream_duration: Option<Sourced<SimDuration>>,
    /// `grpc-timeout` of the request counts as the timeout, up to this; zero is no limit.
    pub grpc_timeout_max: Option<Sourced<SimDuration>>,
    /// When the request is tried again; `None` takes the virtual host's.
    pub retry: Option<Arc<RetryPolicy>>,
    /// `None` takes the virtual host's.
    pub hedge: Option<Hedge>,
    /// Copies of the request.
    pub mirrors: Vec<Mirror>,
    /// What hashing balancers hash.
    pub hash: Vec<HashPolicy>,
    /// Which circuit-breaker thresholds count.
    pub priority: RoutingPriority,
    /// Cross-origin requests.
    pub cors: Option<Cors>,
}

/// Where a request is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// One cluster.
    Cluster(Sourced<String>),
    /// One of several, by weight.
    Weighted {
        /// In the order written.
        clusters: Vec<WeightedCluster>,
        /// A request header whose number chooses instead of a draw.
        header: Option<String>,
    },
    /// The cluster that a request header names.
    ClusterHeader(String),
}

/// One of several clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedCluster {
    /// Its name.
    pub cluster: Sourced<String>,
    /// Its share of the sum.
    pub weight: Sourced<u32>,
    /// Changes to headers, applied before the route's.
    pub headers: HeaderMutations,
    /// Labels that the endpoint must have, over the route's.
    pub subset: BTreeMap<String, String>,
    /// Changes to the authority.
    pub host_rewrite: Option<Sourced<HostRewrite>>,
    /// Settings of filters for this cluster, by the filter's name.
    pub filters: BTreeMap<String, FilterOverride>,
}

/// Changes to the path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathRewrite {
    /// The matched prefix, or the whole of an exact path, is replaced.
    Prefix(String),
    /// Matches of a pattern are replaced.
    Regex(Substitution),
    /// The whole path is replaced; the query stays.
    Full(String),
}

/// Changes to the authority.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostRewrite {
    /// This.
    Literal(String),
    /// The DNS name of the upstream host.
    Auto,
    /// The value of a request header.
    Header(String),
    /// The path with a pattern replaced.
    PathRegex(Substitution),
}

/// A copy of requests for another cluster; its answer is thrown away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The cluster.
    pub cluster: Sourced<String>,
    /// The share of requests that is copied.
    pub fraction: Sourced<RuntimeFraction>,
}

/// What a hashing balancer hashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HashPolicy {
    /// What.
    pub source: HashSource,
    /// Whether the policies after it are skipped once there is a hash.
    pub terminal: bool,
    /// Where it is written.
    pub origin: Origin,
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HashSource {
    /// The value of a header.
    Header(String),
    /// A cookie, perhaps one that Envoy makes.
    Cookie {
        /// Its name.
        name: String,
        /// If given, a missing cookie is made with this lifetime.
        ttl: Option<SimDuration>,
        /// The path of a cookie that is made.
        path: Option<String>,
    },
    /// The address of the client.
    SourceIp,
    /// A query parameter.
    QueryParameter(String),
}

/// Which circuit-breaker thresholds count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoutingPriority {
    /// The ordinary ones.
    #[default]
    Default,
    /// Those of high priority.
    High,
}

/// Sends the client elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The status, 301 by default.
    pub status: Sourced<u16>,
    /// `http` or `https`; `None` keeps it.
    pub scheme: Option<Sourced<String>>,
    /// `None` keeps it.
    pub host: Option<Sourced<String>>,
    /// `None` keeps it, but a port that is the default of the old scheme goes with a change.
    pub port: Option<Sourced<u16>>,
    /// Changes to the path.
    pub path: Option<Sourced<RedirectPath>>,
    /// Whether the query is dropped.
    pub strip_query: bool,
    /// Where it is written.
    pub origin: Origin,
}

/// The path of a redirect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RedirectPath {
    /// The whole path, perhaps with a query of its own.
    Full(String),
    /// The matched prefix is replaced.
    Prefix(String),
    /// Matches of a pattern are replaced.
    Regex(Substitution),
}

/// An answer of the proxy itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectResponse {
    /// The status.
    pub status: Sourced<u16>,
    /// The body.
    pub body: String,
    /// Where it is written.
    pub origin: Origin,
}
