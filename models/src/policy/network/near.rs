//! Rules and selectors that fail by one thing alone: what was found, and what would have done. It
//! is looked for only where somebody listens; whether a rule fits is decided elsewhere.

use crate::explain::MISSING;
use crate::manifest::kinds::policy::{
    NamespaceTest, PeerTest, PolicyPeer, PolicyPort, PortTest, Selection,
};
use crate::manifest::kinds::{Labels, SelectorOperator, Transport};
use crate::manifest::{Place, nearest};
use crate::policy::connections::word;
use crate::world::NamespaceId;

use super::matching::{Scene, Truth};
use super::party::{Party, PartyKind};

/// How many values that would have done are told.
const WANTED_MAX: usize = 8;

/// The one thing that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Near {
    pub(super) found: String,
    /// Any of them would do.
    pub(super) wanted: Vec<String>,
    /// Where that is asked for.
    pub(super) place: Place,
}

/// The first peer of a rule that fails by one thing.
pub(super) fn of_peers(
    scene: &Scene<'_>,
    peers: &[PolicyPeer],
    own: Option<NamespaceId>,
    party: &Party<'_>,
) -> Option<Near> {
    peers.iter().find_map(|peer| {
        let PeerTest::Pods { namespaces, pods } = &peer.test else { return None };
        let PartyKind::Pod(pod) = &party.kind else { return None };
        if pod.cluster != scene.cluster || scene.peer(&peer.test, own, party) != Truth::No {
            return None;
        }
        let mut misses = match namespaces {
            NamespaceTest::Own if own == Some(pod.namespace) => Vec::new(),
            NamespaceTest::Own => {
                let name = |id: NamespaceId| &scene.world.namespaces[id].name;
                vec![Near {
                    found: format!("namespace {}", name(pod.namespace)),
                    wanted: vec![format!("namespace {}", name(own?))],
                    place: peer.place,
                }]
            }
            NamespaceTest::Labels(selection) => {
                misses("namespace label", selection, pod.namespace_labels)?
            }
        };
        if let Some(selection) = pods {
            misses.extend(self::misses("pod label", selection, pod.labels)?);
        }
        only(misses)
    })
}

/// The one label by which a policy does not select a pod, if its value looks like a slip.
pub(super) fn of_subject(selection: &Selection, labels: &Labels) -> Option<Near> {
    let near = only(misses("pod label", selection, labels)?)?;
    let value = |text: &str| text.rsplit(": ").next().map(str::to_owned);
    let (found, wanted) = (value(&near.found)?, value(near.wanted.first()?)?);
    nearest(&found, [wanted.as_str()]).map(|_| near)
}

/// What a rule's ports would have taken in the place of the port that is called.
pub(super) fn of_ports(
    ports: Option<&[PolicyPort]>,
    (port, transport): (u16, Transport),
) -> Option<Near> {
    let ports = ports?;
    let place = ports.first()?.place;
    let wanted = ports.iter().filter_map(|it| {
        let over = word(it.transport.unwrap_or(transport));
        Some(match &it.test {
            PortTest::All => format!("{port}/{over}"),
            PortTest::Range(first, last) if first == last => format!("{first}/{over}"),
            PortTest::Range(first, last) => format!("{first}-{last}/{over}"),
            PortTest::Named(name) => format!("{name}/{over}"),
            PortTest::Refused => return None,
        })
    });
    let wanted: Vec<String> = wanted.take(WANTED_MAX).collect();
    let found = format!("{port}/{}", word(transport));
    (!wanted.is_empty()).then_some(Near { found, wanted, place })
}

fn only(mut misses: Vec<Near>) -> Option<Near> {
    let last = misses.pop();
    last.filter(|_| misses.is_empty())
}

/// Everything in a selector that labels do not have; `None` where it cannot be read.
fn misses(what: &str, selection: &Selection, labels: &Labels) -> Option<Vec<Near>> {
    let Selection::Labels(selector) = selection else { return None };
    let found = |key: &str| labels.get(key).map_or(MISSING, |it| it.value.as_str());
    let text = |key: &str, value: &str| format!("{what} {key}: {value}");
    let mut all = Vec::new();
    for (key, value) in &selector.match_labels {
        if labels.get(key).is_none_or(|it| it.value != value.value) {
            let (found, wanted) = (text(key, found(key)), vec![text(key, &value.value)]);
            all.push(Near { found, wanted, place: value.place });
        }
    }
    for expression in &selector.match_expressions {
        let key = expression.key.value.as_str();
        let own = labels.get(key).map(|it| it.value.as_str());
        let listed = own.is_some_and(|own| expression.values.iter().any(|it| it.value == own));
        let values = || expression.values.iter().take(WANTED_MAX).map(|it| text(key, &it.value));
        let wanted = match (expression.operator, own) {
            (SelectorOperator::In, _) if !listed => values().collect(),
            (SelectorOperator::NotIn, Some(_)) if listed => vec![text(key, "another value")],
            (SelectorOperator::Exists, None) => vec![text(key, "any value")],
            (SelectorOperator::DoesNotExist, Some(_)) => vec![text(key, MISSING)],
            _ => continue,
        };
        all.push(Near { found: text(key, found(key)), wanted, place: expression.key.place });
    }
    Some(all)
}
