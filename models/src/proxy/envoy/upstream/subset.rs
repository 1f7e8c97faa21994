//! Subsets by labels: a request that asks for labels is balanced among the hosts that have them.
//!
//! Source: Envoy, `subset_lb.cc`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::config::{SubsetFallback, Subsets};
use super::roster::Roster;
use super::workers::Crew;
use super::{NoHost, rules};
use crate::explain::Probe;
use crate::units::SimTime;

type Labels = BTreeMap<String, String>;

/// Which subset takes a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The one that the route asks for.
    Labels(Labels),
    /// All hosts, as the fallback.
    Any,
    /// The default subset, as the fallback.
    Default(Labels),
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
    crews: Vec<(Key, Crew)>,
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
        let labels = labels.filter(|labels| !labels.is_empty());
        let wanted = labels.filter(|labels| {
            let declared = config.selectors.iter().any(|keys| keys.iter().eq(labels.keys()));
            declared && (0..known.roster.len() as u32).any(|host| has(known.roster, host, labels))
        });
        let at = match (wanted, &config.fallback) {
            (Some(labels), _) => {
                let same = |key: &Key| matches!(key, Key::Labels(known) if known == labels);
                self.place(same, || Key::Labels(labels.clone()), known)
            }
            (None, SubsetFallback::None) => {
                tell(known.roster, labels, "there is no fallback", probe);
                return Err(NoHost::NoSubset);
            }
            (None, SubsetFallback::AnyEndpoint) => {
                tell(known.roster, labels, "any host is taken", probe);
                self.place(|key| *key == Key::Any, || Key::Any, known)
            }
            (None, SubsetFallback::Default(default)) => {
                tell(known.roster, labels, "the default subset is taken", probe);
                let same = |key: &Key| matches!(key, Key::Default(_));
                self.place(same, || Key::Default(default.clone()), known)
            }
        };
        if let Some(labels) = wanted {
            probe.step(rules::SUBSET, Some(known.roster.cluster.origin), || {
                format!("only hosts with {} are meant", written(labels))
            });
        }
        Ok(&mut self.crews[at].1)
    }

    /// Gives all subsets what the workers learn.
    pub(super) fn renew(&mut self, roster: &Roster, ejected: &[u32], now: SimTime) {
        for (key, crew) in &mut self.crews {
            let maker = roster.maker(ejected).for_subset();
            crew.renew(Arc::new(maker.make(|host| belongs(roster, host, key))), now);
        }
    }

    fn place(
        &mut self,
        same: impl Fn(&Key) -> bool,
        key: impl FnOnce() -> Key,
        known: &Known<'_>,
    ) -> usize {
        if let Some(at) = self.crews.iter().position(|(key, _)| same(key)) {
            return at;
        }
        let key = key();
        let maker = known.roster.maker(known.ejected).for_subset();
        let view = maker.make(|host| belongs(known.roster, host, &key));
        let crew = known.crew.beside(Arc::new(view), self.crews.len() as u32 + 1);
        self.crews.push((key, crew));
        self.crews.len() - 1
    }
}

fn has(roster: &Roster, host: u32, labels: &Labels) -> bool {
    let own = &roster.table.endpoint(host).labels;
    labels.iter().all(|(key, value)| own.get(key) == Some(value))
}

fn belongs(roster: &Roster, host: u32, key: &Key) -> bool {
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
