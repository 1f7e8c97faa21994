//! TLS and TCP rules on sidecars.

use super::*;
use crate::control::istio::config::ExportTo;
use crate::control::istio::testing::Objects;

fn chains(
    spec: &str,
    make: impl Fn(Client<'_>, &[&EffectiveVirtualService]) -> Vec<NetworkChain>,
) -> Vec<(Vec<String>, Vec<String>, String)> {
    let text = format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n\
         metadata: {{name: a, namespace: shop}}\nspec: {{hosts: [db], {spec}}}\n"
    );
    let objects = Objects::of(&text).virtual_services();
    let (objects, _) = effective(&objects, "", &ExportTo::PUBLIC);
    let objects: Vec<_> = objects.iter().map(|object| &**object).collect();
    let asker = Asker::sidecar();
    let client = Client { labels: &asker.labels, namespace: "shop", gateways: &asker.gateways };
    let show = |chain: NetworkChain| {
        let clusters: Vec<_> = chain
            .proxy
            .clusters
            .iter()
            .map(|(it, weight)| format!("{}={weight}", it.value))
            .collect();
        (chain.server_names, chain.subnets, clusters.join(" "))
    };
    make(client, &objects).into_iter().map(show).collect()
}

const SERVICE: PortOfService<'static> = PortOfService {
    host: "db.shop",
    ports: &[3306],
    port: 3306,
    subnets: &[],
    origin: Origin::Assumed("a test"),
};

fn tcp(spec: &str) -> Vec<(Vec<String>, Vec<String>, String)> {
    chains(spec, |client, objects| tcp_chains(SERVICE, client, objects, &Registry))
}

fn tls(spec: &str) -> Vec<(Vec<String>, Vec<String>, String)> {
    let names = ["db.shop".to_owned()];
    chains(spec, |client, objects| tls_chains(SERVICE, &names, client, objects, &Registry))
}

#[test]
fn without_rules_connections_go_to_the_service_itself() {
    assert_eq!(tcp("tcp: []"), [(vec![], vec![], "outbound|3306||db.shop=1".to_owned())]);
    let own = (vec!["db.shop".to_owned()], vec![], "outbound|3306||db.shop=1".to_owned());
    assert_eq!(tls("tls: []"), [own]);
}

#[test]
fn the_first_rule_that_takes_all_ends_the_list() {
    let found = tcp("tcp: [{match: [{port: 1}], route: [{destination: {host: a.b}}]}, \
         {match: [{destinationSubnets: [10.1.0.0/16]}], route: [{destination: {host: c.d}}]}, \
         {route: [{destination: {host: e.f}, weight: 3}, {destination: {host: g.h}, weight: 1}, {destination: {host: i.j}}]}, \
         {route: [{destination: {host: k.l}}]}]");
    assert_eq!(
        found,
        [
            (vec![], vec!["10.1.0.0/16".to_owned()], "outbound|3306||c.d=1".to_owned()),
            (vec![], vec![], "outbound|3306||e.f=3 outbound|3306||g.h=1".to_owned()),
        ]
    );
}

#[test]
fn a_tls_match_that_looks_at_the_same_names_is_left_out() {
    let found = tls(
        "tls: [{match: [{sniHosts: [x.y], sourceLabels: {app: front}}], route: [{destination: {host: a.b}}]}, \
         {match: [{sniHosts: [x.y]}, {sniHosts: [z.y]}], route: [{destination: {host: c.d}}]}]",
    );
    assert_eq!(
        found,
        [
            (vec!["x.y".to_owned()], vec![], "outbound|3306||a.b=1".to_owned()),
            (vec!["z.y".to_owned()], vec![], "outbound|3306||c.d=1".to_owned()),
        ]
    );
}
