//! The objects that are asked about: those by which a user tells a mesh or network what to do.
//! Workloads, Services and the like are not among them.

use crate::manifest::kinds::gateway::GatewayResource;
use crate::manifest::kinds::istio::{IstioResource, UnmodelledKind};
use crate::manifest::kinds::policy::NetworkPolicy;
use crate::manifest::kinds::{Ingress, ObjectMeta, Resource};
use crate::manifest::{Place, UnreadObject};
use crate::world::ClusterManifests;

/// One object.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// Such as `VirtualService`.
    pub kind: String,
    /// Its cluster.
    pub cluster: &'a str,
    /// Its namespace; empty where its kind has none.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where it begins.
    pub place: Place,
    /// What it says.
    pub body: Body<'a>,
}

/// What an object says, by family.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// One of Istio's kinds.
    Istio(&'a IstioResource),
    /// A kind of Gateway API.
    GatewayApi(&'a GatewayResource),
    /// A NetworkPolicy.
    NetworkPolicy(&'a NetworkPolicy),
    /// A policy of the whole cluster.
    ClusterPolicy,
    /// An Ingress.
    Ingress(&'a Ingress),
    /// OpenShift's Route.
    Route,
    /// A kind that nobody reads.
    Unread {
        /// Its API group.
        group: &'a str,
    },
}

/// The objects of `clusters` and those of them that nobody reads, by kind, namespace and name.
#[must_use]
pub fn objects<'a>(
    clusters: &[ClusterManifests<'a>],
    unread: &[(&'a str, &'a [UnreadObject])],
) -> Vec<Object<'a>> {
    let mut all = Vec::new();
    for part in clusters {
        all.extend(part.resources.iter().filter_map(|it| object(it, part)));
    }
    for (cluster, objects) in unread {
        all.extend(objects.iter().map(|it| Object {
            kind: it.kind.clone(),
            cluster,
            namespace: &it.namespace,
            name: &it.name,
            place: it.place,
            body: Body::Unread { group: it.group() },
        }));
    }
    let key = |it: &Object<'a>| (it.kind.clone(), it.cluster, it.namespace, it.name);
    all.sort_by_key(key);
    all
}

fn object<'a>(resource: &'a Resource, part: &ClusterManifests<'a>) -> Option<Object<'a>> {
    let (kind, meta, body): (&str, &ObjectMeta, Body<'a>) = match resource {
        Resource::Istio(it) => (istio_kind(it), it.meta(), Body::Istio(it)),
        Resource::GatewayApi(it) => (gateway_kind(it), it.meta(), Body::GatewayApi(it)),
        Resource::NetworkPolicy(it) => ("NetworkPolicy", &it.meta, Body::NetworkPolicy(it)),
        Resource::ClusterPolicy(it) => ("ClusterNetworkPolicy", &it.meta, Body::ClusterPolicy),
        Resource::Ingress(it) => ("Ingress", &it.meta, Body::Ingress(it)),
        Resource::OpenShiftRoute(it) => ("Route", &it.meta, Body::Route),
        _ => return None,
    };
    let is_namespaced = !matches!(body, Body::ClusterPolicy)
        && !matches!(body, Body::GatewayApi(it) if !it.is_namespaced());
    let own = meta.namespace.as_ref().map_or(part.default_namespace, |it| &it.value);
    Some(Object {
        kind: kind.to_owned(),
        cluster: part.name,
        namespace: if is_namespaced { own } else { "" },
        name: &meta.name.value,
        place: meta.place,
        body,
    })
}

const fn istio_kind(object: &IstioResource) -> &'static str {
    match object {
        IstioResource::AuthorizationPolicy(_) => "AuthorizationPolicy",
        IstioResource::Gateway(_) => "Istio Gateway",
        IstioResource::VirtualService(_) => "VirtualService",
        IstioResource::DestinationRule(_) => "DestinationRule",
        IstioResource::MeshConfig(_) => "MeshConfig",
        IstioResource::PeerAuthentication(_) => "PeerAuthentication",
        IstioResource::ProxyConfig(_) => "ProxyConfig",
        IstioResource::RequestAuthentication(_) => "RequestAuthentication",
        IstioResource::ServiceEntry(_) => "ServiceEntry",
        IstioResource::Sidecar(_) => "Sidecar",
        IstioResource::WorkloadEntry(_) => "WorkloadEntry",
        IstioResource::Unmodelled(it) => match it.kind {
            UnmodelledKind::EnvoyFilter => "EnvoyFilter",
            UnmodelledKind::Telemetry => "Telemetry",
            UnmodelledKind::WasmPlugin => "WasmPlugin",
        },
    }
}

const fn gateway_kind(object: &GatewayResource) -> &'static str {
    match object {
        GatewayResource::Class(_) => "GatewayClass",
        GatewayResource::Gateway(_) => "Gateway",
        GatewayResource::ListenerSet(_) => "ListenerSet",
        GatewayResource::Route(route) => route.kind.word(),
        GatewayResource::Grant(_) => "ReferenceGrant",
        GatewayResource::BackendTls(_) => "BackendTLSPolicy",
    }
}
