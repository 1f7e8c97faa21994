//! Small tables of counts by a closed set of names: retries by reason, overflows by what was full,
//! rulings of policy, bytes by who could read them.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts by name. There are few names, so a list is searched from its front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally<K>(Vec<(K, u64)>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + Eq> Tally<K> {
    /// Counts one.
    #[inline]
    pub fn count(&mut self, key: K) {
        self.add(key, 1);
    }

    /// Counts `count` more.
    #[inline]
    pub fn add(&mut self, key: K, count: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, counted)) => *counted += count,
            None => self.0.push((key, count)),
        }
    }

    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(key, count)| self.add(key, count));
    }

    /// What was counted, in the order of first occurrence.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> {
        self.0.iter().copied()
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }

    /// What occurred, by name.
    pub fn by_name<N: Ord>(&self, name: impl Fn(K) -> N) -> BTreeMap<N, u64> {
        let mut counts = BTreeMap::new();
        for (key, count) in self.iter().filter(|(_, count)| *count > 0) {
            *counts.entry(name(key)).or_default() += count;
        }
        counts
    }
}

/// Why an attempt was made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RetryReason {
    /// The application tries again by itself, whatever happened.
    Application,
    /// The caller's proxy got this status; gRPC's is told as the HTTP status it stands for.
    Status(u16),
    /// The caller's proxy lost the attempt, in the words of Envoy's reset reasons.
    Reset(&'static str),
    /// The attempt took longer than the per-try timeout.
    PerTryTimeout,
}

impl RetryReason {
    /// As tables and JSON print it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Application => "application".to_owned(),
            Self::Status(status) => status.to_string(),
            Self::Reset(reason) => reason.replace(' ', "_"),
            Self::PerTryTimeout => "per_try_timeout".to_owned(),
        }
    }
}

/// What a circuit breaker had no place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Full {
    /// Connections of the caller's proxy to the cluster.
    Connections,
    /// Requests that wait for a connection.
    Pending,
    /// Requests under way.
    Requests,
    /// Retries under way.
    Retries,
}

impl Full {
    /// As tables and JSON print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Pending => "pending",
            Self::Requests => "requests",
            Self::Retries => "retries",
        }
    }
}

/// How policy ended what a caller had begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// A request was answered by a rule on who may call.
    Denied,
    /// A request was answered because its token is missing or bad.
    Unauthenticated,
    /// The SYN of a connection was never answered.
    Dropped,
    /// A connection was refused or ended by the server's side.
    Reset,
}

impl Ruling {
    /// As tables and JSON print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::Dropped => "dropped",
            Self::Reset => "reset",
        }
    }
}

/// Bytes that were put on the wire, headers included, by what a listener there could read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireBytes {
    /// They left their node and nothing encrypted them.
    pub plaintext: u64,
    /// They left their node encrypted.
    pub encrypted: u64,
    /// They stayed on their node.
    pub same_node: u64,
    /// Of all of them, those that left their zone for another one.
    pub cross_zone: u64,
}

impl WireBytes {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.plaintext + self.encrypted + self.same_node
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: Self) {
        self.plaintext += other.plaintext;
        self.encrypted += other.encrypted;
        self.same_node += other.same_node;
        self.cross_zone += other.cross_zone;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_one_name_are_added_and_names_without_counts_are_left_out() {
        let mut tally = Tally::default();
        tally.count(RetryReason::Status(503));
        tally.count(RetryReason::Reset("connection termination"));
        tally.add(RetryReason::PerTryTimeout, 0);
        tally.count(RetryReason::Status(503));
        let by_name = tally.by_name(RetryReason::name);
        let expected = [("503".to_owned(), 2), ("connection_termination".to_owned(), 1)];
        assert_eq!((tally.total(), by_name), (3, expected.into()));
    }
}
