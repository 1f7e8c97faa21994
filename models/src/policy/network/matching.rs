//! Whether a peer, a subject or a port of a policy fits, and what does not fit if it does not. What
//! follows from it is decided in `evaluate`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::manifest::kinds::Labels;
use crate::manifest::kinds::policy::{
    IpBlock, NamespaceTest, PeerTest, PolicyPeer, PolicyPort, PolicySubject, PortTest, Selection,
};
use crate::manifest::{Located, Place};
use crate::policy::ConnectionSet;
use crate::policy::connections::{TRANSPORTS, word};
use crate::profile::{AddressRanges, NetworkFacts, NodePeers};
use crate::world::{ClusterId, NamespaceId, World, first_mismatch, fits};

use super::compile::OfCluster;
use super::party::{Address, Party, PartyKind, PodParty};

/// Whether something fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    No,
    /// The manifests do not say.
    Maybe,
    Yes,
}

impl Truth {
    pub(super) const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
            (Self::No, Self::No) => Self::No,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

/// What peers are compared with, beside the other end itself.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) facts: &'a NetworkFacts,
    /// The cluster of the policies.
    pub(super) cluster: ClusterId,
    pub(super) rows: &'a OfCluster,
}

/// The namespace of the cluster's name servers.
const NAME_SERVERS: &str = "kube-system";

