//! Tables of a configuration that is written by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::explain::Sourced;
use meshwalk_models::manifest::{Place, SourceSet};
use meshwalk_models::proxy::envoy::config::*;
use meshwalk_models::units::SimDuration;
use meshwalk_models::world::Origin;

use super::*;

const DEFAULT: Origin = Origin::Default("istio.retry-attempts");

fn route(path: PathMatcher, action: RouteAction, origin: Origin) -> Arc<Route> {
    Arc::new(Route {
        name: None,
        matches: RouteMatch {
            path,
            case: Case::Sensitive,
            headers: vec![HeaderMatcher {
                name: "x-user".to_owned(),
                test: HeaderTest::Value(StringMatcher {
                    test: StringTest::Exact("jane".to_owned()),
                    case: Case::Sensitive,
                }),
                invert: Invert::No,
                missing: MissingHeader::NoMatch,
            }],
            query: Vec::new(),
            fraction: None,
            grpc_only: false,
            origin,
        },
        action,
        headers: HeaderMutations::default(),
        filters: BTreeMap::new(),
        origin,
    })
}

fn direct(status: u16) -> RouteAction {
    RouteAction::Direct(DirectResponse {
        status: Sourced::new(status, DEFAULT),
        body: String::new(),
        origin: DEFAULT,
    })
}

fn config(origin: Origin) -> ProxyConfig {
    let hosts = vec![Arc::new(VirtualHost {
        name: "cart.shop.svc.cluster.local:8080".to_owned(),
        domains: ["cart.shop.svc.cluster.local", "cart", "10.0.0.7"].map(str::to_owned).to_vec(),
        routes: vec![
            route(PathMatcher::Prefix("/v2".to_owned()), direct(418), origin),
            route(PathMatcher::Regex(Pattern::new("/a.*")), direct(404), DEFAULT),
        ],
        headers: HeaderMutations::default(),
        retry: None,
        hedge: None,
        tls: TlsRequirement::None,
        attempt_count_in_request: false,
        attempt_count_in_response: false,
        request_buffer_bytes: None,
        filters: BTreeMap::new(),
        origin,
    })];
    let table =
        RouteTable { name: "8080".to_owned(), virtual_hosts: hosts, ..RouteTable::default() };
    let tcp = NetworkFilter::TcpProxy(Arc::new(TcpProxy {
        clusters: vec![(Sourced::new("PassthroughCluster".to_owned(), DEFAULT), 1)],
        idle_timeout: Sourced::new(SimDuration::from_secs(3600), DEFAULT),
        origin: DEFAULT,
    }));
    let chain = FilterChain {
        name: "tcp".to_owned(),
        matches: ChainMatch { transport: Some(Transport::Tls), ..ChainMatch::default() },
        tls: DownstreamTls::None,
        filters: vec![tcp],
        origin: DEFAULT,
    };
    let listener = Listener {
        name: "0.0.0.0_8080".to_owned(),
        address: "0.0.0.0".to_owned(),
        port: 8080,
        direction: Direction::Outbound,
        bind_to_port: false,
        inspects_tls: Inspection::Always,
        inspects_http: Inspection::Always,
        original_destination: OriginalDestination::Ignored,
        chains: vec![chain],
        default_chain: None,
        origin,
    };
    let cluster = "outbound|8080|v2|cart.shop.svc.cluster.local";
    ProxyConfig {
        listeners: vec![Arc::new(listener)],
        route_tables: BTreeMap::from([("8080".to_owned(), Arc::new(table))]),
        assignments: BTreeMap::from([(cluster.to_owned(), Arc::new(assignment(origin)))]),
        ..ProxyConfig::default()
    }
}

fn assignment(origin: Origin) -> LoadAssignment {
    let endpoint = Endpoint {
        address: Address { host: "10.0.1.5".to_owned(), port: 9090 },
        pod: None,
        weight: 1,
        health: DeclaredHealth::Unknown,
        labels: BTreeMap::new(),
        takes_mutual_tls: true,
        origin,
    };
    LoadAssignment {
        localities: vec![LocalityEndpoints {
            locality: Locality {
                region: "eu".into(),
                zone: "eu-a".into(),
                sub_zone: String::new(),
            },
            priority: 1,
            weight: None,
            endpoints: vec![endpoint],
        }],
        overprovisioning: None,
    }
}

fn printed(part: Part, filter: &Filter) -> String {
    let mut sources = SourceSet::new();
    let source = sources.add("shop/vs.yaml", "a: 1\nb: 2\n");
    let origin = Origin::Manifest(Place { source, line: 2, column: 1 });
    let mut out = Vec::new();
    let objects = Objects::default();
    let origins = Origins { places: Places::new(&sources), objects: &objects };
    print(&mut out, &config(origin), part, filter, origins, &Look::PLAIN)
        .expect("memory takes everything");
    String::from_utf8(out).expect("text")
}

#[test]
fn routes_stand_in_the_order_in_which_they_are_tried() {
    insta::assert_snapshot!(printed(Part::Routes, &Filter::default()), @r"
    NAME   VHOST NAME                         DOMAINS                                         MATCH                      VIRTUAL SERVICE   ACTION                ORIGIN
    8080   cart.shop.svc.cluster.local:8080   cart.shop.svc.cluster.local, cart + 1 more...   /v2* x-user = jane                           direct response 418   shop/vs.yaml:2
    8080   cart.shop.svc.cluster.local:8080   cart.shop.svc.cluster.local, cart + 1 more...   regex /a.* x-user = jane                     direct response 404   default istio.retry-attempts
    ");
}

#[test]
fn a_listener_shows_what_each_chain_takes_and_where_it_leads() {
    insta::assert_snapshot!(printed(Part::Listeners, &Filter::default()), @r"
    ADDRESSES   PORT   MATCH        DESTINATION                   ORIGIN
    0.0.0.0     8080   Trans: tls   Cluster: PassthroughCluster   default istio.retry-attempts
    ");
}

#[test]
fn endpoints_show_their_place_and_origin() {
    insta::assert_snapshot!(printed(Part::Endpoints, &Filter::default()), @r"
    ENDPOINT        STATUS    OUTLIER CHECK   CLUSTER                                        LOCALITY   PRIORITY   WEIGHT   ORIGIN
    10.0.1.5:9090   HEALTHY   OK              outbound|8080|v2|cart.shop.svc.cluster.local   eu/eu-a    1          1        shop/vs.yaml:2
    ");
}

#[test]
fn filters_leave_out_what_does_not_fit() {
    let port = Filter { port: Some(1), ..Filter::default() };
    assert_eq!(printed(Part::Listeners, &port).lines().count(), 1);
    let fqdn = Filter { fqdn: Some("cart".to_owned()), ..Filter::default() };
    assert_eq!(printed(Part::Routes, &fqdn).lines().count(), 3);
    let fqdn = Filter { fqdn: Some("web".to_owned()), ..Filter::default() };
    assert_eq!(printed(Part::Routes, &fqdn).lines().count(), 1);
    let name = Filter { name: Some("8080".to_owned()), ..Filter::default() };
    assert_eq!(printed(Part::Endpoints, &name).lines().count(), 1);
}

#[test]
fn names_of_clusters_are_taken_apart() {
    let parts = clusters::parts("outbound|9080|v2|reviews.default.svc.cluster.local");
    assert_eq!((parts.direction, parts.port, parts.subset), ("outbound", Some(9080), "v2"));
    assert_eq!(parts.fqdn, "reviews.default.svc.cluster.local");
    assert_eq!(clusters::parts("PassthroughCluster").fqdn, "PassthroughCluster");
}
