//! Services of Kubernetes as Istio registers them (istio
//! `pilot/pkg/serviceregistry/kube/conversion.go`, `ConvertService`).

use std::sync::Arc;

use crate::manifest::kinds::{Service as Manifest, Transport};
use crate::world::{self, EndpointTarget, ServiceId, ServiceKind, World};

use super::super::config::{Config, ExportTo, selects};
use super::places::Pods;
use super::{Entries, Port, Protocol, Resolution, Service, ServiceEndpoint, ServiceSource};

/// Names the namespaces that see a Service.
const EXPORT_TO: &str = "networking.istio.io/exportTo";

/// One Service of the world, with its manifest where there is one.
pub(super) fn service(
    world: &World,
    id: ServiceId,
    manifest: Option<&Manifest>,
    domain: &str,
    default_export: &ExportTo,
) -> Service {
    let row = &world.services[id];
    let namespace = world.namespaces[row.namespace].name.clone();
    let annotation = manifest.and_then(|service| service.meta.annotations.get(EXPORT_TO));
    let export_to = annotation.filter(|words| !words.is_empty());
    let (addresses, resolution, alias_of) = match &row.kind {
        ServiceKind::ClusterIp(ip) => (vec![(*ip).into()], Resolution::ClientSide, None),
        ServiceKind::Headless => (Vec::new(), Resolution::Passthrough, None),
        ServiceKind::ExternalName(name) => {
            (Vec::new(), Resolution::Passthrough, Some(name.clone()))
        }
    };
    Service {
        id: 0,
        host: format!("{}.{namespace}.svc.{domain}", row.name),
        name: row.name.clone(),
        source: ServiceSource::Kubernetes(id),
        addresses,
        ports: Vec::new(),
        resolution,
        selects: manifest.is_some_and(|service| service.selector.is_some()),
        is_external: alias_of.is_some(),
        labels: manifest.map(|service| service.meta.labels.clone()).unwrap_or_default(),
        export_to: export_to
            .map_or_else(|| default_export.clone(), |words| ExportTo::of_words(words.split(','))),
        created: manifest.and_then(|service| service.meta.created).map(|time| time.value),
        subject_alt_names: Vec::new(),
        alias_of,
        namespace,
        origin: row.origin,
    }
}

/// The ports of a Service with who answers on them: ready pods, and WorkloadEntries with the
/// labels that it selects.
pub(super) fn ports(
    world: &World,
    id: ServiceId,
    manifest: Option<&Manifest>,
    pods: &Pods<'_>,
    entries: &Entries<'_>,
) -> Vec<Port> {
    let row = &world.services[id];
    let written = |port: &world::ServicePort| {
        let ports = manifest.map_or(&[][..], |service| &service.ports);
        let app =
            ports.iter().find(|it| it.port.value == port.port && it.transport == port.transport);
        app.and_then(|port| port.app_protocol.as_ref())
    };
    let port = |port: &world::ServicePort| {
        let protocol = match port.transport {
            Transport::Udp | Transport::Sctp => Protocol::Udp,
            Transport::Tcp => {
                let app = written(port).map(|app| app.value.as_str());
                Protocol::of_service_port(port.port, &port.name, app)
            }
        };
        let mut endpoints: Vec<_> = ready(port, pods).collect();
        endpoints.extend(workloads(row, manifest, port, pods, entries, world));
        Port {
            name: port.name.clone(),
            number: port.port,
            protocol,
            endpoints: endpoints.into(),
            origin: port.origin,
        }
    };
    row.ports.iter().map(port).collect()
}

fn ready<'p>(
    port: &'p world::ServicePort,
    pods: &'p Pods<'_>,
) -> impl Iterator<Item = ServiceEndpoint> {
    let ready = port.endpoints.iter().filter(|endpoint| endpoint.ready);
    ready.map(|endpoint| match &endpoint.target {
        EndpointTarget::Pod(pod) => pods.endpoint(*pod, endpoint.port, endpoint.origin),
        EndpointTarget::Address(host) => pods.address(host, endpoint.port, endpoint.origin),
    })
}

fn workloads<'p>(
    row: &world::Service,
    manifest: Option<&'p Manifest>,
    port: &'p world::ServicePort,
    pods: &'p Pods<'_>,
    entries: &'p Entries<'_>,
    world: &World,
) -> impl Iterator<Item = ServiceEndpoint> {
    let selector = manifest.and_then(|service| service.selector.as_ref());
    let selector = selector.filter(|selector| !selector.value.is_empty());
    let namespace = world.namespaces[row.namespace].name.clone();
    let target = manifest.and_then(|service| {
        let port = service.ports.iter().find(|it| it.port.value == port.port)?;
        match &port.target_port.as_ref()?.value {
            crate::manifest::kinds::TargetPort::Number(number) => Some(*number),
            crate::manifest::kinds::TargetPort::Name(_) => None,
        }
    });
    let selected = selector.into_iter().flat_map(move |selector| {
        let same = |entry: &&&Config<_>| entry.namespace == namespace;
        entries.workloads.iter().filter(same).copied().collect::<Vec<_>>().into_iter().filter_map(
            move |entry| {
                let labels = super::entries::labels(entry);
                selects(&selector.value, &labels).then_some((entry, labels))
            },
        )
    });
    selected.filter_map(move |(entry, labels)| {
        let workload = &entry.object.workload;
        let own = workload.ports.get(&port.name).and_then(|port| u16::try_from(port.value).ok());
        let host = workload.address.as_ref()?;
        let number = own.or(target).unwrap_or(port.port);
        Some(pods.workload(workload, Arc::new(labels), &host.value, number))
    })
}
