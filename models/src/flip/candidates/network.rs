//! Edits about NetworkPolicies and policies of the cluster.

use std::collections::BTreeMap;

use crate::manifest::kinds::policy::{
    ClusterPolicy, Direction, NamespaceTest, NetworkPolicy, PeerTest, PolicyPeer, PolicyPort,
    PolicyRule, PolicySubject, PortTest,
};
use crate::manifest::kinds::{Resource, Transport};

use super::super::edit::{At, Change, Edit};
use super::super::network::{NetworkChange, NewPeer, NewPort, RuleChange, fields_of_policy, rules};
use super::super::scene::Side;
use super::labels::{of_namespace, of_pods, selects, to_be_left_out, to_be_selected};
use super::{Found, Goal, namespace_of, title};

/// Labels that name an application well, the best first.
const NAMING: [&str; 4] = ["app.kubernetes.io/name", "app", "k8s-app", "name"];

/// How many labels a peer is given where none of the naming ones is there.
const LABELS_MAX: usize = 4;

/// A NetworkPolicy, and the pod at its end.
struct Meeting<'m> {
    at: At,
    policy: &'m NetworkPolicy,
    namespace: &'m str,
    title: &'m str,
    direction: Direction,
    own: &'m Side,
    others: &'m [Side],
    /// The end that is called.
    called: &'m [Side],
}

pub(super) fn add(found: &mut Found<'_, '_>) {
    let scene = found.scene;
    let Some(caller) = &scene.caller else { return };
    for (at, default, resource) in scene.draft.objects() {
        match resource {
            Resource::NetworkPolicy(policy) => {
                let namespace = namespace_of(default, &policy.meta);
                let title = title("NetworkPolicy", default, &policy.meta);
                of_policy(found, (at, policy), namespace, &title, caller);
            }
            Resource::ClusterPolicy(policy) if found.goal == Goal::Admit => {
                let mut sides = scene.servers.iter().chain(&scene.name_server);
                if speaks_of(policy, caller) || sides.any(|side| speaks_of(policy, side)) {
                    let title = format!("{:?} {}", policy.kind, policy.meta.name.value);
                    let fields = 1 + policy.ingress.len() + policy.egress.len();
                    found.delete(at, &policy.meta, &title, fields as u32);
                }
            }
            _ => {}
        }
    }
}

fn speaks_of(policy: &ClusterPolicy, side: &Side) -> bool {
    match &policy.subject {
        PolicySubject::Pods { namespaces, pods } => {
            let of_pods = pods.as_ref().is_none_or(|it| selects(it, &side.labels));
            of_pods && selects(namespaces, &side.namespace_labels)
        }
        PolicySubject::Refused(_) => true,
    }
}

fn of_policy(
    found: &mut Found<'_, '_>,
    (at, policy): (At, &NetworkPolicy),
    namespace: &str,
    title: &str,
    caller: &Side,
) {
    let scene = found.scene;
    let out = Direction::Egress;
    let meeting = |direction, own, others, called| Meeting {
        at,
        policy,
        namespace,
        title,
        direction,
        own,
        others,
        called,
    };
    for server in
        scene.servers.chunks(1).chain(scene.name_server.as_ref().map(std::slice::from_ref))
    {
        meeting(out, caller, server, server).add(found);
        let callers = std::slice::from_ref(caller);
        meeting(Direction::Ingress, &server[0], callers, server).add(found);
    }
    if scene.servers.len() > 1 {
        meeting(out, caller, &scene.servers, &scene.servers).add(found);
    }
}

