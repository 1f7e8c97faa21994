//! A small world, configurations written by hand, and small answers, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::{ControlPlanes, GatewayKind, GatewayName};
use crate::explain::{Explanation, Sourced};
use crate::manifest::kinds::Resource;
use crate::manifest::{Severity, SourceSet, load};
use crate::profile::Profile;
use crate::proxy::envoy::config::*;
use crate::units::{Ppm, SimDuration};
use crate::world::testing::{deployment, port, service, target};
use crate::world::{ClusterManifests, Origin, PodId, Topology, World, build};

use super::answer::{Answer, Outcome, Share};
use super::{ClientCertificate, ExternalAnswers, Policies, Question, Sender, find_caller, walk};

/// The world and the control planes of manifests.
pub(super) struct Meshed {
    pub(super) world: World,
    pub(super) planes: ControlPlanes,
}

impl Meshed {
    /// Those of a text, which has no error.
    pub(super) fn of(text: impl Into<String>) -> Self {
        let mut sources = SourceSet::new();
        let id = sources.add("mesh.yaml", text);
        let manifests = load(&sources, [id]);
        let broken = manifests.diagnostics.iter().find(|it| it.severity == Severity::Error);
        assert_eq!(broken, None);
        let resources = &manifests.resources[..];
        let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (planes, _) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
        Self { world, planes }
    }

    /// What becomes of `GET to`.
    pub(super) fn asked(&self, sender: Sender, to: &str) -> Answer {
        walk(&self.world, &self.planes, &question(sender, to))
    }

    /// The same, from a workload `namespace/name`.
    pub(super) fn asked_by(&self, caller: &str, to: &str) -> Answer {
        let caller = find_caller(&self.world, None, caller).expect("the test's own workload");
        self.asked(Sender::Pod(caller), to)
    }
}

/// A policy `one` in the namespace `shop`.
pub(super) fn policy(kind: &str, spec: &str) -> String {
    let api = match kind {
        "NetworkPolicy" => "networking.k8s.io/v1",
        _ => "security.istio.io/v1",
    };
    format!(
        "---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: one, namespace: shop}}\nspec: {spec}\n"
    )
}

/// The Deployment `shop/web`, in a namespace with these labels.
pub(super) fn web_of_shop(labels: &str) -> String {
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{{labels}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: app}}]}}}}
"
    )
}

/// Whether one of these steps, or one below them, says this.
pub(super) fn says(steps: &[Explanation], text: &str) -> bool {
    steps.iter().any(|step| step.finding.contains(text) || says(&step.because, text))
}

/// Where everything comes from that a test does not care about.
pub(super) const HERE: Origin = Origin::Assumed("a test");

pub(super) fn answer(outcome: Outcome) -> Answer {
    Answer::new(outcome)
}

/// A share from `namespace/service:port[/subset]`, of a split that adds up to 100.
pub(super) fn share(text: &str, weight: u32) -> Share {
    let mut parts = text.split(['/', ':']);
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let destination = Target {
        namespace: next(),
        service: next(),
        port: next().parse().expect("a port"),
        subset: Some(next()).filter(|subset| !subset.is_empty()),
    };
    Share {
        destination,
        cluster: text.to_owned(),
        cluster_origin: HERE,
        weight: sourced(weight),
        share: Ppm::from_percent(weight),
        fails_with: None,
        endpoints: Vec::new(),
        cluster_facts: None,
    }
}

/// `web/frontend` (two pods) and `shop/checkout` (one pod) with a Service on port 8080.
pub(super) fn world() -> World {
    let resources = [
        deployment("web/frontend", "app=frontend", 2),
        deployment("shop/checkout", "app=checkout", 1),
        Resource::Service(service(
            "shop/checkout",
            "app=checkout",
            vec![target(port("http", 8080), "http")],
        )),
    ];
    let cluster =
        ClusterManifests { name: "c", default_namespace: "default", resources: &resources };
    build(&[cluster], &Topology::default(), &[]).world
}

