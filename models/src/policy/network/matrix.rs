//! All connections between many ends at once. Ends that no policy can tell apart are one class, and
//! what a class's policies make of another is computed once for each way in which its peers fit.
//!
//! A pod's own node, which always gets through, is left aside: it is another one for each pod.

use std::collections::BTreeMap;

use crate::explain::Silent;
use crate::lookup::LookupMap;
use crate::manifest::kinds::Transport;
use crate::manifest::kinds::policy::{Direction, PortTest};
use crate::policy::ConnectionSet;
use crate::world::{NamespaceId, TableId, World};

use super::compile::{self, ClusterRow, NamespacedRow, OfCluster, RuleRow, is_refused};
use super::evaluate::{Asked, End, Look, evaluate};
use super::matching::{self, Scene, Truth, port_set};
use super::party::{Party, PartyKind, PodParty};
use super::{NetworkPeer, NetworkPolicies};

/// What passes between two ends, and what may.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connections {
    /// What passes.
    pub allowed: ConnectionSet,
    /// What turns on something that the manifests do not say.
    pub unknown: ConnectionSet,
}

impl Connections {
    /// Everything passes.
    #[must_use]
    pub fn all() -> Self {
        Self { allowed: ConnectionSet::all(), unknown: ConnectionSet::none() }
    }

    /// Whether nothing passes, and nothing may.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allowed.is_empty() && self.unknown.is_empty()
    }

    /// What passes both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let possible = |it: &Self| it.allowed.union(&it.unknown);
        let allowed = self.allowed.intersection(&other.allowed);
        let unknown = possible(self).intersection(&possible(other)).difference(&allowed);
        Self { allowed, unknown }
    }

    /// What either passes.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let allowed = self.allowed.union(&other.allowed);
        let unknown = self.unknown.union(&other.unknown).difference(&allowed);
        Self { allowed, unknown }
    }

    /// The part of both that is in a set.
    #[must_use]
    pub fn within(&self, set: &ConnectionSet) -> Self {
        Self { allowed: self.allowed.intersection(set), unknown: self.unknown.intersection(set) }
    }
}

/// What passes between any two of many ends.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// By the number of the end.
    classes: Vec<usize>,
    count: usize,
    /// By the class of the client, then that of the server.
    cells: Vec<u32>,
    sets: Vec<Connections>,
}

impl Matrix {
    /// What passes from one end to another, which is not the same pod. Ends are counted in the order
    /// in which they were given.
    #[must_use]
    pub fn between(&self, from: usize, to: usize) -> &Connections {
        let cell = self.classes[from] * self.count + self.classes[to];
        &self.sets[self.cells[cell] as usize]
    }

    /// The class of an end: ends of one class have the same connections.
    #[must_use]
    pub fn class_of(&self, end: usize) -> usize {
        self.classes[end]
    }

    /// How many classes there are.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.count
    }
}

/// What tells classes apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Signature {
    /// Whether policies of its cluster can select it.
    cluster: Option<usize>,
    /// The policies that do, by their position among those of the cluster.
    selected_by: Vec<u32>,
    /// How each peer of all rules fits it.
    truths: Vec<u8>,
    /// What the names of ports mean that rules use.
    ports: Vec<(String, u16, Transport)>,
}

/// A class of ends and one of them.
struct Class<'a> {
    party: Party<'a>,
    truths: Vec<u8>,
    /// The policies that select it, by direction: ingress, egress.
    asked: [Asked<'a>; 2],
    /// Which meaning of port names it has.
    port_names: u32,
}

const fn index(direction: Direction) -> usize {
    match direction {
        Direction::Ingress => 0,
        Direction::Egress => 1,
    }
}

impl NetworkPolicies {
    /// What passes between all pairs of ends. `step` is called for each class of clients that is
    /// done, with how many there are.
    #[must_use]
    pub fn matrix(
        &self,
        world: &World,
        ends: &[NetworkPeer],
        step: &mut dyn FnMut(usize, usize),
    ) -> Matrix {
        let peers = Peers::of(self, world);
        let names = peers.names_of_ports();
        let mut known: BTreeMap<Signature, usize> = BTreeMap::new();
        let mut port_names: BTreeMap<Vec<(String, u16, Transport)>, u32> = BTreeMap::new();
        let mut classes: Vec<Class<'_>> = Vec::new();
        let mut class_of = Vec::with_capacity(ends.len());
        for end in ends {
            let party = Party::of(self, world, *end);
            let rows = party.subject().and_then(|pod| self.clusters.get(pod.cluster.index()));
            let asked = [Direction::Ingress, Direction::Egress].map(|direction| {
                let pod = party.subject().zip(rows);
                pod.map_or_else(Asked::default, |(pod, rows)| selecting(rows, pod, direction))
            });
            let ports = used_ports(&party, &names);
            let next = u32::try_from(port_names.len()).unwrap_or(u32::MAX);
            let port_names = *port_names.entry(ports.clone()).or_insert(next);
            let truths = peers.truths(&party);
            let signature = Signature {
                cluster: party.subject().map(|pod| pod.cluster.index()),
                selected_by: numbers(&asked),
                truths: truths.clone(),
                ports,
            };
            let class = *known.entry(signature).or_insert_with(|| {
                classes.push(Class { party, truths, asked, port_names });
                classes.len() - 1
            });
            class_of.push(class);
        }
        let mut fill = Fill::new(self, world, &classes);
        let mut cells = Vec::with_capacity(classes.len() * classes.len());
        for from in 0..classes.len() {
            for to in 0..classes.len() {
                cells.push(fill.pair(from, to));
            }
            step(from + 1, classes.len());
        }
        Matrix { classes: class_of, count: classes.len(), cells, sets: fill.sets }
    }
}

