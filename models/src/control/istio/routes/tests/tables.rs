//! The route tables of sidecars.

use super::*;
use crate::control::gateway::MeshGroup;
use crate::control::istio::config::ExportTo;
use crate::control::istio::testing::Objects;
use crate::proxy::envoy::config::{Destination as To, RouteTable, VirtualHost};
use std::collections::BTreeMap;

struct NoRules;

impl OtherRules for NoRules {
    fn of_destination(&self, _: &Destination) -> Option<HashPolicy> {
        None
    }

    fn of_service(&self, _: &str, _: u16) -> Option<HashPolicy> {
        None
    }

    fn mesh_group(&self, _: &str, _: u16) -> Option<MeshGroup> {
        None
    }
}

pub(super) fn service(name: &str, port: u16, address: &str) -> OutboundService {
    let (_, namespace) = name.split_once('.').unwrap_or((name, ""));
    OutboundService {
        host: format!("{name}.svc.cluster.local"),
        namespace: namespace.to_owned(),
        ports: vec![OutboundPort { number: port, may_be_http: true }],
        addresses: vec![address.to_owned()],
        aliases: Vec::new(),
        answers_for_pods: false,
        alias_of: None,
        origin: Origin::Assumed("a test"),
    }
}

pub(super) fn object(name: &str, namespace: &str, created: &str, hosts: &str, to: &str) -> String {
    let created = if created.is_empty() {
        String::new()
    } else {
        format!(", creationTimestamp: '{created}-01-01T00:00:00Z'")
    };
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
         metadata: {{name: {name}, namespace: {namespace}{created}}}\n\
         spec: {{hosts: [{hosts}], http: [{{route: [{{destination: {{host: {to}}}}}]}}]}}\n"
    )
}

/// The table of port 8080 for a client in the namespace `shop`.
fn table_for(text: &str, services: &[OutboundService], unknown: &UnknownHosts) -> RouteTable {
    table_on(8080, text, services, unknown)
}

fn table_on(
    port: u16,
    text: &str,
    services: &[OutboundService],
    unknown: &UnknownHosts,
) -> RouteTable {
    with_routes(text, services, unknown, |routes| routes.table(port))
}

fn with_routes<T>(
    text: &str,
    services: &[OutboundService],
    unknown: &UnknownHosts,
    ask: impl FnOnce(&SidecarRoutes<'_>) -> T,
) -> T {
    let objects = Objects::of(text).virtual_services();
    let (objects, _) = effective(&objects, "cluster.local", &ExportTo::PUBLIC);
    let objects = visible(&objects, "shop", MESH);
    let labels = Labels::new();
    let gateways = [MESH.to_owned()].into();
    ask(&SidecarRoutes {
        client: Client { labels: &labels, namespace: "shop", gateways: &gateways },
        search_domain: "shop.svc.cluster.local",
        services,
        virtual_services: &objects,
        others: &NoRules,
        default_retry: None,
        unknown_hosts: unknown,
        profile: Profile::built_in(),
    })
}

/// Where each domain of port 80 leads.
pub(super) fn host_clusters(text: &str, services: &[OutboundService]) -> BTreeMap<String, String> {
    let table = table_on(80, text, services, &UnknownHosts::PassThrough);
    let each = table.virtual_hosts.iter().flat_map(|host| {
        host.domains.iter().map(|domain| (domain.clone(), cluster(host).to_owned()))
    });
    each.collect()
}

fn host<'t>(table: &'t RouteTable, domain: &str) -> &'t VirtualHost {
    let found = table.virtual_hosts.iter().find(|it| it.domains.iter().any(|it| it == domain));
    found.unwrap_or_else(|| panic!("no virtual host for {domain}"))
}

