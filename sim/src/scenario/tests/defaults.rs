//! Stories of manifests that come without a scenario.

use meshwalk_models::manifest::{SourceSet, load};
use meshwalk_models::world::{ClusterManifests, Topology, World, build};

use super::super::file::{DataPathSpec, Protocol};
use super::super::{check, default_for};
use crate::stats::Assumption;

/// A Deployment `web` with one pod, and a Service before it that continues with `service`.
fn web(namespace: &str, service: &str) -> String {
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{{namespace}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: web, ports: [{{containerPort: 8080}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{selector: {{app: web}}, {service}}}
"
    )
}

fn world(text: &str) -> World {
    let mut sources = SourceSet::new();
    sources.add("shop.yaml", text);
    let manifests = load(&sources, sources.ids());
    let cluster = ClusterManifests {
        name: "main",
        default_namespace: "default",
        resources: &manifests.resources,
    };
    build(&[cluster], &Topology::default(), &[]).world
}

fn sentence(assumptions: &[Assumption], id: &str) -> String {
    let found = assumptions.iter().find(|assumption| assumption.id == id);
    found.expect("it is assumed").sentence.clone()
}

#[test]
fn an_ingress_is_where_clients_come_in() {
    let text = web("", "ports: [{port: 80, targetPort: 8080}]")
        + "---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
          - {path: /gone, pathType: Prefix, backend: {service: {name: gone, port: {number: 80}}}}
";
    let (file, assumptions) = default_for(&world(&text));
    assert_eq!(file.traffic.len(), 1);
    let source = &file.traffic[0];
    let requests: Vec<_> = source.requests.iter().map(|it| (&it.host, &it.path)).collect();
    let (host, path) = (Some("shop.example.com".to_owned()), Some("/".to_owned()));
    assert_eq!((source.to.as_str(), requests), ("ingress", vec![(&host, &path)]));
    assert!(sentence(&assumptions, "default.traffic").contains("Ingresses"));
    assert_eq!(check(&file), []);
}

#[test]
fn without_an_ingress_clients_come_in_by_exposed_services() {
    let (file, assumptions) = default_for(&world(&web(
        "",
        "type: LoadBalancer, ports: [{port: 9999, targetPort: 8080}]",
    )));
    assert_eq!(file.traffic[0].to, "web.shop:9999");
    // Nothing says that it speaks HTTP.
    assert_eq!(file.traffic[0].protocol, Protocol::Tcp);
    assert!(sentence(&assumptions, "default.traffic").contains("1 NodePort and LoadBalancer"));
    assert_eq!(check(&file), []);
}

#[test]
fn without_any_entry_whatever_seems_to_speak_http_is_called() {
    let ports = "ports: [{name: metrics, port: 9999, targetPort: 8080}, \
                 {name: grpc-api, port: 9000, targetPort: 8080}]";
    let (file, _) = default_for(&world(&web("", ports)));
    assert_eq!(file.traffic[0].to, "web.shop:9000");
    assert_eq!(file.traffic[0].protocol, Protocol::Grpc);
    let (file, assumptions) = default_for(&world(&web("", "ports: [{port: 5432}]")));
    assert!(file.traffic.is_empty());
    assert!(sentence(&assumptions, "default.traffic").contains("nobody sends anything"));
}

#[test]
fn labels_decide_on_the_data_path_of_each_workload_and_the_assumptions_count_them() {
    let service = "ports: [{port: 80, targetPort: 8080}]";
    let said = |text: &str| {
        let (file, assumptions) = default_for(&world(text));
        assert_eq!(file.data_path, DataPathSpec::FromLabels);
        sentence(&assumptions, "default.data-path")
    };
    assert!(said(&web("", service)).contains("there is no mesh"));
    let injected = web("istio-injection: enabled", service);
    assert!(said(&injected).contains("sidecar in 1 workloads"));
    let opted_out = injected.replace(
        "{labels: {app: web}}",
        "{labels: {app: web, sidecar.istio.io/inject: \"false\"}}",
    );
    assert!(said(&opted_out).contains("there is no mesh"));
    let ambient = web("istio.io/dataplane-mode: ambient", service);
    assert!(said(&ambient).contains("1 workloads in Istio's ambient"));
}
