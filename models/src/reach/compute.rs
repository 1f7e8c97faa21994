//! The links of all pairs of classes: what the network carries, then what the mesh makes of it.

use std::collections::BTreeMap;

use crate::control::ControlPlanes;
use crate::explain::Silent;
use crate::lookup::LookupMap;
use crate::manifest::kinds::Transport;
use crate::manifest::kinds::policy::Direction;
use crate::policy::network::{Connections, Matrix, NetworkPeer, NetworkVerdict};
use crate::policy::{ConnectionSet, PORT_MAX, PORT_MIN};
use crate::profile::OwnNode;
use crate::proxy::ztunnel::HBONE_PORT;
use crate::walk::BoxKind;
use crate::world::{Origin, World};

use super::entrance::behind;
use super::link::{Fate, How, Link, Requests};
use super::mesh::{Meeting, Side, Wire};
use super::party::{Class, Controller, Everybody, Party, PartyKind, everybody as find_everybody};
use super::ports::{Portion, Ways, portions};
use super::{Ask, Reach, Refusals, Wanted};

const TRANSPORTS: [Transport; 3] = [Transport::Tcp, Transport::Udp, Transport::Sctp];

/// Everybody whom an ask is about.
pub(super) fn everybody(world: &World, planes: &ControlPlanes, ask: &Ask<'_>) -> Everybody {
    let controller =
        if ask.entrances.is_empty() { Controller::Missing } else { Controller::Serves };
    find_everybody(world, planes.network_policies(), (ask.external, ask.cuts), controller)
}

/// Finds out who can talk to whom.
pub(super) fn compute(
    world: &World,
    planes: &ControlPlanes,
    ask: &Ask<'_>,
    step: &mut dyn FnMut(usize, usize),
) -> Reach {
    let Everybody { classes, parties, left_out } = everybody(world, planes, ask);
    let peers: Vec<NetworkPeer> = classes.iter().map(|class| class.peer).collect();
    let count = classes.len();
    let matrix = planes.network_policies().matrix(world, &peers, &mut |_, _| {});
    let sides: Vec<Side> = classes.iter().map(|class| Side::of(world, planes, class)).collect();
    let pods = classes.iter().filter_map(|class| class.pod);
    let ways = Ways::to(world, pods);
    let wanted = |names: Option<&Wanted>| -> Vec<bool> {
        let mut wanted = vec![names.is_none(); count];
        for party in &parties {
            if names.is_some_and(|names| names.contains(&party.name)) {
                wanted[party.class] = true;
            }
        }
        wanted
    };
    let (from, to) = (wanted(ask.from), wanted(ask.to));
    let scene = Scene {
        world,
        planes,
        matrix: &matrix,
        classes: &classes,
        sides: &sides,
        ways: &ways,
        entrances: behind(world, ask.entrances),
        refusals: ask.refusals,
    };
    let mut links = Links::default();
    let mut cells = vec![0; count * count];
    for server in 0..count {
        if to[server] && classes[server].kind != PartyKind::IngressController {
            let mut column = Column::new(&scene, server);
            for client in 0..count {
                if from[client] {
                    cells[client * count + server] = column.links(&scene, client, &mut links);
                }
            }
        }
        step(server + 1, count);
    }
    let counts = [ask.from, ask.to].map(|names| {
        let counts = |party: &Party| names.is_none_or(|names| names.contains(&party.name));
        parties.iter().map(counts).collect()
    });
    Reach { parties, classes: count, counts, cells, links: links.all, left_out }
}

/// Why it is open whether the network carries connections.
fn open(reason: Fate) -> Fate {
    match reason {
        unknown @ Fate::Unknown { .. } => unknown,
        // One pod's reason is not that of all pods that are like it.
        _ => Fate::Unknown {
            why: "it turns on which nodes the pods run on: a pod's own node always gets through"
                .to_owned(),
            origins: Vec::new(),
        },
    }
}

/// What the network carries of a portion. Tunnels have one port, whatever port is called.
fn carried(network: &Connections, portion: &ConnectionSet, wire: Wire) -> Connections {
    let tunnel = ConnectionSet::port(Transport::Tcp, HBONE_PORT);
    let part = |of: &ConnectionSet| match wire {
        Wire::OwnPort => of.intersection(portion),
        Wire::Tunnel if of.intersection(&tunnel).is_empty() => ConnectionSet::none(),
        Wire::Tunnel => portion.clone(),
    };
    Connections { allowed: part(&network.allowed), unknown: part(&network.unknown) }
}

/// What pairs are computed from.
struct Scene<'a> {
    world: &'a World,
    planes: &'a ControlPlanes,
    matrix: &'a Matrix,
    classes: &'a [Class],
    sides: &'a [Side],
    ways: &'a Ways,
    entrances: BTreeMap<crate::world::PodId, Vec<u16>>,
    refusals: Refusals,
}

/// Lists of links, each kept once; the first is empty.
struct Links {
    all: Vec<Vec<Link>>,
    known: BTreeMap<Vec<Link>, u32>,
}

