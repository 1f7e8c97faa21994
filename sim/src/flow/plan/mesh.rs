//! What the proxies of callers do with each call, in the plan: everything that does not depend on
//! a draw or on what happened before is decided here, once for all requests of a call site.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshwalk_models::explain::Sourced;
use meshwalk_models::path::Protection;
use meshwalk_models::proxy::envoy::config::{
    self, Bootstrap, Destination, HttpManager, Route, RoutingPriority, VirtualHost, WeightedCluster,
};
use meshwalk_models::proxy::envoy::grpc_status_of;
use meshwalk_models::proxy::envoy::router::{ResponseHead, Retriable, RouterPlan};
use meshwalk_models::proxy::envoy::upstream::{Resource, Roster, limit_set_by};
use meshwalk_models::proxy::envoy::{HeaderMap, Request};
use meshwalk_models::units::{Ppm, SimDuration};
use meshwalk_models::world::Origin;

use crate::stats::{Ending, Full};

use super::{Carries, Sharing};

/// The proxies of callers.
#[derive(Clone, Debug, Default)]
pub struct MeshPlan {
    /// What becomes of the requests of a call site, for each class of proxies.
    pub legs: Vec<LegPlan>,
    /// Routes that legs name.
    pub routes: Vec<RoutePlan>,
    /// Clusters that routes name.
    pub clusters: Vec<ClusterPlan>,
    /// Heads of responses.
    pub heads: Heads,
}

/// Heads of responses, as far as proxies look at them.
#[derive(Clone, Debug, Default)]
pub struct Heads {
    /// For gRPC: the headers by the HTTP status that the outcome stands for.
    grpc: BTreeMap<u16, HeaderMap>,
}

impl Heads {
    /// The heads of all answers that applications give.
    #[must_use]
    pub fn new(statuses: &[u16]) -> Self {
        let headers = |status: &u16| {
            let code = grpc_status_of(*status).to_string();
            (*status, HeaderMap::from_iter([("grpc-status", code)]))
        };
        Self { grpc: statuses.iter().filter(|it| **it >= 400).map(headers).collect() }
    }

    /// The head of an answer with this status.
    #[must_use]
    pub fn of(&self, carries: Carries, status: u16) -> ResponseHead<'_> {
        match self.grpc.get(&status).filter(|_| carries == Carries::Grpc) {
            Some(headers) => ResponseHead::new(200, headers),
            None => ResponseHead::bare(status),
        }
    }
}

/// What becomes of the requests of one call site in one class of proxies.
#[derive(Clone, Debug)]
pub enum LegPlan {
    /// All of them take this route (a row of [`MeshPlan::routes`]).
    Sole(u32),
    /// Each takes the first route whose share is above its draw. The shares rise to the whole.
    Split(Vec<(Ppm, u32)>),
}

/// One route.
#[derive(Clone, Debug)]
pub struct RoutePlan {
    /// Filters that may hold up or answer some of the requests; `None` where none would.
    pub filters: Option<Box<FilterPlan>>,
    /// What becomes of requests that come through.
    pub action: RouteAction,
    /// The rule of the proxy's configuration; `None` where there is none, and for bytes.
    pub rule: Option<Arc<Route>>,
    /// Which share of the requests of its call site takes it.
    pub share: Ppm,
}

/// What becomes of a request on its route.
#[derive(Clone, Debug)]
pub enum RouteAction {
    /// The proxy answers.
    Answer(Ending),
    /// It is sent on.
    Forward(Box<Terms>),
}

/// How requests of a route are sent on.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The router's terms.
    pub router: RouterPlan,
    /// Whether the request's own headers let it be tried again.
    pub retriable: Retriable,
    /// The lanes of its timers.
    pub lanes: RouterLanes,
    /// The row of the call whose programs answer, after rewrites.
    pub call: u32,
    /// Where to, by weight; the weights of a single one do not matter.
    pub destinations: Vec<DestinationPlan>,
}

/// One of the clusters of a route.
#[derive(Clone, Debug)]
pub struct DestinationPlan {
    /// Its share of the sum.
    pub weight: u32,
    /// The cluster that is named, and what sets its weight; `None` where none is named.
    pub named: Option<Sourced<String>>,
    /// Its place among the route's weighted clusters, if it is one.
    pub entry: Option<u32>,
    /// What it is.
    pub end: DestinationEnd,
}

/// What a route names as its destination.
#[derive(Clone, Debug)]
pub enum DestinationEnd {
    /// There is no such cluster: the proxy answers.
    Missing(Ending),
    /// A cluster.
    Cluster {
        /// The row of the cluster.
        cluster: u32,
        /// Which of the caller's tables holds its state, counted from the pod's first.
        table: u32,
        /// Labels that the endpoint must have.
        subset: Option<BTreeMap<String, String>>,
        /// What hashing balancers look at.
        hash: HashPlan,
        /// The row of the sending, for gates.
        sending: u32,
    },
}

/// What hashing balancers look at.
#[derive(Clone, Debug)]
pub enum HashPlan {
    /// Nothing that the requests of this call site have: each draws its own.
    Drawn,
    /// The same for all requests.
    Fixed(u64),
    /// The address of the client: by its pod, counted from the first of its workload.
    ByClient(Vec<u64>),
}

