//! Callers whose traffic goes past a waypoint, so that what it enforces does not hold for them.

use std::collections::BTreeSet;

use crate::control::istio::Push;
use crate::control::istio::attachment::AtWaypoint;
use crate::control::istio::authorization;
use crate::control::istio::enrolment::Enrolled;
use crate::control::istio::tokens;
use crate::manifest::Diagnostic;
use crate::profile::WaypointWay;
use crate::world::{Origin, World};

use super::super::served;
use super::super::standing::{Waypoint, WaypointClass};
use super::{named, pods_with};

/// A finding for each waypoint that sidecars go past.
#[must_use]
pub(super) fn findings(push: &Push, world: &World) -> Vec<Diagnostic> {
    if *push.profile.istio.waypoints.from_sidecars != WaypointWay::Past {
        return Vec::new();
    }
    let own = push.waypoints.all().filter(|waypoint| waypoint.class == WaypointClass::Istio);
    let used: Vec<_> =
        own.filter(|waypoint| !served::services(push, world, waypoint).is_empty()).collect();
    if used.is_empty() {
        return Vec::new();
    }
    let callers: BTreeSet<_> = pods_with(push, world, Enrolled::Sidecar)
        .map(|pod| format!("`{}`", world.workload_name(world.pods[pod].workload)))
        .collect();
    let callers: Vec<_> = callers.into_iter().collect();
    if callers.is_empty() {
        return Vec::new();
    }
    used.into_iter().filter_map(|waypoint| one(push, world, waypoint, &callers)).collect()
}

fn one(push: &Push, world: &World, waypoint: &Waypoint, callers: &[String]) -> Option<Diagnostic> {
    let Origin::Manifest(place) = waypoint.origin else { return None };
    let title = format!("{}/{}", waypoint.namespace, waypoint.name);
    let message = format!("callers with sidecars go past waypoint `{title}`");
    let label = format!("no route and no policy of it holds for {}", named(callers));
    let found = match guards(push, world, waypoint) {
        true => Diagnostic::warning("ambient.bypass", message),
        false => Diagnostic::note("ambient.bypass", message),
    };
    let identity = format!(
        "{}/ns/{}/sa/{}",
        push.mesh.trust_domain.value, waypoint.namespace, waypoint.service_account
    );
    Some(found.at(place, label).help(format!(
        "give these callers to ambient mode first; or let an AuthorizationPolicy on the pods admit \
         `{identity}` alone, which denies the others until then"
    )))
}

/// Whether a waypoint enforces anything.
fn guards(push: &Push, world: &World, waypoint: &Waypoint) -> bool {
    served::services(push, world, waypoint).iter().any(|service| {
        let (namespace, name) = (waypoint.namespace.as_str(), waypoint.name.as_str());
        let place = AtWaypoint { namespace, name, service: Some(service) };
        !authorization::in_force(push, place).is_empty()
            || !tokens::in_force(push, place).is_empty()
    })
}
