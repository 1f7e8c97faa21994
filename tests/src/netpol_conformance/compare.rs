//! Compares connection sets, not texts: ranges of addresses may be cut anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use meshwalk_models::policy::ConnectionSet;
use meshwalk_models::policy::network::Connections;

use super::case::Found;
use super::expected::{Expected, Side};

/// The connections of a pair that differ, one sentence each.
pub(super) fn differences(expected: &Expected, found: &Found) -> Vec<String> {
    let cuts = cuts(expected.keys().chain(found.keys()));
    let mut wanted: BTreeMap<(Side, Side), ConnectionSet> = BTreeMap::new();
    for (pair, set) in expected {
        for pair in cut_pair(pair, &cuts) {
            let all = wanted.entry(pair).or_default();
            *all = all.union(set);
        }
    }
    let mut got: BTreeMap<(Side, Side), Connections> = BTreeMap::new();
    for (pair, set) in found {
        for pair in cut_pair(pair, &cuts) {
            let all = got.entry(pair).or_default();
            *all = all.or(set);
        }
    }
    let pairs: BTreeSet<_> = wanted.keys().chain(got.keys()).collect();
    let none = (ConnectionSet::none(), Connections::default());
    let mut texts = Vec::new();
    for pair in pairs {
        let (want, have) = (wanted.get(pair).unwrap_or(&none.0), got.get(pair).unwrap_or(&none.1));
        if have.unknown.is_empty() && *want == have.allowed {
            continue;
        }
        let unknown = match have.unknown.is_empty() {
            true => String::new(),
            false => format!(", and {} is unknown", have.unknown),
        };
        let (from, to) = (shown(&pair.0), shown(&pair.1));
        texts.push(format!("{from} => {to}: expected {want}, got {}{unknown}", have.allowed));
    }
    texts
}

fn shown(side: &Side) -> String {
    match side {
        Side::Outside(first, last) => format!("{first}-{last}"),
        Side::Named(name) => name.clone(),
    }
}

/// The first addresses of all pieces into which the ranges cut each other.
fn cuts<'a>(pairs: impl Iterator<Item = &'a (Side, Side)>) -> BTreeSet<u64> {
    let mut cuts = BTreeSet::new();
    for (from, to) in pairs {
        for side in [from, to] {
            if let Side::Outside(first, last) = side {
                cuts.extend([number(*first), number(*last) + 1]);
            }
        }
    }
    cuts
}

/// The cases are about IPv4.
fn number(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => u64::from(u32::from(ip)),
        IpAddr::V6(_) => 0,
    }
}

fn cut_pair((from, to): &(Side, Side), cuts: &BTreeSet<u64>) -> Vec<(Side, Side)> {
    let clients = cut(from, cuts);
    let pairs =
        clients.iter().flat_map(|from| cut(to, cuts).into_iter().map(move |to| (from.clone(), to)));
    pairs.collect()
}

fn cut(side: &Side, cuts: &BTreeSet<u64>) -> Vec<Side> {
    let Side::Outside(first, last) = side else { return vec![side.clone()] };
    let (begin, end) = (number(*first), number(*last) + 1);
    let inner: Vec<u64> = cuts.range(begin..=end).copied().collect();
    let address =
        |number: u64| IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)));
    inner.windows(2).map(|pair| Side::Outside(address(pair[0]), address(pair[1] - 1))).collect()
}