/// Control planes that give the pods of `web/frontend` this configuration, and a listener that
/// captures the connections of the pod.
pub(super) fn with_sidecar(world: &World, mut config: ProxyConfig) -> ControlPlanes {
    config.listeners.push(Arc::new(capturing()));
    let caller = find_caller(world, None, "web/frontend").expect("the test's own workload");
    let config = Arc::new(config);
    let pods = world.workloads[caller.workload].pods.clone();
    let sidecars = (pods.start.0..pods.end.0).map(|pod| (PodId(pod), config.clone())).collect();
    ControlPlanes::of_configs(Profile::built_in(), sidecars, BTreeMap::new())
}

/// A listener that captures the connections of a pod and hands them over.
pub(super) fn capturing() -> Listener {
    Listener {
        name: "virtualOutbound".to_owned(),
        original_destination: OriginalDestination::HandedOver,
        chains: Vec::new(),
        ..listener(15001, NetworkFilter::Http(Arc::new(manager(RouteSource::Named(String::new())))))
    }
}

/// The name of the gateway of [`with_gateway`].
pub(super) fn edge() -> GatewayName {
    let (namespace, name) = ("shop".to_owned(), "edge".to_owned());
    GatewayName { namespace, name, kind: GatewayKind::Istio }
}

/// Control planes with one gateway.
pub(super) fn with_gateway(config: ProxyConfig) -> ControlPlanes {
    let gateways = BTreeMap::from([(edge(), Arc::new(config))]);
    ControlPlanes::of_configs(Profile::built_in(), BTreeMap::new(), gateways)
}

/// `GET to` from `web/frontend`.
pub(super) fn asked(world: &World, to: &str) -> Question {
    let caller = find_caller(world, None, "web/frontend").expect("the test's own workload");
    question(Sender::Pod(caller), to)
}

/// `GET to`, a host and port or a URL.
pub(super) fn question(sender: Sender, to: &str) -> Question {
    let target: super::Target = to.parse().expect("the test's own destination");
    Question {
        sender,
        path: target.path.clone(),
        target,
        method: "GET".to_owned(),
        headers: Vec::new(),
        policies: Policies::MayDeny,
        certificate: ClientCertificate::Missing,
        external: ExternalAnswers::default(),
        tokens: Arc::default(),
    }
}

pub(super) fn sourced<T>(value: T) -> Sourced<T> {
    Sourced::new(value, HERE)
}

/// A cluster for `shop/checkout` with one endpoint for each address.
pub(super) fn cluster(config: &mut ProxyConfig, name: &str, addresses: &[&str]) {
    let endpoints = addresses.iter().map(|host| Endpoint {
        address: Address { host: (*host).to_owned(), port: 8080 },
        pod: None,
        weight: 1,
        health: DeclaredHealth::Unknown,
        labels: BTreeMap::new(),
        takes_mutual_tls: false,
        origin: HERE,
    });
    let locality = LocalityEndpoints {
        locality: Locality::default(),
        priority: 0,
        weight: None,
        endpoints: endpoints.collect(),
    };
    let assignment = LoadAssignment { localities: vec![locality], overprovisioning: None };
    config.assignments.insert(name.to_owned(), Arc::new(assignment));
    config.clusters.insert(name.to_owned(), Arc::new(plain_cluster(name)));
}

fn plain_cluster(name: &str) -> Cluster {
    Cluster {
        name: name.to_owned(),
        target: None,
        discovery: Discovery::Eds,
        connect_timeout: sourced(SimDuration::from_secs(10)),
        balancer: sourced(LoadBalancer::Random),
        balancing: CommonBalancing {
            panic_threshold: sourced(Ppm::from_percent(50)),
            fail_traffic_on_panic: false,
            overprovisioning: Ppm::from_percent(140),
            locality: LocalityMode::Unaware,
            update_merge_window: SimDuration::from_secs(1),
        },
        subsets: None,
        thresholds: BTreeMap::new(),
        outlier: None,
        http: UpstreamHttp {
            protocol: sourced(UpstreamProtocol::Http1),
            max_requests_per_connection: sourced(0),
            max_concurrent_streams: sourced(100),
            idle_timeout: sourced(SimDuration::from_secs(3600)),
        },
        tls: sourced(UpstreamTls::None),
        origin: HERE,
    }
}

