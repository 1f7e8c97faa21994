//! `v1 Endpoints` and `discovery.k8s.io/v1 EndpointSlice`, as one shape.

use crate::manifest::Located;

use super::{ObjectMeta, Transport};

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
