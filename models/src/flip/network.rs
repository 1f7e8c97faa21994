//! Changes to a NetworkPolicy: what they do to its rules, and how they are told.

use std::collections::BTreeMap;

use ipnet::IpNet;

use crate::manifest::kinds::policy::{
    Direction, IpBlock, NamespaceTest, NetworkPolicy, PeerTest, PolicyAction, PolicyPeer,
    PolicyPort, PolicyRule, PortTest, Selection,
};
use crate::manifest::kinds::{Selector, Transport};
use crate::manifest::{Located, Place};

use super::edit::{EditKind, field};

/// The label that the API server sets on each namespace.
pub(super) const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A change to a NetworkPolicy. Rules, peers and ports count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkChange {
    /// The rules of which direction.
    pub direction: Direction,
    /// What becomes of them.
    pub act: RuleChange,
}

/// A change to the rules of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleChange {
    /// Adds a peer to a rule that names some.
    AddPeer {
        /// The rule.
        rule: usize,
        /// The peer.
        peer: NewPeer,
    },
    /// Adds a port to a rule that names some.
    AddPort {
        /// The rule.
        rule: usize,
        /// The port.
        port: NewPort,
    },
    /// Adds a rule.
    AddRule {
        /// Its peer.
        peer: NewPeer,
        /// Its ports.
        ports: Vec<NewPort>,
    },
    /// Takes a peer out of a rule that has more of them.
    RemovePeer {
        /// The rule.
        rule: usize,
        /// The peer.
        peer: usize,
    },
    /// Takes a port out of a rule that has more of them.
    RemovePort {
        /// The rule.
        rule: usize,
        /// The port.
        port: usize,
    },
    /// Takes a rule away.
    RemoveRule {
        /// The rule.
        rule: usize,
    },
}

/// A peer that is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPeer {
    /// Pods with these labels; none are all.
    Pods {
        /// The name of their namespace; `None` is that of the policy.
        namespace: Option<String>,
        /// The labels.
        labels: BTreeMap<String, String>,
    },
    /// Addresses.
    Block(IpNet),
}

/// A port that is added.
pub type NewPort = (Transport, u16);

impl NewPeer {
    fn test(&self, place: Place) -> PeerTest {
        let selection = |labels: BTreeMap<String, String>| {
            let of = |(key, value)| (key, Located::new(value, place));
            let match_labels = labels.into_iter().map(of).collect();
            let selector = Selector { match_labels, match_expressions: Vec::new() };
            Selection::Labels(Located::new(selector, place))
        };
        match self {
            Self::Pods { namespace, labels } => {
                let namespaces = namespace.as_ref().map_or(NamespaceTest::Own, |name| {
                    let name = BTreeMap::from([(NAME_LABEL.to_owned(), name.clone())]);
                    NamespaceTest::Labels(selection(name))
                });
                let all_of_own = namespace.is_none();
                let pods = (all_of_own || !labels.is_empty()).then(|| selection(labels.clone()));
                PeerTest::Pods { namespaces, pods }
            }
            Self::Block(range) => {
                PeerTest::Block(IpBlock { range: Located::new(*range, place), except: Vec::new() })
            }
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Pods { namespace, labels } => {
                let pairs: Vec<_> = labels.iter().map(|(key, it)| format!("{key}={it}")).collect();
                let pods = match pairs.is_empty() {
                    true => "all pods".to_owned(),
                    false => format!("pods with {}", pairs.join(", ")),
                };
                match namespace {
                    Some(namespace) => format!("{pods} of namespace {namespace}"),
                    None => pods,
                }
            }
            Self::Block(range) => format!("ipBlock {range}"),
        }
    }
}

fn shown_port((transport, port): NewPort) -> String {
    let word = match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
        Transport::Sctp => "SCTP",
    };
    format!("{word} port {port}")
}

fn port((transport, port): NewPort, place: Place) -> PolicyPort {
    PolicyPort { transport: Some(transport), test: PortTest::Range(port, port), place }
}

/// The rules of one direction.
pub(super) fn rules(policy: &NetworkPolicy, direction: Direction) -> &[PolicyRule] {
    match direction {
        Direction::Ingress => &policy.ingress,
        Direction::Egress => &policy.egress,
    }
}

/// Takes an entry out of a list that has more: an empty one means all.
fn remove_one_of_more<T>(list: &mut Option<Vec<T>>, at: usize) -> Option<()> {
    let list = list.as_mut().filter(|list| list.len() > 1 && at < list.len())?;
    list.remove(at);
    Some(())
}

impl NetworkChange {
    /// Its sort.
    pub(super) const fn kind(&self) -> EditKind {
        match self.act {
            RuleChange::AddPeer { .. } => EditKind::NetworkPeer,
            RuleChange::AddPort { .. } => EditKind::NetworkPort,
            RuleChange::AddRule { .. } => EditKind::NetworkRule,
            RuleChange::RemovePeer { .. }
            | RuleChange::RemovePort { .. }
            | RuleChange::RemoveRule { .. } => EditKind::TakeAway,
        }
    }

