//! `v1 Service`.

use crate::manifest::Located;
use crate::manifest::fields::Fields;

use super::{Labels, ObjectMeta, Resource};

/// `v1 Service`.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name and namespace.
    pub meta: ObjectMeta,
    /// `spec.type`.
    pub service_type: ServiceType,
    /// `spec.clusterIP`; `None` as text means headless, absent means assigned.
    pub cluster_ip: Option<Located<String>>,
    /// `spec.externalName` of an ExternalName service.
    pub external_name: Option<Located<String>>,
    /// `spec.selector`; absent means that somebody else writes the endpoints.
    pub selector: Option<Located<Labels>>,
    /// `spec.publishNotReadyAddresses`.
    pub publish_not_ready: bool,
    /// `spec.externalTrafficPolicy`.
    pub external_traffic: Option<Located<ExternalTraffic>>,
    /// `spec.ports`.
    pub ports: Vec<ServicePort>,
}

impl Service {
    /// Whether DNS answers with the pods themselves (`clusterIP: None`).
    #[must_use]
    pub fn is_headless(&self) -> bool {
        self.cluster_ip.as_ref().is_some_and(|ip| ip.value == "None")
    }
}

/// `spec.type` of a Service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceType {
    /// A virtual address inside the cluster, or headless.
    #[default]
    ClusterIp,
    /// Also a port on every node.
    NodePort,
    /// Also an address from the cloud.
    LoadBalancer,
    /// A DNS alias; no address, no ports of its own.
    ExternalName,
}

/// `spec.externalTrafficPolicy`: what becomes of the address of clients outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExternalTraffic {
    /// Any node passes connections on, with an address of its own in the place of the client's.
    #[default]
    Cluster,
    /// A node passes connections on to its own pods alone, and keeps the client's address.
    Local,
}

/// One entry of `spec.ports`.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// The port's name; required when there are several.
    pub name: Option<Located<String>>,
    /// The port that clients use.
    pub port: Located<u16>,
    /// The port on the pods; absent means the same number as `port`.
    pub target_port: Option<Located<TargetPort>>,
    /// `nodePort`.
    pub node_port: Option<Located<u16>>,
    /// TCP, UDP or SCTP.
    pub transport: Transport,
    /// `appProtocol` as written.
    pub app_protocol: Option<Located<String>>,
}

/// `targetPort`, or a port of an Ingress backend: a number, or a name that each pod resolves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// A port number.
    Number(u16),
    /// The name of a container port (or, in an Ingress, of a Service port).
    Name(String),
}

/// The transport protocol of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Transport {
    /// TCP, the default.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// What is spoken on a port, as `appProtocol` or the port's name declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AppProtocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2 over plaintext.
    Http2,
    /// gRPC, over HTTP/2.
    Grpc,
    /// TLS that the application itself terminates.
    Https,
    /// Bytes.
    Tcp,
    /// Nothing was declared; a proxy may sniff.
    Undeclared,
}

/// The words of `protocol`.
pub(super) const TRANSPORTS: &[(&str, Transport)] =
    &[("TCP", Transport::Tcp), ("UDP", Transport::Udp), ("SCTP", Transport::Sctp)];

const SERVICE_TYPES: &[(&str, ServiceType)] = &[
    ("ClusterIP", ServiceType::ClusterIp),
    ("NodePort", ServiceType::NodePort),
    ("LoadBalancer", ServiceType::LoadBalancer),
    ("ExternalName", ServiceType::ExternalName),
];

/// Charts write nothing between quotes where nobody sets a value.
const EXTERNAL_TRAFFIC: &[(&str, ExternalTraffic)] = &[
    ("Cluster", ExternalTraffic::Cluster),
    ("Local", ExternalTraffic::Local),
    ("", ExternalTraffic::Cluster),
];

/// The `protocol` of a port; absent means TCP.
pub(super) fn read_transport(port: &mut Fields<'_, '_, '_, '_>) -> Transport {
    port.choice("protocol", TRANSPORTS).map(|transport| transport.value).unwrap_or_default()
}

pub(in crate::manifest) fn read_service(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let service = fields.required_object("spec", |spec| Service {
        meta,
        service_type: spec.choice("type", SERVICE_TYPES).map(|it| it.value).unwrap_or_default(),
        // A dump of an ExternalName service may hold an empty address.
        cluster_ip: spec.string("clusterIP").filter(|ip| !ip.is_empty()),
        external_name: spec.string("externalName"),
        selector: spec.located_labels("selector"),
        publish_not_ready: spec.boolean("publishNotReadyAddresses").is_some_and(|it| it.value),
        external_traffic: spec.choice("externalTrafficPolicy", EXTERNAL_TRAFFIC),
        ports: spec.list("ports", read_port),
    });
    service.map(Resource::Service).into_iter().collect()
}

fn read_port(port: &mut Fields<'_, '_, '_, '_>) -> Option<ServicePort> {
    let name = port.string("name").filter(|name| !name.is_empty());
    let number = port.required_number("port", 1..=u16::MAX);
    let target_port = port.port_or_name("targetPort");
    // Zero stands for "not assigned yet".
    let node_port = port.number("nodePort", 0..=u16::MAX).filter(|port| port.value != 0);
    let transport = read_transport(port);
    let app_protocol = port.string("appProtocol");
    Some(ServicePort { name, port: number?, target_port, node_port, transport, app_protocol })
}
