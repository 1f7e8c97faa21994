//! Routes of the mesh.

use super::super::MeshRoute;
use super::super::rules;
use super::*;
use crate::explain::Silent;
use crate::proxy::envoy::Connection;
use crate::proxy::envoy::config::{Direction, NetworkFilter, RouteSource, Transport};
use crate::proxy::envoy::listening::{Arrival, accept};

/// A route of the mesh with this parent.
fn mesh_route(kind: &str, title: &str, parent: &str, rules: &str) -> String {
    let parent = format!("{{group: '', kind: Service, {parent}}}");
    let hostnames = if kind == "TCPRoute" { "" } else { "  hostnames: [ignored.example]\n" };
    route(kind, title, &format!("{hostnames}  rules: {rules}\n"))
        .replace("{name: edge, namespace: infra}", &parent)
}

/// A rule to a Service, with a name.
fn to(backend: &str) -> String {
    format!("[{{backendRefs: [{{name: {backend}, namespace: shop, port: 80}}]}}]")
}

impl Rig {
    /// What clients in a namespace get for a port of `shop/cart`.
    fn mesh(&self, client: &str, port: u16) -> Option<Vec<String>> {
        let routes = self.plane.mesh_routes(client, "shop", "cart", port)?;
        Some(routes.iter().map(|route| show_action(&route.action)).collect())
    }
}

fn services() -> String {
    let cart = service("shop/cart").replace(
        "targetPort: 8080}",
        "targetPort: 8080}, {name: http-alt, port: 8080}, {name: raw, port: 9000}",
    );
    format!("{cart}{}{}", service("shop/v1"), service("shop/v2"))
}

#[test]
fn consumer_routes_replace_the_producers_for_clients_of_their_namespace() {
    let producer = mesh_route("HTTPRoute", "shop/producer", "name: cart", &to("v1"));
    let consumer =
        mesh_route("HTTPRoute", "web/consumer", "name: cart, namespace: shop", &to("v2"));
    let rig = rig(&[&services(), &producer, &consumer]);
    assert_eq!(rig.mesh("shop", 80), Some(vec!["80 v1.shop".to_owned()]));
    assert_eq!(rig.mesh("other", 80), Some(vec!["80 v1.shop".to_owned()]));
    // They do not mix.
    assert_eq!(rig.mesh("web", 80), Some(vec!["80 v2.shop".to_owned()]));
    assert!(
        rig.because("web/consumer", rules::MESH_CONSUMER)[0].starts_with("only clients in `web`")
    );
    assert!(!rig.because("shop/producer", rules::MESH_CONSUMER).is_empty());
}

#[test]
fn backends_of_other_namespaces_need_no_grant_in_the_mesh() {
    let consumer =
        mesh_route("HTTPRoute", "web/consumer", "name: cart, namespace: shop", &to("v2"));
    let rig = rig(&[&services(), &consumer]);
    assert_eq!(rig.resolved("web/consumer"), (true, "ResolvedRefs"));
    assert_eq!(rig.because("web/consumer", rules::MESH_GRANT).len(), 1);
}

#[test]
fn a_parent_with_a_port_binds_that_port_and_one_without_binds_all() {
    let one = mesh_route("HTTPRoute", "shop/one", "name: cart, port: 80", &to("v1"));
    let all = mesh_route("HTTPRoute", "shop/all", "name: cart", &to("v2"));
    let of_one = rig(&[&services(), &one]);
    assert!(of_one.mesh("shop", 80).is_some() && of_one.mesh("shop", 8080).is_none());
    assert_eq!(
        of_one.because("shop/one", rules::MESH_PORT),
        ["it counts for ports 80 of shop/cart"]
    );
    let of_all = rig(&[&services(), &all]);
    assert!(of_all.mesh("shop", 80).is_some() && of_all.mesh("shop", 8080).is_some());
    let lost = mesh_route("HTTPRoute", "shop/lost", "name: cart, port: 81", &to("v1"));
    let rig = rig(&[&services(), &lost]);
    assert_eq!(rig.accepted("shop/lost"), (false, "NoMatchingParent"));
}

#[test]
fn only_one_kind_counts_for_a_port_calls_before_requests_before_bytes() {
    let http = mesh_route("HTTPRoute", "shop/http", "name: cart, port: 80", &to("v1"));
    let grpc = mesh_route("GRPCRoute", "shop/grpc", "name: cart", &to("v2"));
    let tcp = mesh_route("TCPRoute", "shop/tcp", "name: cart, port: 80", &to("v1"))
        .replace("gateway.networking.k8s.io/v1\n", "gateway.networking.k8s.io/v1alpha2\n");
    let of_two = rig(&[&services(), &http, &tcp]);
    assert_eq!(of_two.mesh("shop", 80), Some(vec!["80 v1.shop".to_owned()]));
    let rig = rig(&[&services(), &http, &tcp, &grpc]);
    assert_eq!(rig.mesh("shop", 80), Some(vec!["80 v2.shop".to_owned()]));
    assert_eq!(rig.because("shop/http", rules::MESH_KIND).len(), 1);
    assert!(rig.codes().contains(&"gateway.mesh-kind"));
}