/// The policies that select a pod in a direction, and those whose subject cannot be read.
fn selecting<'a>(rows: &'a OfCluster, pod: &PodParty<'_>, direction: Direction) -> Asked<'a> {
    let groups = |groups: &'a [Vec<ClusterRow>]| {
        let speaks = |row: &&ClusterRow| {
            !row.rules(direction).is_empty()
                && matching::subject(&row.policy.subject, pod) != Truth::No
                || is_refused(&row.policy.subject)
        };
        let each = groups.iter().map(|group| group.iter().filter(speaks).collect::<Vec<_>>());
        each.filter(|group| !group.is_empty()).collect()
    };
    let isolates = |row: &&NamespacedRow| match &row.policy.pods {
        crate::manifest::kinds::policy::Selection::Refused(_) => true,
        selection => {
            row.policy.directions.contains(&direction)
                && matching::selects(selection, pod.labels) == Truth::Yes
        }
    };
    let of_namespace = rows.namespaced.get(&pod.namespace).into_iter().flatten();
    Asked {
        admin: groups(&rows.admin),
        namespaced: of_namespace.filter(isolates).collect(),
        baseline: groups(&rows.baseline),
    }
}

/// What tells one list of policies from another: the places of their names.
fn numbers(asked: &[Asked<'_>; 2]) -> Vec<u32> {
    let mut numbers = Vec::new();
    for one in asked {
        let cluster = one.admin.iter().chain(&one.baseline).flatten();
        let places = cluster
            .map(|row| row.policy.meta.name.place)
            .chain(one.namespaced.iter().map(|row| row.policy.meta.name.place));
        for place in places {
            numbers.extend([place.source.0, place.line, place.column]);
        }
        numbers.push(u32::MAX);
    }
    numbers
}

/// The ports of a pod with names that rules use.
fn used_ports(party: &Party<'_>, names: &[&str]) -> Vec<(String, u16, Transport)> {
    let PartyKind::Pod(pod) = party.kind else { return Vec::new() };
    let used = pod.ports.iter().filter(|(name, _, _)| names.contains(&name.as_str()));
    let mut used: Vec<_> = used.cloned().collect();
    used.sort();
    used
}

/// The peers of all rules of all clusters, by their number.
struct Peers<'a> {
    policies: &'a NetworkPolicies,
    world: &'a World,
    rules: Vec<(Scene<'a>, Option<NamespaceId>, &'a RuleRow)>,
}

impl<'a> Peers<'a> {
    fn of(policies: &'a NetworkPolicies, world: &'a World) -> Self {
        let mut rules = Vec::new();
        for (id, rows) in policies.clusters.iter().enumerate() {
            let cluster = TableId::from_index(id);
            let scene = Scene { world, facts: policies.facts(), cluster, rows };
            for (namespace, row) in compile::all_rules(rows) {
                rules.push((scene, namespace, row));
            }
        }
        rules.sort_by_key(|(_, _, row)| row.first_peer);
        Self { policies, world, rules }
    }

    fn truths(&self, party: &Party<'_>) -> Vec<u8> {
        debug_assert!(!self.policies.clusters.is_empty() || self.rules.is_empty());
        debug_assert!(self.world.clusters.len() >= self.policies.clusters.len());
        let mut truths = Vec::new();
        for (scene, own, row) in &self.rules {
            for peer in row.rule.peers.iter().flatten() {
                truths.push(scene.peer(&peer.test, *own, party) as u8);
            }
        }
        truths
    }

