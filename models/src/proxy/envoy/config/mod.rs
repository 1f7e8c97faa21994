//! The configuration of one Envoy, in Envoy's own concepts. It decides nothing: control planes
//! write it, the evaluators beside it read it.
//!
//! Fragments (a listener, a route table, a virtual host, a cluster, a load assignment) are behind
//! `Arc` and shared between the proxies of one class; every leaf that a user can set carries its
//! origin. Source of the concepts and defaults: the v3 API of Envoy 1.40 (`api/envoy/config`).

mod access;
mod cluster;
mod endpoint;
mod filter;
mod header;
mod jwt;
mod listener;
mod matcher;
mod retry;
mod route;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::profile::RepeatedHeaders;

pub use access::{
    Clause, ExtAuthz, LeftOut, OnFailure, Permission, Principal, Rbac, RbacAction, RbacPolicy,
    RbacRules, Wants,
};
pub use cluster::{
    Cluster, CommonBalancing, Discovery, HashFunction, LeastRequest, LoadBalancer, LocalityMode,
    Maglev, OutlierDetection, RingHash, SlowStart, SubsetFallback, Subsets, Target, Thresholds,
    UpstreamHttp, UpstreamProtocol, UpstreamTls, ZoneAware,
};
pub use endpoint::{
    Address, DeclaredHealth, Endpoint, LoadAssignment, Locality, LocalityEndpoints,
};
pub use filter::{
    Cors, Fault, FaultAbort, FaultDelay, FilterOverride, HttpFilter, HttpFilterKind, LocalRateLimit,
};
pub use header::{AppendAction, HeaderMutation, HeaderMutations};
pub use jwt::{
    JwtAuthn, JwtKeys, JwtProvider, JwtRequirement, JwtRule, Preflights, TokenForwarding,
    TokenLocations,
};
pub use listener::{
    ChainMatch, Direction, DownstreamTls, EscapedSlashes, FilterChain, HttpManager, Inspection,
    Listener, NetworkFilter, OriginalDestination, PathNormalization, RouteSource, TcpProxy,
    Transport,
};
pub use matcher::{
    Case, HeaderMatcher, HeaderTest, Invert, MissingHeader, PathMatcher, Pattern, QueryMatcher,
    QueryTest, StringMatcher, StringTest,
};
pub use retry::{
    Backoff, Hedge, HostPredicate, RateLimitedBackoff, ResetFormat, ResetHeader, RetryOn,
    RetryPolicy, Substitution,
};
pub use route::{
    Destination, DirectResponse, Forward, HashPolicy, HashSource, HostRewrite, Mirror, PathRewrite,
    Redirect, RedirectPath, Route, RouteAction, RouteMatch, RouteTable, RoutingPriority,
    RuntimeFraction, TlsRequirement, VirtualHost, WeightedCluster,
};

/// Everything that one proxy runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyConfig {
    /// What does not come over xDS.
    pub bootstrap: Bootstrap,
    /// Listeners, in the order in which they are tried.
    pub listeners: Vec<Arc<Listener>>,
    /// Route tables by name.
    pub route_tables: BTreeMap<String, Arc<RouteTable>>,
    /// Clusters by name.
    pub clusters: BTreeMap<String, Arc<Cluster>>,
    /// Endpoints by the name of their cluster.
    pub assignments: BTreeMap<String, Arc<LoadAssignment>>,
}

/// What a proxy knows before its control plane speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bootstrap {
    /// Worker threads; zero means the default of the cost profile.
    pub workers: u32,
    /// Where the proxy runs, for zone-aware and locality-weighted balancing.
    pub locality: Locality,
    /// Values of runtime keys, as `layered_runtime` gives them.
    pub runtime: BTreeMap<String, String>,
    /// What header matchers compare when a header comes several times; the profile's.
    pub repeated_headers: RepeatedHeaders,
    /// Whose habits count where the model stands for another proxy.
    pub product: Product,
}

/// Which proxy a configuration is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Product {
    /// Envoy itself.
    #[default]
    Envoy,
    /// nginx, as far as its routes, limits and retries can be written in Envoy's terms.
    Nginx,
}
