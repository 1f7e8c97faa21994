//! `loadBalancer` of a traffic policy, and the mesh's `localityLbSetting`.

use std::collections::BTreeMap;

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};
use crate::units::{Ppm, SimDuration};

/// `loadBalancer`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancerSettings {
    /// `simple`; `None` where absent or `UNSPECIFIED`.
    pub simple: Option<Located<SimpleBalancer>>,
    /// `consistentHash`, which wins over `simple`.
    pub consistent_hash: Option<ConsistentHash>,
    /// `localityLbSetting`, in place of the mesh's.
    pub locality: Option<LocalitySettings>,
    /// `warmup`, or the older `warmupDurationSecs`.
    pub warmup: Option<Warmup>,
    /// Where it begins.
    pub place: Place,
}

/// `simple`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimpleBalancer {
    /// The less busy of two.
    LeastRequest,
    /// Any.
    Random,
    /// The address that the client dialled.
    Passthrough,
    /// In turn.
    RoundRobin,
}

/// `consistentHash`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistentHash {
    /// What is hashed; `None` where nothing is written.
    pub source: Option<ConsistentHashSource>,
    /// Which table.
    pub table: HashTable,
    /// Where it begins.
    pub place: Place,
}

/// What is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsistentHashSource {
    /// `httpHeaderName`.
    Header(Located<String>),
    /// `httpCookie`; one that is missing is made if there is a lifetime.
    Cookie {
        /// Its name.
        name: Located<String>,
        /// Its path.
        path: Option<Located<String>>,
        /// Its lifetime.
        ttl: Option<Located<SimDuration>>,
    },
    /// `useSourceIp`.
    SourceIp(Located<bool>),
    /// `httpQueryParameterName`.
    QueryParameter(Located<String>),
}

/// Which table a consistent hash uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashTable {
    /// A ring with at least so many entries; Envoy's default where absent.
    Ring(Option<Located<u64>>),
    /// A Maglev table of this size; Envoy's default where absent.
    Maglev(Option<Located<u64>>),
}

/// New hosts get less at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warmup {
    /// For so long.
    pub duration: Located<SimDuration>,
    /// The least share of its weight; 10 % where absent.
    pub min_share: Option<Located<Ppm>>,
    /// The shape of the rise; one, linear, where absent.
    pub aggression: Option<Located<Ppm>>,
}

/// `localityLbSetting`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalitySettings {
    /// `enabled`; absent means that it is.
    pub enabled: Option<Located<bool>>,
    /// `distribute`: the weights of localities for clients in a locality.
    pub distribute: Vec<Distribute>,
    /// `failover`: which region follows which.
    pub failover: Vec<Failover>,
    /// `failoverPriority`: labels that client and endpoint should share, `name` or `name=value`.
    pub failover_priority: Vec<Located<String>>,
    /// Where it begins.
    pub place: Place,
}

/// An entry of `distribute`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribute {
    /// Clients here, such as `eu-1/*`.
    pub from: Located<String>,
    /// The weight of each locality, by its pattern.
    pub to: BTreeMap<String, Located<u32>>,
    /// Where the weights stand.
    pub place: Place,
}

/// An entry of `failover`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// The region of the client.
    pub from: Located<String>,
    /// The region that takes over.
    pub to: Located<String>,
}

const SIMPLE: &[(&str, Option<SimpleBalancer>)] = &[
    ("UNSPECIFIED", None),
    ("LEAST_REQUEST", Some(SimpleBalancer::LeastRequest)),
    // The older name.
    ("LEAST_CONN", Some(SimpleBalancer::LeastRequest)),
    ("RANDOM", Some(SimpleBalancer::Random)),
    ("PASSTHROUGH", Some(SimpleBalancer::Passthrough)),
    ("ROUND_ROBIN", Some(SimpleBalancer::RoundRobin)),
];

pub(super) fn read_load_balancer(lb: &mut Fields<'_, '_, '_, '_>) -> LoadBalancerSettings {
    let place = lb.place();
    let simple = lb.choice("simple", SIMPLE);
    let old_warmup = lb.parsed("warmupDurationSecs");
    let old_warmup =
        old_warmup.map(|duration| Warmup { duration, min_share: None, aggression: None });
    LoadBalancerSettings {
        simple: simple.and_then(|it| it.value.map(|value| Located::new(value, it.place))),
        consistent_hash: lb.object("consistentHash", read_consistent_hash),
        locality: lb.object("localityLbSetting", read_locality_settings),
        warmup: lb.object("warmup", read_warmup).flatten().or(old_warmup),
        place,
    }
}

fn read_warmup(warmup: &mut Fields<'_, '_, '_, '_>) -> Option<Warmup> {
    let factor = |value: f64| Ppm::from_percent_f64(value * 100.0);
    let min_share = warmup.decimal("minimumPercent").map(|it| it.map(Ppm::from_percent_f64));
    let aggression = warmup.decimal("aggression").map(|it| it.map(factor));
    Some(Warmup { duration: warmup.parsed("duration")?, min_share, aggression })
}

fn read_consistent_hash(hash: &mut Fields<'_, '_, '_, '_>) -> ConsistentHash {
    let place = hash.place();
    let header = hash.string("httpHeaderName").map(ConsistentHashSource::Header);
    let cookie = hash.object("httpCookie", |cookie| {
        let (path, ttl) = (cookie.string("path"), cookie.parsed("ttl"));
        Some(ConsistentHashSource::Cookie { name: cookie.required_string("name")?, path, ttl })
    });
    let source_ip = hash.boolean("useSourceIp").map(ConsistentHashSource::SourceIp);
    let query = hash.string("httpQueryParameterName").map(ConsistentHashSource::QueryParameter);
    let old_size = hash.number("minimumRingSize", 0..=u64::MAX);
    let ring = hash.object("ringHash", |ring| ring.number("minimumRingSize", 0..=u64::MAX));
    let maglev = hash.object("maglev", |maglev| maglev.number("tableSize", 0..=u64::MAX));
    // Zero stands for the default.
    let size = |size: Option<Located<u64>>| size.filter(|size| size.value != 0);
    ConsistentHash {
        source: header.or(cookie.flatten()).or(source_ip).or(query),
        table: match (maglev, ring) {
            (Some(table), _) => HashTable::Maglev(size(table)),
            (None, ring) => HashTable::Ring(size(ring.unwrap_or(old_size))),
        },
        place,
    }
}

pub(super) fn read_locality_settings(locality: &mut Fields<'_, '_, '_, '_>) -> LocalitySettings {
    LocalitySettings {
        enabled: locality.boolean("enabled"),
        distribute: locality.list("distribute", |entry| {
            let to = entry.number_map("to", 0..=100);
            Some(Distribute { from: entry.required_string("from")?, to, place: entry.place() })
        }),
        failover: locality.list("failover", |entry| {
            let to = entry.required_string("to");
            Some(Failover { from: entry.required_string("from")?, to: to? })
        }),
        failover_priority: locality.strings("failoverPriority"),
        place: locality.place(),
    }
}
