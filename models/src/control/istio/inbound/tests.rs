//! Stories of the inbound side.

use std::net::IpAddr;

use super::*;
use crate::control::istio::testing::{Mesh, PODS};
use crate::explain::Silent;
use crate::proxy::envoy::config::{
    Destination, Direction, Discovery, DownstreamTls, NetworkFilter, ProxyConfig, RouteAction,
    RouteSource, RoutingPriority, Transport,
};
use crate::proxy::envoy::listening::{Arrival, Refusal, accept};
use crate::proxy::envoy::{Connection, config::RetryOn};

/// The inbound side of the first pod whose name begins so.
fn of(text: &str, pod: &str) -> (Mesh, Inbound) {
    let mesh = Mesh::of(text);
    let pod = mesh.world.pods.ids().find(|id| mesh.world.pods[*id].name.starts_with(pod));
    let workload = Workload::of_pod(mesh.push(), &mesh.world, pod.expect("a pod"));
    let inbound = inbound(mesh.push(), &workload, &mut Silent);
    (mesh, inbound)
}

fn reviews(objects: &str) -> Inbound {
    of(&format!("{PODS}{objects}"), "reviews-v1").1
}

/// How a client calls.
#[derive(Clone, Copy, Debug)]
enum Spoken {
    /// With the mesh's TLS, and what the client's proxy says is within.
    Mesh(&'static str),
    /// With TLS of its own.
    OwnTls,
    /// Plaintext, and what its first bytes show.
    Plain(&'static str),
}

fn connection(port: u16, spoken: Spoken) -> Connection {
    let (transport, alpn, principal) = match spoken {
        Spoken::Mesh(alpn) => (Transport::Tls, alpn, Some("spiffe://cluster.local/ns/a/sa/b")),
        Spoken::OwnTls => (Transport::Tls, "http/1.1", None),
        Spoken::Plain(alpn) => (Transport::RawBuffer, alpn, None),
    };
    let alpn = Some(alpn).filter(|alpn| !alpn.is_empty()).map(str::to_owned);
    Connection {
        source_ip: None,
        destination_ip: Some(IpAddr::from([10, 1, 1, 1])),
        destination_port: port,
        transport,
        sni: None,
        alpn: alpn.into_iter().collect(),
        principal: principal.map(str::to_owned),
    }
}

/// What serves a call: a kind of filter and the cluster.
fn serves(inbound: &Inbound, port: u16, spoken: Spoken) -> Result<String, Refusal> {
    let config = ProxyConfig { listeners: inbound.listeners.clone(), ..ProxyConfig::default() };
    let arrival = Arrival::Redirected(Direction::Inbound);
    let accepted = accept(&config, arrival, &connection(port, spoken), &mut Silent)?;
    Ok(match accepted.chain.filters.last() {
        Some(NetworkFilter::Http(manager)) => {
            let RouteSource::Inline(table) = &manager.routes else { panic!("its own routes") };
            let RouteAction::Forward(forward) = &table.virtual_hosts[0].routes[0].action else {
                panic!("forwarded")
            };
            let Destination::Cluster(cluster) = &forward.destination else { panic!("one cluster") };
            format!("requests to {}", cluster.value)
        }
        Some(NetworkFilter::TcpProxy(proxy)) => format!("bytes to {}", proxy.clusters[0].0.value),
        _ => panic!("a last filter"),
    })
}

fn says(text: &str) -> Result<String, Refusal> {
    Ok(text.to_owned())
}

fn no_chain() -> Result<String, Refusal> {
    Err(Refusal::NoChain { listener: "virtualInbound".to_owned() })
}

fn policy(spec: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
         metadata: {{name: own, namespace: shop}}\nspec: {spec}\n"
    )
}

fn service(ports: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: more, namespace: shop}}\n\
         spec: {{selector: {{app: reviews}}, ports: [{ports}]}}\n"
    )
}

fn sidecar(spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\n\
         metadata: {{name: own, namespace: shop}}\nspec: {spec}\n"
    )
}

