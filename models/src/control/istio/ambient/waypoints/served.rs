//! Whom a waypoint serves: the services and pods that use it (istio
//! `pilot/pkg/networking/core/waypoint.go`, `findWaypointResources`). What it does for them is said
//! in `config`.

use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::registry::{Resolution, Service, ServiceSource};
use crate::explain::Silent;
use crate::world::{PodId, World};

use super::WaypointAsked;
use super::choice::{Asked, Choice, MANAGED, Traffic, choice, choice_for};
use super::standing::Waypoint;

/// The services of a waypoint, the older first.
pub(super) fn services(push: &Push, world: &World, waypoint: &Waypoint) -> Vec<Arc<Service>> {
    let used = push.registry.services().iter().filter(|service| {
        // Addresses of names that nobody knows beforehand are for hosts outside alone.
        let is_served = service.resolution != Resolution::DynamicDns || service.is_external;
        is_served && is_same(choice_of(push, world, service), waypoint)
    });
    used.cloned().collect()
}

/// What a service of the registry makes of waypoints.
pub(super) fn choice_of<'p>(push: &'p Push, world: &World, service: &Service) -> Choice<'p> {
    match service.source {
        ServiceSource::Kubernetes(id) => {
            choice_for(push, world, WaypointAsked::Service(id), &mut Silent)
        }
        ServiceSource::Entry => {
            let Some(namespace) = world.namespace_named(push.cluster, &service.namespace) else {
                return Choice::Nothing;
            };
            let labels = &service.labels;
            let asked = Asked { labels, namespace, traffic: Traffic::ToService };
            choice(push, world, asked, &mut Silent)
        }
    }
}

/// The pods of a waypoint; its own are not among them.
pub(super) fn pods(push: &Push, world: &World, waypoint: &Waypoint) -> Vec<PodId> {
    let of_cluster = world
        .pods
        .ids()
        .filter(|&pod| world.cluster_of(world.pods[pod].workload) == Some(push.cluster));
    let used = of_cluster.filter(|&pod| {
        let is_proxy = world.pods[pod].labels.contains_key(MANAGED);
        let asked = WaypointAsked::Pod(pod);
        !is_proxy && is_same(choice_for(push, world, asked, &mut Silent), waypoint)
    });
    used.collect()
}

fn is_same(choice: Choice<'_>, waypoint: &Waypoint) -> bool {
    let Choice::Uses(used) = choice else { return false };
    (&used.namespace, &used.name) == (&waypoint.namespace, &waypoint.name)
}
