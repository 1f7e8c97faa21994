//! Listeners of Gateways and ListenerSets.

use super::*;
use crate::proxy::envoy::config::{DownstreamTls, Inspection, NetworkFilter};

const BACKEND: &str = "  rules: [{backendRefs: [{name: cart, port: 80}]}]\n";

fn programmed(rig: &Rig, parent: usize) -> Vec<bool> {
    let status = &rig.plane.gateway_status("infra", "edge")[parent];
    let listeners = status.listeners.iter();
    listeners.map(|it| verdict(&it.conditions, ConditionType::Programmed).0).collect()
}

fn set(title: &str, listeners: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace and name");
    format!(
        "---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  parentRef: {{name: edge, namespace: infra}}
  listeners:
{listeners}"
    )
}

#[test]
fn istio_runs_a_service_with_the_ports_of_the_listeners() {
    let more = "  - {name: other, port: 8080, protocol: HTTP}\n";
    let rig = rig_as("istio", &[&format!("{GATEWAY}{OPEN}{more}")]);
    let mut tree = Tree::default();
    rig.plane.explain_deployment("infra", "edge", &mut tree);
    let step = tree.finish().remove(0);
    assert!(step.finding.contains("Service `edge-istio` in `infra`"), "{}", step.finding);
    assert_eq!(step.facts[0].value, "80, 8080, 15021 (status)");
    assert!(step.origin.is_some());
}

#[test]
fn listeners_that_claim_the_same_are_all_refused() {
    let gateway = format!(
        "{GATEWAY}  - {{name: a, port: 80, protocol: HTTP, hostname: x.example}}
  - {{name: b, port: 80, protocol: HTTP, hostname: X.example}}
  - {{name: c, port: 80, protocol: HTTP}}
  - {{name: d, port: 81, protocol: TCP}}
  - {{name: e, port: 81, protocol: HTTP}}
"
    );
    let rig = rig(&[&gateway]);
    assert_eq!(programmed(&rig, 0), [false, false, true, false, false]);
    let status = &rig.plane.gateway_status("infra", "edge")[0];
    let reason = |at: usize| verdict(&status.listeners[at].conditions, ConditionType::Conflicted).1;
    assert_eq!(
        [reason(0), reason(1), reason(3)],
        ["HostnameConflict", "HostnameConflict", "ProtocolConflict"]
    );
    assert_eq!(verdict(&status.conditions, ConditionType::Accepted), (true, "ListenersNotValid"));
    assert_eq!(rig.codes(), ["gateway.listener-conflict"; 4]);
}

#[test]
fn listener_sets_come_after_their_gateway_the_oldest_first() {
    let gateway = format!(
        "{GATEWAY}  - {{name: a, port: 80, protocol: HTTP, hostname: x.example}}\n  allowedListeners: {{namespaces: {{from: All}}}}\n"
    );
    let young =
        set("infra/a-young", "  - {name: y, port: 80, protocol: HTTP, hostname: y.example}\n");
    let old = set(
        "infra/b-old",
        "  - {name: x, port: 80, protocol: HTTP, hostname: x.example}
  - {name: y, port: 80, protocol: HTTP, hostname: y.example}\n",
    );
    let old =
        old.replace("{name: b-old,", "{name: b-old, creationTimestamp: '2023-01-01T00:00:00Z',");
    let young = young
        .replace("{name: a-young,", "{name: a-young, creationTimestamp: '2024-01-01T00:00:00Z',");
    let rig = rig(&[&gateway, &young, &old]);
    let statuses = rig.plane.gateway_status("infra", "edge");
    let names: Vec<_> = statuses.iter().map(|status| status.name.as_str()).collect();
    assert_eq!(names, ["edge", "b-old", "a-young"]);
    assert_eq!(programmed(&rig, 0), [true]);
    assert_eq!(programmed(&rig, 1), [false, true]);
    assert_eq!(programmed(&rig, 2), [false]);
    // A set without any valid listener has no place.
    let accepted = |at: usize| verdict(&statuses[at].conditions, ConditionType::Accepted);
    assert_eq!(accepted(1), (true, "ListenersNotValid"));
    assert_eq!(accepted(2), (false, "ListenersNotValid"));
}