#[test]
fn a_permissive_port_takes_mutual_tls_and_plaintext() {
    let inbound = reviews("");
    let names: Vec<_> = inbound.listeners.iter().map(|it| (it.name.as_str(), it.port)).collect();
    assert_eq!(names, [("virtualInbound", 15006)]);
    for spoken in [Spoken::Mesh("istio"), Spoken::Mesh("istio-http/1.1"), Spoken::Plain("http/1.1")]
    {
        assert_eq!(
            serves(&inbound, 9080, spoken),
            says("requests to inbound|9080||"),
            "{spoken:?}"
        );
    }
    assert_eq!(serves(&inbound, 9080, Spoken::OwnTls), no_chain());
}

#[test]
fn a_strict_port_resets_plaintext_and_wants_a_certificate() {
    let inbound = reviews(&policy("{mtls: {mode: STRICT}}"));
    assert_eq!(serves(&inbound, 9080, Spoken::Plain("http/1.1")), no_chain());
    assert_eq!(
        serves(&inbound, 9080, Spoken::Mesh("istio-h2")),
        says("requests to inbound|9080||")
    );
    let refused = serves(&inbound, 9080, Spoken::OwnTls);
    assert!(matches!(refused, Err(Refusal::NoCertificate { .. })), "{refused:?}");
    assert_eq!(serves(&inbound, 7000, Spoken::Plain("")), no_chain(), "ports of no service too");
}

#[test]
fn a_port_without_mutual_tls_takes_it_for_no_request() {
    let inbound = reviews(&policy("{mtls: {mode: DISABLE}}"));
    assert_eq!(serves(&inbound, 9080, Spoken::Plain("h2c")), says("requests to inbound|9080||"));
    let refused = serves(&inbound, 9080, Spoken::Mesh("istio"));
    assert!(matches!(refused, Err(Refusal::TlsToPlaintext { .. })), "{refused:?}");
    let passed = says("bytes to InboundPassthroughCluster");
    assert_eq!(serves(&inbound, 7000, Spoken::Mesh("istio")), passed, "others pass it on");
}

#[test]
fn a_port_of_bytes_passes_foreign_tls_on_and_one_that_declares_nothing_is_sniffed() {
    let more = "{name: tcp-db, port: 5432}, {name: odd, port: 7070}";
    let inbound = reviews(&service(more));
    for spoken in [Spoken::Mesh("istio-http/1.1"), Spoken::OwnTls, Spoken::Plain("http/1.1")] {
        assert_eq!(serves(&inbound, 5432, spoken), says("bytes to inbound|5432||"), "{spoken:?}");
    }
    for (spoken, expected) in [
        (Spoken::Mesh("istio-http/1.1"), "requests to inbound|7070||"),
        (Spoken::Mesh("istio"), "bytes to inbound|7070||"),
        (Spoken::Plain("http/1.1"), "requests to inbound|7070||"),
        (Spoken::Plain(""), "bytes to inbound|7070||"),
        (Spoken::OwnTls, "bytes to inbound|7070||"),
    ] {
        assert_eq!(serves(&inbound, 7070, spoken), says(expected), "{spoken:?}");
    }
}

#[test]
fn ports_that_no_service_names_go_where_they_were_dialled_and_the_listeners_own_ends() {
    let inbound = reviews("");
    let passed = |kind: &str| says(&format!("{kind} to InboundPassthroughCluster"));
    assert_eq!(serves(&inbound, 7000, Spoken::Plain("http/1.1")), passed("requests"));
    assert_eq!(serves(&inbound, 7000, Spoken::Plain("")), passed("bytes"));
    assert_eq!(serves(&inbound, 7000, Spoken::Mesh("istio-peer-exchange")), passed("bytes"));
    assert_eq!(serves(&inbound, 15006, Spoken::Plain("")), says("bytes to BlackHoleCluster"));
    let names: Vec<_> = inbound.clusters.keys().map(String::as_str).collect();
    assert_eq!(names, ["BlackHoleCluster", "InboundPassthroughCluster", "inbound|9080||"]);
}

