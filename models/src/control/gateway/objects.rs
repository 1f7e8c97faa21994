//! The Gateway API objects of one cluster, by kind and name. It judges none of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::Located;
use crate::manifest::kinds::gateway::{
    BackendTlsPolicy, Gateway, GatewayClass, GatewayResource, GatewayRoute, ListenerSet,
    ListenerSetKind, ObjectRef, ReferenceGrant, RouteKind,
};
use crate::manifest::kinds::{ObjectMeta, Resource};
use crate::world::{ClusterId, ClusterManifests, ServiceId, World};

use super::age::{Claim, Tie};

/// Namespace and name.
pub(super) type Key<'a> = (&'a str, &'a str);

/// The objects of one cluster, each map in the order of names.
pub(super) struct Objects<'a> {
    pub(super) world: &'a World,
    pub(super) cluster: ClusterId,
    pub(super) classes: BTreeMap<&'a str, &'a GatewayClass>,
    pub(super) gateways: BTreeMap<Key<'a>, &'a Gateway>,
    pub(super) sets: BTreeMap<(ListenerSetKind, Key<'a>), &'a ListenerSet>,
    pub(super) routes: BTreeMap<(RouteKind, Key<'a>), &'a GatewayRoute>,
    pub(super) grants: BTreeMap<Key<'a>, &'a ReferenceGrant>,
    pub(super) policies: BTreeMap<Key<'a>, &'a BackendTlsPolicy>,
    /// What age would decide and could not, as it is met on the way.
    ties: RefCell<BTreeSet<Tie>>,
}

impl<'a> Objects<'a> {
    /// Sorts the objects of `cluster`.
    pub(super) fn of(
        world: &'a World,
        cluster: ClusterId,
        manifests: &[ClusterManifests<'a>],
    ) -> Self {
        let mut objects = Self {
            world,
            cluster,
            classes: BTreeMap::new(),
            gateways: BTreeMap::new(),
            sets: BTreeMap::new(),
            routes: BTreeMap::new(),
            grants: BTreeMap::new(),
            policies: BTreeMap::new(),
            ties: RefCell::default(),
        };
        let name = &world.clusters[cluster].name;
        for part in manifests.iter().filter(|part| part.name == name) {
            for resource in part.resources {
                if let Resource::GatewayApi(object) = resource {
                    objects.insert(object, part.default_namespace);
                }
            }
        }
        objects
    }

    fn insert(&mut self, object: &'a GatewayResource, default_namespace: &'a str) {
        let key = key_of(object.meta(), default_namespace);
        match object {
            GatewayResource::Class(class) => {
                self.classes.insert(key.1, class);
            }
            GatewayResource::Gateway(gateway) => {
                self.gateways.insert(key, gateway);
            }
            GatewayResource::ListenerSet(set) => {
                self.sets.insert((set.kind, key), set);
            }
            GatewayResource::Route(route) => {
                self.routes.insert((route.kind, key), route);
            }
            GatewayResource::Grant(grant) => {
                self.grants.insert(key, grant);
            }
            GatewayResource::BackendTls(policy) => {
                self.policies.insert(key, policy);
            }
        }
    }

    /// A route as one that competes with others.
    pub(super) fn claim_of(&self, name: (RouteKind, Key<'a>)) -> Claim<'a> {
        let (kind, key) = name;
        Claim { kind: kind.word(), key, meta: &self.routes[&name].meta }
    }

    /// Notes that `winner` counts before `loser`, because it is older, if that is not certain.
    pub(super) fn settle(
        &self,
        winner: &Claim<'_>,
        loser: &Claim<'_>,
        about: impl FnOnce() -> String,
    ) {
        self.ties.borrow_mut().extend(winner.tie(loser, about));
    }

    /// What age could not decide so far.
    pub(super) fn ties(&self) -> BTreeSet<Tie> {
        self.ties.take()
    }

    /// The Service of this cluster with this name.
    pub(super) fn service(&self, namespace: &str, name: &str) -> Option<ServiceId> {
        let namespace = self.world.namespace_named(self.cluster, namespace)?;
        self.world.service_named(namespace, name)
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.gateways.is_empty() && self.sets.is_empty() && self.routes.is_empty()
    }
}

fn key_of<'a>(meta: &'a ObjectMeta, default_namespace: &'a str) -> Key<'a> {
    (meta.namespace.as_ref().map_or(default_namespace, |it| &it.value), &meta.name.value)
}

/// The namespace and name that a reference from `namespace` means.
pub(super) fn key_of_ref<'a>(reference: &'a ObjectRef, namespace: &'a str) -> Key<'a> {
    let written = reference.namespace.as_ref().map(|it: &Located<String>| it.value.as_str());
    (written.unwrap_or(namespace), &reference.name.value)
}
