//! The ports of a server that are looked at one by one, and how clients come to them. All other
//! ports are alike, and one stands for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::control::Beside;
use crate::control::istio::capture;
use crate::manifest::kinds::{Labels, Transport};
use crate::policy::{ConnectionSet, PORT_MAX, PORT_MIN};
use crate::proxy::envoy::config::{
    HttpFilterKind, NetworkFilter, Permission, ProxyConfig, Rbac, RbacRules,
};
use crate::proxy::ztunnel;
use crate::world::{EndpointTarget, PodId, ServiceId, World};

/// A port of a Service: the Service and the position of the port.
pub(super) type Way = (ServiceId, usize);

/// The Services that lead to each port of some pods.
#[derive(Debug, Default)]
pub(super) struct Ways {
    by_pod: BTreeMap<PodId, BTreeMap<(Transport, u16), Vec<Way>>>,
}

impl Ways {
    /// The ways to these pods.
    pub(super) fn to(world: &World, pods: impl Iterator<Item = PodId>) -> Self {
        let mut by_pod: BTreeMap<PodId, BTreeMap<_, Vec<Way>>> =
            pods.map(|pod| (pod, BTreeMap::new())).collect();
        for (id, service) in world.services.entries() {
            for (at, port) in service.ports.iter().enumerate() {
                for endpoint in &port.endpoints {
                    let EndpointTarget::Pod(pod) = endpoint.target else { continue };
                    if let Some(ports) = by_pod.get_mut(&pod) {
                        let ways = ports.entry((port.transport, endpoint.port)).or_default();
                        ways.push((id, at));
                    }
                }
            }
        }
        Self { by_pod }
    }

    /// The ports of a pod that Services lead to.
    pub(super) fn ports(&self, pod: PodId) -> impl Iterator<Item = (Transport, u16)> {
        self.by_pod.get(&pod).into_iter().flatten().map(|(port, _)| *port)
    }

    /// The ways to one port of a pod.
    pub(super) fn of(&self, pod: PodId, port: (Transport, u16)) -> &[Way] {
        self.by_pod.get(&pod).and_then(|ports| ports.get(&port)).map_or(&[], Vec::as_slice)
    }
}

/// Ports that a proxy treats alike, and one that stands for them.
#[derive(Clone, Debug)]
pub(super) struct Portion {
    pub(super) set: ConnectionSet,
    pub(super) port: u16,
}

/// The parts of TCP that a server's proxy may treat differently.
pub(super) fn portions(
    world: &World,
    ways: &Ways,
    pod: PodId,
    (beside, ztunnel): (&Beside, Option<&ztunnel::Policies>),
) -> Vec<Portion> {
    let workload = world.workload_of(pod);
    let declared = workload.container_ports.iter().map(|(_, port, transport)| (*transport, *port));
    let declared = declared.chain(ways.ports(pod));
    let mut single: BTreeSet<u16> =
        declared.filter(|(transport, _)| *transport == Transport::Tcp).map(|it| it.1).collect();
    if let Beside::Sidecar(config) | Beside::Gateway(config) = beside {
        of_config(config, &mut single);
        of_annotations(&workload.annotations, &mut single);
    }
    let rules = ztunnel.into_iter().flat_map(|own| &own.in_force).flat_map(|it| &it.rules);
    for wanted in rules.flat_map(|rule| &rule.clauses).flat_map(|clause| &clause.matches) {
        single.extend(&wanted.destination_ports.any_of);
        single.extend(&wanted.destination_ports.none_of);
    }
    single.remove(&0);
    let mut rest = ConnectionSet::range(Transport::Tcp, PORT_MIN, PORT_MAX);
    let mut portions = Vec::with_capacity(single.len() + 1);
    for port in &single {
        let set = ConnectionSet::port(Transport::Tcp, *port);
        rest = rest.difference(&set);
        portions.push(Portion { set, port: *port });
    }
    if let Some(&(port, _)) = rest.ranges(Transport::Tcp).first() {
        portions.push(Portion { set: rest, port });
    }
    portions
}

/// Ports that listeners and access rules name.
fn of_config(config: &ProxyConfig, ports: &mut BTreeSet<u16>) {
    for listener in &config.listeners {
        ports.insert(listener.port);
        for chain in listener.chains.iter().chain(&listener.default_chain) {
            ports.extend(chain.matches.destination_port);
            for filter in &chain.filters {
                match filter {
                    NetworkFilter::Rbac(rbac) => of_access(rbac, ports),
                    NetworkFilter::ExtAuthz(own) => of_rules(&own.asks, ports),
                    NetworkFilter::Http(manager) => {
                        for filter in &manager.filters {
                            match &filter.kind {
                                HttpFilterKind::Rbac(rbac) => of_access(rbac, ports),
                                HttpFilterKind::ExtAuthz(own) => of_rules(&own.asks, ports),
                                _ => {}
                            }
                        }
                    }
                    NetworkFilter::TcpProxy(_) => {}
                }
            }
        }
    }
}

fn of_access(rbac: &Rbac, ports: &mut BTreeSet<u16>) {
    rbac.rules.iter().for_each(|rules| of_rules(rules, ports));
}

fn of_rules(rules: &RbacRules, ports: &mut BTreeSet<u16>) {
    let permissions = rules.policies.values().flat_map(|policy| &policy.permissions);
    permissions.for_each(|permission| of_permission(permission, 64, ports));
}

fn of_permission(permission: &Permission, depth: u32, ports: &mut BTreeSet<u16>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match permission {
        Permission::DestinationPort(port) => {
            ports.insert(*port);
        }
        Permission::And(parts) | Permission::Or(parts) => {
            parts.iter().for_each(|one| of_permission(one, depth, ports));
        }
        Permission::Not(one) | Permission::Written(_, one) => of_permission(one, depth, ports),
        _ => {}
    }
}

/// Numbers in annotations that say what is redirected, and ports that never are.
fn of_annotations(annotations: &Labels, ports: &mut BTreeSet<u16>) {
    ports.extend(capture::NEVER_INBOUND);
    ports.insert(capture::STATUS);
    let texts = annotations.iter().filter(|(key, _)| key.contains("sidecar.istio.io/"));
    for (_, text) in texts {
        let numbers = text.value.split(|it: char| !it.is_ascii_digit());
        ports.extend(numbers.filter_map(|number| number.parse::<u16>().ok()));
    }
}
