//! Sets of connections: transports and ranges of ports, in one canonical form. Who they are
//! between is not said here.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::manifest::kinds::Transport;

/// The first port that there is.
pub const PORT_MIN: u16 = 1;
/// The last port that there is.
pub const PORT_MAX: u16 = u16::MAX;

/// The transports that Kubernetes knows, in the order in which they are shown.
pub(crate) const TRANSPORTS: [Transport; 3] = [Transport::Tcp, Transport::Udp, Transport::Sctp];

/// A set of pairs of a transport and a port of the pod that is called.
///
/// Two sets that hold the same pairs are equal: ranges are sorted, and none touches the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionSet {
    /// By transport; first and last port of each range.
    ranges: [Vec<(u16, u16)>; 3],
}

impl ConnectionSet {
    /// No connection.
    #[must_use]
    pub const fn none() -> Self {
        Self { ranges: [Vec::new(), Vec::new(), Vec::new()] }
    }

    /// Every connection.
    #[must_use]
    pub fn all() -> Self {
        Self { ranges: std::array::from_fn(|_| vec![(PORT_MIN, PORT_MAX)]) }
    }

    /// The ports from `first` to `last` of one transport.
    #[must_use]
    pub fn range(transport: Transport, first: u16, last: u16) -> Self {
        let mut set = Self::none();
        let first = first.max(PORT_MIN);
        if first <= last {
            set.ranges[index(transport)].push((first, last));
        }
        set
    }

    /// One port of one transport.
    #[must_use]
    pub fn port(transport: Transport, port: u16) -> Self {
        Self::range(transport, port, port)
    }

    /// Whether there is no connection in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.iter().all(Vec::is_empty)
    }

    /// Whether every connection is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.ranges.iter().all(|ranges| ranges[..] == [(PORT_MIN, PORT_MAX)])
    }

    /// Whether this one is in it.
    #[must_use]
    pub fn contains(&self, transport: Transport, port: u16) -> bool {
        let ranges = &self.ranges[index(transport)];
        let after = ranges.partition_point(|&(first, _)| first <= port);
        after > 0 && port <= ranges[after - 1].1
    }

    /// The ranges of one transport, in order.
    #[must_use]
    pub fn ranges(&self, transport: Transport) -> &[(u16, u16)] {
        &self.ranges[index(transport)]
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.joined(other, union)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.joined(other, intersection)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.joined(other, |mine, theirs| intersection(mine, &complement(theirs)))
    }

    fn joined(&self, other: &Self, join: impl Fn(&Ranges, &Ranges) -> Vec<(u16, u16)>) -> Self {
        Self { ranges: std::array::from_fn(|at| join(&self.ranges[at], &other.ranges[at])) }
    }
}

type Ranges = [(u16, u16)];

const fn index(transport: Transport) -> usize {
    match transport {
        Transport::Tcp => 0,
        Transport::Udp => 1,
        Transport::Sctp => 2,
    }
}

fn union(one: &Ranges, other: &Ranges) -> Vec<(u16, u16)> {
    let mut all: Vec<_> = one.iter().chain(other).copied().collect();
    all.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::with_capacity(all.len());
    for (first, last) in all {
        match merged.last_mut() {
            Some(open) if first <= open.1.saturating_add(1) => open.1 = open.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

fn intersection(one: &Ranges, other: &Ranges) -> Vec<(u16, u16)> {
    let (mut at, mut with) = (0, 0);
    let mut both = Vec::new();
    while let (Some(mine), Some(theirs)) = (one.get(at), other.get(with)) {
        let (first, last) = (mine.0.max(theirs.0), mine.1.min(theirs.1));
        if first <= last {
            both.push((first, last));
        }
        if mine.1 <= theirs.1 {
            at += 1;
        } else {
            with += 1;
        }
    }
    both
}

fn complement(ranges: &Ranges) -> Vec<(u16, u16)> {
    let mut rest = Vec::with_capacity(ranges.len() + 1);
    let mut next = Some(PORT_MIN);
    for &(first, last) in ranges {
        if let Some(begin) = next.filter(|begin| *begin < first) {
            rest.push((begin, first - 1));
        }
        next = last.checked_add(1);
    }
    rest.extend(next.map(|begin| (begin, PORT_MAX)));
    rest
}

/// Such as `TCP 80, 8000-8080; UDP 53`, `all`, `none`; a whole transport is its name alone.
impl fmt::Display for ConnectionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        if self.is_all() {
            return f.write_str("all");
        }
        let mut semicolon = "";
        for transport in TRANSPORTS {
            let ranges = self.ranges(transport);
            if ranges.is_empty() {
                continue;
            }
            write!(f, "{semicolon}{}", word(transport))?;
            semicolon = "; ";
            if *ranges == [(PORT_MIN, PORT_MAX)] {
                continue;
            }
            let mut comma = " ";
            for &(first, last) in ranges {
                write!(f, "{comma}{first}")?;
                if first < last {
                    write!(f, "-{last}")?;
                }
                comma = ", ";
            }
        }
        Ok(())
    }
}

/// The transport's name in capitals, as manifests write it.
pub(crate) const fn word(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
        Transport::Sctp => "SCTP",
    }
}

