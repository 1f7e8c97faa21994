//! Which hosts a gateway answers for, and with which routes.

use super::*;
use crate::proxy::envoy::config::{DownstreamTls, Inspection, NetworkFilter, TlsRequirement};

const PLAIN: &str = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*.example']}";

#[test]
fn a_gateway_without_virtual_services_listens_and_answers_404() {
    let built = build(&gateway("a", PLAIN));
    assert_eq!(built.names(), ["0.0.0.0_80"]);
    assert_eq!(built.hosts("http.80"), [("blackhole:80".to_owned(), vec!["*".to_owned()], vec![])]);
}

#[test]
fn virtual_services_for_one_host_are_joined_and_what_takes_everything_stands_last() {
    let bound = "gateways: [edge/a], hosts: [shop.example]";
    let text = gateway("a", PLAIN)
        + &virtual_service(
            "one",
            "shop",
            &format!("{bound}, http: [{{name: all, route: [{{destination: {{host: a}}}}]}}]"),
        )
        + &virtual_service(
            "two",
            "bank",
            &format!(
                "{bound}, http: [{{name: pay, match: [{{uri: {{prefix: /pay}}}}], route: [{{destination: {{host: a}}}}]}}]"
            ),
        );
    let routes = vec!["pay".to_owned(), "all".to_owned()];
    let domains = vec!["shop.example".to_owned()];
    assert_eq!(build(&text).hosts("http.80"), [("shop.example:80".to_owned(), domains, routes)]);
}

#[test]
fn hosts_of_one_virtual_service_share_their_routes() {
    let text = gateway("a", PLAIN)
        + &virtual_service(
            "one",
            "shop",
            "gateways: [edge/a], hosts: [b.example, longer.example, other.org], \
             http: [{name: x, route: [{destination: {host: a}}]}]",
        );
    let domains = vec!["longer.example".to_owned(), "b.example".to_owned()];
    let host = ("longer.example:80".to_owned(), domains, vec!["x".to_owned()]);
    assert_eq!(build(&text).hosts("http.80"), [host]);
}

#[test]
fn a_host_with_a_namespace_is_for_virtual_services_of_that_namespace() {
    let server =
        "{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop/a.example, ./b.example]}";
    let spec = "gateways: [edge/a], hosts: [a.example, b.example], http: [{name: x, route: [{destination: {host: a}}]}]";
    let text = gateway("a", server)
        + &virtual_service("one", "shop", spec)
        + &virtual_service("two", "bank", spec);
    let names: Vec<_> = build(&text).hosts("http.80").into_iter().map(|it| it.0).collect();
    assert_eq!(names, ["a.example:80"]);
}

#[test]
fn a_server_that_redirects_does_so_without_routes_too() {
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example], tls: {httpsRedirect: true}}";
    let built = build(&gateway("a", server));
    let [host] = &built.tables["http.80"].virtual_hosts[..] else { panic!("one") };
    assert_eq!((host.name.as_str(), host.tls), ("a.example:80", TlsRequirement::All));
    assert!(host.routes.is_empty());
}

#[test]
fn each_https_server_has_a_chain_and_a_table_of_its_own() {
    let servers = "{port: {number: 443, name: one, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE, credentialName: x}}, \
                   {port: {number: 443, name: two, protocol: HTTPS}, hosts: ['*'], tls: {mode: MUTUAL, credentialName: x}}";
    let built = build(&gateway("a", servers));
    let [listener] = &built.listeners[..] else { panic!("one listener") };
    assert_eq!(listener.inspects_tls, Inspection::Always);
    let chains: Vec<_> =
        listener.chains.iter().map(|it| (&it.matches.server_names[..], it.tls)).collect();
    assert_eq!(
        chains,
        [(&["a.example".to_owned()][..], DownstreamTls::Simple), (&[][..], DownstreamTls::Mutual),]
    );
    let tables: Vec<_> = built.tables.keys().map(String::as_str).collect();
    assert_eq!(tables, ["https.443.one.a.edge", "https.443.two.a.edge"]);
}

#[test]
fn tls_that_goes_through_is_told_apart_by_its_server_name() {
    let server = "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.example'], tls: {mode: PASSTHROUGH}}";
    let spec = "gateways: [edge/a], hosts: [a.example], \
                tls: [{match: [{port: 443, sniHosts: [a.example]}], route: [{destination: {host: web, port: {number: 8443}}}]}]";
    let text = gateway("a", server)
        + &virtual_service("one", "shop", spec)
        + &virtual_service("two", "shop", spec);
    let built = build(&text);
    let [chain] = &built.listeners[0].chains[..] else { panic!("one chain") };
    let [NetworkFilter::TcpProxy(proxy)] = &chain.filters[..] else { panic!("bytes") };
    assert_eq!(proxy.clusters[0].0.value, "outbound|8443||web.shop.svc.cluster.local");
    assert_eq!(built.findings[0].code, "istio.same-sni");
}

#[test]
fn auto_passthrough_opens_every_port_and_subset_of_the_mesh() {
    let server = "{port: {number: 15443, name: tls, protocol: TLS}, hosts: ['*.local'], tls: {mode: AUTO_PASSTHROUGH}}";
    let built = build(&gateway("a", server));
    let names: Vec<_> =
        built.listeners[0].chains.iter().map(|it| it.matches.server_names[0].as_str()).collect();
    assert_eq!(
        names,
        [
            "outbound_.80_._.web.shop.svc.cluster.local",
            "outbound_.80_.v1_.web.shop.svc.cluster.local"
        ]
    );
}

#[test]
fn plain_connections_take_the_first_tcp_rule_and_without_one_the_port_is_closed() {
    let server = "{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}";
    assert!(build(&gateway("a", server)).listeners.is_empty());
    let text = gateway("a", server)
        + &virtual_service(
            "one",
            "shop",
            "gateways: [edge/a], hosts: ['*'], tcp: [{match: [{port: 1}], route: [{destination: {host: a}}]}, \
             {match: [{port: 9000}], route: [{destination: {host: b}}]}]",
        );
    let built = build(&text);
    let [NetworkFilter::TcpProxy(proxy)] = &built.listeners[0].chains[0].filters[..] else {
        panic!("bytes")
    };
    assert_eq!(proxy.clusters[0].0.value, "outbound|9000||b.shop.svc.cluster.local");
}
