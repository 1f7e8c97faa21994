//! What is probably wrong with policies of the network: those that select nothing, rules that can
//! never match, and pods that are cut off from their name servers. What cannot be read was found
//! fault with when it was read.

use std::collections::BTreeSet;

use crate::manifest::kinds::policy::{
    Direction, NamespaceTest, PeerTest, PolicyAction, PolicySubject, PortTest, Selection,
};
use crate::manifest::kinds::{Labels, Transport};
use crate::manifest::{Diagnostic, Place};
use crate::policy::ConnectionSet;
use crate::world::{ClusterId, NamespaceId, TableId, World};

use super::NetworkPolicies;
use super::compile::{ClusterRow, NamespacedRow, OfCluster, RuleRow};
use super::matching::{Truth, selects};

/// The port of name servers.
const DNS_PORT: u16 = 53;

/// Pods with the same labels and ports, whether or not any of them runs.
struct Kind<'w> {
    namespace: NamespaceId,
    labels: &'w Labels,
    ports: &'w [(String, u16, Transport)],
}

/// Everything of one cluster that policies can select.
struct Scope<'a> {
    policies: &'a NetworkPolicies,
    world: &'a World,
    rows: &'a OfCluster,
    kinds: Vec<Kind<'a>>,
}

/// The findings about the policies of all clusters, in the order of their names.
pub(super) fn findings(policies: &NetworkPolicies, world: &World) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, rows) in policies.clusters.iter().enumerate() {
        let kinds = kinds(world, TableId::from_index(at));
        let scope = Scope { policies, world, rows, kinds };
        for (namespace, own) in &rows.namespaced {
            for row in own {
                scope.namespaced(*namespace, row, &mut found);
            }
            scope.name_servers(*namespace, own, &mut found);
        }
        for row in rows.admin.iter().chain(&rows.baseline).flatten() {
            scope.cluster_policy(row, &mut found);
        }
    }
    found
}

/// What makes pods alike to policies: namespace, labels, and the ports that have names.
type Alike<'w> = (NamespaceId, &'w Labels, &'w [(String, u16, Transport)]);

fn kinds(world: &World, cluster: ClusterId) -> Vec<Kind<'_>> {
    let mut kinds = Vec::new();
    let mut seen: BTreeSet<Alike<'_>> = BTreeSet::new();
    for workload in world.workloads.iter() {
        let Some(namespace) = workload.namespace else { continue };
        if world.namespaces[namespace].cluster != cluster {
            continue;
        }
        let ports = workload.container_ports.as_slice();
        let pods = workload.pods.start.index()..workload.pods.end.index();
        let of_pods = world.pods.as_slice()[pods].iter().map(|pod| &*pod.labels);
        for labels in of_pods.chain([&*workload.labels]) {
            if seen.insert((namespace, labels, ports)) {
                kinds.push(Kind { namespace, labels, ports });
            }
        }
    }
    kinds
}

