//! Which boxes stand at the pods that an object names: they are the ones that could read it.

use crate::control::istio::ambient::waypoints::WaypointAsked;
use crate::control::istio::config::selects;
use crate::control::istio::enrolment::Enrolled;
use crate::manifest::kinds::Labels;
use crate::world::{ClusterId, PodId, ServiceId};

use super::{Object, Scene};

/// Pods by what stands at them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Readers {
    /// With a sidecar.
    pub(super) sidecars: usize,
    /// Gateways.
    pub(super) gateways: usize,
    /// Given to the ztunnel of their node.
    pub(super) ambient: usize,
    /// With nothing.
    pub(super) bare: usize,
}

impl Readers {
    /// The pods of which nothing but a ztunnel, or nothing at all, reads what is meant for Envoy.
    pub(super) const fn without_envoy(self) -> usize {
        self.ambient + self.bare
    }

    /// The pods that have an Envoy.
    pub(super) const fn with_envoy(self) -> usize {
        self.sidecars + self.gateways
    }

    /// All of them.
    pub(super) const fn total(self) -> usize {
        self.with_envoy() + self.without_envoy()
    }
}

/// The pods of an object's cluster that it could concern: those of its namespace, or all for an
/// object of the root namespace, that `selects` takes.
pub(super) fn readers(scene: Scene<'_>, object: &Object<'_>, selector: Option<&Labels>) -> Readers {
    let root = root_namespace(scene, object);
    let is_root = root.as_deref() == Some(object.namespace);
    count(scene, object, |pod, namespace| {
        let in_scope = is_root || namespace == object.namespace;
        let labels = &scene.world.pods[pod].labels;
        in_scope && selector.is_none_or(|selector| selects(selector, labels))
    })
}

/// All pods of an object's cluster.
pub(super) fn everybody(scene: Scene<'_>, object: &Object<'_>) -> Readers {
    count(scene, object, |_, _| true)
}

fn count(scene: Scene<'_>, object: &Object<'_>, is_meant: impl Fn(PodId, &str) -> bool) -> Readers {
    let mut readers = Readers::default();
    for (pod, row) in scene.world.pods.entries() {
        let workload = &scene.world.workloads[row.workload];
        let Some(namespace) = workload.namespace else { continue };
        let namespace = &scene.world.namespaces[namespace];
        if scene.world.clusters[namespace.cluster].name != object.cluster
            || !is_meant(pod, &namespace.name)
        {
            continue;
        }
        match scene.planes.istio().enrolled_silently(scene.world, pod) {
            Enrolled::Sidecar => readers.sidecars += 1,
            Enrolled::Gateway => readers.gateways += 1,
            Enrolled::Ambient => readers.ambient += 1,
            Enrolled::Nothing => readers.bare += 1,
        }
    }
    readers
}

/// The namespace whose objects concern the whole mesh.
fn root_namespace(scene: Scene<'_>, object: &Object<'_>) -> Option<String> {
    let cluster = cluster_of(scene, object)?;
    let push = scene.planes.istio().pushes().iter().find(|it| it.cluster == cluster)?;
    Some(push.mesh.root_namespace.value.clone())
}

/// The cluster that an object lies in.
pub(super) fn cluster_of(scene: Scene<'_>, object: &Object<'_>) -> Option<ClusterId> {
    let mut clusters = scene.world.clusters.entries();
    clusters.find(|(_, cluster)| cluster.name == object.cluster).map(|(id, _)| id)
}

/// How many Services there are among some, and how many of them have a waypoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Behind {
    pub(super) services: usize,
    pub(super) with_waypoint: usize,
}

impl Behind {
    /// Counts a Service.
    pub(super) fn add(&mut self, scene: Scene<'_>, service: ServiceId) {
        let asked = WaypointAsked::Service(service);
        self.services += 1;
        let waypoint = scene.planes.waypoint_for(scene.world, asked).outcome;
        self.with_waypoint += usize::from(waypoint.is_some());
    }
}

/// The Services that a host of an object means; a wildcard means several. ServiceEntries are not
/// among them.
pub(super) fn behind_host(scene: Scene<'_>, object: &Object<'_>, host: &str) -> Behind {
    let mut behind = Behind::default();
    let Some(cluster) = cluster_of(scene, object) else { return behind };
    let pushes = scene.planes.istio().pushes();
    let Some(push) = pushes.iter().find(|it| it.cluster == cluster) else { return behind };
    let whole = push.qualified(host, object.namespace);
    for (id, service) in scene.world.services.entries() {
        let namespace = &scene.world.namespaces[service.namespace];
        if namespace.cluster != cluster {
            continue;
        }
        let own = push.qualified(&service.name, &namespace.name);
        let fits = match whole.strip_prefix('*') {
            Some(suffix) => own.ends_with(suffix),
            None => own == whole,
        };
        if fits {
            behind.add(scene, id);
        }
    }
    behind
}