impl Default for Links {
    fn default() -> Self {
        Self { all: vec![Vec::new()], known: BTreeMap::from([(Vec::new(), 0)]) }
    }
}

impl Links {
    fn number(&mut self, links: Vec<Link>) -> u32 {
        let next = u32::try_from(self.all.len()).expect("there are fewer than 2^32 pairs");
        let all = &mut self.all;
        *self.known.entry(links).or_insert_with_key(|links| {
            all.push(links.clone());
            next
        })
    }
}

/// One server and its clients.
struct Column {
    server: usize,
    portions: Vec<Portion>,
    /// What is known of clients that nothing but the network tells apart.
    known: LookupMap<Connections, u32>,
}

impl Column {
    fn new(scene: &Scene<'_>, server: usize) -> Self {
        let side = &scene.sides[server];
        let portions = scene.classes[server].pod.map_or_else(
            || vec![Portion { set: tcp(), port: PORT_MIN }],
            |pod| portions(scene.world, scene.ways, pod, (side.beside(), side.policies())),
        );
        Self { server, portions, known: LookupMap::default() }
    }

    /// The number of the links from a client.
    fn links(&mut self, scene: &Scene<'_>, client: usize, links: &mut Links) -> u32 {
        let class = &scene.classes[client];
        // What is outside talks to what is outside without this cluster.
        if class.kind != PartyKind::Workload && scene.classes[self.server].kind == PartyKind::Range
        {
            return 0;
        }
        let network = self.network(scene, client);
        // Reasons differ from client to client.
        let is_shared = scene.refusals == Refusals::LeftOut
            && network.unknown.is_empty()
            && class.kind == PartyKind::Workload
            && !scene.sides[client].is_told_apart_by(&scene.sides[self.server]);
        if let Some(known) = self.known.get(&network).filter(|_| is_shared) {
            return *known;
        }
        let number = links.number(self.made(scene, client, &network));
        if is_shared {
            self.known.insert(network, number);
        }
        number
    }

    /// What the network carries. A pod's own node, which always gets through, may be that of a
    /// client on its node's network.
    fn network(&self, scene: &Scene<'_>, client: usize) -> Connections {
        let mut network = scene.matrix.between(client, self.server).clone();
        let facts = scene.planes.network_policies().facts();
        let on_host = |at: usize| {
            let pod = scene.classes[at].pod;
            pod.is_some_and(|pod| scene.world.workload_of(pod).host_network)
        };
        if *facts.own_node == OwnNode::AlwaysOpen && (on_host(client) || on_host(self.server)) {
            network.unknown = ConnectionSet::all().difference(&network.allowed);
        }
        network
    }

    fn made(&self, scene: &Scene<'_>, client: usize, network: &Connections) -> Vec<Link> {
        let mut found: BTreeMap<Fate, ConnectionSet> = BTreeMap::new();
        let mut add = |set: ConnectionSet, fate: Fate| {
            if !set.is_empty() {
                let own = found.entry(fate).or_default();
                *own = own.union(&set);
            }
        };
        let mut settled = ConnectionSet::none();
        // Proxies look at TCP alone.
        let others = ConnectionSet::all().difference(&tcp());
        add(network.allowed.intersection(&others), Fate::Allowed(Requests::All));
        for portion in &self.portions {
            let (fate, wire) = self.meeting(scene, client, portion.port).fate();
            let carried = carried(network, &portion.set, wire);
            // What the mesh refuses is refused, whatever the network makes of it.
            let certain = match fate {
                Fate::Refused { .. } => carried.allowed.union(&carried.unknown),
                _ => carried.allowed,
            };
            if wire == Wire::Tunnel {
                let rest = portion.set.difference(&certain);
                settled = settled.union(&rest);
                let is_told = !carried.unknown.is_empty() || scene.refusals == Refusals::Given;
                if !rest.is_empty() && is_told {
                    let port = (Transport::Tcp, HBONE_PORT);
                    let reason = self.reason(scene, client, port);
                    add(rest, if carried.unknown.is_empty() { reason } else { open(reason) });
                }
            }
            add(certain, fate);
        }
        let decided = found.values().fold(settled, |set, more| set.union(more));
        let mut add = |set: &ConnectionSet, fate: Fate| {
            let own = found.entry(fate).or_default();
            *own = own.union(set);
        };
        let rest = ConnectionSet::all().difference(&decided);
        for (set, fate) in self.not_carried(scene, client, network, &rest) {
            add(&set, fate);
        }
        self.of_entrances(scene, client, found)
    }