impl Scope<'_> {
    fn namespaced(&self, own: NamespaceId, row: &NamespacedRow, found: &mut Vec<Diagnostic>) {
        let Selection::Labels(selector) = &row.policy.pods else { return };
        let selected: Vec<&Kind<'_>> = self
            .kinds
            .iter()
            .filter(|kind| kind.namespace == own)
            .filter(|kind| selects(&row.policy.pods, kind.labels) == Truth::Yes)
            .collect();
        if selected.is_empty() {
            let name = &self.world.namespaces[own].name;
            let message = format!("{} selects no pod of namespace `{name}`", row.title);
            found.push(nothing_selected(message, selector.place));
            return;
        }
        for direction in &row.policy.directions {
            for rule in row.rules(*direction) {
                self.rule(rule, Some(own), &row.title, (*direction, &selected), found);
            }
        }
    }

    fn cluster_policy(&self, row: &ClusterRow, found: &mut Vec<Diagnostic>) {
        let PolicySubject::Pods { namespaces, pods } = &row.policy.subject else { return };
        let is_subject = |kind: &&Kind<'_>| {
            let of_namespace = self.policies.namespace_labels(kind.namespace);
            selects(namespaces, of_namespace) == Truth::Yes
                && pods.as_ref().is_none_or(|pods| selects(pods, kind.labels) == Truth::Yes)
        };
        let selected: Vec<&Kind<'_>> = self.kinds.iter().filter(is_subject).collect();
        if selected.is_empty() {
            let message = format!("{} speaks of no pod", row.title);
            found.push(nothing_selected(message, namespaces.place()));
            return;
        }
        for direction in [Direction::Ingress, Direction::Egress] {
            for rule in row.rules(direction) {
                self.rule(rule, None, &row.title, (direction, &selected), found);
            }
        }
    }

    /// Peers that pick no pod, and names of ports that no pod has which could be called.
    fn rule(
        &self,
        row: &RuleRow,
        own: Option<NamespaceId>,
        title: &str,
        (direction, selected): (Direction, &[&Kind<'_>]),
        found: &mut Vec<Diagnostic>,
    ) {
        for peer in row.rule.peers.iter().flatten() {
            let PeerTest::Pods { namespaces, pods } = &peer.test else { continue };
            let is_read = |it: &Selection| matches!(it, Selection::Labels(_));
            let reads = pods.as_ref().is_none_or(is_read)
                && match namespaces {
                    NamespaceTest::Own => true,
                    NamespaceTest::Labels(labels) => is_read(labels),
                };
            let in_namespace = |kind: &&Kind<'_>| match namespaces {
                NamespaceTest::Own => own == Some(kind.namespace),
                NamespaceTest::Labels(labels) => {
                    let found = self.policies.namespace_labels(kind.namespace);
                    selects(labels, found) == Truth::Yes
                }
            };
            // A namespace without pods here may well have some elsewhere.
            let mut near = self.kinds.iter().filter(in_namespace).peekable();
            let has_pods = near.peek().is_some();
            let fits = |kind: &Kind<'_>| {
                pods.as_ref().is_none_or(|pods| selects(pods, kind.labels) == Truth::Yes)
            };
            if reads && has_pods && !near.any(fits) {
                let message = format!("a peer of {title} picks no pod");
                found.push(
                    Diagnostic::warning("network.peer-picks-nothing", message)
                        .at(peer.place, "no pod of the manifests has these labels")
                        .help(
                            "correct the labels, or the namespace: a pod selector alone means \
                             pods of the policy's own namespace",
                        ),
                );
            }
        }
        for port in row.rule.ports.iter().flatten() {
            let PortTest::Named(name) = &port.test else { continue };
            let has = |kind: &Kind<'_>| {
                let fits = |it: &(String, u16, Transport)| {
                    it.0 == *name && port.transport.is_none_or(|own| own == it.2)
                };
                kind.ports.iter().any(fits)
            };
            let is_known = match direction {
                Direction::Ingress => selected.iter().any(|kind| has(kind)),
                Direction::Egress => self.kinds.iter().any(has),
            };
            if !is_known {
                let message = format!("{title} names the port `{name}`, which no pod has");
                found.push(
                    Diagnostic::warning("network.unknown-port-name", message)
                        .at(port.place, "this entry can never match")
                        .help("use the name and the protocol of a container port, or its number"),
                );
            }
        }
    }

    /// Pods that may call something, and no name server.
    fn name_servers(&self, own: NamespaceId, rows: &[NamespacedRow], found: &mut Vec<Diagnostic>) {
        let accepts = |row: &&ClusterRow| {
            let rules = row.rules(Direction::Egress).iter();
            let accepting = |rule: &&RuleRow| rule.rule.action == Some(PolicyAction::Accept);
            rules.filter(accepting).any(reaches_name_servers)
        };
        if self.rows.admin.iter().flatten().any(|row| accepts(&row)) {
            return;
        }
        let mut told: BTreeSet<Place> = BTreeSet::new();
        for kind in self.kinds.iter().filter(|kind| kind.namespace == own) {
            let isolating: Vec<&NamespacedRow> = rows
                .iter()
                .filter(|row| row.policy.directions.contains(&Direction::Egress))
                .filter(|row| selects(&row.policy.pods, kind.labels) == Truth::Yes)
                .collect();
            let mut rules = isolating.iter().flat_map(|row| &row.egress);
            // Where nothing may be called, no name has to be resolved.
            let Some(first) = isolating.iter().find(|row| !row.egress.is_empty()) else { continue };
            if rules.any(reaches_name_servers) || !told.insert(first.policy.meta.name.place) {
                continue;
            }
            let message = format!("pods that {} selects may call no name server", first.title);
            found.push(
                Diagnostic::warning("network.no-dns", message)
                    .at(
                        first.policy.meta.name.place,
                        "names cannot be resolved, so calls by name fail",
                    )
                    .help(
                        "allow egress to port 53 over UDP and TCP, for example to the pods of \
                         namespace `kube-system`",
                    ),
            );
        }
    }
}

fn reaches_name_servers(row: &RuleRow) -> bool {
    let Some(ports) = &row.rule.ports else { return true };
    ports.iter().any(|port| {
        let fits = |transport| port.transport.is_none_or(|own| own == transport);
        let is_dns = match &port.test {
            PortTest::All => true,
            PortTest::Range(first, last) => ConnectionSet::range(Transport::Udp, *first, *last)
                .contains(Transport::Udp, DNS_PORT),
            // The name may be that of a name server's port.
            PortTest::Named(_) => true,
            PortTest::Refused => false,
        };
        is_dns && (fits(Transport::Udp) || fits(Transport::Tcp))
    })
}

fn nothing_selected(message: String, place: Place) -> Diagnostic {
    Diagnostic::warning("network.selects-nothing", message)
        .at(place, "it has no effect")
        .help("correct the labels; pods that no policy selects are open to everybody")
}
