//! Which ports a gateway opens, and which servers share one.

use super::*;

fn target(host: &str, port: u16, target_port: u16) -> ServiceTarget {
    ServiceTarget {
        host: host.to_owned(),
        namespace: "edge".to_owned(),
        port,
        target_port,
        keeps_ports: false,
    }
}

const PLAIN: &str = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}";

#[test]
fn a_gateway_listens_on_the_target_port_of_its_service() {
    let targets = [target("edge.edge", 80, 8080)];
    let built = build_behind(&targets, &gateway("a", PLAIN));
    assert_eq!(built.names(), ["0.0.0.0_8080"]);
    // The names of virtual hosts keep the port that clients dial.
    assert_eq!(built.hosts("http.8080")[0].0, "blackhole:80");
    let other = [target("edge.edge", 443, 8443)];
    assert_eq!(build_behind(&other, &gateway("a", PLAIN)).names(), ["0.0.0.0_80"]);
}

#[test]
fn a_service_with_the_label_for_it_keeps_ports_as_they_are() {
    let targets = [ServiceTarget { keeps_ports: true, ..target("edge.edge", 80, 8081) }];
    assert_eq!(build_behind(&targets, &gateway("a", PLAIN)).names(), ["0.0.0.0_80"]);
}

#[test]
fn a_gateway_that_names_its_services_opens_their_ports_and_no_others() {
    let text = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: a\n  namespace: edge\n  \
                annotations: {internal.istio.io/gateway-service: 'one.edge,two.edge'}\n\
                spec:\n  servers:\n  \
                - {port: {number: 80, name: a, protocol: HTTP}, hosts: [a.example]}\n  \
                - {port: {number: 81, name: b, protocol: HTTP}, hosts: [b.example]}\n";
    let targets = [target("one.edge", 80, 8080), target("two.edge", 80, 8081)];
    assert_eq!(build_behind(&targets, text).names(), ["0.0.0.0_8080", "0.0.0.0_8081"]);
    let elsewhere = [ServiceTarget { namespace: "shop".to_owned(), ..targets[0].clone() }];
    assert!(build_behind(&elsewhere, text).listeners.is_empty());
}

#[test]
fn http_servers_of_several_gateways_share_a_port() {
    let text = gateway("a", PLAIN)
        + &gateway("b", "{port: {number: 80, name: h2, protocol: HTTP2}, hosts: [b.example]}")
        + &virtual_service(
            "one",
            "shop",
            "gateways: [edge/b], hosts: [b.example, a.example], http: [{name: x, route: [{destination: {host: a}}]}]",
        );
    let built = build(&text);
    assert_eq!(built.hosts("http.80").len(), 1);
    assert_eq!(built.hosts("http.80")[0].1, ["b.example"]);
    assert!(built.findings.is_empty());
}

#[test]
fn the_older_of_two_protocols_has_the_port() {
    let tcp = "{port: {number: 80, name: tcp, protocol: TCP}, hosts: [a.example]}";
    let built = build(&(gateway("a", tcp) + &gateway("b", PLAIN)));
    // Without a VirtualService nothing is left of the older one.
    assert!(built.listeners.is_empty());
    assert_eq!(built.findings[0].code, "istio.gateway-conflict");
    let built = build(&(gateway("b", tcp) + &gateway("a", PLAIN)));
    assert_eq!(built.names(), ["0.0.0.0_80"]);
    assert_eq!(built.hosts("http.80")[0].0, "blackhole:80");
}

#[test]
fn a_host_with_tls_belongs_to_the_older_server() {
    let server = |name: &str| {
        format!(
            "{{port: {{number: 443, name: {name}, protocol: HTTPS}}, hosts: [a.example], tls: {{mode: SIMPLE, credentialName: x}}}}"
        )
    };
    let built = build(&(gateway("a", &server("one")) + &gateway("b", &server("two"))));
    assert_eq!(built.tables.keys().collect::<Vec<_>>(), ["https.443.one.a.edge"]);
    assert_eq!(built.findings[0].code, "istio.gateway-conflict");
}

#[test]
fn workloads_without_the_labels_of_a_gateway_do_not_serve_it() {
    let text = gateway("a", PLAIN).replace("istio: ingress", "istio: other");
    assert!(build(&text).listeners.is_empty());
}
