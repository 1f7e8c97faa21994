//! How much memory a proxy takes: a base, what its configuration holds, and its connections. How
//! many connections there are is measured elsewhere.

use crate::proxy::envoy::config::ProxyConfig;
use crate::units::Bytes;

use super::{CostProfile, Priced, ProxyKind};

/// What a proxy keeps in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Clusters.
    pub clusters: u64,
    /// Endpoints, counted once for each cluster that they belong to.
    pub endpoints: u64,
    /// Connections at the peak, those of both sides.
    pub connections: u64,
}

impl Held {
    /// What a configuration has a proxy hold, without connections.
    #[must_use]
    pub fn of(config: &ProxyConfig) -> Self {
        let localities = config.assignments.values().flat_map(|it| &it.localities);
        Self {
            clusters: config.clusters.len() as u64,
            endpoints: localities.map(|it| it.endpoints.len() as u64).sum(),
            connections: 0,
        }
    }
}

/// One part of a proxy's memory.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryPart {
    /// What takes it, in the plural.
    pub what: &'static str,
    /// How many there are.
    pub count: u64,
    /// What one of them takes.
    pub each: Bytes,
    /// What all of them take.
    pub all: Bytes,
    /// Where the price comes from.
    pub source: String,
    /// Its relative error.
    pub relative_error: f64,
}

impl MemoryPart {
    fn new(what: &'static str, count: u64, price: &Priced<Bytes>) -> Self {
        Self {
            what,
            count,
            each: price.value,
            all: Bytes(price.value.0.saturating_mul(count)),
            source: price.source.clone(),
            relative_error: price.relative_error,
        }
    }
}

impl CostProfile {
    /// The parts of a proxy's memory; their sum is [`CostProfile::memory`].
    #[must_use]
    pub fn memory_parts(&self, kind: ProxyKind, held: Held) -> [MemoryPart; 4] {
        let cost = self.proxies.of(kind);
        [
            MemoryPart::new("proxy", 1, &cost.m0),
            MemoryPart::new("clusters", held.clusters, &cost.m_cluster),
            MemoryPart::new("endpoints", held.endpoints, &cost.m_endpoint),
            MemoryPart::new("connections", held.connections, &cost.m_connection),
        ]
    }

    /// The memory of a proxy.
    #[must_use]
    pub fn memory(&self, kind: ProxyKind, held: Held) -> Bytes {
        let parts = self.memory_parts(kind, held);
        let add = |sum: u64, part: &MemoryPart| sum.saturating_add(part.all.0);
        Bytes(parts.iter().fold(0, add))
    }
}