fn cluster(host: &VirtualHost) -> &str {
    match &host.routes[0].action {
        RouteAction::Forward(forward) => match &forward.destination {
            To::Cluster(name) => &name.value,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_service_is_found_by_every_form_of_its_name() {
    let services = [service("web.shop", 8080, "10.0.0.1"), service("web.bank", 8080, "10.0.0.2")];
    let table = table_for("", &services, &UnknownHosts::PassThrough);
    assert_eq!(
        host(&table, "web").domains,
        [
            "web.shop.svc.cluster.local",
            "web.shop.svc.cluster.local.",
            "web",
            "web.shop.svc",
            "web.shop",
            "10.0.0.1"
        ]
    );
    // Clients of another namespace must name it.
    assert_eq!(
        host(&table, "web.bank").domains,
        [
            "web.bank.svc.cluster.local",
            "web.bank.svc.cluster.local.",
            "web.bank",
            "web.bank.svc",
            "10.0.0.2"
        ]
    );
    assert!(table.ignore_port_in_host);
    let route = &host(&table, "web").routes[0];
    assert_eq!(route.name.as_deref(), Some("default"));
    assert_eq!(cluster(host(&table, "web")), "outbound|8080||web.shop.svc.cluster.local");
}

#[test]
fn a_headless_service_answers_for_the_names_of_its_pods() {
    let mut headless = service("db.shop", 8080, "10.0.0.1");
    headless.answers_for_pods = true;
    headless.addresses.clear();
    let table = table_for("", &[headless], &UnknownHosts::PassThrough);
    assert!(host(&table, "db").domains.contains(&"*.db.shop.svc.cluster.local".to_owned()));
}

#[test]
fn of_two_virtual_services_for_one_host_the_oldest_counts_also_across_namespaces() {
    let services = [service("web.shop", 8080, "10.0.0.1")];
    let text = object("young", "shop", "2026", "web.shop.svc.cluster.local", "young.shop")
        + &object("old", "bank", "2025", "web.shop.svc.cluster.local", "old.bank");
    let table = table_for(&text, &services, &UnknownHosts::PassThrough);
    assert_eq!(cluster(host(&table, "web")), "outbound|8080||old.bank");
    assert_eq!(host(&table, "web").routes.len(), 1);
}

#[test]
fn an_exact_host_beats_an_older_wildcard() {
    let services = [service("web.shop", 8080, "10.0.0.1"), service("db.shop", 8080, "10.0.0.2")];
    let text = object("wide", "shop", "2020", "'*.svc.cluster.local'", "wide.shop")
        + &object("wider", "shop", "2019", "'*.local'", "wider.shop")
        + &object("exact", "shop", "2026", "web", "exact.shop");
    let table = table_for(&text, &services, &UnknownHosts::PassThrough);
    assert_eq!(cluster(host(&table, "web")), "outbound|8080||exact.shop");
    // Of two wildcards the longer one counts.
    assert_eq!(cluster(host(&table, "db")), "outbound|8080||wide.shop");
}

#[test]
fn hosts_that_are_no_services_are_known_on_port_80_alone() {
    let services = [service("web.shop", 8080, "10.0.0.1")];
    let text = object("a", "shop", "", "shop.example", "web");
    let on_80 = table_on(80, &text, &services, &UnknownHosts::PassThrough);
    assert_eq!(host(&on_80, "shop.example").name, "shop.example:80");
    // The service has no port 80, so the route leads nowhere.
    let lost = "outbound|80||web.shop.svc.cluster.local";
    assert_eq!(cluster(host(&on_80, "shop.example")), lost);
    let on_8080 = table_for(&text, &services, &UnknownHosts::PassThrough);
    assert!(on_8080.virtual_hosts.iter().all(|it| !it.domains.contains(&"shop.example".into())));
}

#[test]
fn unknown_hosts_go_through_or_are_answered_with_502() {
    let table = table_for("", &[], &UnknownHosts::PassThrough);
    let [any] = &table.virtual_hosts[..] else { panic!("one virtual host") };
    assert_eq!((any.name.as_str(), cluster(any)), ("allow_any", "PassthroughCluster"));
    let table = table_for("", &[], &UnknownHosts::Block);
    let [block] = &table.virtual_hosts[..] else { panic!("one virtual host") };
    let RouteAction::Direct(answer) = &block.routes[0].action else { panic!("an answer") };
    assert_eq!((block.name.as_str(), answer.status.value), ("block_all", 502));
}

#[test]
fn a_short_form_gives_way_to_a_service_whose_whole_name_it_is() {
    let mut whole = service("web.shop", 8080, "10.0.0.9");
    whole.host = "web.shop".to_owned();
    let services = [service("web.shop", 8080, "10.0.0.1"), whole];
    let table = table_for("", &services, &UnknownHosts::PassThrough);
    assert_eq!(host(&table, "web.shop").name, "web.shop:8080");
    assert_eq!(host(&table, "web").name, "web.shop.svc.cluster.local:8080");
}

#[test]
fn a_sniffed_port_has_the_virtual_host_of_its_service_for_every_authority() {
    let services = [service("web.shop", 8080, "10.0.0.1"), service("db.shop", 8080, "10.0.0.2")];
    let table = with_routes("", &services, &UnknownHosts::PassThrough, |routes| {
        routes.port_hosts(8080).sniffed(["db.shop.svc.cluster.local"]).remove(0)
    });
    let [only] = &table.virtual_hosts[..] else { panic!("one virtual host") };
    assert_eq!(
        (table.name.as_str(), &only.domains[..]),
        ("db.shop.svc.cluster.local:8080", &["*".to_owned()][..])
    );
}

#[test]
fn the_winner_is_told_with_what_was_passed_over_and_why() {
    let services = [service("web.shop", 8080, "10.0.0.1")];
    let labelled = object("labelled", "shop", "2018", "web", "x.shop")
        .replace("http: [{", "http: [{match: [{sourceLabels: {app: nobody}}], ");
    let text = labelled
        + &object("wide", "shop", "2019", "'*.svc.cluster.local'", "wide.shop")
        + &object("old", "shop", "2020", "web", "old.shop")
        + &object("young", "shop", "2021", "web", "young.shop");
    let told = with_routes(&text, &services, &UnknownHosts::Block, |routes| {
        let mut tree = crate::explain::Tree::default();
        routes.explain_host("web.shop.svc.cluster.local", 8080, &mut tree);
        routes.explain_host("nowhere.shop.svc.cluster.local", 8080, &mut tree);
        tree.finish()
    });
    let [known, unknown] = &told[..] else { panic!("two answers") };
    let steps: Vec<_> =
        known.because.iter().map(|step| (step.rule.0, step.finding.split(' ').next())).collect();
    assert_eq!(
        steps,
        [
            ("istio.route.source-labels", Some("shop/labelled")),
            ("istio.route.exact-host-first", Some("shop/wide")),
            ("istio.route.short-names", Some("shop/old")),
            ("istio.route.oldest-wins", Some("shop/young")),
        ]
    );
    assert_eq!(unknown.rule.0, "istio.route.unknown-host");
    assert!(unknown.finding.ends_with("is answered with 502"));
}
