//! Subsets by labels: a request that asks for labels is balanced among the hosts that have them.
//!
//! Source: Envoy, `subset_lb.cc`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::config::{SubsetFallback, Subsets};
use super::roster::Roster;
use super::view::View;
use super::workers::Crew;
use super::{NoHost, rules};
use crate::explain::Probe;
use crate::units::SimTime;

type Labels = BTreeMap<String, String>;

/// Which subset takes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key<'a> {
    /// The one that the route asks for.
    Labels(&'a Labels),
    /// All hosts, as the fallback.
    Any,
    /// The default subset, as the fallback.
    Default(&'a Labels),
}

/// The same, kept.
#[derive(Clone, Debug)]
enum OwnKey {
    Labels(Labels),
    Any,
    Default(Labels),
}

impl Key<'_> {
    fn owned(self) -> OwnKey {
        match self {
            Self::Labels(labels) => OwnKey::Labels(labels.clone()),
            Self::Any => OwnKey::Any,
            Self::Default(labels) => OwnKey::Default(labels.clone()),
        }
    }
}

impl OwnKey {
    fn borrow(&self) -> Key<'_> {
        match self {
            Self::Labels(labels) => Key::Labels(labels),
            Self::Any => Key::Any,
            Self::Default(labels) => Key::Default(labels),
        }
    }
}

/// What the workers know when a subset is asked for the first time.
pub(super) struct Known<'a> {
    pub(super) roster: &'a Roster,
    /// The hosts that they know to be ejected, sorted.
    pub(super) ejected: &'a [u32],
    /// What they know and remember of all hosts.
    pub(super) crew: &'a Crew,
}

/// The subsets that were asked for so far.
#[derive(Clone, Debug, Default)]
pub(super) struct SubsetCrews {
    crews: Vec<(OwnKey, Crew)>,
}

impl SubsetCrews {
    /// The hosts for a request that asks for `labels`.
    pub(super) fn find(
        &mut self,
        config: &Subsets,
        labels: Option<&Labels>,
        known: &Known<'_>,
        probe: &mut impl Probe,
    ) -> Result<&mut Crew, NoHost> {
        let roster = known.roster;
        let key = key(roster, config, labels);
        let labels = labels.filter(|labels| !labels.is_empty());
        match &key {
            None => tell(roster, labels, "there is no fallback", probe),
            Some(Key::Any) => tell(roster, labels, "any host is taken", probe),
            Some(Key::Default(_)) => tell(roster, labels, "the default subset is taken", probe),
            Some(Key::Labels(labels)) => {
                probe.step(rules::SUBSET, Some(roster.cluster.origin), || {
                    format!("only hosts with {} are meant", written(labels))
                });
            }
        }
        let at = self.place(&key.ok_or(NoHost::NoSubset)?, known);
        Ok(&mut self.crews[at].1)
    }

    /// Gives all subsets what the workers learn.
    pub(super) fn renew(&mut self, roster: &Roster, ejected: &[u32], now: SimTime) {
        for (key, crew) in &mut self.crews {
            crew.renew(Arc::new(view_of(roster, &key.borrow(), ejected)), now);
        }
    }

    fn place(&mut self, key: &Key<'_>, known: &Known<'_>) -> usize {
        if let Some(at) = self.crews.iter().position(|(known, _)| known.borrow() == *key) {
            return at;
        }
        let view = view_of(known.roster, key, known.ejected);
        let crew = known.crew.beside(Arc::new(view), self.crews.len() as u32 + 1);
        self.crews.push((key.owned(), crew));
        self.crews.len() - 1
    }
}

/// The view of the hosts for requests that ask for `labels`.
pub(super) fn view(
    roster: &Roster,
    config: &Subsets,
    labels: Option<&Labels>,
    ejected: &[u32],
) -> Result<View, NoHost> {
    let key = key(roster, config, labels).ok_or(NoHost::NoSubset)?;
    Ok(view_of(roster, &key, ejected))
}

fn view_of(roster: &Roster, key: &Key<'_>, ejected: &[u32]) -> View {
    roster.maker(ejected).for_subset().make(|host| belongs(roster, host, key))
}

/// The subset for a request that asks for `labels`.
fn key<'a>(roster: &Roster, config: &'a Subsets, labels: Option<&'a Labels>) -> Option<Key<'a>> {
    let wanted = labels.filter(|labels| {
        let declared = config.selectors.iter().any(|keys| keys.iter().eq(labels.keys()));
        let known = || (0..roster.len() as u32).any(|host| has(roster, host, labels));
        !labels.is_empty() && declared && known()
    });
    match (wanted, &config.fallback) {
        (Some(labels), _) => Some(Key::Labels(labels)),
        (None, SubsetFallback::None) => None,
        (None, SubsetFallback::AnyEndpoint) => Some(Key::Any),
        (None, SubsetFallback::Default(default)) => Some(Key::Default(default)),
    }
}

fn has(roster: &Roster, host: u32, labels: &Labels) -> bool {
    let own = &roster.table.endpoint(host).labels;
    labels.iter().all(|(key, value)| own.get(key) == Some(value))
}

fn belongs(roster: &Roster, host: u32, key: &Key<'_>) -> bool {
    match key {
        Key::Any => true,
        Key::Labels(labels) | Key::Default(labels) => has(roster, host, labels),
    }
}

fn tell(roster: &Roster, labels: Option<&Labels>, outcome: &str, probe: &mut impl Probe) {
    probe.step(rules::SUBSET_FALLBACK, Some(roster.cluster.origin), || match labels {
        Some(labels) => format!("no subset is known for {}, and {outcome}", written(labels)),
        None => format!("the route asks for no subset, and {outcome}"),
    });
}

fn written(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}
