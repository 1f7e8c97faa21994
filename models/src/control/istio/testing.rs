//! Objects of Istio's kinds from text, for tests of this room.

use crate::manifest::kinds::istio::{Gateway, IstioResource, VirtualService};
use crate::manifest::kinds::{Labels, ObjectMeta, Resource};
use crate::manifest::{Diagnostic, Located, Manifests, Place, Severity, SourceId, SourceSet, load};
use crate::path::Placement;
use crate::profile::Profile;
use crate::world::{ClusterManifests, Topology, World};

use super::config::{Config, HasMeta, oldest_first};
use super::{IstioControlPlane, Push};

/// The objects of a text with one document each.
pub(super) struct Objects {
    manifests: Manifests,
}

impl Objects {
    /// Reads `text`, in which nothing is wrong.
    pub(super) fn of(text: &str) -> Self {
        let mut sources = SourceSet::new();
        let id = sources.add("istio.yaml", text);
        let manifests = load(&sources, [id]);
        assert_eq!(manifests.diagnostics, []);
        Self { manifests }
    }

    /// Its VirtualServices, the oldest first.
    pub(super) fn virtual_services(&self) -> Vec<Config<VirtualService>> {
        self.each(|resource| match resource {
            IstioResource::VirtualService(object) => Some(object.clone()),
            _ => None,
        })
    }

    /// Its Gateways, the oldest first.
    pub(super) fn gateways(&self) -> Vec<Config<Gateway>> {
        self.each(|resource| match resource {
            IstioResource::Gateway(object) => Some(object.clone()),
            _ => None,
        })
    }

    fn each<T: HasMeta>(&self, pick: impl Fn(&IstioResource) -> Option<T>) -> Vec<Config<T>> {
        let istio = self.manifests.resources.iter().filter_map(|resource| match resource {
            Resource::Istio(resource) => pick(resource),
            _ => None,
        });
        let mut configs: Vec<_> = istio
            .map(|object| Config { namespace: namespace(object.meta()).to_owned(), object })
            .collect();
        configs.sort_by(oldest_first);
        configs
    }
}

/// One label.
pub(super) fn labels(key: &str, value: &str) -> Labels {
    let place = Place { source: SourceId(0), line: 1, column: 1 };
    [(key.to_owned(), Located::new(value.to_owned(), place))].into()
}

fn namespace(meta: &ObjectMeta) -> &str {
    meta.namespace.as_ref().map_or("default", |namespace| namespace.value.as_str())
}

/// A namespace with proxies and one service with two versions, one pod each.
pub(super) const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  clusterIP: 10.0.0.10
  selector: {app: reviews}
  ports: [{name: http, port: 9080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: reviews, version: v1}}
  template:
    metadata: {labels: {app: reviews, version: v1}}
    spec: {containers: [{name: app, ports: [{containerPort: 9080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v2, namespace: shop}
spec:
  selector: {matchLabels: {app: reviews, version: v2}}
  template:
    metadata: {labels: {app: reviews, version: v2}}
    spec: {containers: [{name: app, ports: [{containerPort: 9080}]}]}
";

/// A world and Istio's view of it.
pub(super) struct Mesh {
    pub(super) world: World,
    pub(super) plane: IstioControlPlane,
    pub(super) findings: Vec<Diagnostic>,
}

impl Mesh {
    /// One cluster with the objects of `text`, which may be odd but not broken.
    pub(super) fn of(text: &str) -> Self {
        let mesh = Self::of_broken(text);
        let broken = mesh.findings.iter().find(|it| it.code.starts_with("manifest."));
        assert_eq!(broken.filter(|it| it.severity == Severity::Error), None);
        mesh
    }

    /// The same, where objects may be broken; what their reader says is among the findings.
    pub(super) fn of_broken(text: &str) -> Self {
        Self::placed(text, Placement::default())
    }

    /// The same, where a scenario says what carries the traffic.
    pub(super) fn placed(text: &str, placement: Placement) -> Self {
        let mut sources = SourceSet::new();
        let id = sources.add("istio.yaml", text);
        let manifests = load(&sources, [id]);
        let resources = &manifests.resources[..];
        let cluster = ClusterManifests { name: "east", default_namespace: "default", resources };
        let world = crate::world::build(&[cluster], &Topology::default(), &[]).world;
        let profile = Profile::built_in();
        let (plane, mut findings) = IstioControlPlane::new(&world, &[cluster], profile, placement);
        let errors = manifests.diagnostics.iter().filter(|it| it.severity == Severity::Error);
        findings.extend(errors.cloned());
        Self { world, plane, findings }
    }

    /// The view of its one cluster.
    pub(super) fn push(&self) -> &Push {
        &self.plane.pushes()[0]
    }
}
