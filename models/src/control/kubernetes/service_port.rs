//! From a resolved name and a port to what a connection meets: which port of which Service, pod
//! or host. Who of several endpoints gets the connection is a balancer's business.

use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::{AppProtocol, Transport};
use crate::world::{
    Endpoint, EndpointTarget, Origin, PodId, Service, ServiceId, ServicePort, WorkloadId, World,
};

use super::dns::Resolved;

pub(crate) const BY_NAME: RuleId = RuleId("k8s.port.by-name");
pub(crate) const BY_NUMBER: RuleId = RuleId("k8s.port.by-number");
pub(crate) const DEFAULT: RuleId = RuleId("k8s.port.default");
pub(crate) const HEADLESS: RuleId = RuleId("k8s.port.headless");

/// A port as a caller names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedPort<'a> {
    /// The number that the caller dials.
    Number(u16),
    /// The name of a Service port.
    Name(&'a str),
    /// None: the port is inferred from what the caller speaks.
    Default,
}

/// What a connection meets.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A port of a Service with a virtual address.
    Service {
        /// The Service.
        service: ServiceId,
        /// The index of its port.
        port: usize,
    },
    /// Pods of a headless Service, dialled directly.
    Headless {
        /// The Service.
        service: ServiceId,
        /// The index of the port that was meant; `None` if the Service does not list it.
        port: Option<usize>,
        /// Who may be dialled, and on which port.
        endpoints: Vec<Endpoint>,
    },
    /// One pod, by its address.
    Pod {
        /// The pod.
        pod: PodId,
        /// The port on it.
        port: u16,
    },
    /// A host outside all clusters.
    Outside {
        /// The host.
        workload: WorkloadId,
        /// The port on it.
        port: u16,
    },
}

/// Why there is no such port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// The Service does not list it.
    #[error("{owner} has no port {wanted}; it has {known}")]
    NoSuchPort {
        /// Service or pod.
        owner: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The caller named no port and several fit.
    #[error("{owner} has several ports; name one of {known}")]
    Ambiguous {
        /// Service or pod.
        owner: String,
        /// What there is.
        known: String,
    },
    /// The caller dialled the Service's port, but its pods listen elsewhere.
    #[error(
        "headless {owner} does not translate ports: {wanted} is dialled on the pods themselves, \
         which listen on {known}"
    )]
    NotTranslated {
        /// The Service.
        owner: String,
        /// What was asked for.
        wanted: u16,
        /// What the pods have.
        known: String,
    },
    /// No pod has the address.
    #[error("no pod and no host has the address {0}")]
    UnknownAddress(std::net::IpAddr),
}

/// Finds what a connection meets that is opened to `resolved`, speaking `spoken`.
///
/// # Errors
/// When the destination has no such port; the error lists those that there are.
pub fn destination(
    world: &World,
    resolved: &Resolved,
    wanted: WantedPort<'_>,
    spoken: AppProtocol,
    probe: &mut impl Probe,
) -> Result<Destination, PortError> {
    match resolved {
        Resolved::Service(id) => {
            let owner = format!("Service {}", world.service_name(*id));
            let ports = &world.services[*id].ports;
            let port = choose(&owner, ports, wanted, spoken, probe)?;
            Ok(Destination::Service { service: *id, port })
        }
        Resolved::Headless { service, targets } => {
            headless_pods(world, *service, targets, wanted, spoken, probe)
        }
        Resolved::Outside(id) => {
            Ok(Destination::Outside { workload: *id, port: well_known(wanted, spoken, probe) })
        }
        Resolved::Address(address) => {
            // A virtual address is answered by kube-proxy, any other by the pod that has it.
            let service = world.services.ids().find(|id| {
                world.services[*id].kind == crate::world::ServiceKind::ClusterIp(*address)
            });
            if let Some(id) = service {
                return destination(world, &Resolved::Service(id), wanted, spoken, probe);
            }
            let pod = world.pods.ids().find(|id| world.pods[*id].ip == *address);
            let pod = pod.ok_or(PortError::UnknownAddress(*address))?;
            let port = pod_port(world, pod, wanted, spoken, probe)?;
            Ok(Destination::Pod { pod, port })
        }
    }
}

/// The pods of a headless Service are dialled themselves, so no port is translated.
fn headless_pods(
    world: &World,
    id: ServiceId,
    targets: &[EndpointTarget],
    wanted: WantedPort<'_>,
    spoken: AppProtocol,
    probe: &mut impl Probe,
) -> Result<Destination, PortError> {
    let service = &world.services[id];
    let owner = format!("Service {}", world.service_name(id));
    if let WantedPort::Number(number) = wanted {
        return dialled(world, (id, service), targets, number, &owner, probe);
    }
    let port = choose(&owner, &service.ports, wanted, spoken, probe)?;
    let row = &service.ports[port];
    let endpoints = row.endpoints.iter().filter(|it| it.ready && targets.contains(&it.target));
    let endpoints: Vec<_> = endpoints.cloned().collect();
    probe.step(HEADLESS, Some(row.origin), || "the pods' own port is dialled".to_owned());
    Ok(Destination::Headless { service: id, port: Some(port), endpoints })
}

