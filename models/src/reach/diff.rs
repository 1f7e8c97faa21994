//! Connections gained and lost between two configurations.

use std::collections::BTreeMap;

use crate::policy::ConnectionSet;

use super::Reach;
use super::access::{Admission, Condition};
use super::link::{Fate, Link, Requests};
use super::summary::grouped;

/// Connections whose fate differs between two configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who calls, by the positions in the list of names.
    pub from: Vec<usize>,
    /// Who is called.
    pub to: Vec<usize>,
    /// Which connections.
    pub set: ConnectionSet,
    /// What became of them; `None` where one of the parties did not exist.
    pub before: Option<Fate>,
    /// What becomes of them.
    pub after: Option<Fate>,
}

/// The sorts of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// They passed, and no longer do for certain.
    Lost,
    /// They pass, and did not before for certain.
    Gained,
    /// Other requests pass than before.
    Changed,
    /// Nobody could tell, or nobody can now.
    Unclear,
}

impl Change {
    /// Its sort.
    #[must_use]
    pub const fn sort(&self) -> Sort {
        match (&self.before, &self.after) {
            (Some(Fate::Allowed(_)), Some(Fate::Allowed(_))) => Sort::Changed,
            (Some(Fate::Allowed(_)), _) => Sort::Lost,
            (_, Some(Fate::Allowed(_))) => Sort::Gained,
            _ => Sort::Unclear,
        }
    }
}

/// The names of everybody in either configuration, sorted, and what differs between pairs of them.
#[must_use]
pub fn differences(before: &Reach, after: &Reach) -> (Vec<super::Party>, Vec<Change>) {
    let mut known: BTreeMap<(super::PartyKind, &str), [Option<usize>; 2]> = BTreeMap::new();
    for (side, reach) in [before, after].into_iter().enumerate() {
        for (at, party) in reach.parties().iter().enumerate() {
            known.entry((party.kind, &party.name)).or_default()[side] = Some(at);
        }
    }
    let both: Vec<[Option<usize>; 2]> = known.values().copied().collect();
    let party = |[old, new]: &[Option<usize>; 2]| match (old, new) {
        (_, Some(at)) => Some(after.parties()[*at].clone()),
        (Some(at), None) => Some(before.parties()[*at].clone()),
        (None, None) => None,
    };
    let parties: Vec<super::Party> = both.iter().filter_map(party).collect();
    let mut deltas = Deltas::default();
    let mut pairs = Vec::new();
    for (to, server) in both.iter().enumerate() {
        for (from, client) in both.iter().enumerate() {
            let links = |reach: &Reach, side: usize| {
                let (from, to) = (client[side]?, server[side]?);
                Some(reach.number_between(from, to))
            };
            for delta in deltas.of((before, links(before, 0)), (after, links(after, 1))) {
                pairs.push((from, to, *delta));
            }
        }
    }
    let changes = grouped(pairs.into_iter()).into_iter().map(|(from, to, number)| {
        let (set, before, after) = deltas.all[number].clone();
        Change { from, to, set, before, after }
    });
    let mut changes: Vec<Change> = changes.collect();
    changes.sort_by(|one, other| {
        let key = |it: &Change| (it.sort(), it.from.clone(), it.to.clone(), it.set.clone());
        key(one).cmp(&key(other))
    });
    (parties, changes)
}

type Delta = (ConnectionSet, Option<Fate>, Option<Fate>);

/// What differs between lists of links, each found out once.
#[derive(Default)]
struct Deltas {
    all: Vec<Delta>,
    numbers: BTreeMap<Delta, usize>,
    /// By the numbers of the lists on both sides.
    known: BTreeMap<(Option<u32>, Option<u32>), Vec<usize>>,
}

impl Deltas {
    fn of(
        &mut self,
        (before, old): (&Reach, Option<u32>),
        (after, new): (&Reach, Option<u32>),
    ) -> &[usize] {
        let Self { all, numbers, known } = self;
        known.entry((old, new)).or_insert_with(|| {
            let links = |reach: &'_ Reach, number: Option<u32>| {
                number.map(|it| reach.links[it as usize].clone())
            };
            let mut own = Vec::new();
            for delta in deltas(links(before, old).as_deref(), links(after, new).as_deref()) {
                let next = all.len();
                let number = *numbers.entry(delta.clone()).or_insert(next);
                if number == next {
                    all.push(delta);
                }
                own.push(number);
            }
            own
        })
    }
}

/// What differs between two lists of links; what is in none is refused.
fn deltas(before: Option<&[Link]>, after: Option<&[Link]>) -> Vec<Delta> {
    let mut found: BTreeMap<(Option<Fate>, Option<Fate>), ConnectionSet> = BTreeMap::new();
    for (set, fate) in parts(before) {
        for (other_set, other) in parts(after) {
            let both = set.intersection(&other_set);
            if !both.is_empty() && !are_alike(fate.as_ref(), other.as_ref()) {
                let own = found.entry((fate.clone(), other)).or_default();
                *own = own.union(&both);
            }
        }
    }
    found.into_iter().map(|((before, after), set)| (set, before, after)).collect()
}

fn parts(links: Option<&[Link]>) -> Vec<(ConnectionSet, Option<Fate>)> {
    let links = links.unwrap_or_default();
    let mut rest = ConnectionSet::all();
    let mut parts = Vec::new();
    for link in links {
        rest = rest.difference(&link.set);
        parts.push((link.set.clone(), Some(link.fate.clone())));
    }
    if !rest.is_empty() {
        parts.push((rest, None));
    }
    parts
}

/// Whether two fates let the same through.
fn are_alike(one: Option<&Fate>, other: Option<&Fate>) -> bool {
    let passes = |fate: Option<&Fate>| match fate {
        Some(Fate::Allowed(requests)) => Passes::Yes(described(requests)),
        Some(Fate::Unknown { .. }) => Passes::Perhaps,
        Some(Fate::Refused { .. }) | None => Passes::No,
    };
    passes(one) == passes(other)
}

#[derive(PartialEq)]
enum Passes {
    No,
    Perhaps,
    Yes(Option<Described>),
}

/// What requests must fulfil, wherever that is written.
type Described = [Option<Vec<Vec<Condition>>>; 3];

fn described(requests: &Requests) -> Option<Described> {
    let Requests::Some { admitted, except, undecided } = requests else { return None };
    let conditions = |all: &Vec<Admission>| {
        let mut all: Vec<_> = all.iter().map(|it| it.conditions.clone()).collect();
        all.sort();
        all.dedup();
        all
    };
    Some([admitted.as_ref().map(conditions), Some(conditions(except)), Some(conditions(undecided))])
}
