//! What a backendRef means: a port of a Service, or the reason why it means nothing.
//!
//! Source: gateway-api `apis/v1/object_reference_types.go`, `BackendObjectReference`;
//! `apis/v1/httproute_types.go`, `HTTPBackendRef`.

use crate::explain::RuleId;
use crate::manifest::Place;
use crate::manifest::kinds::Transport;
use crate::manifest::kinds::gateway::BackendRef;
use crate::world::{ServiceId, ServiceKind, World};

use super::grant::{Permission, Referrer, permission};
use super::objects::{Objects, key_of_ref};
use super::rules;

/// A port of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServicePortId {
    pub(super) service: ServiceId,
    /// Its place in the list of the Service's ports.
    pub(super) port: usize,
}

/// Why a backendRef means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    /// As in the condition `ResolvedRefs`.
    pub(super) reason: &'static str,
    pub(super) rule: RuleId,
    pub(super) message: String,
    pub(super) place: Place,
}

/// Where a reference comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum From<'a> {
    /// A route of a Gateway: another namespace must grant the reference.
    Gateway(Referrer<'a>),
    /// A route of the mesh in this namespace: no grant is needed (GEP-1294).
    Mesh(&'a str),
}

impl<'a> From<'a> {
    pub(super) fn namespace(self) -> &'a str {
        match self {
            Self::Gateway(referrer) => referrer.namespace,
            Self::Mesh(namespace) => namespace,
        }
    }
}

/// Resolves a backendRef.
pub(super) fn resolve(
    objects: &Objects<'_>,
    from: From<'_>,
    target: &BackendRef,
) -> Result<ServicePortId, Invalid> {
    let object = &target.object;
    let (namespace, name) = key_of_ref(object, from.namespace());
    let invalid =
        |reason, rule, message| Err(Invalid { reason, rule, message, place: object.place });
    if !object.group.is_empty() || object.kind != "Service" {
        let kind = if object.group.is_empty() {
            object.kind.clone()
        } else {
            format!("{}/{}", object.group, object.kind)
        };
        let message = format!("a backend of kind `{kind}` is not supported");
        return invalid("InvalidKind", rules::BACKEND_INVALID, message);
    }
    if let From::Gateway(referrer) = from {
        let granted = permission(objects, referrer, object, (namespace, name));
        if granted == Permission::Missing {
            let message = format!(
                "no ReferenceGrant in `{namespace}` lets a {} of `{}` refer to Service `{name}`",
                referrer.kind, referrer.namespace
            );
            return invalid("RefNotPermitted", rules::GRANT, message);
        }
    }
    let Some(service) = objects.service(namespace, name) else {
        let message = format!("there is no Service {namespace}/{name}");
        return invalid("BackendNotFound", rules::BACKEND_INVALID, message);
    };
    let Some(number) = target.port else {
        let message = format!("a port is missing, which Service {namespace}/{name} needs");
        return invalid("BackendNotFound", rules::BACKEND_INVALID, message);
    };
    let row = &objects.world.services[service];
    if let ServiceKind::ExternalName(alias) = &row.kind {
        let message = format!("Service {namespace}/{name} is an alias for `{alias}`");
        return invalid("BackendNotFound", rules::BACKEND_INVALID, message);
    }
    let port = row
        .ports
        .iter()
        .position(|port| port.transport == Transport::Tcp && port.port == number.value);
    match port {
        Some(port) => Ok(ServicePortId { service, port }),
        None => {
            let message = format!("Service {namespace}/{name} has no TCP port {number}");
            invalid("BackendNotFound", rules::BACKEND_INVALID, message)
        }
    }
}

impl ServicePortId {
    /// Such as `outbound|8080||cart.shop.svc.cluster.local`, as Istio names its clusters.
    pub(super) fn cluster_name(self, world: &World) -> String {
        let service = &world.services[self.service];
        let namespace = &world.namespaces[service.namespace].name;
        let port = service.ports[self.port].port;
        format!("outbound|{port}||{}.{namespace}.svc.cluster.local", service.name)
    }

    /// How many of its endpoints take traffic.
    pub(super) fn ready_endpoints(self, world: &World) -> usize {
        let endpoints = &world.services[self.service].ports[self.port].endpoints;
        endpoints.iter().filter(|endpoint| endpoint.ready).count()
    }
}
