//! Small builders of resources for tests; each place is a line of one imagined file.

use crate::manifest::kinds::{
    Container, ContainerPort, HealthProbes, Labels, ObjectMeta, PodSpec, PodTemplate, Resource,
    Selector, Service, ServicePort, ServiceType, TargetPort, Transport, Workload, WorkloadKind,
};
use crate::manifest::{Located, Place, SourceId};

pub(crate) fn place(line: u32) -> Place {
    Place { source: SourceId(0), line, column: 1 }
}

pub(crate) fn text(value: &str) -> Located<String> {
    Located::new(value.to_owned(), place(1))
}

/// Labels from `a=b,c=d`.
pub(crate) fn labels(pairs: &str) -> Labels {
    let pairs = pairs.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), text(value))).collect()
}

/// Metadata of `namespace/name`, or of `name` in no namespace.
pub(crate) fn meta(title: &str) -> ObjectMeta {
    let (namespace, name) = match title.split_once('/') {
        Some((namespace, name)) => (Some(text(namespace)), name),
        None => (None, title),
    };
    ObjectMeta {
        name: text(name),
        namespace,
        labels: Labels::new(),
        annotations: Labels::new(),
        owner: None,
        created: None,
        place: place(1),
    }
}

pub(crate) fn port(name: &str, number: u16) -> ServicePort {
    ServicePort {
        name: (!name.is_empty()).then(|| text(name)),
        port: Located::new(number, place(1)),
        target_port: None,
        node_port: None,
        transport: Transport::Tcp,
        app_protocol: None,
    }
}

pub(crate) fn target(mut port: ServicePort, name: &str) -> ServicePort {
    port.target_port = Some(Located::new(TargetPort::Name(name.to_owned()), place(1)));
    port
}

pub(crate) fn service(title: &str, selector: &str, ports: Vec<ServicePort>) -> Service {
    Service {
        meta: meta(title),
        service_type: ServiceType::ClusterIp,
        cluster_ip: None,
        external_name: None,
        selector: (!selector.is_empty()).then(|| Located::new(labels(selector), place(1))),
        publish_not_ready: false,
        external_traffic: None,
        ports,
    }
}

pub(crate) fn headless(title: &str, selector: &str, ports: Vec<ServicePort>) -> Service {
    Service { cluster_ip: Some(text("None")), ..service(title, selector, ports) }
}

pub(crate) fn alias(title: &str, target: &str) -> Service {
    Service {
        service_type: ServiceType::ExternalName,
        external_name: Some(text(target)),
        ..service(title, "", Vec::new())
    }
}

/// A pod specification with one container that declares these ports.
pub(crate) fn spec(ports: &[(&str, u16)]) -> PodSpec {
    let ports = ports.iter().map(|(name, number)| ContainerPort {
        name: (!name.is_empty()).then(|| text(name)),
        number: Located::new(*number, place(1)),
        transport: Transport::Tcp,
    });
    let container = Container {
        name: text("app"),
        init: false,
        is_sidecar: false,
        ports: ports.collect(),
        probes: HealthProbes::default(),
    };
    PodSpec { containers: [container].into(), ..PodSpec::default() }
}

/// A controller whose pods carry `pairs` and declare the port `http` as 8080.
pub(crate) fn workload(kind: WorkloadKind, title: &str, pairs: &str, replicas: u32) -> Workload {
    let selector = Selector { match_labels: labels(pairs), match_expressions: Vec::new() };
    Workload {
        kind,
        meta: meta(title),
        replicas: Some(Located::new(replicas, place(1))),
        selector: Some(Located::new(selector, place(1))),
        service_name: None,
        suspend: false,
        template: PodTemplate {
            labels: labels(pairs),
            annotations: Labels::new(),
            spec: spec(&[("http", 8080)]),
            place: place(1),
        },
    }
}

pub(crate) fn deployment(title: &str, pairs: &str, replicas: u32) -> Resource {
    Resource::Workload(workload(WorkloadKind::Deployment, title, pairs, replicas))
}
