//! What Istio sends to a waypoint.

use std::sync::Arc;

use crate::control::ControlPlanes;
use crate::control::istio::routes::NoMeshRoutes;
use crate::control::istio::testing::Mesh;
use crate::manifest::{SourceSet, load};
use crate::path::{Placement, WaypointPlacement};
use crate::profile::Profile;
use crate::proxy::envoy::config::{
    Destination, Forward, HttpFilterKind, HttpManager, NetworkFilter, ProxyConfig, RouteAction,
    RouteSource, UpstreamTls,
};
use crate::world::{ClusterManifests, Topology};

use super::{istio as object, namespace, of_service, service, waypoint};

const USE: &str = "istio.io/use-waypoint";

/// A shop whose waypoint serves `cart` and `pay`, with more objects.
fn shop(more: &[&str]) -> Arc<ProxyConfig> {
    let mesh = Mesh::of(
        &[
            namespace("shop", &format!("{USE}: wp")),
            namespace("bank", ""),
            waypoint("shop/wp", "", ""),
            service("shop/cart", "", "version: v1"),
            service("shop/pay", "", ""),
            service("bank/money", "", ""),
            more.concat(),
        ]
        .concat(),
    );
    let name = of_service(&mesh, "shop/cart").outcome.expect("the label names a waypoint");
    mesh.plane.waypoint(&mesh.world, &name, &NoMeshRoutes).expect("it is Istio's")
}

fn manager<'c>(config: &'c ProxyConfig, chain: &str) -> &'c HttpManager {
    let mut chains = config.listeners.iter().flat_map(|listener| &listener.chains);
    let found = chains.find(|it| it.name == chain).expect("the chain is there");
    match found.filters.last() {
        Some(NetworkFilter::Http(manager)) => manager,
        other => panic!("no connection manager: {other:?}"),
    }
}

fn forwards<'c>(config: &'c ProxyConfig, chain: &str) -> Vec<&'c Forward> {
    let RouteSource::Inline(table) = &manager(config, chain).routes else { panic!("inline") };
    let routes = table.virtual_hosts.iter().flat_map(|host| &host.routes);
    let forward = |route: &'c Arc<crate::proxy::envoy::config::Route>| match &route.action {
        RouteAction::Forward(forward) => Some(&**forward),
        _ => None,
    };
    routes.filter_map(forward).collect()
}

fn cluster_of(forward: &Forward) -> &str {
    match &forward.destination {
        Destination::Cluster(cluster) => &cluster.value,
        other => panic!("one cluster: {other:?}"),
    }
}

const CART: &str = "inbound-vip|80|http|cart.shop.svc.cluster.local";
const PAY: &str = "inbound-vip|80|http|pay.shop.svc.cluster.local";

#[test]
fn each_port_of_each_service_has_a_chain_and_a_cluster() {
    let config = shop(&[]);
    let chains: Vec<_> = config.listeners[0].chains.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(chains, [CART, PAY]);
    let clusters: Vec<_> = config.clusters.keys().map(String::as_str).collect();
    assert_eq!(clusters, [CART, PAY]);
    assert_eq!(config.clusters[CART].tls.value, UpstreamTls::Hbone);
    assert_eq!(config.assignments[CART].localities[0].endpoints.len(), 1);
}

#[test]
fn a_waypoint_tries_again_as_a_caller_does() {
    let config = shop(&[]);
    let [forward] = forwards(&config, CART)[..] else { panic!("one route") };
    assert_eq!(cluster_of(forward), CART);
    let retry = forward.retry.as_ref().expect("Istio's default");
    assert_eq!(retry.retries.value, 2);
    assert_eq!(retry.retry_on.origin, crate::world::Origin::Default("istio.retry-on"));
}

#[test]
fn rules_lead_to_its_own_clusters_and_to_those_of_services_elsewhere() {
    let rules = object(
        "VirtualService",
        "shop/cart",
        "{hosts: [cart], http: [\
         {match: [{sourceLabels: {app: web}}], route: [{destination: {host: nowhere}}]}, \
         {match: [{uri: {prefix: /money}}], \
          route: [{destination: {host: money.bank.svc.cluster.local}}]}, \
         {route: [{destination: {host: pay}}]}]}",
    );
    let config = shop(&[&rules]);
    let found: Vec<_> = forwards(&config, CART).into_iter().map(cluster_of).collect();
    let elsewhere = "outbound|80||money.bank.svc.cluster.local";
    assert_eq!(found, [elsewhere, PAY], "a match on labels of the client is left out");
    assert_eq!(config.clusters[elsewhere].tls.value, UpstreamTls::AutoMutual);
}

#[test]
fn rules_of_another_namespace_do_not_count() {
    let rules = object(
        "VirtualService",
        "bank/cart",
        "{hosts: [cart.shop.svc.cluster.local], http: [{route: [{destination: {host: money}}]}]}",
    );
    let config = shop(&[&rules]);
    let found: Vec<_> = forwards(&config, CART).into_iter().map(cluster_of).collect();
    assert_eq!(found, [CART]);
}

#[test]
fn subsets_have_clusters_and_mutual_tls_of_a_rule_does_not_count() {
    let rule = object(
        "DestinationRule",
        "shop/cart",
        "{host: cart, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, outlierDetection: {}}, \
         subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}",
    );
    let config = shop(&[&rule]);
    let of = |subset: &str| format!("inbound-vip|80|http/{subset}|cart.shop.svc.cluster.local");
    assert_eq!(config.clusters[CART].tls.value, UpstreamTls::Hbone);
    assert!(config.clusters[&of("v1")].outlier.is_some());
    let count = |name: &str| {
        let groups = &config.assignments[name].localities;
        groups.iter().map(|group| group.endpoints.len()).sum::<usize>()
    };
    assert_eq!((count(&of("v1")), count(&of("v2"))), (1, 0));
}

