//! Stories about what clusters Istio makes of services and DestinationRules.

use super::{ProxyRole, Upstream, Viewpoint};
use crate::control::istio::destination::{Client, Traffic, rule_for};
use crate::control::istio::testing::{Mesh, PODS};
use crate::explain::Silent;
use crate::manifest::kinds::Labels;
use crate::proxy::envoy::config::{
    Cluster, Discovery, HashSource, LoadAssignment, LoadBalancer, Locality, LocalityMode,
    RoutingPriority, UpstreamProtocol, UpstreamTls,
};
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;
use crate::world::testing::labels;

const HOST: &str = "reviews.shop.svc.cluster.local";

fn with_rule(spec: &str) -> Mesh {
    Mesh::of(&format!(
        "{PODS}---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: reviews, namespace: shop}}\nspec: {{host: reviews, {spec}}}\n"
    ))
}

fn upstream<'m>(mesh: &'m Mesh, host: &str, subset: Option<&'m str>) -> Upstream<'m> {
    let push = mesh.push();
    let service = &push.registry.with_host(host).expect("a service")["shop"];
    let client = Client { namespace: "shop", labels: &Labels::new() };
    let rule = rule_for(push, client, Traffic::Outbound, service, &mut Silent).map(|rule| &**rule);
    Upstream { push, service, port: &service.ports[0], rule, subset, role: ProxyRole::Sidecar }
}

fn cluster(mesh: &Mesh) -> Cluster {
    upstream(mesh, HOST, None).cluster(&mut Silent)
}

#[test]
fn without_a_rule_the_defaults_are_those_of_istio_not_of_envoy() {
    let mesh = Mesh::of(PODS);
    let cluster = cluster(&mesh);
    assert_eq!(cluster.name, "outbound|9080||reviews.shop.svc.cluster.local");
    assert_eq!(cluster.discovery, Discovery::Eds);
    assert_eq!(cluster.connect_timeout.value, SimDuration::from_secs(10));
    assert_eq!(cluster.connect_timeout.origin, Origin::Default("istio.connect-timeout"));
    assert!(matches!(cluster.balancer.value, LoadBalancer::LeastRequest(_)));
    let limits = &cluster.thresholds[&RoutingPriority::Default];
    for limit in
        [limits.max_connections, limits.max_pending, limits.max_requests, limits.max_retries]
    {
        assert_eq!(limit.value, u32::MAX);
    }
    assert_eq!(cluster.outlier, None);
    assert_eq!(cluster.balancing.panic_threshold.value, Ppm::from_percent(50));
    assert_eq!(cluster.http.protocol.value, UpstreamProtocol::Http1);
    assert_eq!(cluster.tls.value, UpstreamTls::AutoMutual);
}

#[test]
fn limits_are_taken_from_the_rule_with_their_lines_and_zero_is_no_limit() {
    let mesh = with_rule(
        "trafficPolicy: {connectionPool: {tcp: {maxConnections: 3, connectTimeout: 1s, \
         idleTimeout: 9s}, http: {http1MaxPendingRequests: 0, maxRetries: 2, \
         h2UpgradePolicy: UPGRADE}}, retryBudget: {percent: 12.5}}",
    );
    let cluster = cluster(&mesh);
    let limits = &cluster.thresholds[&RoutingPriority::Default];
    assert_eq!((limits.max_connections.value, limits.max_retries.value), (3, 2));
    assert!(matches!(limits.max_retries.origin, Origin::Manifest(_)));
    assert_eq!(limits.max_pending.value, u32::MAX);
    assert_eq!(limits.retry_budget.map(|share| share.value), Some(Ppm::from_ppm(125_000)));
    assert_eq!(cluster.connect_timeout.value, SimDuration::from_secs(1));
    assert_eq!(cluster.http.idle_timeout.value, SimDuration::from_secs(9));
    assert_eq!(cluster.http.protocol.value, UpstreamProtocol::Http2);
}

