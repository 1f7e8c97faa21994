//! `v1 Endpoints` and `discovery.k8s.io/v1 EndpointSlice`, as one shape.

use crate::manifest::Located;
use crate::manifest::fields::Fields;

use super::service::read_transport;
use super::{ObjectMeta, Resource, Transport};

/// A set of addresses behind a Service.
#[derive(Clone, Debug)]
pub struct EndpointSet {
    /// Which of the two kinds it was read from.
    pub kind: EndpointSetKind,
    /// The object's own metadata.
    pub meta: ObjectMeta,
    /// The Service it belongs to: the object's name for Endpoints, the label
    /// `kubernetes.io/service-name` for EndpointSlice; `None` for an orphaned slice.
    pub service: Option<Located<String>>,
    /// The addresses.
    pub addresses: Vec<EndpointAddress>,
    /// The ports on each address.
    pub ports: Vec<EndpointPort>,
}

/// Which API an [`EndpointSet`] was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointSetKind {
    /// `v1 Endpoints`.
    Endpoints,
    /// `discovery.k8s.io/v1 EndpointSlice`.
    EndpointSlice,
}

/// One address.
#[derive(Clone, Debug)]
pub struct EndpointAddress {
    /// IP address or, for slices of type FQDN, a name.
    pub address: Located<String>,
    /// Whether it takes traffic (`conditions.ready`, or listed under `addresses`).
    pub ready: bool,
    /// The pod of `targetRef`, in the object's namespace.
    pub pod: Option<Located<String>>,
    /// `nodeName`.
    pub node: Option<Located<String>>,
}

/// One port.
#[derive(Clone, Debug)]
pub struct EndpointPort {
    /// Matches the Service port's name.
    pub name: Option<Located<String>>,
    /// The port number; absent in a slice means all ports.
    pub port: Option<Located<u16>>,
    /// TCP, UDP or SCTP.
    pub transport: Transport,
}

/// The label that ties a slice to its Service
/// (kubernetes.io/docs/concepts/services-networking/endpoint-slices, "Ownership").
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// Reads Endpoints: one set for each subset, because each has ports of its own.
pub(in crate::manifest) fn read_endpoints(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let subsets = fields.list("subsets", |subset| {
        let mut addresses = subset.list("addresses", |it| read_address(it, Readiness::Ready));
        addresses
            .extend(subset.list("notReadyAddresses", |it| read_address(it, Readiness::NotReady)));
        let ports = subset.list("ports", |port| Some(read_port(port)));
        Some(EndpointSet {
            kind: EndpointSetKind::Endpoints,
            service: Some(meta.name.clone()),
            meta: meta.clone(),
            addresses,
            ports,
        })
    });
    subsets.into_iter().map(Resource::EndpointSet).collect()
}

pub(in crate::manifest) fn read_endpoint_slice(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let addresses: Vec<Vec<EndpointAddress>> = fields.list("endpoints", |endpoint| {
        let addresses = endpoint.strings("addresses");
        let conditions = endpoint.object("conditions", |conditions| conditions.boolean("ready"));
        // An absent condition is to be taken as ready, says the API's reference.
        let ready = conditions.flatten().is_none_or(|ready| ready.value);
        let (pod, node) = (read_target_pod(endpoint), endpoint.string("nodeName"));
        let address =
            |address| EndpointAddress { address, ready, pod: pod.clone(), node: node.clone() };
        Some(addresses.into_iter().map(address).collect())
    });
    let ports = fields.list("ports", |port| Some(read_port(port)));
    let service = meta.labels.get(SERVICE_NAME_LABEL).cloned();
    vec![Resource::EndpointSet(EndpointSet {
        kind: EndpointSetKind::EndpointSlice,
        meta,
        service,
        addresses: addresses.into_iter().flatten().collect(),
        ports,
    })]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Readiness {
    Ready,
    NotReady,
}

fn read_address(
    fields: &mut Fields<'_, '_, '_, '_>,
    readiness: Readiness,
) -> Option<EndpointAddress> {
    let address = fields.required_string("ip");
    let (pod, node) = (read_target_pod(fields), fields.string("nodeName"));
    Some(EndpointAddress { address: address?, ready: readiness == Readiness::Ready, pod, node })
}

fn read_target_pod(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Located<String>> {
    let target = fields.object("targetRef", |target| {
        let (kind, name) = (target.string("kind"), target.string("name"));
        name.filter(|_| kind.is_some_and(|kind| kind.value == "Pod"))
    });
    target.flatten()
}

fn read_port(fields: &mut Fields<'_, '_, '_, '_>) -> EndpointPort {
    EndpointPort {
        name: fields.string("name").filter(|name| !name.is_empty()),
        port: fields.number("port", 1..=u16::MAX),
        transport: read_transport(fields),
    }
}
