//! Targets: who is behind a name, for each kind of caller, and who picks an endpoint.

use std::collections::BTreeMap;

use meshwalk_models::control::Beside;
use meshwalk_models::control::istio::ambient::waypoints::WaypointAsked;
use meshwalk_models::control::kubernetes::dns::{self, Resolved};
use meshwalk_models::control::kubernetes::ingress::{self, IngressAnswer};
use meshwalk_models::control::kubernetes::service_port::{self, Destination, WantedPort};
use meshwalk_models::explain::Silent;
use meshwalk_models::manifest::kinds::AppProtocol;
use meshwalk_models::manifest::{Diagnostic, nearest};
use meshwalk_models::walk::exposed_service;
use meshwalk_models::world::{Endpoint, EndpointTarget, PodId, ServiceKind, TableId, World};

use crate::flow::plan::{Balance, TargetPlan};
use crate::scenario::file::Protocol;
use crate::scenario::{at, finding};
use crate::stats::{Details, Ending, Flags};

use super::Compiler;
use super::calls::CallSite;
use super::mesh::Dialled;

/// What a caller names.
#[derive(Clone, Copy)]
pub(super) enum Place<'t> {
    /// A DNS name or address with an optional port.
    Name(&'t str),
    /// The Ingress rules decide.
    Ingress {
        /// The host asked for.
        host: &'t str,
        /// The path asked for.
        path: &'t str,
    },
}

/// Targets found so far; equal ones share a row.
#[derive(Default)]
pub(super) struct Targets {
    pub(super) plans: Vec<TargetPlan>,
    pub(super) endpoints: Vec<u32>,
    /// The port of each endpoint.
    pub(super) ports: Vec<u16>,
    /// The row of the statistics of each plan.
    pub(super) service_rows: Vec<usize>,
    rows: BTreeMap<Key, u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) balance: Balance,
    pub(super) endpoints: Vec<(u32, u16)>,
    pub(super) service_row: usize,
    pub(super) without_endpoints: Ending,
}

/// A target, and the row of the statistics for what is called.
#[derive(Clone)]
pub(super) struct FoundTarget {
    pub(super) target: u32,
    pub(super) service_row: usize,
    /// Where a caller dials; `None` where the name leads nowhere, or to a gateway.
    pub(super) dialled: Option<Dialled>,
}

/// Who is behind a name, before it is known who balances.
struct Reached {
    /// Pods and their ports.
    endpoints: Vec<(u32, u16)>,
    service_row: usize,
    kind: ReachedKind,
    without_endpoints: Ending,
    dialled: Option<Dialled>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReachedKind {
    /// A Service with a virtual address.
    VirtualAddress,
    /// Pods or hosts that the caller dials itself.
    Direct,
    /// A backend of a gateway at the edge.
    Gateway,
}

impl Compiler<'_> {
    /// Finds the target of a call; a name that leads nowhere is a finding, and its calls fail.
    pub(super) fn find_target(
        &mut self,
        site: CallSite<'_>,
        protocol: Protocol,
        place: Place<'_>,
    ) -> FoundTarget {
        let reached = match place {
            Place::Name(name) => self.reach_name(site, protocol, name),
            Place::Ingress { host, path } => self.reach_ingress(site, host, path),
        };
        let reached = reached.unwrap_or_else(|reason| {
            let scenario = self.input.scenario;
            let near = match place {
                Place::Name(name) => self.near_service(name),
                Place::Ingress { .. } => None,
            };
            let code = "scenario.unreachable";
            self.findings.push(finding(scenario, site.path(), code, reason, near.as_deref()));
            let name = match place {
                Place::Name(name) => name,
                Place::Ingress { host, .. } => host,
            };
            Reached {
                endpoints: Vec::new(),
                service_row: self.layout.unknown_row(name),
                kind: ReachedKind::Direct,
                without_endpoints: Ending::without_answer(Details::NAME_NOT_RESOLVED),
                dialled: None,
            }
        });
        let balance = match reached.kind {
            ReachedKind::Gateway => Balance::RandomPerRequest,
            ReachedKind::VirtualAddress => Balance::RandomPerConnection,
            ReachedKind::Direct => Balance::DialledAddress,
        };
        let service_row = reached.service_row;
        let dialled = reached.dialled;
        let target = self.targets.row(Key {
            balance,
            endpoints: reached.endpoints,
            service_row,
            without_endpoints: reached.without_endpoints,
        });
        FoundTarget { target, service_row, dialled }
    }

