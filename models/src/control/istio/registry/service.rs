//! A service as Istio knows it, whether Kubernetes or a ServiceEntry declares it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::manifest::Located;
use crate::manifest::kinds::{Labels, Timestamp};
use crate::proxy::envoy::config::{Address, Locality};
use crate::world::{Origin, PodId, ServiceId};

use super::super::config::ExportTo;
use super::Protocol;

/// A host with its ports and endpoints.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its place in the registry; services that a Sidecar trims keep it.
    pub id: u32,
    /// Its whole name, perhaps a wildcard.
    pub host: String,
    /// The namespace of the object that declares it.
    pub namespace: String,
    /// The name of that object.
    pub name: String,
    /// What declares it.
    pub source: ServiceSource,
    /// Virtual addresses, or ranges; empty where there is none, as for headless Services.
    pub addresses: Vec<ipnet::IpNet>,
    /// Its ports, in the order written.
    pub ports: Vec<Port>,
    /// How its endpoints are found.
    pub resolution: Resolution,
    /// Whether labels say who answers, so that somebody may come.
    pub selects: bool,
    /// Whether it lies outside the mesh: no mutual TLS to it.
    pub is_external: bool,
    /// The labels of the object that declares it.
    pub labels: Labels,
    /// Who sees it.
    pub export_to: ExportTo,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// The identities that clients accept; empty for any.
    pub subject_alt_names: Vec<Located<String>>,
    /// The name that it is an alias of (`type: ExternalName`).
    pub alias_of: Option<String>,
    /// Where it is declared.
    pub origin: Origin,
}

/// What declares a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceSource {
    /// Kubernetes.
    Kubernetes(ServiceId),
    /// A ServiceEntry.
    Entry,
}

/// How the endpoints of a service are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The control plane sends them.
    ClientSide,
    /// All addresses of a DNS name.
    Dns,
    /// One address of a DNS name.
    DnsRoundRobin,
    /// Whatever DNS says of the name that the client asked for.
    DynamicDns,
    /// The address that the client dialled.
    Passthrough,
}

/// A port of a service.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The port that clients dial.
    pub number: u16,
    /// What is spoken.
    pub protocol: Protocol,
    /// Who answers.
    pub endpoints: Arc<[ServiceEndpoint]>,
    /// Where it is declared.
    pub origin: Origin,
}

/// Who answers on a port.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceEndpoint {
    /// Where.
    pub address: Address,
    /// The pod, if it is one of this world.
    pub pod: Option<PodId>,
    /// Its labels, for subsets and priorities.
    pub labels: Arc<Labels>,
    /// Where it runs.
    pub locality: Locality,
    /// The name of its node; empty outside.
    pub node: Arc<str>,
    /// Its weight.
    pub weight: u32,
    /// Whether a proxy beside it takes mutual TLS.
    pub takes_mutual_tls: bool,
    /// Whether it takes tunnels of the mesh (HBONE): in ambient mode, or because its sidecar says so.
    pub takes_tunnel: bool,
    /// What declares it.
    pub origin: Origin,
}

impl Service {
    /// Whether Kubernetes declares it.
    #[must_use]
    pub const fn is_kubernetes(&self) -> bool {
        matches!(self.source, ServiceSource::Kubernetes(_))
    }

    /// Its port with this number.
    #[must_use]
    pub fn port(&self, number: u16) -> Option<&Port> {
        self.ports.iter().find(|port| port.number == number)
    }

    /// Whether it has no virtual address, so that clients dial its endpoints or anything at all.
    #[must_use]
    pub fn is_headless(&self) -> bool {
        self.addresses.is_empty()
    }

    /// The pods that answer on any of its ports.
    #[must_use]
    pub fn pods(&self) -> BTreeSet<PodId> {
        let endpoints = self.ports.iter().flat_map(|port| port.endpoints.iter());
        endpoints.filter_map(|endpoint| endpoint.pod).collect()
    }
}