/// As a list of `{transport, first, last}`.
impl Serialize for ConnectionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Range {
            transport: Transport,
            first: u16,
            last: u16,
        }
        let count = self.ranges.iter().map(Vec::len).sum();
        let mut list = serializer.serialize_seq(Some(count))?;
        for transport in TRANSPORTS {
            for &(first, last) in self.ranges(transport) {
                list.serialize_element(&Range { transport, first, last })?;
            }
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Ports near both ends, where ranges could overflow, and some between.
    const NEAR: [u16; 8] = [1, 2, 3, 80, 81, 65533, 65534, 65535];

    fn any_set() -> impl Strategy<Value = ConnectionSet> {
        let range = (0..3_usize, 0..NEAR.len(), 0..NEAR.len());
        proptest::collection::vec(range, 0..6).prop_map(|ranges| {
            ranges.into_iter().fold(ConnectionSet::none(), |set, (transport, one, other)| {
                let (first, last) = (NEAR[one.min(other)], NEAR[one.max(other)]);
                set.union(&ConnectionSet::range(TRANSPORTS[transport], first, last))
            })
        })
    }

    fn members(set: &ConnectionSet) -> BTreeSet<(Transport, u16)> {
        let pairs = TRANSPORTS.into_iter().flat_map(|it| NEAR.map(|port| (it, port)));
        pairs.filter(|&(transport, port)| set.contains(transport, port)).collect()
    }

    proptest! {
        #[test]
        fn the_algebra_is_that_of_sets(one in any_set(), other in any_set()) {
            let (mine, theirs) = (members(&one), members(&other));
            prop_assert_eq!(members(&one.union(&other)), &mine | &theirs);
            prop_assert_eq!(members(&one.intersection(&other)), &mine & &theirs);
            prop_assert_eq!(members(&one.difference(&other)), &mine - &theirs);
        }

        #[test]
        fn equal_sets_have_one_form(one in any_set(), other in any_set()) {
            prop_assert_eq!(one.union(&other), other.union(&one));
            let apart = one.difference(&other).union(&one.intersection(&other));
            prop_assert_eq!(apart, one.clone());
            let rest = ConnectionSet::all().difference(&one);
            prop_assert!(rest.union(&one).is_all() && rest.intersection(&one).is_empty());
        }
    }

    #[test]
    fn a_set_is_shown_briefly() {
        let web = ConnectionSet::range(Transport::Tcp, 8000, 8080);
        let set = web.union(&ConnectionSet::port(Transport::Tcp, 80));
        let dns = ConnectionSet::range(Transport::Udp, 1, PORT_MAX);
        assert_eq!(set.union(&dns).to_string(), "TCP 80, 8000-8080; UDP");
        assert_eq!(ConnectionSet::all().to_string(), "all");
        assert_eq!(ConnectionSet::none().to_string(), "none");
        assert_eq!(ConnectionSet::range(Transport::Tcp, 9, 8), ConnectionSet::none());
    }
}