#[test]
fn policies_count_at_a_waypoint_by_what_they_target_and_never_by_a_selector() {
    let policy = |title: &str, whom: &str| {
        let spec = format!("{{{whom}action: DENY, rules: [{{to: [{{operation: {{}}}}]}}]}}");
        object(
            "AuthorizationPolicy",
            title,
            &spec.replace("{operation: {}}", "{operation: {methods: [PUT]}}"),
        )
    };
    let guarded = |title: &str, whom: &str| {
        let config = shop(&[&policy(title, whom)]);
        let has = |chain| {
            let filters = &manager(&config, chain).filters;
            filters.iter().any(|filter| matches!(filter.kind, HttpFilterKind::Rbac(_)))
        };
        (has(CART), has(PAY))
    };
    let target = |group: &str, kind: &str, name: &str| {
        format!("targetRefs: [{{group: '{group}', kind: {kind}, name: {name}}}], ")
    };
    let gateway_api = "gateway.networking.k8s.io";
    assert_eq!(guarded("shop/p", "selector: {matchLabels: {app: cart}}, "), (false, false));
    assert_eq!(guarded("shop/p", ""), (false, false), "nor one for the whole namespace");
    assert_eq!(guarded("istio-system/p", ""), (false, false), "nor one for the whole mesh");
    assert_eq!(guarded("shop/p", &target("", "Service", "cart")), (true, false));
    assert_eq!(guarded("bank/p", &target("", "Service", "cart")), (false, false));
    assert_eq!(guarded("shop/p", &target(gateway_api, "Gateway", "wp")), (true, true));
    assert_eq!(guarded("bank/p", &target(gateway_api, "Gateway", "wp")), (false, false));
    let class = target(gateway_api, "GatewayClass", "istio-waypoint");
    assert_eq!(guarded("istio-system/p", &class), (true, true));
    assert_eq!(guarded("shop/p", &class), (false, false));
}

#[test]
fn a_waypoint_for_pods_passes_on_what_they_were_dialled_for() {
    let mesh = Mesh::of(
        &[
            namespace("shop", &format!("{USE}: wp")),
            waypoint("shop/wp", "istio.io/waypoint-for: all", ""),
            service("shop/cart", "", ""),
        ]
        .concat(),
    );
    let name = of_service(&mesh, "shop/cart").outcome.expect("the label names a waypoint");
    let config = mesh.plane.waypoint(&mesh.world, &name, &NoMeshRoutes).expect("it is Istio's");
    let chains: Vec<_> = config.listeners[0].chains.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(chains, [CART, "direct-http", "direct-tcp", "direct-http-80", "direct-tcp-80"]);
    assert!(config.clusters.contains_key("encap"));
}

#[test]
fn a_placement_puts_a_waypoint_into_each_namespace_with_services() {
    let text = [
        namespace("shop", ""),
        namespace("bank", &format!("{USE}: own")),
        waypoint("bank/own", "", ""),
        service("shop/cart", "", ""),
        service("shop/web", &format!("{USE}: none"), ""),
        service("bank/money", "", ""),
    ]
    .concat();
    let placed = |waypoints| {
        let placement = Placement { waypoints, ..Placement::default() };
        let mesh = Mesh::placed(&text, placement);
        let of = |title| of_service(&mesh, title).outcome.map(|name| name.name);
        [of("shop/cart"), of("shop/web"), of("bank/money")]
    };
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(placed(WaypointPlacement::FromLabels), [None, None, some("own")]);
    assert_eq!(
        placed(WaypointPlacement::EveryNamespace),
        [some("waypoint"), None, some("own")],
        "who asks for none has none, and who names one has that one"
    );
    assert_eq!(placed(WaypointPlacement::Nowhere), [None, None, None]);
}

#[test]
fn routes_of_gateway_api_for_a_service_lead_through_its_waypoint() {
    let text = [
        namespace("shop", &format!("{USE}: wp")),
        waypoint("shop/wp", "", ""),
        service("shop/cart", "", ""),
        service("shop/pay", "", ""),
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
         metadata: {name: cart, namespace: shop}\n\
         spec:\n  parentRefs: [{group: '', kind: Service, name: cart, port: 80}]\n  \
         rules: [{backendRefs: [{name: pay, port: 80}]}]\n"
            .to_owned(),
    ]
    .concat();
    let mut sources = SourceSet::new();
    let id = sources.add("shop.yaml", &text);
    let manifests = load(&sources, [id]);
    let resources = &manifests.resources[..];
    let cluster = ClusterManifests { name: "east", default_namespace: "default", resources };
    let world = crate::world::build(&[cluster], &Topology::default(), &[]).world;
    let (planes, findings) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
    assert_eq!(findings, [], "a Gateway for tunnels is nothing odd");
    let [name] = &planes.waypoints()[..] else { panic!("one waypoint") };
    let config = planes.waypoint(&world, name).expect("it is Istio's");
    let [forward] = forwards(&config, CART)[..] else { panic!("one route") };
    assert_eq!(cluster_of(forward), PAY);
    let identity = planes.waypoint_identity(name).expect("it stands");
    assert_eq!(identity.to_string(), "spiffe://cluster.local/ns/shop/sa/wp");
}
