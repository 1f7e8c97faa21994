//! ServiceEntries as Istio registers them: one service for each host (istio
//! `pilot/pkg/serviceregistry/serviceentry/conversion.go`).

use std::net::IpAddr;
use std::sync::Arc;

use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{
    EntryLocation, EntryPort, EntryResolution, ServiceEntry, WorkloadEntry, WorkloadSpec,
};
use crate::world::{ClusterId, Origin, World};

use super::super::config::{Config, ExportTo, selects};
use super::places::Pods;
use super::{Entries, Port, Protocol, Resolution, Service, ServiceEndpoint, ServiceSource};

/// The services of one entry, without ports.
pub(super) fn services<'e>(
    entry: &'e Config<ServiceEntry>,
    default_export: &'e ExportTo,
) -> impl Iterator<Item = Service> + 'e {
    let object = &entry.object;
    let addresses: Vec<_> = object.addresses.iter().filter_map(address).collect();
    object.hosts.iter().map(move |host| Service {
        id: 0,
        host: host.value.to_ascii_lowercase(),
        namespace: entry.namespace.clone(),
        name: object.meta.name.value.clone(),
        source: ServiceSource::Entry,
        addresses: addresses.clone(),
        ports: Vec::new(),
        resolution: resolution(object.resolution),
        selects: object.selector.is_some(),
        is_external: object.location == EntryLocation::External,
        labels: object.meta.labels.clone(),
        export_to: ExportTo::of(&object.export_to, default_export),
        created: object.meta.created.map(|time| time.value),
        subject_alt_names: object.subject_alt_names.clone(),
        alias_of: None,
        origin: Origin::Manifest(host.place),
    })
}

fn address(text: &Located<String>) -> Option<ipnet::IpNet> {
    text.value.parse().ok().or_else(|| text.value.parse::<IpAddr>().ok().map(ipnet::IpNet::from))
}

const fn resolution(resolution: EntryResolution) -> Resolution {
    match resolution {
        EntryResolution::None => Resolution::Passthrough,
        EntryResolution::Static => Resolution::ClientSide,
        EntryResolution::Dns => Resolution::Dns,
        EntryResolution::DnsRoundRobin => Resolution::DnsRoundRobin,
        EntryResolution::DynamicDns => Resolution::DynamicDns,
    }
}

/// The ports of the service `host` of an entry, with who answers on them.
pub(super) fn ports(
    world: &World,
    cluster: ClusterId,
    entry: &Config<ServiceEntry>,
    host: &str,
    pods: &Pods<'_>,
    entries: &Entries<'_>,
) -> Vec<Port> {
    let port = |port: &EntryPort| Port {
        name: port.name.value.clone(),
        number: port.number.value,
        protocol: port.protocol.as_ref().map_or(Protocol::Sniffed, |it| Protocol::of_word(it)),
        endpoints: endpoints(world, cluster, entry, host, port, pods, entries).into(),
        origin: Origin::Manifest(port.number.place),
    };
    entry.object.ports.iter().map(port).collect()
}

fn endpoints(
    world: &World,
    cluster: ClusterId,
    entry: &Config<ServiceEntry>,
    host: &str,
    port: &EntryPort,
    pods: &Pods<'_>,
    entries: &Entries<'_>,
) -> Vec<ServiceEndpoint> {
    let object = &entry.object;
    let number = port.target_port.unwrap_or(port.number).value;
    if let Some(selector) = &object.selector {
        let namespace = world.namespace_named(cluster, &entry.namespace);
        let in_namespace = namespace.map_or(&[][..], |namespace| pods.of_namespace(namespace));
        let selected = in_namespace.iter().filter(|&&pod| {
            world.pods[pod].ready && selects(&selector.value, &world.pods[pod].labels)
        });
        let origin = Origin::Manifest(selector.place);
        let mut found: Vec<_> = selected.map(|&pod| pods.endpoint(pod, number, origin)).collect();
        let same = entries.workloads.iter().filter(|it| it.namespace == entry.namespace);
        for workload in same {
            let labels = labels(workload);
            if selects(&selector.value, &labels) {
                found.push(at_port(&workload.object.workload, labels, host, port, pods));
            }
        }
        return found;
    }
    let by_name =
        matches!(object.resolution, EntryResolution::Dns | EntryResolution::DnsRoundRobin);
    if object.endpoints.is_empty() && by_name {
        return vec![pods.address(host, number, Origin::Manifest(port.number.place))];
    }
    let at = |spec: &WorkloadSpec| at_port(spec, spec.labels.clone(), host, port, pods);
    object.endpoints.iter().map(at).collect()
}

/// A workload on a port: its own number for the port, or the entry's.
fn at_port(
    workload: &WorkloadSpec,
    labels: Labels,
    host: &str,
    port: &EntryPort,
    pods: &Pods<'_>,
) -> ServiceEndpoint {
    let own = workload.ports.get(&port.name.value);
    let own = own.and_then(|port| u16::try_from(port.value).ok());
    let number = own.unwrap_or(port.target_port.unwrap_or(port.number).value);
    let address = workload.address.as_ref().map_or(host, |address| &address.value);
    pods.workload(workload, Arc::new(labels), address, number)
}

/// The labels of a WorkloadEntry: those of its metadata win over those of its spec.
pub(super) fn labels(entry: &Config<WorkloadEntry>) -> Labels {
    let mut labels = entry.object.workload.labels.clone();
    labels.extend(entry.object.meta.labels.clone());
    labels
}
