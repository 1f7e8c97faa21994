//! Stories of who answers on which ports.

use super::Workload;
use crate::control::istio::testing::{Mesh, PODS};
use crate::manifest::kinds::Labels;

/// What a workload serves, as `host:port>target`.
fn served(workload: &Workload) -> Vec<String> {
    let title = |it: &super::Instance| {
        format!("{}:{}>{}", it.service.host, it.service_port().number, it.target_port)
    };
    workload.instances.iter().map(title).collect()
}

#[test]
fn a_pod_answers_for_all_services_that_select_it() {
    let mesh = Mesh::of(&format!(
        "{PODS}---\napiVersion: v1\nkind: Service\nmetadata: {{name: canary, namespace: shop}}\n\
         spec: {{selector: {{version: v2}}, ports: [{{name: http, port: 80, targetPort: 9080}}]}}\n"
    ));
    let find =
        |name: &str| mesh.world.pods.ids().find(|pod| mesh.world.pods[*pod].name.starts_with(name));
    let of = |name| Workload::of_pod(mesh.push(), &mesh.world, find(name).expect("a pod"));
    let (first, second) = (of("reviews-v1"), of("reviews-v2"));
    assert_eq!(served(&first), ["reviews.shop.svc.cluster.local:9080>9080"]);
    assert_eq!(served(&second).len(), 2);
    assert_eq!((first.namespace.as_str(), first.service_account.as_str()), ("shop", "default"));
}

#[test]
fn a_workload_outside_answers_where_an_endpoint_has_its_address() {
    let mesh = Mesh::of(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {name: db, namespace: shop}\n\
         spec:\n  hosts: [db.example.com]\n  resolution: STATIC\n  location: MESH_INTERNAL\n  \
         ports: [{number: 5432, name: tcp, protocol: TCP, targetPort: 6000}]\n  \
         endpoints: [{address: 192.0.2.9}]\n",
    );
    let at = |address: &str| {
        let address = address.parse().expect("an address");
        Workload::at(mesh.push(), "shop", Labels::new(), vec![address])
    };
    assert_eq!(served(&at("192.0.2.9")), ["db.example.com:5432>6000"]);
    assert_eq!(served(&at("192.0.2.8")), [""; 0]);
}
