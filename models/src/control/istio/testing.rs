//! Objects of Istio's kinds from text, for tests of this room.

use crate::manifest::kinds::istio::{Gateway, IstioResource, VirtualService};
use crate::manifest::kinds::{ObjectMeta, Resource};
use crate::manifest::{Manifests, SourceSet, load};

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

    /// Its VirtualServices with their namespaces.
    pub(super) fn virtual_services(&self) -> Vec<(&str, &VirtualService)> {
        self.each(|resource| match resource {
            IstioResource::VirtualService(object) => Some((namespace(&object.meta), object)),
            _ => None,
        })
    }

    /// Its Gateways with their namespaces.
    pub(super) fn gateways(&self) -> Vec<(&str, &Gateway)> {
        self.each(|resource| match resource {
            IstioResource::Gateway(object) => Some((namespace(&object.meta), object)),
            _ => None,
        })
    }

    fn each<'o, T>(&'o self, pick: impl Fn(&'o IstioResource) -> Option<T>) -> Vec<T> {
        let istio = self.manifests.resources.iter().filter_map(|resource| match resource {
            Resource::Istio(resource) => Some(&**resource),
            _ => None,
        });
        istio.filter_map(pick).collect()
    }
}

fn namespace(meta: &ObjectMeta) -> &str {
    meta.namespace.as_ref().map_or("default", |namespace| namespace.value.as_str())
}