fn dialled(
    world: &World,
    (id, service): (ServiceId, &Service),
    targets: &[EndpointTarget],
    number: u16,
    owner: &str,
    probe: &mut impl Probe,
) -> Result<Destination, PortError> {
    let listens = |port: &ServicePort| port.endpoints.iter().any(|it| it.port == number);
    let port = service.ports.iter().position(listens);
    let translated = service.ports.iter().find(|row| row.port == number);
    let declared = targets.iter().any(|target| match target {
        EndpointTarget::Pod(pod) => {
            world.workload_of(*pod).container_ports.iter().any(|(_, known, _)| *known == number)
        }
        EndpointTarget::Address(_) => false,
    });
    if let (None, false, Some(row)) = (port, declared, translated) {
        let first = row.endpoints.first();
        let known = first.map_or_else(|| "no port".to_owned(), |it| it.port.to_string());
        return Err(PortError::NotTranslated { owner: owner.to_owned(), wanted: number, known });
    }
    let origin = Origin::Assumed("the caller's port is dialled on the pods themselves");
    let endpoints = targets.iter().map(|target| Endpoint {
        target: target.clone(),
        port: number,
        ready: true,
        origin,
    });
    probe.step(HEADLESS, Some(service.origin), || {
        format!("port {number} is dialled on the pods themselves")
    });
    Ok(Destination::Headless { service: id, port, endpoints: endpoints.collect() })
}

/// The index of the port that is meant.
fn choose(
    owner: &str,
    ports: &[ServicePort],
    wanted: WantedPort<'_>,
    spoken: AppProtocol,
    probe: &mut impl Probe,
) -> Result<usize, PortError> {
    let tcp = || ports.iter().enumerate().filter(|(_, port)| port.transport == Transport::Tcp);
    let only = |fits: &dyn Fn(&ServicePort) -> bool| {
        let mut fitting = tcp().filter(|(_, port)| fits(port)).map(|(index, _)| index);
        fitting.next().filter(|_| fitting.next().is_none())
    };
    let (rule, found) = match wanted {
        WantedPort::Number(number) => (BY_NUMBER, only(&|port| port.port == number)),
        WantedPort::Name(name) => (BY_NAME, only(&|port| port.name == name)),
        WantedPort::Default => {
            let found = only(&|_| true)
                .or_else(|| only(&|port| port.app_protocol == spoken))
                .or_else(|| only(&|port| usual_names(spoken).contains(&port.name.as_str())));
            (DEFAULT, found)
        }
    };
    let known = || {
        let texts = tcp().map(|(_, port)| match port.name.as_str() {
            "" => port.port.to_string(),
            name => format!("{} ({name})", port.port),
        });
        let texts: Vec<_> = texts.collect();
        if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
    };
    let origin = found.map(|index| ports[index].origin);
    probe.step(rule, origin, || match found {
        Some(index) => format!("port {} of {owner}", ports[index].port),
        None => format!("{owner} has {}", known()),
    });
    let owner = owner.to_owned();
    found.ok_or_else(|| match wanted {
        WantedPort::Default if tcp().next().is_some() => {
            PortError::Ambiguous { owner, known: known() }
        }
        _ => PortError::NoSuchPort { owner, wanted: text(wanted), known: known() },
    })
}

/// The names that ports for a protocol usually have.
fn usual_names(spoken: AppProtocol) -> &'static [&'static str] {
    match spoken {
        AppProtocol::Http | AppProtocol::Undeclared => &["http", "web"],
        AppProtocol::Http2 => &["http2", "http"],
        AppProtocol::Grpc => &["grpc"],
        AppProtocol::Https => &["https", "tls"],
        AppProtocol::Tcp => &["tcp"],
    }
}

fn text(wanted: WantedPort<'_>) -> String {
    match wanted {
        WantedPort::Number(number) => number.to_string(),
        WantedPort::Name(name) => format!("`{name}`"),
        WantedPort::Default => "for TCP".to_owned(),
    }
}

/// The port of a pod that is dialled by its address: Services play no part.
fn pod_port(
    world: &World,
    pod: PodId,
    wanted: WantedPort<'_>,
    spoken: AppProtocol,
    probe: &mut impl Probe,
) -> Result<u16, PortError> {
    if let WantedPort::Number(number) = wanted {
        return Ok(number);
    }
    let workload = world.workload_of(pod);
    let declared = workload.container_ports.iter().map(|(name, number, transport)| ServicePort {
        name: name.clone(),
        port: *number,
        transport: *transport,
        app_protocol: AppProtocol::Undeclared,
        endpoints: Vec::new(),
        origin: workload.origin,
    });
    let declared: Vec<_> = declared.collect();
    let owner = format!("pod {}", world.pods[pod].name);
    let index = choose(&owner, &declared, wanted, spoken, probe)?;
    Ok(declared[index].port)
}

