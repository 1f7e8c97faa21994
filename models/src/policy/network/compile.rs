//! The policies of each cluster in the order in which they are asked.

use std::collections::BTreeMap;

use crate::manifest::kinds::policy::{
    ClusterPolicy, ClusterPolicyKind, Direction, NetworkPolicy, PeerTest, PolicyRule,
    PolicySubject, PolicyTier, PortTest, Selection,
};
use crate::manifest::kinds::{Labels, Resource};
use crate::manifest::{Located, Place, SourceId};
use crate::world::{ClusterId, ClusterManifests, NamespaceId, NodeId, Origin, TableId, World};

/// The policies of one cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct OfCluster {
    /// By the number of their priority; several of one number stand side by side.
    pub(super) admin: Vec<Vec<ClusterRow>>,
    /// By namespace, in the order of names.
    pub(super) namespaced: BTreeMap<NamespaceId, Vec<NamespacedRow>>,
    /// As `admin`.
    pub(super) baseline: Vec<Vec<ClusterRow>>,
    /// The labels of the nodes that a manifest describes.
    pub(super) nodes: BTreeMap<NodeId, Labels>,
}

/// A NetworkPolicy.
#[derive(Clone, Debug)]
pub(super) struct NamespacedRow {
    /// Such as `NetworkPolicy shop/web`.
    pub(super) title: String,
    pub(super) policy: NetworkPolicy,
    pub(super) ingress: Vec<RuleRow>,
    pub(super) egress: Vec<RuleRow>,
}

/// A policy of the cluster.
#[derive(Clone, Debug)]
pub(super) struct ClusterRow {
    /// Such as `AdminNetworkPolicy all`.
    pub(super) title: String,
    pub(super) policy: ClusterPolicy,
    pub(super) ingress: Vec<RuleRow>,
    pub(super) egress: Vec<RuleRow>,
}

/// A rule, and whether all of it could be read.
#[derive(Clone, Debug)]
pub(super) struct RuleRow {
    pub(super) rule: PolicyRule,
    pub(super) reading: Reading,
    /// The number of its first peer among the peers of all rules.
    pub(super) first_peer: usize,
}

/// Whether all of a rule could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Whole,
    Refused,
}

impl NamespacedRow {
    pub(super) fn rules(&self, direction: Direction) -> &[RuleRow] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    pub(super) fn origin(&self) -> Origin {
        Origin::Manifest(self.policy.meta.name.place)
    }
}

impl ClusterRow {
    pub(super) fn rules(&self, direction: Direction) -> &[RuleRow] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    pub(super) fn origin(&self) -> Origin {
        Origin::Manifest(self.policy.meta.name.place)
    }
}

/// Counts the peers of all rules.
#[derive(Debug, Default)]
struct PeerCount(usize);

impl PeerCount {
    fn rows(&mut self, rules: &[PolicyRule]) -> Vec<RuleRow> {
        let row = |rule: &PolicyRule| {
            let first_peer = self.0;
            self.0 += rule.peers.as_ref().map_or(0, Vec::len);
            RuleRow { rule: rule.clone(), reading: reading(rule), first_peer }
        };
        rules.iter().map(row).collect()
    }
}

fn reading(rule: &PolicyRule) -> Reading {
    let is_refused = |selection: &Selection| matches!(selection, Selection::Refused(_));
    let peers = rule.peers.iter().flatten().any(|peer| match &peer.test {
        PeerTest::Refused => true,
        PeerTest::Nodes(selection) => is_refused(selection),
        PeerTest::Pods { namespaces, pods } => {
            let of_namespaces = match namespaces {
                crate::manifest::kinds::policy::NamespaceTest::Own => false,
                crate::manifest::kinds::policy::NamespaceTest::Labels(it) => is_refused(it),
            };
            of_namespaces || pods.as_ref().is_some_and(is_refused)
        }
        PeerTest::Block(_) | PeerTest::Networks(_) | PeerTest::DomainNames(_) => false,
    });
    let ports = rule.ports.iter().flatten().any(|port| port.test == PortTest::Refused);
    if peers || ports || rule.action.is_none() { Reading::Refused } else { Reading::Whole }
}

/// Policies by the order in which they are asked, before they are put side by side.
type Tiers<'m> = BTreeMap<(PolicyTier, u16, &'m str, ClusterPolicyKind), &'m ClusterPolicy>;