#[test]
fn bytes_are_passed_on_by_weight() {
    let rules =
        "[{backendRefs: [{name: v1, port: 80, weight: 1}, {name: v2, port: 80, weight: 4}]}]";
    let tcp = mesh_route("TCPRoute", "shop/tcp", "name: cart, port: 9000", rules);
    let rig = rig(&[&services(), &tcp]);
    let Some(MeshRoute::Stream(proxy)) = rig.plane.mesh_route("web", "shop", "cart", 9000) else {
        panic!("a stream")
    };
    let weights: Vec<_> = proxy.clusters.iter().map(|(_, weight)| *weight).collect();
    assert_eq!(weights, [1, 4]);
    assert!(rig.plane.mesh_routes("web", "shop", "cart", 9000).is_none());
}

#[test]
fn routes_of_one_group_are_merged_by_precedence() {
    let rule = |path: &str, backend: &str| {
        format!(
            "[{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: {backend}, port: 80}}]}}]"
        )
    };
    let short = mesh_route("HTTPRoute", "shop/a", "name: cart", &rule("/", "v1"));
    let long = mesh_route("HTTPRoute", "shop/b", "name: cart, port: 80", &rule("/long", "v2"));
    let rig = rig(&[&services(), &short, &long]);
    let routes = rig.mesh("web", 80);
    assert_eq!(routes, Some(vec!["80 v2.shop".to_owned(), "80 v1.shop".to_owned()]));
    assert_eq!(rig.mesh("web", 8080), Some(vec!["80 v1.shop".to_owned()]));
}

#[test]
fn istio_merges_no_routes_for_a_port_with_those_for_all_ports() {
    let port = mesh_route("HTTPRoute", "shop/port", "name: cart, port: 80", &to("v1"));
    let all = mesh_route("HTTPRoute", "shop/all", "name: cart", &to("v2"));
    let aged = |text: &str, year: u32| {
        let created = format!("metadata: {{creationTimestamp: '{year}-01-01T00:00:00Z', ");
        text.replace("metadata: {", &created)
    };
    let as_istio = |port: &str, all: &str| {
        let rig = rig_as("istio", &[&services(), port, all]);
        (rig.mesh("shop", 80), rig.codes())
    };
    // Without times, the name with the port comes first.
    let (routes, codes) = as_istio(&port, &all);
    assert_eq!(routes, Some(vec!["80 v1.shop".to_owned()]));
    assert!(codes.contains(&"gateway.mesh-port"), "{codes:?}");
    let (routes, _) = as_istio(&aged(&port, 2024), &aged(&all, 2023));
    assert_eq!(routes, Some(vec!["80 v2.shop".to_owned()]));
    let standard = rig(&[&services(), &port, &all]);
    assert_eq!(standard.mesh("shop", 80).map(|routes| routes.len()), Some(2));
}

#[test]
fn a_plain_proxy_goes_by_the_address_of_the_service_and_one_level_of_routes() {
    let cart = mesh_route("HTTPRoute", "shop/cart", "name: cart, port: 80", &to("v1"));
    // The route of the backend's own Service must not count for requests to `cart`.
    let deeper = mesh_route("HTTPRoute", "shop/v1", "name: v1", &to("v2"));
    let rig = rig(&[&services(), &cart, &deeper]);
    let proxy = rig.plane.mesh_proxy(&rig.built.world, "web");
    let filter = |service: &str, port: u16| {
        let name = format!("outbound|{port}||{service}.shop.svc.cluster.local");
        let mut chains = proxy.listeners.iter().flat_map(|listener| &listener.chains);
        let chain = chains.find(|chain| chain.name == name).expect("a chain for the port");
        chain.filters[0].clone()
    };
    let NetworkFilter::Http(manager) = filter("cart", 80) else { panic!("HTTP") };
    let RouteSource::Inline(table) = &manager.routes else { panic!("a table of its own") };
    assert_eq!(table.virtual_hosts[0].domains, ["*"], "names in requests are ignored");
    assert_eq!(proxy.listeners.len(), 6, "one for each port, and one that captures");
    // Who dials a pod passes all routes by.
    let pod = rig.built.world.pods.iter().next().expect("a pod");
    let connection = Connection {
        source_ip: None,
        destination_ip: Some(pod.ip),
        destination_port: 80,
        transport: Transport::RawBuffer,
        sni: None,
        alpn: Vec::new(),
        principal: None,
    };
    let arrival = Arrival::Redirected(Direction::Outbound);
    let accepted = accept(&proxy, arrival, &connection, &mut Silent).expect("a chain");
    assert_eq!(accepted.chain.name, "PassthroughCluster");
    // Without a route and a declared protocol the bytes go to the Service's own endpoints.
    assert!(matches!(filter("cart", 9000), NetworkFilter::TcpProxy(_)));
    let shown = rig.mesh("web", 80);
    assert_eq!(shown, Some(vec!["80 v1.shop".to_owned()]));
    assert_eq!(rig.because("shop/cart", rules::MESH_FRONTEND).len(), 1);
    assert_eq!(rig.because("shop/cart", rules::MESH_HOSTNAMES), ["its hostnames are ignored"]);
}

#[test]
fn a_parent_that_is_not_there_or_not_modelled_is_said() {
    let lost = mesh_route("HTTPRoute", "shop/lost", "name: gone", &to("v1"));
    let entry = mesh_route("HTTPRoute", "shop/entry", "name: ext", &to("v1"))
        .replace("group: '', kind: Service", "group: networking.istio.io, kind: ServiceEntry");
    let rig = rig(&[&services(), &lost, &entry]);
    assert_eq!(rig.accepted("shop/lost"), (false, "NoMatchingParent"));
    assert_eq!(rig.accepted("shop/entry"), (false, "NotModelled"));
    assert_eq!(rig.codes(), ["gateway.not-modelled", "gateway.no-parent"]);
}
