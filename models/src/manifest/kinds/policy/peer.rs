//! The other ends of connections, as policies name them.

use ipnet::IpNet;

use crate::manifest::fields::Fields;
use crate::manifest::{Diagnostic, Located, Place};

use super::block::{IpBlock, read_block, read_range};
use super::selection::{Selection, read_selection};

/// One peer of a rule.
#[derive(Clone, Debug)]
pub struct PolicyPeer {
    /// Whom it means.
    pub test: PeerTest,
    /// Where it stands.
    pub place: Place,
}

/// Whom a peer means.
#[derive(Clone, Debug)]
pub enum PeerTest {
    /// Pods of namespaces.
    Pods {
        /// Which namespaces.
        namespaces: NamespaceTest,
        /// Which of their pods; `None` means all.
        pods: Option<Selection>,
    },
    /// Addresses of a block, as a NetworkPolicy names them.
    Block(IpBlock),
    /// Addresses of any of these ranges, as policies of the cluster name them.
    Networks(Vec<Located<IpNet>>),
    /// Nodes by their labels.
    Nodes(Selection),
    /// Names that DNS resolves.
    DomainNames(Vec<Located<String>>),
    /// It cannot be read; a cluster refuses the object.
    Refused,
}

/// The namespaces of a peer's pods.
#[derive(Clone, Debug)]
pub enum NamespaceTest {
    /// That of the policy.
    Own,
    /// Those with fitting labels.
    Labels(Selection),
}

/// The peers of a NetworkPolicy's rule; absent and empty mean any.
pub(super) fn read_peers(
    rule: &mut Fields<'_, '_, '_, '_>,
    name: &'static str,
) -> Option<Vec<PolicyPeer>> {
    let place = rule.place();
    let errors = rule.errors();
    let mut peers = rule.list(name, |peer| Some(read_peer(peer)));
    if rule.errors() > errors {
        // What could not even be opened is missing in the list.
        peers.push(PolicyPeer { test: PeerTest::Refused, place });
    }
    (!peers.is_empty()).then_some(peers)
}

fn read_peer(peer: &mut Fields<'_, '_, '_, '_>) -> PolicyPeer {
    let place = peer.place();
    let errors = peer.errors();
    let block = peer.object("ipBlock", read_block);
    let pods = read_selection(peer, "podSelector");
    let namespaces = read_selection(peer, "namespaceSelector");
    let test = match (block, namespaces, pods) {
        (Some(Some(block)), None, None) => PeerTest::Block(block),
        (None, Some(labels), pods) => {
            PeerTest::Pods { namespaces: NamespaceTest::Labels(labels), pods }
        }
        (None, None, Some(pods)) => {
            PeerTest::Pods { namespaces: NamespaceTest::Own, pods: Some(pods) }
        }
        (block, namespaces, pods) => {
            if peer.errors() == errors {
                let nothing = block.is_none() && namespaces.is_none() && pods.is_none();
                peer.add(wrong_peer(place, if nothing { NO_TEST } else { MIXED }));
            }
            PeerTest::Refused
        }
    };
    PolicyPeer { test, place }
}

const NO_TEST: &str = "this peer names nobody";
const MIXED: &str = "`ipBlock` stands beside a selector";

fn wrong_peer(place: Place, message: &str) -> Diagnostic {
    Diagnostic::error("manifest.invalid-peer", message)
        .at(place, "taken to match nobody")
        .help("a cluster refuses this object; name `podSelector`, `namespaceSelector` or both, or `ipBlock`")
}

/// The peers of a rule of a cluster's policy; there is at least one.
pub(super) fn read_cluster_peers(
    rule: &mut Fields<'_, '_, '_, '_>,
    name: &'static str,
) -> Vec<PolicyPeer> {
    let place = rule.place();
    let errors = rule.errors();
    let mut peers = rule.list(name, |peer| Some(read_cluster_peer(peer)));
    if peers.is_empty() && rule.errors() == errors {
        let message = format!("this rule has no `{name}`");
        rule.add(
            Diagnostic::error("manifest.invalid-peer", message)
                .at(place, "it is taken as a rule that cannot be read")
                .help(format!("a cluster refuses this object; `{name}` needs an entry")),
        );
    }
    if rule.errors() > errors {
        peers.push(PolicyPeer { test: PeerTest::Refused, place });
    }
    peers
}

fn read_cluster_peer(peer: &mut Fields<'_, '_, '_, '_>) -> PolicyPeer {
    let place = peer.place();
    let errors = peer.errors();
    let mut tests = Vec::new();
    tests.extend(read_selection(peer, "namespaces").map(all_pods));
    tests.extend(peer.object("pods", |pods| {
        let namespaces = read_selection(pods, "namespaceSelector");
        let everywhere = Selection::Labels(Located::new(Default::default(), pods.place()));
        let namespaces = NamespaceTest::Labels(namespaces.unwrap_or(everywhere));
        PeerTest::Pods { namespaces, pods: read_selection(pods, "podSelector") }
    }));
    let ranges = peer.strings("networks");
    if !ranges.is_empty() {
        let ranges = ranges.iter().filter_map(|text| read_range(peer, text)).collect();
        tests.push(PeerTest::Networks(ranges));
    }
    tests.extend(read_selection(peer, "nodes").map(PeerTest::Nodes));
    let names = peer.strings("domainNames");
    if !names.is_empty() {
        tests.push(PeerTest::DomainNames(names));
    }
    let is_refused = peer.errors() > errors;
    let test = match (tests.pop(), tests.is_empty()) {
        (Some(test), true) if !is_refused => test,
        (first, _) => {
            if !is_refused {
                let message = match first {
                    None => "this peer names nobody",
                    Some(_) => "this peer names more than one sort",
                };
                peer.add(
                    Diagnostic::error("manifest.invalid-peer", message)
                        .at(place, "its rule is taken as one that cannot be read")
                        .help("a cluster refuses this object; write one entry a sort"),
                );
            }
            PeerTest::Refused
        }
    };
    PolicyPeer { test, place }
}

fn all_pods(namespaces: Selection) -> PeerTest {
    PeerTest::Pods { namespaces: NamespaceTest::Labels(namespaces), pods: None }
}