/// Sorts the policies of all clusters. Of two with one name the later counts.
pub(super) fn compile(world: &World, manifests: &[ClusterManifests<'_>]) -> Vec<OfCluster> {
    let mut count = PeerCount::default();
    let clusters = world.clusters.entries();
    let compiled = clusters.map(|(id, cluster)| {
        let parts = manifests.iter().filter(|part| part.name == cluster.name);
        of_cluster(world, id, parts, &mut count)
    });
    compiled.collect()
}

fn of_cluster<'m>(
    world: &World,
    id: ClusterId,
    parts: impl Iterator<Item = &'m ClusterManifests<'m>>,
    count: &mut PeerCount,
) -> OfCluster {
    let mut namespaced: BTreeMap<(&str, &str), &NetworkPolicy> = BTreeMap::new();
    let mut named: BTreeMap<(ClusterPolicyKind, &str), &ClusterPolicy> = BTreeMap::new();
    let mut node_labels: BTreeMap<&str, &Labels> = BTreeMap::new();
    for part in parts {
        for resource in part.resources {
            match resource {
                Resource::NetworkPolicy(policy) => {
                    let namespace = policy.meta.namespace.as_ref();
                    let namespace = namespace.map_or(part.default_namespace, |it| &it.value);
                    namespaced.insert((namespace, &policy.meta.name.value), policy);
                }
                Resource::ClusterPolicy(policy) => {
                    named.insert((policy.kind, &policy.meta.name.value), policy);
                }
                Resource::Node(node) => {
                    node_labels.insert(&node.meta.name.value, &node.meta.labels);
                }
                _ => {}
            }
        }
    }
    let mut cluster = OfCluster::default();
    for ((namespace, name), policy) in namespaced {
        let Some(namespace_id) = world.namespace_named(id, namespace) else { continue };
        cluster.namespaced.entry(namespace_id).or_default().push(NamespacedRow {
            title: format!("NetworkPolicy {namespace}/{name}"),
            policy: policy.clone(),
            ingress: count.rows(&policy.ingress),
            egress: count.rows(&policy.egress),
        });
    }
    let tiers: Tiers<'_> = named
        .into_iter()
        .map(|((kind, name), policy)| {
            ((policy.tier, policy.priority.unwrap_or(0), name, kind), policy)
        })
        .collect();
    for ((tier, priority, name, kind), policy) in tiers {
        let groups = match tier {
            PolicyTier::Admin => &mut cluster.admin,
            PolicyTier::Baseline => &mut cluster.baseline,
        };
        let row = ClusterRow {
            title: format!("{kind:?} {name}"),
            policy: policy.clone(),
            ingress: count.rows(&policy.ingress),
            egress: count.rows(&policy.egress),
        };
        let last = groups.last_mut();
        match last.filter(|group| group[0].policy.priority.unwrap_or(0) == priority) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    for (node, row) in world.nodes.entries().filter(|(_, row)| row.cluster == Some(id)) {
        // A node that the scenario made has other labels than the object of its name.
        if let (Some(labels), Origin::Manifest(_)) =
            (node_labels.get(row.name.as_str()), row.origin)
        {
            cluster.nodes.insert(node, (*labels).clone());
        }
    }
    cluster
}

/// The labels of all namespaces, with the one that the API server sets on each
/// (kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name).
pub(super) fn namespace_labels(world: &World) -> Vec<Labels> {
    let namespaces = world.namespaces.iter();
    let labels = namespaces.map(|namespace| {
        let place = match namespace.origin {
            Origin::Manifest(place) => place,
            _ => NOWHERE,
        };
        with_name(namespace.labels.clone(), &namespace.name, place)
    });
    labels.collect()
}

/// Labels that no manifest gives have no place; none is ever shown for them.
pub(super) const NOWHERE: Place = Place { source: SourceId(0), line: 1, column: 1 };

fn with_name(mut labels: Labels, name: &str, place: Place) -> Labels {
    labels.insert("kubernetes.io/metadata.name".to_owned(), Located::new(name.to_owned(), place));
    labels
}

/// The labels of a namespace that no manifest mentions.
pub(super) fn unmentioned_namespace(name: &str) -> Labels {
    with_name(Labels::new(), name, NOWHERE)
}

/// The labels of the namespace of name servers that no manifest mentions, and their own.
pub(super) fn unmentioned_name_server() -> (Labels, Labels) {
    let own = Located::new("kube-dns".to_owned(), NOWHERE);
    (unmentioned_namespace("kube-system"), Labels::from([("k8s-app".to_owned(), own)]))
}

/// Whether a subject cannot be read.
pub(super) const fn is_refused(subject: &PolicySubject) -> bool {
    matches!(subject, PolicySubject::Refused(_))
}

/// The row of a cluster in what `compile` made.
pub(super) fn row_of(compiled: &[OfCluster], cluster: ClusterId) -> Option<&OfCluster> {
    compiled.get(cluster.index())
}

/// The rules of all policies of a cluster, each with the namespace of its policy.
pub(super) fn all_rules(rows: &OfCluster) -> impl Iterator<Item = (Option<NamespaceId>, &RuleRow)> {
    let cluster = rows.admin.iter().chain(&rows.baseline).flatten();
    let of_cluster = cluster.flat_map(|row| row.ingress.iter().chain(&row.egress));
    let of_namespaces = rows.namespaced.iter().flat_map(|(namespace, rows)| {
        let rules = rows.iter().flat_map(|row| row.ingress.iter().chain(&row.egress));
        rules.map(move |rule| (Some(*namespace), rule))
    });
    of_cluster.map(|rule| (None, rule)).chain(of_namespaces)
}