#[test]
fn a_policy_for_a_port_counts_even_where_no_service_names_the_port() {
    let spec = "{selector: {matchLabels: {app: reviews}}, mtls: {mode: STRICT}, \
                portLevelMtls: {7000: {mode: DISABLE}, 9080: {mode: PERMISSIVE}}}";
    let inbound = reviews(&policy(spec));
    let passed = "requests to InboundPassthroughCluster";
    assert_eq!(serves(&inbound, 7000, Spoken::Plain("http/1.1")), says(passed));
    let bytes = "bytes to InboundPassthroughCluster";
    assert_eq!(serves(&inbound, 7000, Spoken::Mesh("istio")), says(bytes), "not looked at");
    assert_eq!(serves(&inbound, 7001, Spoken::Plain("http/1.1")), no_chain());
    assert_eq!(
        serves(&inbound, 9080, Spoken::Plain("http/1.1")),
        says("requests to inbound|9080||")
    );
}

#[test]
fn of_two_services_on_one_port_the_older_one_says_what_is_spoken() {
    let older = "---\napiVersion: v1\nkind: Service\n\
                 metadata: {name: zz, namespace: shop, creationTimestamp: '2020-01-01T00:00:00Z'}\n\
                 spec: {selector: {app: reviews}, ports: [{name: tcp, port: 80, targetPort: 9080}]}\n";
    let inbound = reviews(older);
    assert_eq!(serves(&inbound, 9080, Spoken::Plain("http/1.1")), says("bytes to inbound|9080||"));
}

#[test]
fn the_ingress_of_a_sidecar_is_all_there_is() {
    let spec = "{ingress: [{port: {number: 7070, protocol: TCP, name: tcp}, \
                defaultEndpoint: '127.0.0.1:7071'}, \
                {port: {number: 8000, protocol: HTTP, name: http}, captureMode: NONE, \
                bind: 0.0.0.0, defaultEndpoint: '0.0.0.0:8001'}]}";
    let (mesh, inbound) = of(&format!("{PODS}{}", sidecar(spec)), "reviews-v1");
    assert_eq!(serves(&inbound, 7070, Spoken::Plain("http/1.1")), says("bytes to inbound|7070||"));
    let passed = "requests to InboundPassthroughCluster";
    assert_eq!(serves(&inbound, 9080, Spoken::Plain("http/1.1")), says(passed));
    let own: Vec<_> = inbound.listeners.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(own, ["virtualInbound", "0.0.0.0_8000"]);
    let address =
        |name: &str| inbound.assignments[name].localities[0].endpoints[0].address.to_string();
    assert_eq!(address("inbound|7070||"), "127.0.0.1:7071");
    let ip =
        mesh.world.pods.iter().find(|pod| pod.name.starts_with("reviews-v1")).expect("a pod").ip;
    assert_eq!(address("inbound|8000||"), format!("{ip}:8001"));
    assert_eq!(inbound.clusters["inbound|7070||"].discovery, Discovery::Static);
}

#[test]
fn without_interception_only_the_ingress_of_a_sidecar_is_served() {
    let pod = |objects: &str| {
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: lone, namespace: shop, \
                   labels: {app: lone}, annotations: {sidecar.istio.io/interceptionMode: NONE}}\n\
                   spec: {containers: [{name: app}]}\n---\napiVersion: v1\nkind: Service\n\
                   metadata: {name: lone, namespace: shop}\n\
                   spec: {selector: {app: lone}, ports: [{name: http, port: 80}]}\n";
        of(&format!("{PODS}{pod}{objects}"), "lone").1
    };
    assert!(pod("").listeners.is_empty());
    let ingress = "{ingress: [{port: {number: 9999, protocol: HTTP, name: http}, \
                   defaultEndpoint: '127.0.0.1:80'}]}";
    let inbound = pod(&sidecar(ingress));
    assert_eq!(inbound.listeners.len(), 1);
    assert_eq!(inbound.listeners[0].port, 9999);
}

