//! Gateways with pods and Services.

use crate::control::istio::gateways::GatewayWorkload;
use crate::control::istio::testing::{Mesh, PODS};

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