    fn meeting<'m>(&self, scene: &Scene<'m>, client: usize, port: u16) -> Meeting<'m> {
        Meeting {
            world: scene.world,
            planes: scene.planes,
            ways: scene.ways,
            client: &scene.sides[client],
            server: &scene.sides[self.server],
            port,
        }
    }

    /// What the network drops or may drop, with the reasons.
    fn not_carried(
        &self,
        scene: &Scene<'_>,
        client: usize,
        network: &Connections,
        rest: &ConnectionSet,
    ) -> Vec<(ConnectionSet, Fate)> {
        let mut found = Vec::new();
        for transport in TRANSPORTS {
            for part in self.parts(transport, rest) {
                let is_open = !part.intersection(&network.unknown).is_empty();
                if !is_open && scene.refusals == Refusals::LeftOut {
                    continue;
                }
                let port = part.ranges(transport).first().map_or(PORT_MIN, |range| range.0);
                let part_open = part.intersection(&network.unknown);
                let shut = part.difference(&part_open);
                if !shut.is_empty() && scene.refusals == Refusals::Given {
                    let port = shut.ranges(transport).first().map_or(port, |range| range.0);
                    found.push((shut, self.reason(scene, client, (transport, port))));
                }
                if !part_open.is_empty() {
                    let port = part_open.ranges(transport).first().map_or(port, |range| range.0);
                    let reason = self.reason(scene, client, (transport, port));
                    found.push((part_open, open(reason)));
                }
            }
        }
        found
    }

    /// Declared ports one by one, and each range of the others.
    fn parts(&self, transport: Transport, rest: &ConnectionSet) -> Vec<ConnectionSet> {
        let own = rest.intersection(&ConnectionSet::range(transport, PORT_MIN, PORT_MAX));
        let mut parts = Vec::new();
        let mut others = own.clone();
        if transport == Transport::Tcp {
            for portion in self.portions.iter().rev().skip(1) {
                let part = own.intersection(&portion.set);
                others = others.difference(&part);
                parts.push(part);
            }
        }
        let ranges = others.ranges(transport).iter();
        parts.extend(ranges.map(|&(first, last)| ConnectionSet::range(transport, first, last)));
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// Why the network does not carry connections to a port.
    fn reason(
        &self,
        scene: &Scene<'_>,
        client: usize,
        (transport, port): (Transport, u16),
    ) -> Fate {
        let (from, to) = (&scene.classes[client], &scene.classes[self.server]);
        let peer = self.other_pod(scene, client).unwrap_or(to.peer);
        let policies = scene.planes.network_policies();
        let verdict = policies.decide(scene.world, from.peer, peer, port, transport, &mut Silent);
        let general = |why: String| in_general(scene.world, why, (from, to));
        match verdict {
            NetworkVerdict::Dropped { direction, origins, .. } => {
                let (by, end) = match direction {
                    Direction::Egress => (BoxKind::ClientNode, "as they leave the client"),
                    Direction::Ingress => (BoxKind::ServerNode, "as they reach the server"),
                };
                let why = format!("network policy drops them {end}");
                let origins = sorted(origins);
                Fate::Refused { how: How::Dropped, by, why, origins }
            }
            NetworkVerdict::Unknown { why, origins } => {
                Fate::Unknown { why: general(why), origins: sorted(origins) }
            }
            NetworkVerdict::Allowed => Fate::Unknown {
                why: "what holds for one pod does not hold for all that are like it".to_owned(),
                origins: Vec::new(),
            },
        }
    }

    /// A pod of the server's class that is not the client.
    fn other_pod(&self, scene: &Scene<'_>, client: usize) -> Option<NetworkPeer> {
        if client != self.server {
            return None;
        }
        scene.classes[self.server].second.map(NetworkPeer::Pod)
    }

    /// From the ingress controller only what it serves counts.
    fn of_entrances(
        &self,
        scene: &Scene<'_>,
        client: usize,
        found: BTreeMap<Fate, ConnectionSet>,
    ) -> Vec<Link> {
        let served = (scene.classes[client].kind == PartyKind::IngressController).then(|| {
            let pod = scene.classes[self.server].pod;
            let ports = pod.and_then(|pod| scene.entrances.get(&pod));
            ports.into_iter().flatten().fold(ConnectionSet::none(), |set, port| {
                set.union(&ConnectionSet::port(Transport::Tcp, *port))
            })
        });
        let links = found.into_iter().filter_map(|(fate, set)| {
            let set = match &served {
                Some(served) => set.intersection(served),
                None => set,
            };
            let counts = match fate {
                Fate::Refused { .. } => scene.refusals == Refusals::Given,
                _ => true,
            };
            (counts && !set.is_empty()).then_some(Link { set, fate })
        });
        links.collect()
    }
}

/// A reason that names the pods which stand for their classes, without their names.
fn in_general(world: &World, why: String, (from, to): (&Class, &Class)) -> String {
    let mut names = Vec::new();
    for (class, role) in [(from, "the client"), (to, "the server")] {
        for pod in class.pod.into_iter().chain(class.second) {
            let namespace = world.workload_of(pod).namespace;
            let namespace = namespace.map_or("", |id| world.namespaces[id].name.as_str());
            names.push((format!("{namespace}/{}", world.pods[pod].name), role));
        }
    }
    // A name may begin as another does.
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.iter().fold(why, |why, (name, role)| why.replace(name, role))
}

fn tcp() -> ConnectionSet {
    ConnectionSet::range(Transport::Tcp, PORT_MIN, PORT_MAX)
}

fn sorted(mut origins: Vec<Origin>) -> Vec<Origin> {
    origins.sort();
    origins.dedup();
    origins
}