/// A route for a path prefix.
pub(super) fn route(prefix: &str, action: RouteAction) -> Arc<Route> {
    Arc::new(Route {
        name: None,
        matches: RouteMatch {
            path: PathMatcher::Prefix(prefix.to_owned()),
            case: Case::Sensitive,
            headers: Vec::new(),
            query: Vec::new(),
            fraction: None,
            grpc_only: false,
            origin: HERE,
        },
        action,
        headers: HeaderMutations::default(),
        filters: BTreeMap::new(),
        origin: HERE,
    })
}

/// Forwards to clusters by weight.
pub(super) fn forward(clusters: &[(&str, u32)]) -> Forward {
    let destination = match clusters {
        [(name, _)] => Destination::Cluster(sourced((*name).to_owned())),
        several => Destination::Weighted {
            clusters: several.iter().map(|(name, weight)| weighted(name, *weight)).collect(),
            header: None,
        },
    };
    Forward {
        destination,
        cluster_not_found_status: sourced(503),
        subset: BTreeMap::new(),
        path_rewrite: None,
        host_rewrite: None,
        timeout: sourced(SimDuration::ZERO),
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

fn weighted(name: &str, weight: u32) -> WeightedCluster {
    WeightedCluster {
        cluster: sourced(name.to_owned()),
        weight: sourced(weight),
        headers: HeaderMutations::default(),
        subset: BTreeMap::new(),
        host_rewrite: None,
        filters: BTreeMap::new(),
    }
}

/// A configuration whose listener on 8080 has these routes for every host.
pub(super) fn config(routes: Vec<Arc<Route>>) -> ProxyConfig {
    let host = VirtualHost::plain("any".to_owned(), vec!["*".to_owned()], routes, HERE);
    let name = "8080".to_owned();
    let table = RouteTable {
        name: name.clone(),
        virtual_hosts: vec![Arc::new(host)],
        ..RouteTable::default()
    };
    let mut config = ProxyConfig::default();
    config.route_tables.insert(name.clone(), Arc::new(table));
    let manager = NetworkFilter::Http(Arc::new(manager(RouteSource::Named(name))));
    config.listeners.push(Arc::new(listener(8080, manager)));
    config
}

pub(super) fn manager(routes: RouteSource) -> HttpManager {
    HttpManager {
        routes,
        filters: Vec::new(),
        stream_idle_timeout: sourced(SimDuration::from_secs(300)),
        request_timeout: sourced(SimDuration::ZERO),
        max_stream_duration: None,
        normalization: sourced(PathNormalization::default()),
        strips_port: false,
        trusts_envoy_headers: false,
        uses_remote_address: false,
        server_name: "istio-envoy".to_owned(),
        local_replies: BTreeMap::new(),
    }
}

/// A listener that takes everything on a port.
pub(super) fn listener(port: u16, filter: NetworkFilter) -> Listener {
    let chain = FilterChain {
        name: "all".to_owned(),
        matches: ChainMatch::default(),
        tls: DownstreamTls::None,
        filters: vec![filter],
        origin: HERE,
    };
    Listener::bound("0.0.0.0".to_owned(), port, Direction::Outbound, vec![chain], HERE)
}

/// Whether a step of this rule is in the tree.
pub(super) fn told(because: &[Explanation], rule: &str) -> bool {
    because.iter().any(|step| step.rule.0 == rule || told(&step.because, rule))
}