impl Meeting<'_> {
    fn add(&self, found: &mut Found<'_, '_>) {
        let speaks = self.policy.directions.contains(&self.direction);
        if self.own.namespace != self.namespace || !speaks {
            return;
        }
        if !selects(&self.policy.pods, &self.own.labels) {
            // It may allow what another one does not, or isolate what none isolates yet.
            let wanted = to_be_selected(&self.policy.pods, &self.own.labels);
            let edit = wanted.and_then(|wanted| of_pods(self.own, wanted));
            edit.into_iter().for_each(|edit| found.one(edit));
            return;
        }
        match found.goal {
            Goal::Admit => self.admit(found),
            Goal::Stop => self.stop(found),
        }
        for wanted in to_be_left_out(&self.policy.pods, &self.own.labels) {
            of_pods(self.own, wanted).into_iter().for_each(|edit| found.one(edit));
        }
    }

    fn edit(&self, act: RuleChange) -> Edit {
        let change = NetworkChange { direction: self.direction, act };
        Edit {
            at: Some(self.at),
            place: Some(change.place(self.policy)),
            sentence: change.sentence(self.title),
            size: change.size(self.policy),
            change: Change::Network(change),
        }
    }

    fn admit(&self, found: &mut Found<'_, '_>) {
        let peer = self.new_peer();
        let ports = self.new_ports();
        for (number, rule) in rules(self.policy, self.direction).iter().enumerate() {
            let peers_fit = self.others.iter().all(|other| self.peers_fit(rule, other));
            let missing = ports.iter().filter(|&&port| !self.ports_fit(rule, port));
            let add_ports: Vec<_> = missing
                .map(|&port| self.edit(RuleChange::AddPort { rule: number, port }))
                .collect();
            if peers_fit {
                if !add_ports.is_empty() {
                    found.together(add_ports);
                }
                continue;
            }
            let add_peer = peer.clone().map(|peer| RuleChange::AddPeer { rule: number, peer });
            let add_peer = add_peer.map(|act| vec![self.edit(act)]);
            for edits in self.relabelling(rule).into_iter().chain(add_peer) {
                found.together(edits.into_iter().chain(add_ports.clone()).collect());
            }
        }
        if let Some(peer) = peer {
            found.one(self.edit(RuleChange::AddRule { peer, ports }));
        }
        found.delete(self.at, &self.policy.meta, self.title, fields_of_policy(self.policy));
    }

    fn stop(&self, found: &mut Found<'_, '_>) {
        for (rule, written) in rules(self.policy, self.direction).iter().enumerate() {
            let peers = written.peers.as_deref().unwrap_or_default();
            if peers.len() > 1 {
                let all = 0..peers.len();
                all.for_each(|peer| found.one(self.edit(RuleChange::RemovePeer { rule, peer })));
            }
            let ports = written.ports.as_deref().unwrap_or_default();
            if ports.len() > 1 {
                let all = 0..ports.len();
                all.for_each(|port| found.one(self.edit(RuleChange::RemovePort { rule, port })));
            }
            found.one(self.edit(RuleChange::RemoveRule { rule }));
            for peer in peers {
                self.others.iter().for_each(|other| leave_out(peer, other, found));
            }
        }
    }

    fn peers_fit(&self, rule: &PolicyRule, other: &Side) -> bool {
        let fits = |peer: &PolicyPeer| match &peer.test {
            PeerTest::Pods { namespaces, pods } => {
                let of_namespace = match namespaces {
                    NamespaceTest::Own => other.namespace == self.namespace,
                    NamespaceTest::Labels(it) => selects(it, &other.namespace_labels),
                };
                of_namespace && pods.as_ref().is_none_or(|it| selects(it, &other.labels))
            }
            _ => false,
        };
        rule.peers.as_ref().is_none_or(|peers| peers.iter().any(fits))
    }

    /// Labels of the other end by which peers of a rule would mean it.
    fn relabelling(&self, rule: &PolicyRule) -> Vec<Vec<Edit>> {
        let [other] = self.others else { return Vec::new() };
        let peers = rule.peers.iter().flatten();
        let edits = peers.filter_map(|peer| {
            let PeerTest::Pods { namespaces, pods } = &peer.test else { return None };
            let mut edits = Vec::new();
            match namespaces {
                NamespaceTest::Own if other.namespace != self.namespace => return None,
                NamespaceTest::Own => {}
                NamespaceTest::Labels(selection) => {
                    let wanted = to_be_selected(selection, &other.namespace_labels)?;
                    if !wanted.is_empty() {
                        edits.push(of_namespace(other, wanted)?);
                    }
                }
            }
            if let Some(selection) = pods {
                let wanted = to_be_selected(selection, &other.labels)?;
                if !wanted.is_empty() {
                    edits.push(of_pods(other, wanted)?);
                }
            }
            (!edits.is_empty()).then_some(edits)
        });
        edits.collect()
    }

    fn ports_fit(&self, rule: &PolicyRule, (transport, port): NewPort) -> bool {
        let named = |name: &String| {
            let key = (name.clone(), transport);
            self.called.iter().all(|side| side.port_names.get(&key) == Some(&port))
        };
        let fits = |it: &PolicyPort| {
            it.transport.is_none_or(|own| own == transport)
                && match &it.test {
                    PortTest::All => true,
                    PortTest::Range(first, last) => (*first..=*last).contains(&port),
                    PortTest::Named(name) => named(name),
                    PortTest::Refused => false,
                }
        };
        rule.ports.as_ref().is_none_or(|ports| ports.iter().any(fits))
    }

    /// The ports that are called.
    fn new_ports(&self) -> Vec<NewPort> {
        let mut ports: Vec<NewPort> = Vec::new();
        for side in self.called {
            ports.extend(side.wire_ports.iter().map(|&port| (side.transport, port)));
        }
        ports.sort_by_key(|&(transport, port)| (transport != Transport::Tcp, port));
        ports.dedup();
        ports
    }

    /// The other ends as one peer; `None` where one peer cannot name them.
    fn new_peer(&self) -> Option<NewPeer> {
        let first = self.others.first()?;
        if self.others.iter().any(|other| other.namespace != first.namespace) {
            return None;
        }
        let common = first.labels.iter().filter(|(key, value)| {
            self.others.iter().all(|other| other.labels.get(*key) == Some(*value))
        });
        let common: BTreeMap<&str, &str> =
            common.map(|(key, value)| (key.as_str(), value.value.as_str())).collect();
        let naming = NAMING.iter().find_map(|name| common.get_key_value(name));
        let labels = match naming {
            Some((key, value)) => BTreeMap::from([((*key).to_owned(), (*value).to_owned())]),
            None => {
                let others = common.iter().filter(|(key, _)| !key.contains("istio.io/"));
                let some = others.take(LABELS_MAX);
                some.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
            }
        };
        let is_own = first.namespace == self.namespace;
        let namespace = (!is_own).then(|| first.namespace.clone());
        Some(NewPeer::Pods { namespace, labels })
    }
}

/// Labels after which a peer does not mean the other end any more.
fn leave_out(peer: &PolicyPeer, other: &Side, found: &mut Found<'_, '_>) {
    let PeerTest::Pods { namespaces, pods } = &peer.test else { return };
    for wanted in pods.iter().flat_map(|it| to_be_left_out(it, &other.labels)) {
        of_pods(other, wanted).into_iter().for_each(|edit| found.one(edit));
    }
    if let NamespaceTest::Labels(selection) = namespaces {
        for wanted in to_be_left_out(selection, &other.namespace_labels) {
            of_namespace(other, wanted).into_iter().for_each(|edit| found.one(edit));
        }
    }
}
