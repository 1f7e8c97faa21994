//! What Istio sends to a waypoint: one listener behind its tunnels with chains for each port of
//! each service that it serves, their routes, and clusters (istio
//! `pilot/pkg/networking/core/listener_waypoint.go` and `cluster_waypoint.go`). The tunnels
//! themselves are not part of it: the listener sees what comes out of them.

mod clusters;
mod listener;
mod routes;

use std::net::IpAddr;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::clusters::Viewpoint;
use crate::control::istio::registry::{Service, locality};
use crate::control::istio::routes::MeshRoutes;
use crate::manifest::kinds::Labels;
use crate::manifest::{Located, Place, SourceId};
use crate::proxy::envoy::config::{Bootstrap, Locality, ProxyConfig};
use crate::world::{PodId, World};

use super::served;
use super::standing::Waypoint;

/// The label of what is made for a Gateway.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// What the configuration of one waypoint is made of.
struct Room<'p> {
    push: &'p Push,
    waypoint: &'p Waypoint,
    labels: Labels,
    /// Those that it serves, the older first.
    services: Vec<Arc<Service>>,
    /// The addresses of pods that it serves.
    pods: Vec<IpAddr>,
    mesh_routes: &'p dyn MeshRoutes,
}

/// The configuration of a waypoint.
pub(in crate::control::istio) fn config(
    push: &Push,
    world: &World,
    waypoint: &Waypoint,
    mesh_routes: &dyn MeshRoutes,
) -> ProxyConfig {
    let own = own_pods(push, world, waypoint).next();
    let pods = served::pods(push, world, waypoint);
    let room = Room {
        push,
        waypoint,
        labels: own.map_or_else(
            || assumed_labels(&waypoint.name),
            |pod| Labels::clone(&world.pods[pod].labels),
        ),
        services: served::services(push, world, waypoint),
        pods: pods.iter().map(|&pod| world.pods[pod].ip).collect(),
        mesh_routes,
    };
    let place = own.map_or_else(Locality::default, |pod| locality(world, world.pods[pod].node));
    let node = own.map_or("", |pod| world.nodes[world.pods[pod].node].name.as_str());
    let viewpoint = Viewpoint { locality: &place, node, labels: &room.labels };
    let listener = listener::listener(&room);
    let made = clusters::clusters(&room, &listener, viewpoint);
    ProxyConfig {
        bootstrap: Bootstrap {
            workers: push.mesh.concurrency.value,
            locality: place.clone(),
            repeated_headers: *push.profile.envoy.repeated_headers,
            ..Bootstrap::default()
        },
        listeners: vec![Arc::new(listener)],
        clusters: made.clusters,
        assignments: made.assignments,
        ..ProxyConfig::default()
    }
}

/// The pods of a waypoint, where the manifests have them.
pub(super) fn own_pods<'w>(
    push: &Push,
    world: &'w World,
    waypoint: &'w Waypoint,
) -> impl Iterator<Item = PodId> + 'w {
    let namespace = world.namespace_named(push.cluster, &waypoint.namespace);
    world.pods.ids().filter(move |&pod| {
        let name = world.pods[pod].labels.get(GATEWAY_NAME);
        name.is_some_and(|name| name.value == waypoint.name)
            && namespace.is_some()
            && world.workload_of(pod).namespace == namespace
    })
}

/// The label that Istio gives to what it makes; others are not written anywhere.
fn assumed_labels(name: &str) -> Labels {
    // Nobody wrote the label, and only its value is compared.
    let nowhere = Place { source: SourceId(0), line: 1, column: 1 };
    Labels::from([(GATEWAY_NAME.to_owned(), Located::new(name.to_owned(), nowhere))])
}
