//! Small route tables for the stories.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::{Silent, Sourced};
use crate::proxy::envoy::config::{
    AppendAction, Bootstrap, Case, Cluster, CommonBalancing, Destination, DirectResponse,
    Discovery, Forward, HeaderMutation, HeaderMutations, HttpManager, LoadBalancer, LocalityMode,
    PathMatcher, PathNormalization, Pattern, Redirect, RedirectPath, Route, RouteAction,
    RouteMatch, RouteSource, RouteTable, RoutingPriority, RuntimeFraction, Substitution, Transport,
    UpstreamHttp, UpstreamProtocol, UpstreamTls, VirtualHost, WeightedCluster,
};
use crate::proxy::envoy::routing::{Choice, Context, Plan, choose, pick_cluster, plan};
use crate::proxy::envoy::{Connection, Dice, HeaderMap, Purpose, Reply, Request};
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

pub(crate) const HERE: Origin = Origin::Assumed("the test");

/// A value set by the test.
pub(crate) fn set<T>(value: T) -> Sourced<T> {
    Sourced::new(value, HERE)
}

/// Dice that always show the same.
pub(crate) struct Fixed(pub u64);

impl Dice for Fixed {
    fn roll(&mut self, _: Purpose) -> u64 {
        self.0
    }
}

pub(crate) fn get(path: &str) -> Request {
    with_headers(path, &[])
}

pub(crate) fn with_headers(path: &str, headers: &[(&str, &str)]) -> Request {
    let pseudo = [(":method", "GET"), (":path", path), (":authority", "shop.example")];
    let mut all: HeaderMap = pseudo.into_iter().collect();
    for (name, value) in headers {
        match name.starts_with(':') {
            true => all.set(name, *value),
            false => all.append(name, *value),
        }
    }
    Request {
        headers: all,
        connection: Connection {
            source_ip: Some([10, 0, 0, 7].into()),
            destination_ip: Some([10, 0, 0, 9].into()),
            destination_port: 8080,
            transport: Transport::RawBuffer,
            sni: None,
            alpn: Vec::new(),
            principal: None,
        },
        tokens: Arc::default(),
    }
}

pub(crate) fn matching(path: PathMatcher) -> RouteMatch {
    RouteMatch {
        path,
        case: Case::Sensitive,
        headers: Vec::new(),
        query: Vec::new(),
        fraction: None,
        grpc_only: false,
        origin: HERE,
    }
}

pub(crate) fn prefix(prefix: &str) -> RouteMatch {
    matching(PathMatcher::Prefix(prefix.to_owned()))
}

pub(crate) fn percent(percent: u32) -> RuntimeFraction {
    RuntimeFraction { default: Ppm::from_percent(percent), runtime_key: Some("share".to_owned()) }
}

pub(crate) fn route(name: &str, matches: RouteMatch, action: RouteAction) -> Route {
    Route {
        name: Some(name.to_owned()),
        matches,
        action,
        headers: HeaderMutations::default(),
        filters: BTreeMap::new(),
        origin: HERE,
    }
}

pub(crate) fn direct(name: &str, matches: RouteMatch) -> Route {
    let response = DirectResponse { status: set(200), body: name.to_owned(), origin: HERE };
    route(name, matches, RouteAction::Direct(response))
}

pub(crate) fn forward(destination: Destination) -> Forward {
    Forward {
        destination,
        cluster_not_found_status: set(503),
        subset: BTreeMap::new(),
        path_rewrite: None,
        host_rewrite: None,
        timeout: set(SimDuration::from_secs(15)),
        idle_timeout: None,
        max_stream_duration: None,
        grpc_timeout_max: None,
        retry: None,
        hedge: None,
        mirrors: Vec::new(),
        hash: Vec::new(),
        priority: RoutingPriority::Default,
        cors: None,
    }
}

pub(crate) fn to_cluster(name: &str) -> Forward {
    forward(Destination::Cluster(set(name.to_owned())))
}

pub(crate) fn forwarding(matches: RouteMatch, forward: Forward) -> Route {
    route("forwards", matches, RouteAction::Forward(Box::new(forward)))
}

pub(crate) fn weighted(cluster: &str, weight: u32) -> WeightedCluster {
    WeightedCluster {
        cluster: set(cluster.to_owned()),
        weight: set(weight),
        headers: HeaderMutations::default(),
        subset: BTreeMap::new(),
        host_rewrite: None,
        filters: BTreeMap::new(),
    }
}

pub(crate) fn redirect() -> Redirect {
    Redirect {
        status: set(301),
        scheme: None,
        host: None,
        port: None,
        path: None,
        strip_query: false,
        origin: HERE,
    }
}

pub(crate) fn redirect_path(path: RedirectPath) -> Redirect {
    Redirect { path: Some(set(path)), ..redirect() }
}