/// Hosts outside declare no ports: the caller's number, or the usual one.
fn well_known(wanted: WantedPort<'_>, spoken: AppProtocol, probe: &mut impl Probe) -> u16 {
    if let WantedPort::Number(number) = wanted {
        return number;
    }
    let number = if spoken == AppProtocol::Https { 443 } else { 80 };
    probe.step(DEFAULT, None, || format!("port {number}, as hosts outside declare none"));
    number
}

#[cfg(test)]
mod tests {
    use crate::explain::Silent;
    use crate::manifest::kinds::{Resource, Service as Object};
    use crate::world::testing::{deployment, headless, port, service, target};
    use crate::world::{ClusterManifests, Topology, build};

    use super::*;

    fn world_with(service: Object) -> World {
        let resources = [deployment("shop/web", "app=web", 2), Resource::Service(service)];
        let part =
            ClusterManifests { name: "one", default_namespace: "default", resources: &resources };
        build(&[part], &Topology::default(), &[]).world
    }

    fn index_of(
        world: &World,
        wanted: WantedPort<'_>,
        spoken: AppProtocol,
    ) -> Result<usize, PortError> {
        let resolved = Resolved::Service(ServiceId(0));
        match destination(world, &resolved, wanted, spoken, &mut Silent)? {
            Destination::Service { port, .. } => Ok(port),
            other => panic!("expected a Service, got {other:?}"),
        }
    }

    #[test]
    fn a_port_is_found_by_number_by_name_or_by_what_is_spoken() {
        let ports = vec![port("http", 80), port("grpc", 9090), port("admin", 8001)];
        let world = world_with(service("shop/web", "app=web", ports));
        let of = |wanted, spoken| index_of(&world, wanted, spoken);
        assert_eq!(of(WantedPort::Number(9090), AppProtocol::Http), Ok(1));
        assert_eq!(of(WantedPort::Name("admin"), AppProtocol::Http), Ok(2));
        assert_eq!(of(WantedPort::Default, AppProtocol::Http), Ok(0));
        assert_eq!(of(WantedPort::Default, AppProtocol::Grpc), Ok(1));
    }

    #[test]
    fn an_absent_or_ambiguous_port_lists_those_there_are() {
        let world = world_with(service("shop/web", "app=web", vec![port("a", 1), port("b", 2)]));
        let absent = index_of(&world, WantedPort::Number(3), AppProtocol::Http);
        assert_eq!(
            absent.expect_err("there is no port 3").to_string(),
            "Service shop/web has no port 3; it has 1 (a), 2 (b)"
        );
        let ambiguous = index_of(&world, WantedPort::Default, AppProtocol::Http);
        assert_eq!(
            ambiguous.expect_err("two ports fit").to_string(),
            "Service shop/web has several ports; name one of 1 (a), 2 (b)"
        );
    }

    #[test]
    fn a_headless_service_does_not_translate_ports() {
        let ports = vec![target(port("http", 80), "http")];
        let world = world_with(headless("shop/web", "app=web", ports));
        let targets = vec![EndpointTarget::Pod(PodId(0)), EndpointTarget::Pod(PodId(1))];
        let resolved = Resolved::Headless { service: ServiceId(0), targets };
        let dial = |wanted| {
            let found = destination(&world, &resolved, wanted, AppProtocol::Http, &mut Silent);
            found.map(|found| match found {
                Destination::Headless { endpoints, .. } => {
                    endpoints.iter().map(|it| it.port).collect::<Vec<_>>()
                }
                other => panic!("expected pods, got {other:?}"),
            })
        };
        assert_eq!(dial(WantedPort::Number(8080)).expect("the pods' port"), [8080, 8080]);
        assert_eq!(dial(WantedPort::Default).expect("the pods' port"), [8080, 8080]);
        let error = dial(WantedPort::Number(80)).expect_err("the Service's port");
        assert!(error.to_string().contains("which listen on 8080"), "{error}");
    }

    #[test]
    fn a_pod_can_be_dialled_by_its_address() {
        let world = world_with(service("shop/web", "app=web", vec![port("", 80)]));
        let resolved = Resolved::Address(world.pods[PodId(1)].ip);
        let found =
            destination(&world, &resolved, WantedPort::Default, AppProtocol::Http, &mut Silent);
        assert!(matches!(found, Ok(Destination::Pod { pod: PodId(1), port: 8080 })));
    }
}