impl Scene<'_> {
    /// Whether a peer of a policy means this end. `own` is the policy's namespace, if it has one.
    pub(super) fn peer(
        &self,
        test: &PeerTest,
        own: Option<NamespaceId>,
        party: &Party<'_>,
    ) -> Truth {
        match test {
            PeerTest::Pods { namespaces, pods } => self.pods(namespaces, pods.as_ref(), own, party),
            PeerTest::Block(block) => self.block(block, party),
            PeerTest::Networks(ranges) => {
                let each = ranges.iter().map(|range| self.range(&range.value, &[], party));
                each.fold(Truth::No, Truth::or)
            }
            PeerTest::Nodes(selection) => self.nodes(selection, party),
            PeerTest::DomainNames(names) => domain_names(names, party),
            PeerTest::Refused => Truth::No,
        }
    }

    fn pods(
        &self,
        namespaces: &NamespaceTest,
        pods: Option<&Selection>,
        own: Option<NamespaceId>,
        party: &Party<'_>,
    ) -> Truth {
        match party.kind {
            PartyKind::Pod(pod) if pod.cluster == self.cluster => {
                let of_namespace = match namespaces {
                    NamespaceTest::Own => Truth::of(own == Some(pod.namespace)),
                    NamespaceTest::Labels(selection) => selects(selection, pod.namespace_labels),
                };
                of_namespace.and(pods.map_or(Truth::Yes, |it| selects(it, pod.labels)))
            }
            PartyKind::Controller(None) => Truth::Maybe,
            PartyKind::NameServer(labels, pod) => {
                let of_namespace = match namespaces {
                    NamespaceTest::Own => own.map_or(Truth::No, |own| {
                        Truth::of(self.world.namespaces[own].name == NAME_SERVERS)
                    }),
                    NamespaceTest::Labels(selection) => selects(selection, labels),
                };
                of_namespace.and(pods.map_or(Truth::Yes, |it| selects(it, pod)))
            }
            PartyKind::Controller(Some(labels)) => {
                let of_namespace = match namespaces {
                    NamespaceTest::Own => Truth::No,
                    NamespaceTest::Labels(selection) => selects(selection, labels),
                };
                let unlabelled = Labels::new();
                of_namespace.and(pods.map_or(Truth::Yes, |it| selects(it, &unlabelled)))
            }
            PartyKind::Pod(_)
            | PartyKind::Node { .. }
            | PartyKind::Outside(_)
            | PartyKind::Address => Truth::No,
        }
    }

    fn block(&self, block: &IpBlock, party: &Party<'_>) -> Truth {
        self.range(&block.range.value, &block.except, party)
    }

    fn range(&self, range: &IpNet, except: &[Located<IpNet>], party: &Party<'_>) -> Truth {
        let is_inside = match party.kind {
            PartyKind::Pod(_)
            | PartyKind::Node { .. }
            | PartyKind::NameServer(..)
            | PartyKind::Controller(Some(_)) => true,
            PartyKind::Controller(None) | PartyKind::Outside(_) | PartyKind::Address => false,
        };
        if is_inside && *self.facts.address_ranges == AddressRanges::OutsideOnly {
            return Truth::No;
        }
        match party.address {
            Address::Known(ip) => {
                let is_out = except.iter().any(|out| contains(&out.value, ip));
                Truth::of(contains(range, ip) && !is_out)
            }
            // Every address of IPv4 lies in this one.
            Address::Synthetic if is_all_of_ipv4(range) && except.is_empty() => Truth::Yes,
            Address::Synthetic => Truth::Maybe,
        }
    }

    fn nodes(&self, selection: &Selection, party: &Party<'_>) -> Truth {
        if *self.facts.node_peers == NodePeers::Nobody {
            return Truth::No;
        }
        match party.kind {
            PartyKind::Node { cluster, node, .. } if cluster == self.cluster => {
                match self.rows.nodes.get(&node) {
                    Some(labels) => selects(selection, labels),
                    None if is_empty(selection) => Truth::Yes,
                    None => Truth::Maybe,
                }
            }
            PartyKind::Address => {
                let nodes = self.world.nodes.entries();
                let own = nodes.filter(|(_, node)| node.cluster == Some(self.cluster));
                let each = own.map(|(id, node)| {
                    let is_it = match node.ip_is_declared {
                        true => Truth::of(Address::Known(node.ip) == party.address),
                        false => Truth::Maybe,
                    };
                    let labels = self.rows.nodes.get(&id);
                    is_it.and(labels.map_or(Truth::Maybe, |labels| selects(selection, labels)))
                });
                each.fold(Truth::No, Truth::or)
            }
            PartyKind::Controller(None) => Truth::Maybe,
            PartyKind::Controller(Some(_))
            | PartyKind::NameServer(..)
            | PartyKind::Pod(_)
            | PartyKind::Node { .. }
            | PartyKind::Outside(_) => Truth::No,
        }
    }

    /// Why no peer of a rule means this end: what the first of them asks for.
    pub(super) fn why_no_peer(
        &self,
        peers: &[PolicyPeer],
        own: Option<NamespaceId>,
        party: &Party<'_>,
    ) -> String {
        let Some(first) = peers.first() else { return "it names no peer".to_owned() };
        let why = self.why_not(&first.test, own, party);
        match peers.len() {
            1 => why,
            count => format!("none of its {count} peers fits; the first: {why}"),
        }
    }

    fn why_not(&self, test: &PeerTest, own: Option<NamespaceId>, party: &Party<'_>) -> String {
        let who = party.described(self.world);
        match test {
            PeerTest::Pods { namespaces, pods } => match &party.kind {
                PartyKind::Pod(pod) if pod.cluster == self.cluster => {
                    self.why_not_pod(namespaces, pods.as_ref(), own, pod)
                }
                PartyKind::Pod(_) => format!("it names pods, and {who} is one of another cluster"),
                PartyKind::Node { .. } => {
                    format!("it names pods, and {who} is not one: pods on its network are not seen")
                }
                _ => format!("it names pods, and {who} is not known to be one"),
            },
            PeerTest::Block(block) => {
                let range = &block.range.value;
                match block.except.iter().find(|out| party.lies_in(&out.value)) {
                    Some(out) => format!("{who} lies in {}, which `except` takes out", out.value),
                    None => self.why_not_in(&range.to_string(), party),
                }
            }
            PeerTest::Networks(ranges) => {
                let ranges: Vec<_> = ranges.iter().map(ToString::to_string).collect();
                self.why_not_in(&ranges.join(", "), party)
            }
            PeerTest::Nodes(_) => format!("it names nodes, and {who} is none of them"),
            PeerTest::DomainNames(_) => {
                format!("it names hosts outside, and {who} has none of the names")
            }
            PeerTest::Refused => "it cannot be read".to_owned(),
        }
    }

    fn why_not_pod(
        &self,
        namespaces: &NamespaceTest,
        pods: Option<&Selection>,
        own: Option<NamespaceId>,
        pod: &PodParty<'_>,
    ) -> String {
        let name = &self.world.namespaces[pod.namespace].name;
        let of_namespace = match namespaces {
            NamespaceTest::Own if own != Some(pod.namespace) => {
                let own = own.map_or("", |own| self.world.namespaces[own].name.as_str());
                Some(format!("it means pods of namespace `{own}`, the pod is in `{name}`"))
            }
            NamespaceTest::Own => None,
            NamespaceTest::Labels(selection) => why_not_selected(selection, pod.namespace_labels)
                .map(|why| format!("namespaceSelector: {why}, in namespace `{name}`")),
        };
        let of_pod = || {
            let why = pods.and_then(|selection| why_not_selected(selection, pod.labels));
            why.map(|why| format!("podSelector: {why}"))
        };
        of_namespace.or_else(of_pod).unwrap_or_else(|| "it does not fit".to_owned())
    }

    fn why_not_in(&self, ranges: &str, party: &Party<'_>) -> String {
        let who = party.described(self.world);
        match (party.kind, party.address) {
            (PartyKind::Address, _) => format!("{who} does not lie in {ranges}"),
            (_, Address::Known(ip)) if *self.facts.address_ranges == AddressRanges::ByAddress => {
                format!("{who} has the address {ip}, which does not lie in {ranges}")
            }
            _ => format!("{ranges} stands for addresses outside the cluster"),
        }
    }

    /// What would have to be known to tell whether a peer means this end.
    pub(super) fn doubt(&self, peer: &PolicyPeer, party: &Party<'_>) -> String {
        let who = party.described(self.world);
        match &peer.test {
            PeerTest::Block(block) => {
                format!("whether the address of {who} lies in {}", shown(block))
            }
            PeerTest::Networks(ranges) => {
                let ranges: Vec<_> = ranges.iter().map(ToString::to_string).collect();
                format!("whether the address of {who} lies in {}", ranges.join(", "))
            }
            PeerTest::Nodes(_) => format!("whether {who} is one of the nodes that are named"),
            PeerTest::DomainNames(names) => {
                let names: Vec<_> = names.iter().map(|name| name.value.as_str()).collect();
                format!("whether {} resolves to {who}", names.join(" or "))
            }
            PeerTest::Pods { .. } | PeerTest::Refused => {
                format!("which labels and namespace {who} has")
            }
        }
    }
}

