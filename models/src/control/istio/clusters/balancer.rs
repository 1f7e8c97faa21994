//! Who gets the next request: `loadBalancer` of a policy as Envoy has it, and what its hash looks
//! at (istio `pilot/pkg/networking/core/cluster_traffic_policy.go`, `applyLoadBalancer`).

use crate::explain::Sourced;
use crate::manifest::Located;
use crate::manifest::kinds::istio::{
    ConsistentHashSource, HashTable, LoadBalancerSettings, SimpleBalancer, Warmup,
};
use crate::proxy::envoy::config::{
    Discovery, HashFunction, HashPolicy, HashSource, LeastRequest, LoadBalancer, Maglev, RingHash,
    SlowStart,
};
use crate::units::Ppm;
use crate::world::Origin;

use super::limits::sourced;

/// Envoy's defaults (api/envoy/config/cluster/v3/cluster.proto).
const RING_MIN: u64 = 1024;
const RING_MAX: u64 = 8 * 1024 * 1024;
const MAGLEV_SIZE: u64 = 65_537;

/// The least share of its weight that a new host gets (the same file, `SlowStartConfig`).
const MIN_WEIGHT: Ppm = Ppm::from_percent(10);

/// The balancer of a cluster; Istio's default is least request.
pub(super) fn balancer(
    settings: Option<&LoadBalancerSettings>,
    discovery: Discovery,
) -> Sourced<LoadBalancer> {
    let default = Origin::Default("istio.load-balancer");
    let Some(settings) = settings else {
        return Sourced::new(simple(None, None, discovery), default);
    };
    if discovery == Discovery::OriginalDestination {
        return Sourced::new(LoadBalancer::ClusterProvided, Origin::Manifest(settings.place));
    }
    if let Some(hash) = &settings.consistent_hash {
        return Sourced::new(hashing(hash.table), Origin::Manifest(hash.place));
    }
    let written = settings.simple.as_ref();
    let warmup = settings.warmup.as_ref().map(slow_start);
    let origin = written.map_or(default, |simple| Origin::Manifest(simple.place));
    Sourced::new(simple(written.map(|simple| simple.value), warmup, discovery), origin)
}

fn simple(
    simple: Option<SimpleBalancer>,
    slow_start: Option<SlowStart>,
    discovery: Discovery,
) -> LoadBalancer {
    if discovery == Discovery::OriginalDestination {
        return LoadBalancer::ClusterProvided;
    }
    match simple {
        Some(SimpleBalancer::Random) => LoadBalancer::Random,
        Some(SimpleBalancer::RoundRobin) => LoadBalancer::RoundRobin(slow_start),
        Some(SimpleBalancer::Passthrough) => LoadBalancer::ClusterProvided,
        Some(SimpleBalancer::LeastRequest) | None => {
            LoadBalancer::LeastRequest(LeastRequest { slow_start, ..LeastRequest::DEFAULT })
        }
    }
}

fn hashing(table: HashTable) -> LoadBalancer {
    let or = |size: Option<Located<u64>>, default| size.map_or(default, |size| size.value);
    match table {
        HashTable::Ring(size) => LoadBalancer::RingHash(RingHash {
            min_size: or(size, RING_MIN),
            max_size: RING_MAX,
            function: HashFunction::XxHash,
        }),
        HashTable::Maglev(size) => {
            LoadBalancer::Maglev(Maglev { table_size: or(size, MAGLEV_SIZE) })
        }
    }
}

fn slow_start(warmup: &Warmup) -> SlowStart {
    SlowStart {
        window: sourced(&warmup.duration),
        aggression: warmup.aggression.map_or(Ppm::ONE, |aggression| aggression.value),
        min_weight: warmup.min_share.map_or(MIN_WEIGHT, |share| share.value),
    }
}

/// What the balancer hashes; `None` where it does not hash (istio
/// `pilot/pkg/networking/core/route/route.go`, `consistentHashToHashPolicy`).
#[must_use]
pub fn hash_policy(settings: Option<&LoadBalancerSettings>) -> Option<HashPolicy> {
    let hash = settings?.consistent_hash.as_ref()?;
    let source = match hash.source.as_ref()? {
        ConsistentHashSource::Header(name) => HashSource::Header(name.value.to_ascii_lowercase()),
        ConsistentHashSource::Cookie { name, path, ttl } => HashSource::Cookie {
            name: name.value.clone(),
            ttl: ttl.map(|ttl| ttl.value),
            path: path.as_ref().map(|path| path.value.clone()),
        },
        ConsistentHashSource::SourceIp(used) if used.value => HashSource::SourceIp,
        ConsistentHashSource::SourceIp(_) => return None,
        ConsistentHashSource::QueryParameter(name) => {
            HashSource::QueryParameter(name.value.clone())
        }
    };
    Some(HashPolicy { source, terminal: false, origin: Origin::Manifest(hash.place) })
}