pub(crate) fn substitution(pattern: &str, by: &str) -> Substitution {
    Substitution { pattern: Pattern::new(pattern), replacement: by.to_owned() }
}

pub(crate) fn mutation(name: &str, value: &str, action: AppendAction) -> HeaderMutation {
    HeaderMutation { name: name.to_owned(), value: value.to_owned(), action, origin: HERE }
}

pub(crate) fn host(domains: &[&str], routes: Vec<Route>) -> VirtualHost {
    let named = domains.iter().map(|&domain| domain.to_owned()).collect();
    let routes = routes.into_iter().map(Arc::new).collect();
    VirtualHost::plain(domains.join(" "), named, routes, HERE)
}

pub(crate) fn table(hosts: Vec<VirtualHost>) -> RouteTable {
    RouteTable {
        name: "8080".to_owned(),
        virtual_hosts: hosts.into_iter().map(Arc::new).collect(),
        ..RouteTable::default()
    }
}

/// A table with one virtual host for all domains.
pub(crate) fn routes(routes: Vec<Route>) -> RouteTable {
    table(vec![host(&["*"], routes)])
}

/// Clusters that exist.
pub(crate) fn clusters(names: &[&str]) -> BTreeMap<String, Arc<Cluster>> {
    names.iter().map(|&name| (name.to_owned(), Arc::new(cluster(name)))).collect()
}

fn cluster(name: &str) -> Cluster {
    Cluster {
        name: name.to_owned(),
        target: None,
        discovery: Discovery::Static,
        connect_timeout: set(SimDuration::from_secs(1)),
        balancer: set(LoadBalancer::Random),
        balancing: CommonBalancing {
            panic_threshold: set(Ppm::from_percent(50)),
            fail_traffic_on_panic: false,
            overprovisioning: Ppm::from_percent(140),
            locality: LocalityMode::Unaware,
            update_merge_window: SimDuration::from_secs(1),
        },
        subsets: None,
        thresholds: BTreeMap::new(),
        outlier: None,
        http: UpstreamHttp {
            protocol: set(UpstreamProtocol::Http1),
            max_requests_per_connection: set(0),
            max_concurrent_streams: set(100),
            idle_timeout: set(SimDuration::from_secs(3600)),
        },
        tls: set(UpstreamTls::None),
        origin: HERE,
    }
}

/// A connection manager that does nothing of itself.
pub(crate) fn manager() -> HttpManager {
    HttpManager {
        routes: RouteSource::Named("8080".to_owned()),
        filters: Vec::new(),
        stream_idle_timeout: set(SimDuration::ZERO),
        request_timeout: set(SimDuration::ZERO),
        max_stream_duration: None,
        normalization: set(PathNormalization::default()),
        strips_port: false,
        trusts_envoy_headers: false,
        uses_remote_address: false,
        server_name: "envoy".to_owned(),
        local_replies: BTreeMap::new(),
    }
}

/// The name of the route that takes a request.
pub(crate) fn taken(table: &RouteTable, request: &Request, draw: u64) -> Option<String> {
    let bootstrap = Bootstrap::default();
    match choose(table, request, &bootstrap, &mut Fixed(draw), &mut Silent) {
        Choice::Taken(taken) => taken.route.name.clone(),
        Choice::NoRoute | Choice::TlsRequired(_) => None,
    }
}

/// What becomes of a request, given to `look`.
pub(crate) fn planned<T>(
    table: &RouteTable,
    request: &Request,
    look: impl FnOnce(Plan<'_>, Context<'_>) -> T,
) -> T {
    let bootstrap = Bootstrap::default();
    let clusters = clusters(&["cart", "cart-v2", "stock"]);
    let context = Context { table, clusters: &clusters, bootstrap: &bootstrap };
    let dice = &mut Fixed(0);
    let Choice::Taken(taken) = choose(table, request, &bootstrap, dice, &mut Silent) else {
        panic!("no route")
    };
    let pick = match &taken.route.action {
        RouteAction::Forward(forward) => {
            pick_cluster(&forward.destination, request, dice, &mut Silent)
        }
        RouteAction::Redirect(_) | RouteAction::Direct(_) => None,
    };
    look(plan(context, taken, pick, request, dice, &mut Silent), context)
}

/// The answer of the proxy.
pub(crate) fn replied(table: &RouteTable, request: &Request) -> Reply {
    planned(table, request, |plan, _| match plan {
        Plan::Reply(reply) => *reply,
        Plan::Forward(_) => panic!("forwarded"),
    })
}

/// The headers that the upstream gets.
pub(crate) fn forwarded(table: &RouteTable, request: &Request) -> HeaderMap {
    planned(table, request, |plan, _| match plan {
        Plan::Forward(plan) => plan.headers,
        Plan::Reply(reply) => panic!("{reply:?}"),
    })
}
