//! Ports that something serves to clients outside: backends of Ingresses and of OpenShift's Routes.

use std::collections::BTreeMap;

use crate::manifest::Place;
use crate::manifest::kinds::policy::OpenShiftRoute;
use crate::manifest::kinds::{Resource, TargetPort};
use crate::world::{ClusterManifests, EndpointTarget, Origin, PodId, ServiceId, World};

/// A port of a Service that is served to clients outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entrance {
    /// The Service.
    pub service: ServiceId,
    /// The position of its port.
    pub port: usize,
    /// What serves it.
    pub origin: Origin,
}

/// The entrances that Ingresses and Routes make.
#[must_use]
pub fn entrances(world: &World, clusters: &[ClusterManifests<'_>]) -> Vec<Entrance> {
    let mut found = Vec::new();
    for class in world.ingress_classes.iter() {
        let routes = class.hosts.values().flatten().map(|route| &route.target);
        for target in routes.chain(&class.default_backend) {
            if let Ok((service, port)) = target.backend {
                found.push(Entrance { service, port, origin: target.origin });
            }
        }
    }
    for cluster in clusters {
        for resource in cluster.resources {
            if let Resource::OpenShiftRoute(route) = resource {
                of_route(world, cluster, route, &mut found);
            }
        }
    }
    found.sort();
    found.dedup_by_key(|entrance| (entrance.service, entrance.port));
    found
}

fn of_route(
    world: &World,
    cluster: &ClusterManifests<'_>,
    route: &OpenShiftRoute,
    found: &mut Vec<Entrance>,
) {
    let namespace = route.meta.namespace.as_ref().map_or(cluster.default_namespace, |it| &it.value);
    let Some(id) = world.cluster_named(cluster.name) else { return };
    let Some(namespace) = world.namespace_named(id, namespace) else { return };
    for backend in &route.backends {
        let is_used = backend.weight.as_ref().is_none_or(|weight| weight.value > 0);
        let Some(service) = world.service_named(namespace, &backend.service.value) else {
            continue;
        };
        for (at, port) in world.services[service].ports.iter().enumerate() {
            let fits = match route.target_port.as_ref().map(|it| &it.value) {
                None => true,
                Some(TargetPort::Name(name)) => port.name == *name,
                Some(TargetPort::Number(number)) => {
                    port.endpoints.iter().any(|endpoint| endpoint.port == *number)
                }
            };
            if is_used && fits {
                found.push(Entrance { service, port: at, origin: at_place(backend.place) });
            }
        }
    }
}

const fn at_place(place: Place) -> Origin {
    Origin::Manifest(place)
}

/// The ports of pods behind the entrances.
pub(super) fn behind(world: &World, entrances: &[Entrance]) -> BTreeMap<PodId, Vec<u16>> {
    let mut ports: BTreeMap<PodId, Vec<u16>> = BTreeMap::new();
    for entrance in entrances {
        for endpoint in &world.services[entrance.service].ports[entrance.port].endpoints {
            if let EndpointTarget::Pod(pod) = endpoint.target {
                ports.entry(pod).or_default().push(endpoint.port);
            }
        }
    }
    ports
}
