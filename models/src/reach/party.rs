//! Who can talk: workloads, ranges of addresses outside, and what serves Ingresses. Pods that
//! nothing can tell apart are one class, and what holds for a class is computed once.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::manifest::kinds::{Labels, Transport};
use crate::policy::network::{NetworkPeer, NetworkPolicies};
use crate::walk::full_name;
use crate::world::{NamespaceId, NodeId, PodId, ServiceAccountId, TableId, WorkloadSource, World};

/// One who calls or is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Such as `shop/deploy/cart`, `10.0.0.0/8` or `ingress controller`.
    pub name: String,
    /// What it is.
    pub kind: PartyKind,
    /// Its namespace, if it is a workload.
    pub namespace: Option<String>,
    /// How many pods it has.
    pub pods: u32,
    /// The number of its class.
    pub(super) class: usize,
}

/// The sorts of parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    /// Pods of one workload.
    Workload,
    /// Addresses outside.
    Range,
    /// What serves Ingresses and Routes.
    IngressController,
}

/// Pods that are alike, addresses that no policy tells apart, or the ingress controller.
#[derive(Clone, Debug)]
pub(super) struct Class {
    /// One that stands for all.
    pub(super) peer: NetworkPeer,
    /// The same as a pod.
    pub(super) pod: Option<PodId>,
    /// Another pod that is like it.
    pub(super) second: Option<PodId>,
    /// The addresses, if it is a range: the first and the last of each part.
    pub(super) ranges: Vec<(IpAddr, IpAddr)>,
    pub(super) kind: PartyKind,
    /// How many pods are of it.
    pub(super) pods: u32,
}

/// Everybody.
#[derive(Clone, Debug, Default)]
pub(super) struct Everybody {
    pub(super) classes: Vec<Class>,
    /// Workloads by name, then ranges, then the controller.
    pub(super) parties: Vec<Party>,
    /// How many parts of what is outside are too many to be looked at.
    pub(super) left_out: usize,
}

/// How many parts the ranges outside may fall into.
const PARTS_MAX: usize = 4096;

/// What tells classes of pods apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'w> {
    namespace: NamespaceId,
    labels: Vec<(&'w str, &'w str)>,
    annotations: Vec<(&'w str, &'w str)>,
    ports: &'w [(String, u16, Transport)],
    service_account: Option<ServiceAccountId>,
    on_host: bool,
    /// In which of the ranges that policies name its address lies; `None` is not known.
    within: Option<Vec<bool>>,
    /// Where policies look at it.
    node: Option<NodeId>,
}

/// Finds everybody. `external` are the ranges that are asked about; without any it is everything
/// outside. `cuts` are ranges that are told apart though no policy names them.
pub(super) fn everybody(
    world: &World,
    policies: &NetworkPolicies,
    (external, cuts): (&[IpNet], &[IpNet]),
    controller: Controller,
) -> Everybody {
    let mut ranges = policies.ranges(world);
    ranges.extend(cuts);
    ranges.sort();
    ranges.dedup();
    let mut all = Everybody::default();
    pods(world, policies, &ranges, &mut all);
    all.parties.sort_by(|one, other| one.name.cmp(&other.name));
    outside(world, external, &ranges, &mut all);
    if controller == Controller::Serves {
        all.add(Class {
            peer: NetworkPeer::IngressController,
            pod: None,
            second: None,
            ranges: Vec::new(),
            kind: PartyKind::IngressController,
            pods: 0,
        });
    }
    all
}

/// Whether something is known to serve Ingresses or Routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    Serves,
    Missing,
}

impl Everybody {
    /// Adds a class that is one party.
    fn add(&mut self, class: Class) {
        let name = match class.kind {
            PartyKind::IngressController => "ingress controller".to_owned(),
            _ => {
                let parts = class.ranges.iter().map(|(first, last)| shown(*first, *last));
                parts.collect::<Vec<_>>().join(", ")
            }
        };
        let kind = class.kind;
        self.parties.push(Party {
            name,
            kind,
            namespace: None,
            pods: 0,
            class: self.classes.len(),
        });
        self.classes.push(class);
    }
}

fn pairs(labels: &Labels) -> Vec<(&str, &str)> {
    labels.iter().map(|(key, value)| (key.as_str(), value.value.as_str())).collect()
}

