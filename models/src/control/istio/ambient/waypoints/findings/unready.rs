//! Waypoints whose pods the manifests hold, and none of which is ready.

use crate::control::istio::Push;
use crate::manifest::Diagnostic;
use crate::world::{Origin, World};

use super::super::config::own_pods;
use super::super::standing::WaypointClass;

/// A finding for each of them.
#[must_use]
pub(super) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    let own = push.waypoints.all().filter(|waypoint| waypoint.class == WaypointClass::Istio);
    let unready = own.filter_map(|waypoint| {
        let pods: Vec<_> = own_pods(push, world, waypoint).collect();
        let first = pods.first()?;
        if pods.iter().any(|&pod| world.pods[pod].ready) {
            return None;
        }
        let Origin::Manifest(place) = world.workload_of(*first).origin else { return None };
        let message =
            format!("no pod of waypoint `{}/{}` is ready", waypoint.namespace, waypoint.name);
        let label = "traffic goes past it until one is for the first time, and fails from then on";
        Some(Diagnostic::warning("ambient.waypoint-not-ready", message).at(place, label).help(
            "here it counts as ready; wait for it before a label names it, for until then no \
             policy and no route of it holds",
        ))
    });
    unready.collect()
}
