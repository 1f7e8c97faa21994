//! Stories about what Istio registers.

use crate::control::istio::registry::{Protocol, Resolution};
use crate::control::istio::testing::{Mesh, PODS};

#[test]
fn a_service_has_its_ready_pods_with_places_and_labels() {
    let mesh = Mesh::of(PODS);
    let push = mesh.push();
    let services = push.registry.with_host("reviews.shop.svc.cluster.local").expect("a service");
    let service = &services["shop"];
    assert!(service.is_kubernetes() && !service.is_external);
    assert_eq!(service.resolution, Resolution::ClientSide);
    let port = service.port(9080).expect("a port");
    assert_eq!(port.protocol, Protocol::Http);
    assert_eq!(port.endpoints.len(), 2);
    let endpoint = &port.endpoints[0];
    assert_eq!(endpoint.address.port, 9080);
    assert!(endpoint.pod.is_some() && endpoint.takes_mutual_tls);
    assert!(endpoint.labels.contains_key("version"));
}

#[test]
fn a_host_outside_is_resolved_by_its_own_name() {
    let mesh = Mesh::of(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {name: pay, namespace: shop}\n\
         spec:\n  hosts: [Pay.example.com]\n  exportTo: ['.']\n  resolution: DNS\n  \
         ports: [{number: 443, name: tls, protocol: TLS, targetPort: 8443}]\n",
    );
    let registry = &mesh.push().registry;
    let service = &registry.with_host("pay.example.com").expect("a service")["shop"];
    assert!(service.is_external && service.resolution == Resolution::Dns);
    let port = &service.ports[0];
    assert_eq!(port.protocol, Protocol::Tls);
    assert_eq!(port.endpoints[0].address.to_string(), "pay.example.com:8443");
    let seen = |namespace| registry.exported_to(namespace).any(|it| it.host == "pay.example.com");
    assert!(seen("shop") && !seen("pay"));
}

#[test]
fn an_entry_selects_pods_and_workloads_outside() {
    let mesh = Mesh::of(&format!(
        "{PODS}---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: all, namespace: shop}}\n\
         spec:\n  hosts: [all.example.com]\n  location: MESH_INTERNAL\n  resolution: STATIC\n  \
         ports: [{{number: 80, name: http, protocol: HTTP, targetPort: 9080}}]\n  \
         workloadSelector: {{labels: {{app: reviews}}}}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n\
         metadata: {{name: vm, namespace: shop, labels: {{app: reviews}}}}\n\
         spec: {{address: 192.0.2.7, locality: eu-1/eu-1b, weight: 3, ports: {{http: 7000}}}}\n"
    ));
    let registry = &mesh.push().registry;
    let service = &registry.with_host("all.example.com").expect("a service")["shop"];
    let endpoints = &service.ports[0].endpoints;
    assert_eq!(endpoints.len(), 3);
    let outside = endpoints.iter().find(|it| it.pod.is_none()).expect("a workload outside");
    assert_eq!(outside.address.to_string(), "192.0.2.7:7000");
    assert_eq!((outside.locality.zone.as_str(), outside.weight), ("eu-1b", 3));
    // The Service of Kubernetes with the same labels has it too.
    let reviews = &registry.with_host("reviews.shop.svc.cluster.local").expect("a service")["shop"];
    assert_eq!(reviews.ports[0].endpoints.len(), 3);
}

#[test]
fn the_older_of_two_entries_counts_but_their_endpoints_are_one() {
    let entry = |name: &str, created: &str, address: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: {name}, namespace: shop, creationTimestamp: \"{created}\"}}\n\
             spec:\n  hosts: [db.example.com]\n  resolution: STATIC\n  \
             ports: [{{number: 80, name: http, protocol: HTTP}}]\n  \
             endpoints: [{{address: {address}}}]\n"
        )
    };
    let young = entry("a-young", "2026-01-02T00:00:00Z", "192.0.2.1");
    let mesh = Mesh::of(&(young + &entry("b-old", "2026-01-01T00:00:00Z", "192.0.2.2")));
    let service = &mesh.push().registry.with_host("db.example.com").expect("a service")["shop"];
    assert_eq!(service.name, "b-old");
    assert_eq!(service.ports[0].endpoints.len(), 2);
}
