//! Stories of waypoints.

mod choice;
mod config;
mod findings;
mod passes;

use crate::control::istio::testing::Mesh;
use crate::explain::Decision;
use crate::world::{PodId, ServiceId};

use super::{WaypointAsked, WaypointName};

/// A Gateway of a waypoint; `metadata` and `spec` are put beside what each has.
pub(super) fn waypoint(title: &str, labels: &str, listener: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
         metadata: {{name: {name}, namespace: {namespace}, labels: {{{labels}}}}}\n\
         spec:\n  gatewayClassName: istio-waypoint\n  listeners:\n  \
         - {{name: mesh, port: 15008, protocol: HBONE{listener}}}\n"
    )
}

/// A namespace in ambient mode with these labels beside.
pub(super) fn namespace(name: &str, labels: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Namespace\n\
         metadata: {{name: {name}, labels: {{istio.io/dataplane-mode: ambient, {labels}}}}}\n"
    )
}

/// A Service of one port with one pod, each with these labels beside.
pub(super) fn service(title: &str, labels: &str, pod_labels: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    format!(
        "---\napiVersion: v1\nkind: Service\n\
         metadata: {{name: {name}, namespace: {namespace}, labels: {{{labels}}}}}\n\
         spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}\n\
         ---\napiVersion: v1\nkind: Pod\n\
         metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}, {pod_labels}}}}}\n\
         spec: {{containers: [{{name: app, ports: [{{containerPort: 8080}}]}}]}}\n"
    )
}

/// An object of Istio's in this group.
pub(super) fn istio(kind: &str, title: &str, spec: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    let group = match kind {
        "AuthorizationPolicy" | "RequestAuthentication" => "security",
        _ => "networking",
    };
    format!(
        "---\napiVersion: {group}.istio.io/v1\nkind: {kind}\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

/// The Service with a title.
pub(super) fn service_id(mesh: &Mesh, title: &str) -> ServiceId {
    let found = mesh.world.services.ids().find(|&id| mesh.world.service_name(id) == title);
    found.expect("the Service stands")
}

/// The pod with a name.
pub(super) fn pod_id(mesh: &Mesh, name: &str) -> PodId {
    let found = mesh.world.pods.ids().find(|&id| mesh.world.pods[id].name == name);
    found.expect("the pod stands")
}

/// What is decided on the waypoint of a Service.
pub(super) fn of_service(mesh: &Mesh, title: &str) -> Decision<Option<WaypointName>> {
    let asked = WaypointAsked::Service(service_id(mesh, title));
    mesh.plane.waypoint_for(&mesh.world, asked).expect("Istio knows the cluster")
}

/// What is decided on the waypoint of a pod.
pub(super) fn of_pod(mesh: &Mesh, name: &str) -> Decision<Option<WaypointName>> {
    let asked = WaypointAsked::Pod(pod_id(mesh, name));
    mesh.plane.waypoint_for(&mesh.world, asked).expect("Istio knows the cluster")
}