#[test]
fn ejection_turns_the_panic_off_and_success_rates_never_eject() {
    let mesh = with_rule("trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3}}");
    let ejecting = cluster(&mesh);
    let outlier = ejecting.outlier.expect("outlier detection");
    assert_eq!((outlier.consecutive_5xx.value, outlier.enforcing_consecutive_5xx), (3, 100));
    assert_eq!(outlier.enforcing_consecutive_gateway, 0);
    assert_eq!(outlier.enforcing_success_rate, 0);
    assert_eq!(outlier.interval.value, SimDuration::from_secs(10));
    assert_eq!(outlier.max_ejection_share.value, Ppm::from_percent(10));
    assert_eq!(ejecting.balancing.panic_threshold.value, Ppm::ZERO);
    let mesh = with_rule(
        "trafficPolicy: {outlierDetection: {consecutive5xxErrors: 0, \
         consecutiveGatewayErrors: 2, minHealthPercent: 30, baseEjectionTime: 10m}}",
    );
    let ejecting = cluster(&mesh);
    let outlier = ejecting.outlier.expect("outlier detection");
    assert_eq!(outlier.enforcing_consecutive_5xx, 0);
    assert_eq!(outlier.enforcing_consecutive_gateway, 100);
    assert_eq!(outlier.max_ejection.value, SimDuration::from_secs(600));
    assert_eq!(ejecting.balancing.panic_threshold.value, Ppm::from_percent(30));
}

#[test]
fn a_consistent_hash_chooses_the_table_and_is_asked_of_the_route() {
    let mesh = with_rule(
        "trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: X-User, maglev: {}}}}",
    );
    let upstream = upstream(&mesh, HOST, None);
    assert!(matches!(upstream.cluster(&mut Silent).balancer.value, LoadBalancer::Maglev(_)));
    let hash = upstream.hash_policy().expect("a hash");
    assert_eq!(hash.source, HashSource::Header("x-user".to_owned()));
}

#[test]
fn a_subset_has_a_cluster_of_its_own_with_its_endpoints_alone() {
    let mesh = with_rule(
        "trafficPolicy: {loadBalancer: {simple: RANDOM}}, \
         subsets: [{name: v1, labels: {version: v1}}, {name: none, labels: {version: v9}}]",
    );
    let v1 = upstream(&mesh, HOST, Some("v1"));
    let cluster = v1.cluster(&mut Silent);
    assert_eq!(cluster.name, "outbound|9080|v1|reviews.shop.svc.cluster.local");
    assert_eq!(cluster.balancer.value, LoadBalancer::Random);
    assert_eq!(endpoints(&v1, "eu-1", "eu-1a"), 1);
    assert_eq!(endpoints(&upstream(&mesh, HOST, Some("none")), "eu-1", "eu-1a"), 0);
    assert_eq!(endpoints(&upstream(&mesh, HOST, None), "eu-1", "eu-1a"), 2);
}

fn seen(upstream: &Upstream<'_>, region: &str, zone: &str) -> LoadAssignment {
    let locality =
        Locality { region: region.to_owned(), zone: zone.to_owned(), sub_zone: String::new() };
    let labels = labels("app=web,tier=a");
    let proxy = Viewpoint { locality: &locality, node: "n", labels: &labels };
    upstream.assignment(proxy, &mut Silent).expect("an assignment")
}

fn endpoints(upstream: &Upstream<'_>, region: &str, zone: &str) -> usize {
    seen(upstream, region, zone).localities.iter().map(|group| group.endpoints.len()).sum()
}