fn shown(block: &IpBlock) -> String {
    let except: Vec<_> = block.except.iter().map(ToString::to_string).collect();
    match except.is_empty() {
        true => block.range.to_string(),
        false => format!("{} without {}", block.range, except.join(", ")),
    }
}

impl Party<'_> {
    fn lies_in(&self, range: &IpNet) -> bool {
        matches!(self.address, Address::Known(ip) if contains(range, ip))
    }
}

fn contains(range: &IpNet, ip: IpAddr) -> bool {
    range.contains(&ip)
}

fn is_all_of_ipv4(range: &IpNet) -> bool {
    matches!(range, IpNet::V4(range) if range.prefix_len() == 0)
}

fn is_empty(selection: &Selection) -> bool {
    match selection {
        Selection::Labels(selector) => {
            selector.match_labels.is_empty() && selector.match_expressions.is_empty()
        }
        Selection::Refused(_) => false,
    }
}

/// What the names resolve to is not known, save for a host that is declared by its name.
fn domain_names(names: &[Located<String>], party: &Party<'_>) -> Truth {
    match party.kind {
        PartyKind::Outside(host) => {
            let is_it = names.iter().any(|name| domain_fits(&name.value, host));
            if is_it { Truth::Yes } else { Truth::Maybe }
        }
        PartyKind::Address => Truth::Maybe,
        PartyKind::Pod(_)
        | PartyKind::Node { .. }
        | PartyKind::NameServer(..)
        | PartyKind::Controller(_) => Truth::No,
    }
}

fn domain_fits(pattern: &str, host: &str) -> bool {
    let pattern = pattern.trim_end_matches('.').to_ascii_lowercase();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match pattern.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => host == pattern,
    }
}

