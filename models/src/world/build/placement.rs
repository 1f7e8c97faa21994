//! Which node each pod gets. The real scheduler scores nodes by free resources and spreads by
//! host and zone; here pods of a workload go round the zones and, within a zone, round its nodes.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::manifest::kinds::Labels;
use crate::world::{NodeId, Placement, Spread, ZoneId};

use super::nodes::{NodePool, PoolSource};

/// The nodes that one workload may use.
pub(super) struct Eligible {
    /// The schedulable ones of each zone.
    zones: Vec<Vec<NodeId>>,
    /// The schedulable ones, by name.
    nodes: Vec<NodeId>,
    /// All, cordoned ones too, by name, for DaemonSets.
    pub(super) daemon_nodes: Vec<(NodeId, String)>,
    /// Whether a node was taken to have a label that nobody declares.
    pub(super) label_assumed: Option<String>,
}

impl Eligible {
    /// Whether no ordinary pod fits anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node of the `ordinal`-th pod of a workload whose name hashes to `start`: the start
    /// depends on this workload alone, so that a new workload moves no other pod.
    pub(super) fn node_of(&self, spread: Spread, start: u64, ordinal: u64) -> NodeId {
        assert!(!self.is_empty(), "the caller asks only when a node fits");
        match spread {
            Spread::Nodes => pick(&self.nodes, start.wrapping_add(ordinal)),
            Spread::ZonesThenNodes => {
                let zone = pick_ref(&self.zones, (start & 0xffff_ffff) + ordinal);
                let round = ordinal / self.zones.len() as u64;
                pick(zone, (start >> 32) + round)
            }
        }
    }
}

fn pick(nodes: &[NodeId], position: u64) -> NodeId {
    *pick_ref(nodes, position)
}

fn pick_ref<T>(rows: &[T], position: u64) -> &T {
    let index = position % rows.len() as u64;
    &rows[usize::try_from(index).expect("an index below the length fits usize")]
}

/// The labels and the zones that a workload asks for.
type Demand = (Vec<(String, String)>, Vec<String>);

/// Finds the nodes of one cluster that fit; asks each node once per distinct demand.
pub(super) struct Placer<'p> {
    pool: &'p NodePool,
    found: BTreeMap<Demand, Rc<Eligible>>,
    by_name: BTreeMap<&'p str, NodeId>,
}

impl<'p> Placer<'p> {
    pub(super) fn new(pool: &'p NodePool) -> Self {
        let by_name = pool.nodes.iter().map(|node| (node.name.as_str(), node.id)).collect();
        Self { pool, found: BTreeMap::new(), by_name }
    }

    /// The node that `spec.nodeName` names.
    pub(super) fn named(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// Who says which nodes there are.
    pub(super) fn source(&self) -> PoolSource {
        self.pool.source
    }

    /// The nodes that have the labels of `selector` and stand in one of `zones` (if any).
    pub(super) fn eligible(&mut self, selector: &Labels, zones: &[String]) -> Rc<Eligible> {
        let wanted = selector.iter().map(|(key, value)| (key.clone(), value.value.clone()));
        let demand = (wanted.collect::<Vec<_>>(), zones.to_vec());
        if let Some(found) = self.found.get(&demand) {
            return Rc::clone(found);
        }
        let found = Rc::new(self.search(&demand.0, zones));
        self.found.insert(demand, Rc::clone(&found));
        found
    }

    fn search(&self, wanted: &[(String, String)], zones: &[String]) -> Eligible {
        let invented = self.pool.source != PoolSource::Manifest;
        let mut label_assumed = None;
        let mut by_zone: BTreeMap<ZoneId, Vec<NodeId>> = BTreeMap::new();
        let (mut nodes, mut daemon_nodes) = (Vec::new(), Vec::new());
        for node in &self.pool.nodes {
            let mut fits = zones.is_empty() || zones.contains(&node.zone_name);
            for (key, value) in wanted {
                match node.labels.get(key) {
                    Some(found) => fits &= found == value,
                    // Nobody said which other labels such a node has.
                    None if invented => label_assumed = Some(format!("{key}={value}")),
                    None => fits = false,
                }
            }
            if !fits {
                continue;
            }
            daemon_nodes.push((node.id, node.name.clone()));
            if node.schedulable {
                nodes.push(node.id);
                by_zone.entry(node.zone).or_default().push(node.id);
            }
        }
        Eligible { zones: by_zone.into_values().collect(), nodes, daemon_nodes, label_assumed }
    }

    /// The zones of `placement` that this cluster lacks.
    pub(super) fn unknown_zones<'q>(&self, placement: &'q Placement) -> Vec<&'q str> {
        let known = |zone: &str| self.pool.nodes.iter().any(|node| node.zone_name == zone);
        placement.zones.iter().filter(|zone| !known(zone)).map(String::as_str).collect()
    }
}
