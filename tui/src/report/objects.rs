//! Which object a line of a manifest belongs to. What the object means is not its business.

use std::collections::BTreeMap;

use meshwalk_models::manifest::kinds::gateway::GatewayResource;
use meshwalk_models::manifest::kinds::istio::IstioResource;
use meshwalk_models::manifest::kinds::{ObjectMeta, Resource};
use meshwalk_models::manifest::{Place, SourceId};
use meshwalk_models::world::Origin;

/// Kinds whose names stand in columns of istioctl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerKind {
    /// A VirtualService, or a route of Gateway API, which Istio turns into one.
    Route,
    /// A DestinationRule.
    DestinationRule,
}

/// Where each object begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    /// Other kinds are `None`: they end the object before them.
    begins: BTreeMap<(SourceId, u32), Option<(OwnerKind, String)>>,
}

impl Objects {
    /// Adds the objects of some manifests.
    pub(crate) fn add(&mut self, resources: &[Resource], default_namespace: &str) {
        for resource in resources {
            let (meta, kind) = described(resource);
            let namespace = meta.namespace.as_ref().map_or(default_namespace, |it| &it.value);
            let owner = kind.map(|kind| (kind, format!("{}.{namespace}", meta.name.value)));
            self.begins.insert((meta.place.source, meta.place.line), owner);
        }
    }

    /// The object of this kind that an origin stands in, as `name.namespace`.
    pub(crate) fn owner(&self, origin: Origin, kind: OwnerKind) -> Option<&str> {
        let Origin::Manifest(Place { source, line, .. }) = origin else { return None };
        let (&(found, _), owner) = self.begins.range(..=(source, line)).next_back()?;
        let (own, name) = owner.as_ref().filter(|_| found == source)?;
        (*own == kind).then_some(name.as_str())
    }
}

fn described(resource: &Resource) -> (&ObjectMeta, Option<OwnerKind>) {
    match resource {
        Resource::Namespace(object) => (&object.meta, None),
        Resource::Node(object) => (&object.meta, None),
        Resource::ServiceAccount(object) => (&object.meta, None),
        Resource::Service(object) => (&object.meta, None),
        Resource::EndpointSet(object) => (&object.meta, None),
        Resource::Pod(object) => (&object.meta, None),
        Resource::Workload(object) => (&object.meta, None),
        Resource::Ingress(object) => (&object.meta, None),
        Resource::NetworkPolicy(object) => (&object.meta, None),
        Resource::ClusterPolicy(object) => (&object.meta, None),
        Resource::OpenShiftRoute(object) => (&object.meta, None),
        Resource::Istio(object) => match object.as_ref() {
            IstioResource::VirtualService(it) => (&it.meta, Some(OwnerKind::Route)),
            IstioResource::DestinationRule(it) => (&it.meta, Some(OwnerKind::DestinationRule)),
            other => (other.meta(), None),
        },
        Resource::GatewayApi(object) => match object.as_ref() {
            GatewayResource::Route(it) => (&it.meta, Some(OwnerKind::Route)),
            other => (other.meta(), None),
        },
    }
}

#[cfg(test)]
mod tests {
    use meshwalk_models::manifest::{SourceSet, load};

    use super::*;

    const TEXT: &str = "\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart]
  http:
    - route: [{ destination: { host: cart } }]
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80 }] }
";

    #[test]
    fn a_line_belongs_to_the_object_that_begins_before_it() {
        let mut sources = SourceSet::new();
        let source = sources.add("a.yaml", TEXT);
        let mut objects = Objects::default();
        objects.add(&load(&sources, [source]).resources, "default");
        let owner =
            |line, kind| objects.owner(Origin::Manifest(Place { source, line, column: 1 }), kind);
        assert_eq!(owner(7, OwnerKind::Route), Some("cart.shop"));
        assert_eq!(owner(7, OwnerKind::DestinationRule), None);
        assert_eq!(owner(12, OwnerKind::Route), None);
        assert_eq!(objects.owner(Origin::Default("x"), OwnerKind::Route), None);
    }
}
