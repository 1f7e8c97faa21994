//! What another profile finds otherwise than the analyser, and which of its facts are the reason:
//! those without which the case would hold. It knows no case by name.

use std::path::Path;

use meshwalk_models::profile::{
    AddressRanges, HostNetwork, IngressSource, NetworkFacts, NodePeers, OwnNode, Profile,
};

use super::case::Case;
use super::folders;

/// A case that does not hold under another profile.
#[derive(Clone, Debug)]
pub struct Otherwise {
    /// The name of its folder.
    pub name: String,
    /// What differs, pair by pair.
    pub differences: Vec<String>,
    /// Why; none if no fact explains it.
    pub because: Vec<Reason>,
}

/// A fact that explains a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The rule that follows it.
    pub rule: &'static str,
    /// What holds under the profile.
    pub sentence: &'static str,
    /// Where that is written down.
    pub source: String,
}

/// A fact that can be taken as the analyser has it.
struct Switch {
    rule: &'static str,
    sentence: &'static str,
    as_analyser: fn(&mut NetworkFacts),
    source: fn(&NetworkFacts) -> &str,
}

const SWITCHES: &[Switch] = &[
    Switch {
        rule: "network.peer",
        sentence: "a range of addresses means pods too, and it is unknown whether an address that \
                   no manifest gives lies in it",
        as_analyser: |facts| facts.address_ranges.value = AddressRanges::OutsideOnly,
        source: |facts| &facts.address_ranges.source,
    },
    Switch {
        rule: "network.host-network",
        sentence: "a pod on the host network is not isolated, and no selector of pods picks it",
        as_analyser: |facts| facts.host_network.value = HostNetwork::AsPods,
        source: |facts| &facts.host_network.source,
    },
    Switch {
        rule: "network.own-node",
        sentence: "a pod's own node always gets through",
        as_analyser: |facts| facts.own_node.value = OwnNode::AsOthers,
        source: |facts| &facts.own_node.source,
    },
    Switch {
        rule: "network.peer",
        sentence: "a peer by nodes means the nodes with its labels",
        as_analyser: |facts| facts.node_peers.value = NodePeers::Nobody,
        source: |facts| &facts.node_peers.source,
    },
    Switch {
        rule: "network.controller",
        sentence: "which labels and namespace the ingress controller has is not known",
        as_analyser: |facts| facts.ingress_source.value = IngressSource::UnlabelledPod,
        source: |facts| &facts.ingress_source.source,
    },
];

/// What the profile of this name finds otherwise.
///
/// # Errors
/// Says why the cases cannot be read, or that there is no such profile.
pub fn otherwise(folder: &Path, profile: &str) -> Result<Vec<Otherwise>, String> {
    let profile =
        Profile::named(profile).ok_or_else(|| format!("there is no profile `{profile}`"))?;
    let mut others = Vec::new();
    for folder in folders(folder)? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let case = Case::read(&folder)?;
        let differences = case.differences(profile);
        if !differences.is_empty() {
            let because = reasons(&case, profile);
            others.push(Otherwise { name, differences, because });
        }
    }
    Ok(others)
}

/// The fewest facts that have to be as the analyser has them for the case to hold.
fn reasons(case: &Case, profile: &'static Profile) -> Vec<Reason> {
    let holds = |switches: &[&Switch]| {
        let mut other = profile.clone();
        for switch in switches {
            (switch.as_analyser)(&mut other.network);
        }
        // A profile lives as long as the program; these are few and small.
        case.differences(Box::leak(Box::new(other))).is_empty()
    };
    let mut needed: Vec<&Switch> = SWITCHES.iter().collect();
    if !holds(&needed) {
        return Vec::new();
    }
    for switch in SWITCHES {
        let without: Vec<&Switch> =
            needed.iter().copied().filter(|it| !std::ptr::eq(*it, switch)).collect();
        if holds(&without) {
            needed = without;
        }
    }
    let reason = |switch: &&Switch| Reason {
        rule: switch.rule,
        sentence: switch.sentence,
        source: (switch.source)(&profile.network).to_owned(),
    };
    needed.iter().map(reason).collect()
}