#[test]
fn a_gateway_lets_no_set_in_unless_it_says_so() {
    let listener = "  - {name: more, port: 81, protocol: HTTP}\n";
    let closed = format!("{GATEWAY}{OPEN}");
    let open = format!("{closed}  allowedListeners: {{namespaces: {{from: Same}}}}\n");
    for (gateway, title, wanted) in [
        (&closed, "infra/set", (false, "NotAllowed")),
        (&open, "infra/set", (true, "Accepted")),
        (&open, "other/set", (false, "NotAllowed")),
    ] {
        let rig = rig(&[gateway, &set(title, listener)]);
        let status = &rig.plane.gateway_status("infra", "edge")[1];
        assert_eq!(verdict(&status.conditions, ConditionType::Accepted), wanted, "{title}");
        assert_eq!(rig.config().listeners.len(), if wanted.0 { 2 } else { 1 });
    }
}

#[test]
fn routes_attach_to_a_set_and_not_through_its_gateway() {
    let gateway = format!(
        "{GATEWAY}  - {{name: own, port: 80, protocol: HTTP, hostname: own.example}}\n  allowedListeners: {{namespaces: {{from: All}}}}\n"
    );
    let set =
        set("infra/set", "  - {name: more, port: 80, protocol: HTTP, hostname: more.example}\n");
    let to_set = route("HTTPRoute", "infra/to-set", BACKEND)
        .replace("{name: edge, namespace: infra}", "{kind: ListenerSet, name: set}");
    let through = route("HTTPRoute", "infra/through", BACKEND)
        .replace("{name: edge,", "{name: edge, sectionName: more,");
    let rig = rig(&[&gateway, &set, &to_set, &through]);
    assert_eq!(rig.accepted("infra/to-set"), (true, "Accepted"));
    assert_eq!(rig.accepted("infra/through"), (false, "NoMatchingParent"));
    assert_eq!(rig.routes("more.example").len(), 1);
    assert_eq!(rig.routes("own.example"), Vec::<String>::new());
}

#[test]
fn certificates_of_other_namespaces_need_a_grant() {
    let gateway = format!(
        "{GATEWAY}  - name: own
    port: 443
    protocol: HTTPS
    hostname: own.example
    tls: {{certificateRefs: [{{name: cert}}]}}
  - name: far
    port: 443
    protocol: HTTPS
    hostname: far.example
    tls: {{certificateRefs: [{{name: cert, namespace: certs}}]}}
  - name: odd
    port: 443
    protocol: HTTPS
    hostname: odd.example
    tls: {{certificateRefs: [{{group: g, kind: K, name: cert}}]}}
  - {{name: none, port: 443, protocol: HTTPS, hostname: none.example, tls: {{}}}}
"
    );
    let grant = "---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: certs}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: infra}]
  to: [{group: '', kind: Secret, name: cert}]
";
    let without = rig(&[&gateway]);
    assert_eq!(programmed(&without, 0), [true, false, false, false]);
    assert_eq!(
        without.codes(),
        ["gateway.missing-grant", "gateway.certificate", "gateway.certificate"]
    );
    let with = rig(&[&gateway, grant]);
    assert_eq!(programmed(&with, 0), [true, true, false, false]);
}

