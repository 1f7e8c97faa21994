//! Gateways with pods and Services, and Gateways of Gateway API that Istio looks after.

use std::sync::Arc;

use crate::control::istio::gateways::GatewayWorkload;
use crate::control::istio::testing::{Mesh, PODS};
use crate::control::{ControlPlanes, GatewayKind, GatewayName};
use crate::manifest::{SourceSet, load};
use crate::profile::Profile;
use crate::proxy::envoy::config::{LoadBalancer, NetworkFilter, RouteAction, UpstreamTls};
use crate::units::SimDuration;
use crate::world::{ClusterManifests, Topology, World};

#[test]
fn a_pod_behind_a_service_listens_on_its_target_port() {
    let mesh = Mesh::of(&format!(
        "{PODS}---\napiVersion: v1\nkind: Service\nmetadata: {{name: edge, namespace: shop}}\n\
         spec: {{clusterIP: 10.0.0.20, selector: {{istio: edge}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}\n\
         ---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: edge, namespace: shop}}\n\
         spec:\n  selector: {{matchLabels: {{istio: edge}}}}\n  template:\n    \
         metadata: {{labels: {{istio: edge}}, annotations: {{inject.istio.io/templates: gateway}}}}\n    \
         spec: {{containers: [{{name: istio-proxy, image: auto}}]}}\n\
         ---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: shop}}\n\
         spec: {{selector: {{istio: edge}}, servers: [{{port: {{number: 80, name: http, protocol: HTTP}}, hosts: ['*']}}]}}\n\
         ---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: front, namespace: shop}}\n\
         spec: {{hosts: [shop.example], gateways: [edge], http: [{{route: [{{destination: {{host: reviews}}}}]}}]}}\n"
    ));
    let push = mesh.push();
    let workload = GatewayWorkload::serving(push, &mesh.world, &push.gateways[0]);
    assert!(workload.pod.is_some());
    let parts = workload.parts(push);
    let names: Vec<_> = parts.listeners.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["0.0.0.0_8080"]);
    let host = &parts.tables["http.8080"].virtual_hosts[0];
    assert_eq!(host.name, "shop.example:80");
    let crate::proxy::envoy::config::RouteAction::Forward(forward) = &host.routes[0].action else {
        panic!("it forwards")
    };
    let crate::proxy::envoy::config::Destination::Cluster(cluster) = &forward.destination else {
        panic!("one cluster")
    };
    // The only port of the Service is taken, whatever port the client dialled.
    assert_eq!(cluster.value, "outbound|9080||reviews.shop.svc.cluster.local");
}

#[test]
fn a_gateway_of_gateway_api_gets_the_clusters_that_istio_makes() {
    let text = format!(
        "{PODS}---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
         metadata: {{name: edge, namespace: shop}}\n\
         spec: {{gatewayClassName: istio, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}\n\
         ---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
         metadata: {{name: front, namespace: shop}}\n\
         spec: {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{{name: reviews, port: 9080}}]}}]}}\n\
         ---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: reviews, namespace: shop}}\n\
         spec: {{host: reviews, trafficPolicy: {{connectionPool: {{tcp: {{connectTimeout: 3s}}}}}}}}\n"
    );
    let cluster = |profile: &str| {
        let profile = Profile::named(profile).expect("it is built in");
        let (world, planes) = planes_of(&text, profile);
        let name = GatewayName {
            namespace: "shop".to_owned(),
            name: "edge".to_owned(),
            kind: GatewayKind::GatewayApi,
        };
        let config = planes.gateway(&world, &name).expect("there is a gateway");
        let NetworkFilter::Http(manager) = &config.listeners[0].chains[0].filters[0] else {
            panic!("HTTP")
        };
        let is_istio = manager.server_name == "istio-envoy";
        assert_eq!(is_istio, profile.name.starts_with("istio"), "whose connection manager it is");
        let name = "outbound|9080||reviews.shop.svc.cluster.local";
        assert_eq!(config.assignments[name].localities[0].endpoints.len(), 2);
        Arc::clone(&config.clusters[name])
    };
    let istio = cluster("istio-1.32");
    assert_eq!(istio.connect_timeout.value, SimDuration::from_secs(3));
    assert!(matches!(istio.balancer.value, LoadBalancer::LeastRequest(_)));
    assert_ne!(istio.tls.value, UpstreamTls::None, "both ends are in the mesh");
    let plain = cluster("gateway-api");
    assert_eq!(plain.connect_timeout.value, SimDuration::from_secs(5));
    assert_eq!(plain.tls.value, UpstreamTls::None);
}

fn planes_of(text: &str, profile: &'static Profile) -> (World, ControlPlanes) {
    let mut sources = SourceSet::new();
    let id = sources.add("edge.yaml", text);
    let manifests = load(&sources, [id]);
    let resources = &manifests.resources[..];
    let cluster = ClusterManifests { name: "east", default_namespace: "default", resources };
    let world = crate::world::build(&[cluster], &Topology::default(), &[]).world;
    let (planes, _) = ControlPlanes::new(&world, &[cluster], profile);
    (world, planes)
}

#[test]
fn the_retries_of_the_mesh_count_for_routes_of_gateway_api_that_ask_for_none() {
    let route = |name: &str, rule: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
             metadata: {{name: {name}, namespace: shop}}\n\
             spec: {{parentRefs: [{{name: edge}}], hostnames: [{name}.example], rules: \
             [{{backendRefs: [{{name: reviews, port: 9080}}]{rule}}}]}}\n"
        )
    };
    let text = format!(
        "{PODS}---\napiVersion: v1\nkind: ConfigMap\n\
         metadata: {{name: istio, namespace: istio-system}}\n\
         data: {{mesh: 'defaultHttpRetryPolicy: {{attempts: 5}}'}}\n\
         ---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
         metadata: {{name: edge, namespace: shop}}\n\
         spec: {{gatewayClassName: istio, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}\n\
         {}{}",
        route("plain", ""),
        route("own", ", retry: {attempts: 3}")
    );
    let (world, planes) = planes_of(&text, Profile::built_in());
    let (namespace, name) = ("shop".to_owned(), "edge".to_owned());
    let name = GatewayName { namespace, name, kind: GatewayKind::GatewayApi };
    let config = planes.gateway(&world, &name).expect("there is a gateway");
    let retries = |domain: &str| {
        let mut hosts = config.route_tables["http.80"].virtual_hosts.iter();
        let host = hosts.find(|host| host.domains == [domain]).expect("a virtual host");
        let RouteAction::Forward(forward) = &host.routes[0].action else { panic!("forwarded") };
        forward.retry.as_ref().map(|retry| retry.retries.value)
    };
    assert_eq!(retries("plain.example"), Some(5));
    assert_eq!(retries("own.example"), Some(3));
}
