//! The links of all pairs in few rows: pairs that are alike stand in one row, and parties in few
//! names.

use std::collections::{BTreeMap, BTreeSet};

use super::Reach;
use super::link::Link;
use super::party::{Party, PartyKind};

/// With more pairs than this, those that are alike share a row.
const PAIRS_MAX: usize = 200;

/// Parties that talk to other parties alike. Positions are those of [`Reach::parties`], in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'r> {
    /// Who calls.
    pub from: Vec<usize>,
    /// Who is called.
    pub to: Vec<usize>,
    /// Which connections, and what becomes of them.
    pub link: &'r Link,
}

/// The rows of a reach that `counts` lets through: each pair by itself while they are few, else
/// those together that are alike. Sorted by names of callers, then of servers.
#[must_use]
pub fn rows(reach: &Reach, counts: impl Fn(usize, usize) -> bool) -> Vec<Row<'_>> {
    let count = reach.parties().len();
    let pairs = || {
        let counts = &counts;
        (0..count)
            .flat_map(move |to| (0..count).map(move |from| (from, to)))
            .filter(move |&(from, to)| counts(from, to))
    };
    let each = pairs()
        .flat_map(|(from, to)| reach.between(from, to).iter().map(move |link| (from, to, link)));
    let few: Vec<_> = each.take(PAIRS_MAX + 1).collect();
    let mut rows: Vec<Row<'_>> = if few.len() <= PAIRS_MAX {
        let row = |(from, to, link)| Row { from: vec![from], to: vec![to], link };
        few.into_iter().map(row).collect()
    } else {
        // Whoever stands for itself alone is counted in, so that groups stay whole.
        let all = pairs().flat_map(|(from, to)| {
            let (client, server) = (&reach.parties()[from], &reach.parties()[to]);
            let links = reach.of_classes(client.class, server.class);
            links.iter().map(move |link| (from, to, link))
        });
        let grouped = grouped(all).into_iter();
        grouped.map(|(from, to, link)| Row { from, to, link }).collect()
    };
    rows.sort_by(|one, other| {
        (&one.from, &one.to, one.link).cmp(&(&other.from, &other.to, other.link))
    });
    rows
}

/// Puts pairs with one key together: first all callers of a server, then all servers with the same
/// callers. Pairs come sorted by server, then by caller.
pub(super) fn grouped<K: Ord + Copy>(
    pairs: impl Iterator<Item = (usize, usize, K)>,
) -> Vec<(Vec<usize>, Vec<usize>, K)> {
    let mut groups: BTreeMap<(Vec<usize>, K), Vec<usize>> = BTreeMap::new();
    let mut open: Option<(usize, BTreeMap<K, Vec<usize>>)> = None;
    let mut close = |server: Option<(usize, BTreeMap<K, Vec<usize>>)>| {
        let Some((to, callers)) = server else { return };
        for (key, from) in callers {
            groups.entry((from, key)).or_default().push(to);
        }
    };
    for (from, to, key) in pairs {
        if open.as_ref().is_none_or(|(server, _)| *server != to) {
            close(open.replace((to, BTreeMap::new())));
        }
        if let Some((_, callers)) = &mut open {
            callers.entry(key).or_default().push(from);
        }
    }
    close(open);
    groups.into_iter().map(|((from, key), to)| (from, to, key)).collect()
}

/// Parties by few names: `any workload`, `shop/*` for a whole namespace, and the names of the
/// rest.
#[must_use]
pub fn names(parties: &[Party], group: &[usize]) -> Vec<String> {
    if let [one] = group {
        return vec![parties[*one].name.clone()];
    }
    let is_workload = |party: &Party| party.kind == PartyKind::Workload;
    let chosen: BTreeSet<usize> = group.iter().copied().collect();
    let mut sizes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, party) in parties.iter().enumerate() {
        if let Some(namespace) = &party.namespace {
            let size = sizes.entry(namespace).or_default();
            size.0 += 1;
            size.1 += usize::from(chosen.contains(&at));
        }
    }
    let all = sizes.values().all(|(has, chosen)| has == chosen) && !sizes.is_empty();
    let whole =
        |namespace: &str| sizes.get(namespace).is_some_and(|(has, own)| has == own && *has > 1);
    let mut names = Vec::new();
    if all {
        names.push("any workload".to_owned());
    }
    let mut last = None;
    for at in &chosen {
        let party = &parties[*at];
        match &party.namespace {
            Some(_) if all && is_workload(party) => {}
            Some(namespace) if whole(namespace) => {
                if last != Some(namespace) {
                    names.push(format!("{namespace}/*"));
                }
                last = Some(namespace);
            }
            _ => names.push(party.name.clone()),
        }
    }
    names
}