#[test]
fn limits_of_the_destination_rule_hold_for_the_server_and_those_of_the_sidecar_replace_them() {
    let rule = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
                metadata: {name: own, namespace: shop}\nspec: {host: reviews, \
                trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}, \
                http: {h2UpgradePolicy: UPGRADE}}, outlierDetection: {consecutive5xxErrors: 1}}}\n";
    let inbound = reviews(rule);
    let cluster = &inbound.clusters["inbound|9080||"];
    assert_eq!(cluster.thresholds[&RoutingPriority::Default].max_connections.value, 7);
    assert_eq!(cluster.outlier, None);
    let spoken = cluster.http.protocol.value;
    assert_eq!(spoken, crate::proxy::envoy::config::UpstreamProtocol::Http1, "not upgraded");
    let own = sidecar("{inboundConnectionPool: {tcp: {maxConnections: 3}}}");
    let inbound = reviews(&format!("{rule}{own}"));
    let cluster = &inbound.clusters["inbound|9080||"];
    assert_eq!(cluster.thresholds[&RoutingPriority::Default].max_connections.value, 3);
}

#[test]
fn the_inbound_side_has_no_limit_of_time_and_tries_again_only_what_was_never_sent() {
    let route = |inbound: &Inbound, port: u16| {
        let chains = &inbound.listeners[0].chains;
        let chain = chains.iter().find(|it| it.matches.destination_port == Some(port));
        let chain = chain.expect("a chain");
        let Some(NetworkFilter::Http(manager)) = chain.filters.last() else { panic!("requests") };
        let RouteSource::Inline(table) = &manager.routes else { panic!("its own routes") };
        assert_eq!(table.name, format!("inbound|{port}||"));
        assert_eq!(table.virtual_hosts[0].domains, ["*"]);
        let RouteAction::Forward(forward) = &table.virtual_hosts[0].routes[0].action else {
            panic!("forwarded")
        };
        forward.clone()
    };
    let inbound = reviews(&service("{name: grpc, port: 6565}"));
    let forward = route(&inbound, 9080);
    assert!(forward.timeout.is_zero());
    let retry = forward.retry.expect("retries");
    assert_eq!((retry.retries.value, retry.retry_on.value), (2, RetryOn::RESET_BEFORE_REQUEST));
    assert_eq!(route(&inbound, 6565).retry, None, "streams are not tried again");
    let map = |policy: &str| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: \
             istio-system}}\ndata:\n  mesh: |\n    defaultInboundHttpRetryPolicy: {policy}\n"
        )
    };
    assert_eq!(route(&reviews(&map("{}")), 9080).retry, None);
    let own = route(&reviews(&map("{attempts: 4, retryOn: reset}")), 9080).retry.expect("retries");
    assert_eq!((own.retries.value, own.retry_on.value), (4, RetryOn::RESET));
}

#[test]
fn mutual_tls_is_ended_by_the_mesh_s_own_certificate() {
    let inbound = reviews("");
    let ends = inbound.listeners[0].chains.iter().filter(|it| it.tls != DownstreamTls::None);
    assert!(ends.clone().count() > 0);
    assert!(ends.clone().all(|chain| chain.tls == DownstreamTls::IstioMutual));
}

#[test]
fn probes_pass_strict_ports_unless_they_are_left_as_they_are() {
    let strict = "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                  metadata: {name: own, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n";
    let told = |annotations: &str| {
        let pod = format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: own, namespace: shop, labels: \
             {{app: own}}, annotations: {annotations}}}\nspec: {{containers: [{{name: app}}]}}\n"
        );
        let mesh = Mesh::of(&format!("{PODS}{strict}{pod}"));
        let pod = mesh.world.pods.ids().find(|&pod| mesh.world.workload_of(pod).name == "own");
        let workload = Workload::of_pod(mesh.push(), &mesh.world, pod.expect("the pod"));
        let mut tree = crate::explain::Tree::default();
        explain_port(mesh.push(), &workload, 80, &mut tree);
        let found = tree.finish().into_iter().find(|it| it.rule.0 == "istio.inbound.probes");
        found.expect("told").finding
    };
    assert!(told("{}").contains("rewritten to the agent"));
    assert!(told("{sidecar.istio.io/rewriteAppHTTPProbers: 'false'}").contains("are reset"));
}