    fn names_of_ports(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for (_, _, row) in &self.rules {
            for port in row.rule.ports.iter().flatten() {
                if let PortTest::Named(name) = &port.test {
                    names.push(name);
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Everything between two ends, with what is known of the other end's class.
struct All<'a> {
    other: &'a [u8],
}

impl Look for All<'_> {
    type Part = ConnectionSet;

    fn whole(&self) -> ConnectionSet {
        ConnectionSet::all()
    }

    fn none(&self) -> ConnectionSet {
        ConnectionSet::none()
    }

    fn called(&self) -> Option<(u16, Transport)> {
        None
    }

    // Only policies that select the pod are asked.
    fn speaks(&self, _: &End<'_>, _: &ClusterRow) -> Truth {
        Truth::Yes
    }

    fn selects(&self, _: &End<'_>, _: &NamespacedRow) -> Truth {
        Truth::Yes
    }

    fn peer(&self, _: &End<'_>, row: &RuleRow, at: usize, _: Option<NamespaceId>) -> Truth {
        match self.other.get(row.first_peer + at) {
            Some(0) | None => Truth::No,
            Some(1) => Truth::Maybe,
            Some(_) => Truth::Yes,
        }
    }

    fn ports(&self, end: &End<'_>, row: &RuleRow) -> ConnectionSet {
        port_set(row.rule.ports.as_deref(), end.to)
    }
}

/// Computes the cells, each distinct part of them once.
struct Fill<'a> {
    policies: &'a NetworkPolicies,
    world: &'a World,
    classes: &'a [Class<'a>],
    /// For each class and direction, the numbers of the peers that its policies name.
    asked_peers: Vec<[Vec<usize>; 2]>,
    /// What a class's policies make of another, by how the other fits their peers.
    halves: Vec<[LookupMap<Vec<u8>, u32>; 2]>,
    pairs: LookupMap<(u32, u32), u32>,
    numbers: BTreeMap<Connections, u32>,
    sets: Vec<Connections>,
}

impl<'a> Fill<'a> {
    fn new(policies: &'a NetworkPolicies, world: &'a World, classes: &'a [Class<'a>]) -> Self {
        let asked_peers = classes.iter().map(|class| {
            [Direction::Ingress, Direction::Egress]
                .map(|direction| peer_numbers(&class.asked[index(direction)], direction))
        });
        let mut fill = Self {
            policies,
            world,
            classes,
            asked_peers: asked_peers.collect(),
            halves: classes.iter().map(|_| Default::default()).collect(),
            pairs: LookupMap::default(),
            numbers: BTreeMap::new(),
            sets: Vec::new(),
        };
        // What no policy speaks of passes.
        fill.number(Connections::all());
        fill
    }

    fn pair(&mut self, from: usize, to: usize) -> u32 {
        let out = self.half(from, to, Direction::Egress);
        let back = self.half(to, from, Direction::Ingress);
        if let Some(known) = self.pairs.get(&(out, back)) {
            return *known;
        }
        let both = self.sets[out as usize].and(&self.sets[back as usize]);
        let number = self.number(both);
        self.pairs.insert((out, back), number);
        number
    }

    /// What the policies of `own` make of its connections with `other`.
    fn half(&mut self, own: usize, other: usize, direction: Direction) -> u32 {
        let classes = self.classes;
        let (own_class, other_class) = (&classes[own], &classes[other]);
        let asked = &own_class.asked[index(direction)];
        if asked.is_empty() {
            return 0;
        }
        let peers = &self.asked_peers[own][index(direction)];
        let mut key: Vec<u8> = peers.iter().map(|at| other_class.truths[*at]).collect();
        if direction == Direction::Egress {
            key.extend(other_class.port_names.to_le_bytes());
        }
        if let Some(known) = self.halves[own][index(direction)].get(&key) {
            return *known;
        }
        let set = self.evaluated(own_class, other_class, direction);
        let number = self.number(set);
        self.halves[own][index(direction)].insert(key, number);
        number
    }

    fn evaluated(&self, own: &Class<'a>, other: &Class<'a>, direction: Direction) -> Connections {
        let Some(pod) = own.party.subject() else { return Connections::all() };
        let Some(rows) = compile::row_of(&self.policies.clusters, pod.cluster) else {
            return Connections::all();
        };
        let facts = self.policies.facts();
        let end = End {
            scene: Scene { world: self.world, facts, cluster: pod.cluster, rows },
            direction,
            pod,
            other: &other.party,
            to: match direction {
                Direction::Ingress => &own.party,
                Direction::Egress => &other.party,
            },
            asked: &own.asked[index(direction)],
        };
        let ending = evaluate(&end, &All { other: &other.truths }, &mut Silent);
        Connections {
            allowed: ending.allow.difference(&ending.deny),
            unknown: ending.allow.intersection(&ending.deny),
        }
    }

    fn number(&mut self, set: Connections) -> u32 {
        let next = u32::try_from(self.sets.len()).expect("sets of ports are fewer than 2^32");
        let sets = &mut self.sets;
        *self.numbers.entry(set.clone()).or_insert_with(|| {
            sets.push(set);
            next
        })
    }
}

/// The numbers of all peers that a class's policies name in a direction.
fn peer_numbers(asked: &Asked<'_>, direction: Direction) -> Vec<usize> {
    let cluster = asked.admin.iter().chain(&asked.baseline).flatten();
    let of_cluster = cluster.flat_map(|row| row.rules(direction));
    let rules = of_cluster.chain(asked.namespaced.iter().flat_map(|row| row.rules(direction)));
    let peers = |row: &RuleRow| {
        row.first_peer..row.first_peer + row.rule.peers.as_ref().map_or(0, Vec::len)
    };
    rules.flat_map(peers).collect()
}
