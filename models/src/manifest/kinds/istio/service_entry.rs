//! `networking.istio.io ServiceEntry`: hosts that Kubernetes does not know, or more endpoints of
//! those that it knows.

use super::workload_entry::{WorkloadSpec, read_workload};
use super::{IstioResource, Labels, ObjectMeta, Resource, read_selector};
use crate::manifest::Located;
use crate::manifest::fields::Fields;

/// `networking.istio.io ServiceEntry`.
#[derive(Clone, Debug)]
pub struct ServiceEntry {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// The hosts; each becomes a service.
    pub hosts: Vec<Located<String>>,
    /// Virtual addresses or ranges.
    pub addresses: Vec<Located<String>>,
    /// The ports.
    pub ports: Vec<EntryPort>,
    /// Whether it belongs to the mesh.
    pub location: EntryLocation,
    /// How its endpoints are found.
    pub resolution: EntryResolution,
    /// Endpoints that are written down.
    pub endpoints: Vec<WorkloadSpec>,
    /// Endpoints by the labels of pods and WorkloadEntries of its namespace.
    pub selector: Option<Located<Labels>>,
    /// The namespaces that see it; empty takes the mesh's default.
    pub export_to: Vec<Located<String>>,
    /// The identities that clients accept.
    pub subject_alt_names: Vec<Located<String>>,
}

/// A port of a ServiceEntry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPort {
    /// The port that clients dial.
    pub number: Located<u16>,
    /// Its name.
    pub name: Located<String>,
    /// Its protocol as written.
    pub protocol: Option<Located<String>>,
    /// The port of the endpoints; absent means the same number.
    pub target_port: Option<Located<u16>>,
}

/// `location`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryLocation {
    /// Outside: no mutual TLS, no policies.
    #[default]
    External,
    /// Part of the mesh.
    Internal,
}

/// `resolution`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryResolution {
    /// The client's own: the address that it dialled.
    #[default]
    None,
    /// The endpoints as written.
    Static,
    /// All addresses of the name.
    Dns,
    /// One address of the name for each new connection.
    DnsRoundRobin,
    /// Any name below a wildcard, resolved when it is asked for.
    DynamicDns,
}

const LOCATIONS: &[(&str, EntryLocation)] =
    &[("MESH_EXTERNAL", EntryLocation::External), ("MESH_INTERNAL", EntryLocation::Internal)];

const RESOLUTIONS: &[(&str, EntryResolution)] = &[
    ("NONE", EntryResolution::None),
    ("STATIC", EntryResolution::Static),
    ("DNS", EntryResolution::Dns),
    ("DNS_ROUND_ROBIN", EntryResolution::DnsRoundRobin),
    ("DYNAMIC_DNS", EntryResolution::DynamicDns),
];

pub(in crate::manifest) fn read_service_entry(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let entry = fields.required_object("spec", |spec| ServiceEntry {
        meta,
        hosts: spec.strings("hosts"),
        addresses: spec.strings("addresses"),
        ports: spec.list("ports", read_port),
        location: spec.choice("location", LOCATIONS).map(|it| it.value).unwrap_or_default(),
        resolution: spec.choice("resolution", RESOLUTIONS).map(|it| it.value).unwrap_or_default(),
        endpoints: spec.list("endpoints", |endpoint| Some(read_workload(endpoint))),
        selector: read_selector(spec, "workloadSelector", "labels"),
        export_to: spec.strings("exportTo"),
        subject_alt_names: spec.strings("subjectAltNames"),
    });
    entry.map(|entry| IstioResource::ServiceEntry(entry).alone()).unwrap_or_default()
}

fn read_port(port: &mut Fields<'_, '_, '_, '_>) -> Option<EntryPort> {
    let name = port.required_string("name");
    let protocol = port.string("protocol").filter(|protocol| !protocol.is_empty());
    let target_port = port.number("targetPort", 0..=u16::MAX).filter(|port| port.value != 0);
    let number = port.required_number("number", 1..=u16::MAX);
    Some(EntryPort { number: number?, name: name?, protocol, target_port })
}