    /// Makes the change; `None` if the policy has no such part.
    pub(super) fn apply(&self, policy: &mut NetworkPolicy) -> Option<()> {
        let own = policy.meta.place;
        let rules = match self.direction {
            Direction::Ingress => &mut policy.ingress,
            Direction::Egress => &mut policy.egress,
        };
        match &self.act {
            RuleChange::AddPeer { rule, peer } => {
                let rule = rules.get_mut(*rule)?;
                let place = rule.place;
                rule.peers.as_mut()?.push(PolicyPeer { test: peer.test(place), place });
            }
            RuleChange::AddPort { rule, port: new } => {
                let rule = rules.get_mut(*rule)?;
                let place = rule.place;
                rule.ports.as_mut()?.push(port(*new, place));
            }
            RuleChange::AddRule { peer, ports } => {
                let all: Vec<_> = ports.iter().map(|it| port(*it, own)).collect();
                rules.push(PolicyRule {
                    name: None,
                    action: Some(PolicyAction::Accept),
                    peers: Some(vec![PolicyPeer { test: peer.test(own), place: own }]),
                    ports: (!all.is_empty()).then_some(all),
                    place: own,
                });
            }
            RuleChange::RemovePeer { rule, peer } => {
                remove_one_of_more(&mut rules.get_mut(*rule)?.peers, *peer)?;
            }
            RuleChange::RemovePort { rule, port } => {
                remove_one_of_more(&mut rules.get_mut(*rule)?.ports, *port)?;
            }
            RuleChange::RemoveRule { rule } => {
                (*rule < rules.len()).then(|| rules.remove(*rule))?;
            }
        }
        Some(())
    }

    /// How many fields of the policy it changes.
    pub(super) fn size(&self, policy: &NetworkPolicy) -> u32 {
        match &self.act {
            RuleChange::AddRule { ports, .. } => 1 + ports.len() as u32,
            RuleChange::RemoveRule { rule } => {
                rules(policy, self.direction).get(*rule).map_or(1, fields_of_rule)
            }
            RuleChange::AddPeer { .. }
            | RuleChange::AddPort { .. }
            | RuleChange::RemovePeer { .. }
            | RuleChange::RemovePort { .. } => 1,
        }
    }

    /// What to do, such as `add peer pods with app=web to ingress rule 1 of NetworkPolicy shop/db`.
    pub(super) fn sentence(&self, title: &str) -> String {
        let field = field(self.direction);
        let of_rule = |rule: usize| format!("{field} rule {} of {title}", rule + 1);
        match &self.act {
            RuleChange::AddPeer { rule, peer } => {
                format!("add peer {} to {}", peer.shown(), of_rule(*rule))
            }
            RuleChange::AddPort { rule, port } => {
                format!("add {} to {}", shown_port(*port), of_rule(*rule))
            }
            RuleChange::AddRule { peer, ports } => {
                let ports: Vec<_> = ports.iter().map(|it| shown_port(*it)).collect();
                let on = if ports.is_empty() { "" } else { " on " };
                let (ports, peer) = (ports.join(" and "), peer.shown());
                let preposition = match self.direction {
                    Direction::Ingress => "from",
                    Direction::Egress => "to",
                };
                format!("add an {field} rule {preposition} {peer}{on}{ports} to {title}")
            }
            RuleChange::RemovePeer { rule, peer } => {
                format!("remove peer {} from {}", peer + 1, of_rule(*rule))
            }
            RuleChange::RemovePort { rule, port } => {
                format!("remove port {} from {}", port + 1, of_rule(*rule))
            }
            RuleChange::RemoveRule { rule } => format!("remove {}", of_rule(*rule)),
        }
    }

    /// Where it is made.
    pub(super) fn place(&self, policy: &NetworkPolicy) -> Place {
        let rule = |at: &usize| rules(policy, self.direction).get(*at);
        let found = match &self.act {
            RuleChange::AddRule { .. } => None,
            RuleChange::AddPeer { rule: at, .. }
            | RuleChange::AddPort { rule: at, .. }
            | RuleChange::RemoveRule { rule: at } => rule(at).map(|it| it.place),
            RuleChange::RemovePeer { rule: at, peer } => {
                rule(at).and_then(|it| Some(it.peers.as_ref()?.get(*peer)?.place))
            }
            RuleChange::RemovePort { rule: at, port } => {
                rule(at).and_then(|it| Some(it.ports.as_ref()?.get(*port)?.place))
            }
        };
        found.unwrap_or(policy.meta.place)
    }
}

/// Everything that the object says, as a number of fields.
pub(super) fn fields_of_policy(policy: &NetworkPolicy) -> u32 {
    let selector = match &policy.pods {
        Selection::Labels(it) => it.value.match_labels.len() + it.value.match_expressions.len(),
        Selection::Refused(_) => 1,
    };
    let rules: u32 = policy.ingress.iter().chain(&policy.egress).map(fields_of_rule).sum();
    // `podSelector` is a field even where it is empty.
    (selector.max(1) + policy.directions.len()) as u32 + rules
}

fn fields_of_rule(rule: &PolicyRule) -> u32 {
    let peers = rule.peers.as_ref().map_or(0, Vec::len);
    let ports = rule.ports.as_ref().map_or(0, Vec::len);
    ((peers + ports) as u32).max(1)
}