/// A host with one endpoint in each of three zones, and a rule for it.
fn three_zones(policy: &str) -> Mesh {
    let endpoint = |address: &str, locality: &str, tier: &str| {
        format!("{{address: {address}, locality: {locality}, labels: {{tier: {tier}}}}}")
    };
    Mesh::of(&format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: db, namespace: shop}}\n\
         spec:\n  hosts: [db.example.com]\n  location: MESH_INTERNAL\n  resolution: STATIC\n  \
         ports: [{{number: 80, name: http, protocol: HTTP}}]\n  endpoints: [{}, {}, {}]\n---\n\
         apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: db, namespace: shop}}\n\
         spec: {{host: db.example.com, trafficPolicy: {policy}}}\n",
        endpoint("192.0.2.1", "eu-1/eu-1a", "b"),
        endpoint("192.0.2.2", "eu-1/eu-1b", "a"),
        endpoint("192.0.2.3", "us-1/us-1a", "a"),
    ))
}

/// `zone priority weight` of each group that has endpoints.
fn groups(mesh: &Mesh, region: &str, zone: &str) -> Vec<String> {
    let upstream = upstream(mesh, "db.example.com", None);
    let groups = seen(&upstream, region, zone).localities;
    let filled = groups.iter().filter(|group| !group.endpoints.is_empty());
    filled
        .map(|group| {
            let weight = group.weight.map_or(0, |weight| weight.value);
            format!("{} {} {weight}", group.locality.zone, group.priority)
        })
        .collect()
}

#[test]
fn outlier_detection_alone_brings_priorities_by_locality() {
    let off = three_zones("{loadBalancer: {simple: RANDOM}}");
    assert_eq!(groups(&off, "eu-1", "eu-1a"), ["eu-1a 0 1", "eu-1b 0 1", "us-1a 0 1"]);
    let on = three_zones("{outlierDetection: {}}");
    assert_eq!(groups(&on, "eu-1", "eu-1a"), ["eu-1a 0 1", "eu-1b 1 1", "us-1a 2 1"]);
    // Nobody asked for weights of localities.
    let cluster = upstream(&on, "db.example.com", None).cluster(&mut Silent);
    assert_eq!(cluster.balancing.locality, LocalityMode::Unaware);
    let refused =
        three_zones("{outlierDetection: {}, loadBalancer: {localityLbSetting: {enabled: false}}}");
    assert_eq!(groups(&refused, "eu-1", "eu-1a"), ["eu-1a 0 1", "eu-1b 0 1", "us-1a 0 1"]);
}

#[test]
fn a_region_may_be_named_that_takes_over() {
    let mesh = three_zones(
        "{outlierDetection: {}, loadBalancer: {localityLbSetting: \
         {failover: [{from: ap-1, to: us-1}]}}}",
    );
    assert_eq!(groups(&mesh, "ap-1", "ap-1a"), ["eu-1a 1 1", "eu-1b 1 1", "us-1a 0 1"]);
    let cluster = upstream(&mesh, "db.example.com", None).cluster(&mut Silent);
    assert_eq!(cluster.balancing.locality, LocalityMode::Weighted);
}

#[test]
fn weights_by_locality_exclude_priorities_and_leave_the_rest_empty() {
    let mesh = three_zones(
        "{outlierDetection: {}, loadBalancer: {localityLbSetting: {distribute: \
         [{from: eu-1/*, to: {'eu-1/*': 80, 'ap-1/*': 20}}], failover: [{from: a, to: b}]}}}",
    );
    assert_eq!(groups(&mesh, "eu-1", "eu-1a"), ["eu-1a 0 40", "eu-1b 0 40"]);
    assert_eq!(groups(&mesh, "us-1", "us-1a").len(), 3);
}

#[test]
fn labels_that_client_and_endpoint_share_decide_on_priorities() {
    let mesh = three_zones(
        "{outlierDetection: {}, loadBalancer: {localityLbSetting: \
         {failoverPriority: [tier, topology.kubernetes.io/zone]}}}",
    );
    // The client is of tier a; zone us-1a shares both, eu-1b the first, eu-1a none.
    assert_eq!(groups(&mesh, "us-1", "us-1a"), ["eu-1a 2 1", "eu-1b 1 1", "us-1a 0 1"]);
}