    /// A gateway that clients outside dial by its Service has routes that no run looks at.
    pub(super) fn admit_gateway(&mut self, target: u32) {
        let Some(planes) = self.input.planes else { return };
        let world = self.input.world;
        let servers = self.targets.servers(target).into_iter();
        let mut pods = servers.map(|(pod, _)| PodId::from_index(pod as usize));
        let found = pods.find(|pod| matches!(planes.beside(world, *pod), Beside::Gateway(_)));
        let Some(pod) = found else { return };
        let name = world.workload_name(world.pods[pod].workload);
        self.assume(
            "gateway.dialled",
            format!(
                "{name} is a gateway, and its routes are not simulated for clients that dial its \
                 Service: its pods answer themselves"
            ),
        );
    }

    fn reach_name(
        &mut self,
        site: CallSite<'_>,
        protocol: Protocol,
        name: &str,
    ) -> Result<Reached, String> {
        let world = self.input.world;
        let (host, wanted) = split_port(name);
        let resolved = match site.workload() {
            Some(client) => dns::resolve(world, client, host, &mut Silent)
                .result
                .map_err(|failure| failure.to_string())?,
            None => Resolved::Service(exposed_service(world, host)?),
        };
        let spoken = spoken(protocol);
        let destination = service_port::destination(world, &resolved, wanted, spoken, &mut Silent)
            .map_err(|error| error.to_string())?;
        let ip = resolved.dialled(world);
        let number = match wanted {
            WantedPort::Number(number) => Some(number),
            _ => port_of(world, &destination),
        };
        let asked = WaypointAsked::of(&destination);
        let dialled = number.map(|port| Dialled { host: host.to_owned(), port, ip, asked });
        let reached = Reached { dialled, ..self.reach(destination) };
        if self.hears_name_servers(site, host) {
            return Ok(reached);
        }
        let without_endpoints = Ending::without_answer(Details::NAME_SERVERS_SILENT);
        let endpoints = Vec::new();
        Ok(Reached { endpoints, without_endpoints, dialled: None, ..reached })
    }

    fn reach(&mut self, destination: Destination) -> Reached {
        let world = self.input.world;
        match destination {
            Destination::Service { service, port } => {
                let row = &world.services[service].ports[port];
                Reached {
                    endpoints: self.pods_of(&row.endpoints),
                    service_row: self.layout.service_row(service),
                    kind: match world.services[service].kind {
                        ServiceKind::ClusterIp(_) => ReachedKind::VirtualAddress,
                        ServiceKind::Headless | ServiceKind::ExternalName(_) => ReachedKind::Direct,
                    },
                    without_endpoints: Ending::without_answer(Details::CONNECTION_REFUSED),
                    dialled: None,
                }
            }
            Destination::Headless { service, endpoints, .. } => Reached {
                endpoints: self.pods_of(&endpoints),
                service_row: self.layout.service_row(service),
                kind: ReachedKind::Direct,
                without_endpoints: Ending::without_answer(Details::NAME_NOT_RESOLVED),
                dialled: None,
            },
            Destination::Pod { pod, port } => Reached {
                endpoints: vec![(pod.0, port)],
                service_row: self.layout.workload_row(world, world.pods[pod].workload),
                kind: ReachedKind::Direct,
                without_endpoints: Ending::without_answer(Details::CONNECT_FAILURE),
                dialled: None,
            },
            Destination::Outside { workload, port } => {
                let pods = &world.workloads[workload].pods;
                Reached {
                    endpoints: (pods.start.0..pods.end.0).map(|pod| (pod, port)).collect(),
                    service_row: self.layout.workload_row(world, workload),
                    kind: ReachedKind::Direct,
                    without_endpoints: Ending::without_answer(Details::CONNECT_FAILURE),
                    dialled: None,
                }
            }
        }
    }

