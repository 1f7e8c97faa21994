//! Routes of Gateway API beside VirtualServices.

use crate::control::ControlPlanes;
use crate::manifest::{SourceSet, load};
use crate::profile::Profile;
use crate::proxy::envoy::config::{Destination, RouteAction};
use crate::world::{ClusterManifests, Topology, World, build};

/// A caller in the namespace `web` and one in `shop`, where the Service stands.
const WORLD: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 10.0.0.10, selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: shop}
spec: {clusterIP: 10.0.0.11, selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec: {containers: [{name: app}]}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: web, labels: {app: front}}
spec: {containers: [{name: app}]}
";

/// An HTTPRoute of this namespace and year that sends all of the cart's traffic to `other`.
fn route(namespace: &str, year: u16) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
         metadata: {{name: cart, namespace: {namespace}, \
         creationTimestamp: '{year}-01-01T00:00:00Z'}}\n\
         spec: {{parentRefs: [{{group: '', kind: Service, name: cart, namespace: shop}}], \
         rules: [{{backendRefs: [{{name: other, namespace: shop, port: 80}}]}}]}}\n"
    )
}

/// A VirtualService of the year 2025 that names these hosts and sends to a subset.
fn rule(hosts: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
         metadata: {{name: cart, namespace: shop, creationTimestamp: '2025-01-01T00:00:00Z'}}\n\
         spec: {{hosts: [{hosts}], http: [{{route: [{{destination: \
         {{host: cart, subset: v1}}}}]}}]}}\n"
    )
}

/// Where the caller `pod` sends requests for the cart.
fn sends(objects: &str, pod: &str) -> String {
    let mut sources = SourceSet::new();
    let id = sources.add("mesh.yaml", format!("{WORLD}{objects}"));
    let manifests = load(&sources, [id]);
    let resources = &manifests.resources[..];
    let cluster = ClusterManifests { name: "east", default_namespace: "default", resources };
    let world: World = build(&[cluster], &Topology::default(), &[]).world;
    let (planes, _) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
    let pod = world.pods.ids().find(|it| world.pods[*it].name == pod).expect("a pod");
    let config = planes.sidecar(&world, pod).expect("a sidecar");
    let hosts = &config.route_tables["80"].virtual_hosts;
    let host = hosts.iter().find(|it| it.name == "cart.shop.svc.cluster.local:80");
    match &host.expect("a virtual host").routes[0].action {
        RouteAction::Forward(forward) => match &forward.destination {
            Destination::Cluster(cluster) => cluster.value.clone(),
            Destination::Weighted { clusters, .. } => clusters[0].cluster.value.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

const BY_ROUTE: &str = "outbound|80||other.shop.svc.cluster.local";
const BY_RULE: &str = "outbound|80|v1|cart.shop.svc.cluster.local";

#[test]
fn routes_of_the_clients_namespace_count_before_a_virtual_service() {
    let consumer = [route("web", 2026), rule("cart")].concat();
    assert_eq!(sends(&consumer, "front"), BY_ROUTE);
    assert_eq!(sends(&consumer, "cart"), BY_RULE);
    let producer = [route("shop", 2026), rule("cart")].concat();
    assert_eq!(sends(&producer, "cart"), BY_ROUTE);
}

#[test]
fn for_other_clients_the_older_of_both_counts() {
    let young = [route("shop", 2026), rule("cart")].concat();
    assert_eq!(sends(&young, "front"), BY_RULE);
    let old = [route("shop", 2024), rule("cart")].concat();
    assert_eq!(sends(&old, "front"), BY_ROUTE);
}

#[test]
fn a_virtual_service_with_a_wildcard_gives_way_to_routes() {
    let wide = [route("shop", 2026), rule("'*.shop.svc.cluster.local'")].concat();
    assert_eq!(sends(&wide, "front"), BY_ROUTE);
    assert_eq!(sends(&route("shop", 2026), "front"), BY_ROUTE);
    assert_eq!(sends(&rule("'*.shop.svc.cluster.local'"), "front"), BY_RULE);
}