/// Whether a selector picks these labels. One that cannot be read picks nothing.
pub(super) fn selects(selection: &Selection, labels: &Labels) -> Truth {
    match selection {
        Selection::Labels(selector) => Truth::of(fits(&selector.value, labels)),
        Selection::Refused(_) => Truth::No,
    }
}

/// The first clause of a selector that fails.
pub(super) fn why_not_selected(selection: &Selection, labels: &Labels) -> Option<String> {
    match selection {
        Selection::Labels(selector) => first_mismatch(&selector.value, labels),
        Selection::Refused(_) => Some("the selector cannot be read".to_owned()),
    }
}

/// Whether a policy of the cluster speaks of a pod.
pub(super) fn subject(subject: &PolicySubject, pod: &PodParty<'_>) -> Truth {
    match subject {
        PolicySubject::Pods { namespaces, pods } => {
            let of_pod = pods.as_ref().map_or(Truth::Yes, |pods| selects(pods, pod.labels));
            selects(namespaces, pod.namespace_labels).and(of_pod)
        }
        PolicySubject::Refused(_) => Truth::Maybe,
    }
}

/// Why a policy of the cluster does not speak of a pod.
pub(super) fn why_not_subject(subject: &PolicySubject, pod: &PodParty<'_>) -> String {
    let PolicySubject::Pods { namespaces, pods } = subject else {
        return "its subject cannot be read".to_owned();
    };
    let of_namespace =
        why_not_selected(namespaces, pod.namespace_labels).map(|why| format!("namespaces: {why}"));
    let of_pod = || {
        let why = pods.as_ref().and_then(|pods| why_not_selected(pods, pod.labels));
        why.map(|why| format!("pods: {why}"))
    };
    of_namespace.or_else(of_pod).unwrap_or_else(|| "it speaks of other pods".to_owned())
}

/// The connections that a rule's ports mean when they go to this end; `None` means all.
pub(super) fn port_set(ports: Option<&[PolicyPort]>, to: &Party<'_>) -> ConnectionSet {
    let Some(ports) = ports else { return ConnectionSet::all() };
    ports.iter().fold(ConnectionSet::none(), |set, port| set.union(&one_port(port, to)))
}

fn one_port(port: &PolicyPort, to: &Party<'_>) -> ConnectionSet {
    let transports =
        TRANSPORTS.into_iter().filter(|it| port.transport.is_none_or(|own| own == *it));
    let of_transport = |transport| match &port.test {
        PortTest::All => ConnectionSet::range(transport, 1, u16::MAX),
        PortTest::Range(first, last) => ConnectionSet::range(transport, *first, *last),
        PortTest::Named(name) => {
            // Only pods have ports with names.
            let declared = match to.kind {
                PartyKind::Pod(pod) => pod.ports,
                _ => &[],
            };
            let fitting = declared.iter().filter(|(own, _, of)| own == name && *of == transport);
            fitting.fold(ConnectionSet::none(), |set, (_, number, _)| {
                set.union(&ConnectionSet::port(transport, *number))
            })
        }
        PortTest::Refused => ConnectionSet::none(),
    };
    transports.map(of_transport).fold(ConnectionSet::none(), |set, more| set.union(&more))
}

/// A rule's ports as they are written, for people.
pub(super) fn ports_shown(ports: Option<&[PolicyPort]>) -> String {
    let Some(ports) = ports else { return "all ports".to_owned() };
    let each = ports.iter().map(|port| {
        let transport = port.transport.map_or("any transport", word);
        match &port.test {
            PortTest::All => format!("every {transport} port"),
            PortTest::Range(first, last) if first == last => format!("{first}/{transport}"),
            PortTest::Range(first, last) => format!("{first}-{last}/{transport}"),
            PortTest::Named(name) => format!("{name}/{transport}"),
            PortTest::Refused => "one that cannot be read".to_owned(),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Where the peers of a rule begin, or the rule where it has none.
pub(super) fn place_of_peers(peers: Option<&[PolicyPeer]>, rule: Place) -> Place {
    peers.and_then(<[_]>::first).map_or(rule, |peer| peer.place)
}