fn pods(world: &World, policies: &NetworkPolicies, ranges: &[IpNet], all: &mut Everybody) {
    let looks_at_nodes = policies.names_nodes();
    let mut known: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    for (id, workload) in world.workloads.entries() {
        let Some(namespace) = workload.namespace else { continue };
        debug_assert_ne!(workload.source, WorkloadSource::Outside, "it has a namespace");
        // The pods of each class, in the order in which they come.
        let mut own: Vec<(usize, Vec<PodId>)> = Vec::new();
        for index in workload.pods.start.index()..workload.pods.end.index() {
            let pod = PodId::from_index(index);
            let row = &world.pods[pod];
            let within = row
                .ip_is_declared
                .then(|| ranges.iter().map(|range| range.contains(&row.ip)).collect());
            let key = Key {
                namespace,
                labels: pairs(&row.labels),
                annotations: pairs(&workload.annotations),
                ports: &workload.container_ports,
                service_account: workload.service_account,
                on_host: workload.host_network,
                within,
                node: (looks_at_nodes && workload.host_network).then_some(row.node),
            };
            let classes = &mut all.classes;
            let class = *known.entry(key).or_insert_with(|| {
                classes.push(Class {
                    peer: NetworkPeer::Pod(pod),
                    pod: Some(pod),
                    second: None,
                    ranges: Vec::new(),
                    kind: PartyKind::Workload,
                    pods: 0,
                });
                classes.len() - 1
            });
            let known = &mut all.classes[class];
            known.pods += 1;
            if known.pod != Some(pod) {
                known.second.get_or_insert(pod);
            }
            match own.iter_mut().find(|(known, _)| *known == class) {
                Some((_, pods)) => pods.push(pod),
                None => own.push((class, vec![pod])),
            }
        }
        let name = full_name(world, id);
        let namespace = Some(world.namespaces[namespace].name.clone());
        let several = own.len() > 1;
        for (class, pods) in own {
            let name = match several {
                true => format!("{name}[{}]", some_names(world, &pods)),
                false => name.clone(),
            };
            let count = u32::try_from(pods.len()).unwrap_or(u32::MAX);
            let kind = PartyKind::Workload;
            all.parties.push(Party {
                name,
                kind,
                namespace: namespace.clone(),
                pods: count,
                class,
            });
        }
    }
}

/// The names of a part of a workload's pods.
fn some_names(world: &World, pods: &[PodId]) -> String {
    const NAMES_MAX: usize = 3;
    let mut names: Vec<_> =
        pods.iter().take(NAMES_MAX).map(|pod| world.pods[*pod].name.clone()).collect();
    if pods.len() > NAMES_MAX {
        names.push(format!("{} more", pods.len() - NAMES_MAX));
    }
    names.join(", ")
}

/// Cuts what is outside where the ranges of policies begin and end.
fn outside(world: &World, external: &[IpNet], ranges: &[IpNet], all: &mut Everybody) {
    let v4 = IpNet::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    let v6 = IpNet::new(Ipv6Addr::UNSPECIFIED.into(), 0);
    let has_v6 = ranges.iter().any(|range| matches!(range, IpNet::V6(_)));
    let everything: Vec<IpNet> = v4.into_iter().chain(v6.into_iter().filter(|_| has_v6)).collect();
    let asked = if external.is_empty() { &everything } else { external };
    let mut cuts: Vec<u128> = Vec::new();
    for range in asked.iter().chain(ranges) {
        cuts.push(number(range.network()));
        cuts.extend(number(range.broadcast()).checked_add(1));
    }
    cuts.sort_unstable();
    cuts.dedup();
    // Parts that lie in the same ranges are one class.
    let mut known: BTreeMap<Vec<bool>, Vec<(IpAddr, IpAddr)>> = BTreeMap::new();
    let mut parts = 0;
    for (at, begin) in cuts.iter().enumerate() {
        let end = cuts.get(at + 1).map_or(u128::MAX, |next| next - 1);
        let (first, last) = (address(*begin), address(end));
        let is_asked = asked.iter().any(|range| range.contains(&first) && range.contains(&last));
        if !is_asked {
            continue;
        }
        if parts == PARTS_MAX {
            all.left_out += 1;
            continue;
        }
        parts += 1;
        let family = std::iter::once(first.is_ipv4());
        let key = family.chain(ranges.iter().map(|range| range.contains(&first))).collect();
        let own = known.entry(key).or_default();
        match own.last_mut().filter(|(_, end)| number(*end).checked_add(1) == Some(*begin)) {
            Some(open) => open.1 = last,
            None => own.push((first, last)),
        }
    }
    let mut classes: Vec<_> = known.into_values().collect();
    classes.sort();
    for ranges in classes {
        let peer = NetworkPeer::Address(example(world, &ranges));
        all.add(Class { peer, pod: None, second: None, ranges, kind: PartyKind::Range, pods: 0 });
    }
}

/// An address of the ranges that is neither a pod's nor a node's.
fn example(world: &World, ranges: &[(IpAddr, IpAddr)]) -> IpAddr {
    let inside = |ip: IpAddr| {
        world.pods.iter().any(|pod| pod.ip == ip) || world.nodes.iter().any(|node| node.ip == ip)
    };
    let begins = ranges.iter().flat_map(|(first, last)| [number(*last), number(*first)]);
    let begins: Vec<IpAddr> = begins.map(address).collect();
    begins.iter().copied().find(|ip| !inside(*ip)).unwrap_or(ranges[0].0)
}

/// Addresses of both families in one order: those of IPv4 as they are mapped into IPv6.
fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_ipv6_mapped()),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

fn address(number: u128) -> IpAddr {
    let ip = Ipv6Addr::from(number);
    ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
}

/// A range as a block, or by its ends.
fn shown(first: IpAddr, last: IpAddr) -> String {
    let bits: u8 = if first.is_ipv4() { 32 } else { 128 };
    let whole = (0..=bits).find_map(|length| {
        let net = IpNet::new(first, length).ok()?;
        (net.network() == first && net.broadcast() == last).then_some(net)
    });
    whole.map_or_else(|| format!("{first}-{last}"), |net| net.to_string())
}
