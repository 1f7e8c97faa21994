//! Balancers that choose by a hash: a ring of hashes, and Maglev's table. A table is made for the
//! hosts of one priority; where the hash of a request comes from is the route's business.
//!
//! Source: Envoy, `ring_hash_lb.cc`, `maglev_lb.cc` and `thread_aware_lb_impl.cc`.

use super::super::config::{HashFunction, LoadBalancer, Maglev, RingHash};
use super::super::hash::{MURMUR_STD_SEED, murmur_hash_2_64, xx_hash_64};
use super::hosts::HostTable;
use super::view::{LevelView, Weights};

/// The greatest ring that the proxy accepts (`cluster.proto`).
const MAX_RING: u64 = 8 << 20;
/// The greatest Maglev table that the proxy accepts.
const MAX_MAGLEV: u64 = 5_000_011;
/// Envoy's own size of a Maglev table.
const DEFAULT_MAGLEV: u64 = 65_537;

/// The hosts of one priority, by hash.
#[derive(Clone, Debug)]
pub(super) enum Table {
    /// Sorted by hash.
    Ring(Vec<(u64, u32)>),
    /// One host an entry.
    Maglev(Vec<u32>),
}

/// A host and its share; all shares together are one.
type Share = (u32, f64);

impl Table {
    /// The table of `level` if `balancer` chooses by hash.
    pub(super) fn of(
        balancer: &LoadBalancer,
        table: &HostTable,
        level: &LevelView,
        weights: Weights,
        everybody: bool,
    ) -> Option<Self> {
        let shares = || shares(table, level, weights, everybody);
        match balancer {
            LoadBalancer::RingHash(config) => Some(Self::Ring(ring(config, table, &shares()))),
            LoadBalancer::Maglev(config) => Some(Self::Maglev(maglev(config, table, &shares()))),
            _ => None,
        }
    }

    /// The host for `hash`; a greater `attempt` asks for another one.
    pub(super) fn choose(&self, hash: u64, attempt: u32) -> Option<u32> {
        match self {
            Self::Ring(ring) => {
                let at = ring.partition_point(|&(entry, _)| entry < hash);
                let len = ring.len().max(1);
                ring.get((at % len + attempt as usize) % len).map(|&(_, host)| host)
            }
            Self::Maglev(table) => {
                // The hash is turned inside out, so that attempts land far from each other.
                let turn = if attempt == 0 { 0 } else { u64::from(attempt).wrapping_neg() };
                let at = (hash ^ turn) % (table.len() as u64).max(1);
                table.get(at as usize).copied()
            }
        }
    }
}

/// What is hashed for a host.
fn key(table: &HostTable, host: u32) -> String {
    let endpoint = table.endpoint(host);
    match endpoint.labels.get("hash_key") {
        Some(key) if !key.is_empty() => key.clone(),
        _ => endpoint.address.to_string(),
    }
}

/// Source: Envoy, `normalizeWeights`.
fn shares(table: &HostTable, level: &LevelView, weights: Weights, everybody: bool) -> Vec<Share> {
    let of = |hosts: &[u32], whole: f64| -> Vec<Share> {
        let sum: u64 = hosts.iter().map(|&host| u64::from(table.weight(host))).sum();
        let share = |host| f64::from(table.weight(host)) * whole / sum as f64;
        hosts.iter().map(|&host| (host, share(host))).collect()
    };
    if weights == Weights::Hosts {
        let group = if everybody { &level.all } else { &level.healthy };
        return of(&group.hosts, 1.0);
    }
    let sum: u64 = level.localities.iter().map(|locality| u64::from(locality.weight)).sum();
    let weighted = level.localities.iter().filter(|locality| locality.weight > 0);
    weighted
        .flat_map(|locality| {
            let group = if everybody { &locality.all } else { &locality.healthy };
            of(&group.hosts, f64::from(locality.weight) / sum as f64)
        })
        .collect()
}

fn ring(config: &RingHash, table: &HostTable, shares: &[Share]) -> Vec<(u64, u32)> {
    let Some(least) = shares.iter().map(|&(_, share)| share).reduce(f64::min) else {
        return Vec::new();
    };
    let least = least.min(1.0);
    let most = config.max_size.min(MAX_RING) as f64;
    let scale = (libm::ceil(least * config.min_size.min(MAX_RING) as f64) / least).min(most);
    let mut ring = Vec::with_capacity(libm::ceil(scale) as usize);
    let (mut current, mut target) = (0.0, 0.0);
    for &(host, share) in shares {
        let key = key(table, host);
        target += scale * share;
        let mut copy = 0u64;
        while current < target {
            let text = format!("{key}_{copy}");
            let hash = match config.function {
                HashFunction::XxHash => xx_hash_64(text.as_bytes(), 0),
                HashFunction::Murmur2 => murmur_hash_2_64(text.as_bytes(), MURMUR_STD_SEED),
            };
            ring.push((hash, host));
            copy += 1;
            current += 1.0;
        }
    }
    ring.sort_unstable();
    ring
}

/// What is known of a host while a Maglev table is filled.
struct Filler {
    host: u32,
    share: f64,
    offset: u64,
    skip: u64,
    next: u64,
    target: f64,
}

fn maglev(config: &Maglev, table: &HostTable, shares: &[Share]) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    let Some(most) = shares.iter().map(|&(_, share)| share).reduce(f64::max) else {
        return Vec::new();
    };
    // The proxy refuses a cluster whose size is no prime; filling such a table might not end.
    let size = Some(config.table_size)
        .filter(|&size| size <= MAX_MAGLEV && is_prime(size))
        .unwrap_or(DEFAULT_MAGLEV);
    let mut keyed: Vec<_> = shares.iter().map(|&share| (key(table, share.0), share)).collect();
    keyed.sort_by(|a, b| (&a.0, a.1.0).cmp(&(&b.0, b.1.0)));
    let mut fillers: Vec<_> = keyed
        .iter()
        .map(|(key, (host, share))| Filler {
            host: *host,
            share: *share,
            offset: xx_hash_64(key.as_bytes(), 0) % size,
            skip: xx_hash_64(key.as_bytes(), 1) % (size - 1) + 1,
            next: 0,
            target: 0.0,
        })
        .collect();
    let mut entries = vec![FREE; size as usize];
    let mut left = size;
    let mut round = 0.0;
    while left > 0 {
        round += 1.0;
        for filler in &mut fillers {
            if left == 0 || round * filler.share < filler.target {
                continue;
            }
            filler.target += most;
            let at = loop {
                let at = (filler.offset + filler.skip * filler.next) % size;
                filler.next += 1;
                if entries[at as usize] == FREE {
                    break at;
                }
            };
            entries[at as usize] = filler.host;
            left -= 1;
        }
    }
    entries
}

fn is_prime(number: u64) -> bool {
    number >= 2 && (2..).take_while(|by| by * by <= number).all(|by| !number.is_multiple_of(by))
}