    /// The pods behind ready endpoints. Addresses that no pod has are left out, and said.
    fn pods_of(&mut self, endpoints: &[Endpoint]) -> Vec<(u32, u16)> {
        let mut pods = Vec::new();
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.ready) {
            match &endpoint.target {
                EndpointTarget::Pod(pod) => pods.push((pod.0, endpoint.port)),
                EndpointTarget::Address(address) => self.assume(
                    "endpoint.foreign",
                    format!(
                        "nobody is known to have the endpoint address {address}; it is left out"
                    ),
                ),
            }
        }
        pods
    }

    fn reach_ingress(
        &mut self,
        site: CallSite<'_>,
        host: &str,
        path: &str,
    ) -> Result<Reached, String> {
        let world = self.input.world;
        let class = match world.ingress_classes.len() {
            0 => return Err("the manifests hold no Ingress".to_owned()),
            _ => TableId::from_index(0),
        };
        if world.ingress_classes.len() > 1 {
            let class = &world.ingress_classes[class];
            let name = if class.name.is_empty() { "(none)" } else { &class.name };
            self.assume(
                "ingress.class",
                format!("of several Ingress classes, `{name}` takes the traffic"),
            );
        }
        self.assume(
            "ingress.controller",
            "the Ingress controller adds no time of its own and balances each request at random"
                .to_owned(),
        );
        let failed = |compiler: &mut Self, ending| Reached {
            endpoints: Vec::new(),
            service_row: compiler.layout.unknown_row("ingress"),
            kind: ReachedKind::Gateway,
            without_endpoints: ending,
            dialled: None,
        };
        match ingress::decide(world, class, host, path, &mut Silent) {
            IngressAnswer::Forward { service, port } => {
                let reached = self.reach(Destination::Service { service, port });
                Ok(Reached {
                    kind: ReachedKind::Gateway,
                    without_endpoints: gateway_answers(503, Details::NO_ENDPOINT),
                    dialled: None,
                    ..reached
                })
            }
            IngressAnswer::NotFound => {
                let sentence = format!("no Ingress rule takes host `{host}` and path `{path}`");
                let warning = Diagnostic::warning("scenario.ingress-404", sentence);
                self.findings.push(at(self.input.scenario, site.path(), warning));
                Ok(failed(self, gateway_answers(404, Details::NO_INGRESS_RULE)))
            }
            IngressAnswer::Broken => Ok(failed(self, gateway_answers(503, Details::NO_ENDPOINT))),
            IngressAnswer::NotModelled => {
                Err(format!("the Ingress backend of host `{host}`, path `{path}` is not modelled"))
            }
        }
    }

    /// A Service that a mistyped name may mean.
    fn near_service(&self, name: &str) -> Option<String> {
        let (host, _) = split_port(name);
        let services = &self.input.world.services;
        let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        nearest(host, names).map(str::to_owned)
    }
}

/// An answer of the gateway at the edge itself.
const fn gateway_answers(status: u16, details: Details) -> Ending {
    Ending { status, details, flags: Flags::NONE }
}

impl Targets {
    /// The pods behind a target, with their ports.
    pub(super) fn servers(&self, target: u32) -> Vec<(u32, u16)> {
        let (first, count) = self.plans[target as usize].endpoints;
        let rows = first as usize..(first + count) as usize;
        rows.map(|row| (self.endpoints[row], self.ports[row])).collect()
    }

    /// The row of a target.
    pub(super) fn row(&mut self, key: Key) -> u32 {
        if let Some(row) = self.rows.get(&key) {
            return *row;
        }
        let first = self.endpoints.len() as u32;
        self.endpoints.extend(key.endpoints.iter().map(|(pod, _)| pod));
        self.ports.extend(key.endpoints.iter().map(|(_, port)| port));
        let row = self.plans.len() as u32;
        self.plans.push(TargetPlan {
            balance: key.balance,
            endpoints: (first, key.endpoints.len() as u32),
            without_endpoints: key.without_endpoints,
        });
        self.service_rows.push(key.service_row);
        self.rows.insert(key, row);
        row
    }
}

/// Splits `host:port`; IPv6 addresses with a port stand in brackets.
fn split_port(name: &str) -> (&str, WantedPort<'_>) {
    if let Some((host, rest)) = name.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let port = rest.strip_prefix(':').map_or(WantedPort::Default, wanted_port);
        return (host, port);
    }
    match name.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, wanted_port(port)),
        _ => (name, WantedPort::Default),
    }
}

fn wanted_port(port: &str) -> WantedPort<'_> {
    port.parse().map_or(WantedPort::Name(port), WantedPort::Number)
}

/// The port that a caller dials who names none.
fn port_of(world: &World, destination: &Destination) -> Option<u16> {
    match destination {
        Destination::Service { service, port } => Some(world.services[*service].ports[*port].port),
        Destination::Headless { endpoints, .. } => Some(endpoints.first()?.port),
        Destination::Pod { port, .. } | Destination::Outside { port, .. } => Some(*port),
    }
}

fn spoken(protocol: Protocol) -> AppProtocol {
    match protocol {
        Protocol::Http1 => AppProtocol::Http,
        Protocol::Http2 => AppProtocol::Http2,
        Protocol::Grpc => AppProtocol::Grpc,
        Protocol::Tcp => AppProtocol::Tcp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ports_are_told_apart() {
        assert!(matches!(split_port("cart:8080"), ("cart", WantedPort::Number(8080))));
        assert!(matches!(split_port("cart:http"), ("cart", WantedPort::Name("http"))));
        assert!(matches!(split_port("cart"), ("cart", WantedPort::Default)));
        assert!(matches!(split_port("[fd00::1]:80"), ("fd00::1", WantedPort::Number(80))));
        assert!(matches!(split_port("fd00::1"), ("fd00::1", WantedPort::Default)));
    }
}