#[test]
fn any_tls_of_a_rule_ends_the_choice_of_istio() {
    let tls = |mesh: &Mesh, host| upstream(mesh, host, None).cluster(&mut Silent).tls;
    let simple = with_rule("trafficPolicy: {tls: {mode: SIMPLE, sni: a}}");
    assert!(matches!(tls(&simple, HOST).value, UpstreamTls::Simple { .. }));
    let disabled = with_rule("trafficPolicy: {tls: {mode: DISABLE}}");
    assert_eq!(tls(&disabled, HOST).value, UpstreamTls::None);
    assert!(matches!(tls(&disabled, HOST).origin, Origin::Manifest(_)));
    let mutual = with_rule("trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}");
    let UpstreamTls::IstioMutual { sni, .. } = tls(&mutual, HOST).value else { panic!("mutual") };
    assert_eq!(sni.as_deref(), Some("outbound_.9080_._.reviews.shop.svc.cluster.local"));
    // Settings for the port take the place of the block, and Istio chooses again.
    let at_port = with_rule(
        "trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 9080}}]}",
    );
    assert_eq!(tls(&at_port, HOST).value, UpstreamTls::AutoMutual);
    let off = Mesh::of(&format!(
        "{PODS}---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
         metadata: {{name: a, namespace: shop}}\nspec: {{mtls: {{mode: DISABLE}}}}\n"
    ));
    assert_eq!(tls(&off, HOST).value, UpstreamTls::None);
}

#[test]
fn a_host_outside_is_found_by_dns_and_spoken_to_in_plaintext() {
    let mesh = Mesh::of(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {name: pay, namespace: shop}\n\
         spec:\n  hosts: [pay.example.com]\n  resolution: DNS\n  \
         ports: [{number: 80, name: http2, protocol: HTTP2}]\n",
    );
    let upstream = upstream(&mesh, "pay.example.com", None);
    let cluster = upstream.cluster(&mut Silent);
    assert_eq!(cluster.discovery, Discovery::StrictDns);
    assert_eq!(cluster.http.protocol.value, UpstreamProtocol::Http2);
    assert_eq!(cluster.tls.value, UpstreamTls::None);
    assert_eq!(cluster.target.expect("a target").service, "pay.example.com");
    assert_eq!(endpoints(&upstream, "eu-1", "eu-1a"), 1);
}

#[test]
fn an_endpoint_takes_mutual_tls_unless_its_port_has_none_or_it_is_a_gateway() {
    let takes = |objects: &str| {
        let mesh = Mesh::of(&format!("{PODS}{objects}"));
        let labels = Labels::new();
        let locality = Locality::default();
        let proxy = Viewpoint { locality: &locality, node: "", labels: &labels };
        let assignment = upstream(&mesh, HOST, None).assignment(proxy, &mut Silent);
        let groups = assignment.expect("endpoints").localities;
        let endpoints = groups.into_iter().flat_map(|group| group.endpoints);
        endpoints.map(|endpoint| endpoint.takes_mutual_tls).collect::<Vec<_>>()
    };
    assert_eq!(takes(""), [true, true]);
    let policy = "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                  metadata: {name: a, namespace: shop}\nspec: {selector: {matchLabels: \
                  {version: v2}}, portLevelMtls: {9080: {mode: DISABLE}}}\n";
    assert_eq!(takes(policy), [true, false]);
    let pod = |labels: &str, annotations: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: zz, namespace: shop, labels: \
             {{app: reviews, {labels}}}, annotations: {{{annotations}}}}}\n\
             spec: {{containers: [{{name: app}}]}}\n"
        )
    };
    let gateway = pod("a: b", "inject.istio.io/templates: gateway");
    assert_eq!(takes(&gateway), [true, true, false]);
    assert_eq!(takes(&pod("security.istio.io/tlsMode: disabled", "")), [true, true, false]);
}