#[test]
fn requests_belong_to_the_listener_with_the_most_specific_hostname() {
    let gateway = format!(
        "{GATEWAY}  - {{name: any, port: 80, protocol: HTTP}}
  - {{name: wide, port: 80, protocol: HTTP, hostname: '*.example.com'}}
  - {{name: narrow, port: 80, protocol: HTTP, hostname: '*.foo.example.com'}}
"
    );
    let to = |name: &str, hosts: &str| {
        let spec = format!(
            "  hostnames: [{hosts}]\n  rules: [{{matches: [{{path: {{value: /{name}}}}}], backendRefs: [{{name: cart, port: 80}}]}}]\n"
        );
        route("HTTPRoute", &format!("infra/{name}"), &spec)
            .replace("{name: edge,", &format!("{{name: edge, sectionName: {name},"))
    };
    let rig = rig(&[
        &gateway,
        &service("infra/cart"),
        &to("any", "'*.example.com', a.b"),
        &to("wide", "'*.foo.example.com', x.foo.example.com, y.example.com"),
    ]);
    let config = rig.config();
    let mut domains: Vec<_> = config.route_tables["http.80"]
        .virtual_hosts
        .iter()
        .map(|host| (host.domains[0].as_str(), host.routes.len()))
        .collect();
    domains.sort_unstable();
    // No hostname of a wide listener's route reaches into the narrow listener.
    assert_eq!(
        domains,
        [
            ("*", 0),
            ("*.example.com", 0),
            ("*.foo.example.com", 0),
            ("a.b", 1),
            ("y.example.com", 1)
        ]
    );
}

#[test]
fn hosts_of_another_tls_listener_are_misdirected() {
    let listener = |name: &str, host: &str| {
        format!(
            "  - {{name: {name}, port: 443, protocol: HTTPS, hostname: '{host}', tls: {{certificateRefs: [{{name: c}}]}}}}\n"
        )
    };
    let gateway = format!(
        "{GATEWAY}{}{}",
        listener("wide", "*.example.com"),
        listener("one", "a.example.com")
    );
    let route = route("HTTPRoute", "infra/web", BACKEND);
    let rig = rig(&[&gateway, &service("infra/cart"), &route]);
    let shown = |table: &str| {
        let config = rig.config();
        let hosts = config.route_tables[table].virtual_hosts.iter();
        let mut shown: Vec<_> =
            hosts.map(|host| format!("{} {}", host.domains[0], show(&host.routes[0]))).collect();
        shown.sort_unstable();
        shown
    };
    assert_eq!(
        shown("https.443.wide.edge.infra"),
        ["* /* -> 421", "*.example.com /* -> 80 cart.infra", "a.example.com /* -> 421"]
    );
    assert_eq!(
        shown("https.443.one.edge.infra"),
        ["* /* -> 421", "a.example.com /* -> 80 cart.infra"]
    );
    let config = rig.config();
    let names: Vec<_> =
        config.listeners[0].chains.iter().map(|it| &it.matches.server_names).collect();
    assert_eq!(names, [&["*.example.com".to_owned()], &["a.example.com".to_owned()]]);
    assert_eq!(config.listeners[0].inspects_tls, Inspection::Always);
}

#[test]
fn tls_is_passed_through_by_server_name_and_tcp_by_port() {
    let gateway = format!(
        "{GATEWAY}  - {{name: pass, port: 443, protocol: TLS, hostname: '*.example.com', tls: {{mode: Passthrough}}}}
  - {{name: raw, port: 9000, protocol: TCP}}
"
    );
    let backends =
        "  rules: [{backendRefs: [{name: cart, port: 80, weight: 3}, {name: gone, port: 80}]}]\n";
    let tls =
        route("TLSRoute", "infra/tls", &format!("  hostnames: [a.example.com, b.org]\n{backends}"));
    let rig = rig(&[
        &gateway,
        &service("infra/cart"),
        &tls,
        &route("TCPRoute", "infra/tcp", backends),
        &route("TCPRoute", "infra/z-later", backends),
    ]);
    let config = rig.config();
    let [pass, raw] = &config.listeners[..] else { panic!("two listeners") };
    assert_eq!(pass.chains[0].matches.server_names, ["a.example.com"]);
    assert_eq!(pass.chains[0].tls, DownstreamTls::None);
    let [chain] = &raw.chains[..] else { panic!("of two routes for a port one counts") };
    let NetworkFilter::TcpProxy(proxy) = &chain.filters[0] else { panic!("a TCP proxy") };
    let shares: Vec<_> =
        proxy.clusters.iter().map(|(name, share)| (name.as_str(), *share)).collect();
    // No cluster has the second name: its share of the connections is closed.
    assert_eq!(
        shares,
        [("outbound|80||cart.infra.svc.cluster.local", 3), ("invalid-backend|gone", 1)]
    );
    assert_eq!(config.clusters.len(), 1);
}