/// The lanes of a route's timers; `None` for timers that it has not.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouterLanes {
    /// The route timeout.
    pub route: Option<u32>,
    /// The timeout of one attempt.
    pub per_try: Option<u32>,
    /// The longest silence of one attempt.
    pub per_try_idle: Option<u32>,
    /// The longest life of one attempt.
    pub attempt_duration: Option<u32>,
    /// The longest silence of the stream.
    pub stream_idle: Option<u32>,
    /// The longest life of the stream.
    pub max_duration: Option<u32>,
}

/// Filters that may hold up or answer some of the requests.
#[derive(Clone, Debug)]
pub struct FilterPlan {
    /// The connection manager, whose filters they are.
    pub manager: Arc<HttpManager>,
    /// A number that tells connection managers of one proxy apart.
    pub number: u32,
    /// Where other settings may stand: the virtual host and the route.
    pub taken: Option<(Arc<VirtualHost>, Arc<Route>)>,
    /// What holds for the whole proxy.
    pub bootstrap: Bootstrap,
    /// The request.
    pub request: Request,
}

/// A cluster as one class of proxies has it.
#[derive(Clone, Debug)]
pub struct ClusterPlan {
    /// Its name; a proxy's own draws come from it.
    pub name: String,
    /// Its hosts, shared by all proxies of the class.
    pub roster: Arc<Roster>,
    /// The pod behind each host.
    pub hosts: Vec<u32>,
    /// The port of each host.
    pub ports: Vec<u16>,
    /// What each host takes of proxies that encrypt where they can.
    pub takes: Vec<Protection>,
    /// The row of the target whose endpoints the client dials itself, where nothing is balanced.
    pub dialled: Option<u32>,
    /// Who picks how often.
    pub picks: Picks,
    /// Whether connections carry one request at a time; `None` where that follows the caller.
    pub sharing: Option<Sharing>,
    /// Streams at a time on a shared connection.
    pub concurrent_streams: u32,
    /// Requests on one connection over its life; zero is no limit.
    pub requests_per_connection: u32,
    /// How long a TCP connection may take to be made; zero is no limit.
    pub connect_timeout: SimDuration,
    /// How long an unused connection is kept; zero is for ever.
    pub idle_timeout: SimDuration,
    /// Whether proxies speak mutual TLS where both ends have one.
    pub tls: ClusterTls,
    /// Whether hosts that fail are ejected.
    pub outlier: OutlierWatch,
}

/// How often a host is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Picks {
    /// For each request.
    PerRequest,
    /// For each connection (TCP, and where the client dials itself).
    PerConnection,
}

/// Whether a cluster's connections are encrypted by the proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterTls {
    /// Where both ends have a proxy.
    Auto,
    /// Never.
    Off,
}

/// Whether results are told to outlier detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutlierWatch {
    /// They are.
    On,
    /// There is none.
    Off,
}

impl MeshPlan {
    /// For each of so many calls, the pods that may answer it.
    #[must_use]
    pub fn pods_behind(&self, calls: usize) -> Vec<BTreeSet<u32>> {
        let mut behind = vec![BTreeSet::new(); calls];
        for route in &self.routes {
            let RouteAction::Forward(terms) = &route.action else { continue };
            for destination in &terms.destinations {
                if let DestinationEnd::Cluster { cluster, .. } = destination.end {
                    behind[terms.call as usize].extend(&self.clusters[cluster as usize].hosts);
                }
            }
        }
        behind
    }
}

impl ClusterPlan {
    /// What sets one of its circuit breakers.
    #[must_use]
    pub fn limit_set_by(&self, of: Full) -> Origin {
        let resource = match of {
            Full::Connections => Resource::Connections,
            Full::Pending => Resource::Pending,
            Full::Requests => Resource::Requests,
            Full::Retries => Resource::Retries,
        };
        limit_set_by(self.roster.cluster(), RoutingPriority::Default, resource)
    }
}

impl RoutePlan {
    /// How it sends requests on; `None` where the proxy answers.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        match &self.action {
            RouteAction::Forward(terms) => Some(terms),
            RouteAction::Answer(_) => None,
        }
    }
}

impl Terms {
    /// The weight of a destination and the sum of all; `None` where there is no such one.
    #[must_use]
    pub fn odds(&self, destination: u32) -> Option<(u64, u64)> {
        let weight = self.destinations.get(destination as usize)?.weight;
        let sum = self.destinations.iter().map(|it| u64::from(it.weight)).sum();
        Some((u64::from(weight), sum))
    }

    /// The destination of a request, by a uniform draw.
    #[must_use]
    pub fn destination(&self, draw: impl FnOnce() -> u64) -> usize {
        if self.destinations.len() < 2 {
            return 0;
        }
        let total: u64 = self.destinations.iter().map(|it| u64::from(it.weight)).sum();
        let mut left = draw() % total.max(1);
        let place = self.destinations.iter().position(|it| {
            let weight = u64::from(it.weight);
            let here = left < weight;
            left = left.saturating_sub(weight);
            here
        });
        place.unwrap_or(0)
    }
}

/// The entry at this place among a route's weighted clusters.
#[must_use]
pub fn weighted_cluster(route: &Route, place: u32) -> Option<&WeightedCluster> {
    match &route.action {
        config::RouteAction::Forward(forward) => match &forward.destination {
            Destination::Weighted { clusters, .. } => clusters.get(place as usize),
            Destination::Cluster(_) | Destination::ClusterHeader(_) => None,
        },
        config::RouteAction::Redirect(_) | config::RouteAction::Direct(_) => None,
    }
}
