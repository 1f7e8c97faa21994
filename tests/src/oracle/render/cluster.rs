//! Clusters and their endpoints.

use std::collections::BTreeMap;

use meshwalk_models::explain::Sourced;
use meshwalk_models::proxy::envoy::config::{
    Address, Cluster, CommonBalancing, DeclaredHealth, Discovery, Endpoint, HashFunction,
    LeastRequest, LoadAssignment, LoadBalancer, Locality, LocalityEndpoints, LocalityMode, Maglev,
    RingHash, RoutingPriority, SubsetFallback, Subsets, Thresholds, UpstreamHttp, UpstreamProtocol,
    UpstreamTls,
};
use meshwalk_models::units::{Ppm, SimDuration};

use super::super::fields::{Fields, Read};
use super::super::json::Json;
use super::super::script::Script;
use super::{ORIGIN, UPSTREAM_PORT, given, outlier};

/// A cluster with what stands behind it.
#[derive(Clone, Debug)]
pub(in super::super) struct Rendered {
    pub(in super::super) cluster: Cluster,
    pub(in super::super) assignment: LoadAssignment,
    /// In the order written.
    pub(in super::super) upstreams: Vec<Upstream>,
    /// For endpoints without a script of their own.
    pub(in super::super) script: Script,
}

/// An endpoint as the upstream's side sees it.
#[derive(Clone, Debug)]
pub(in super::super) struct Upstream {
    pub(in super::super) name: String,
    pub(in super::super) address: String,
    pub(in super::super) reach: Reach,
    /// `None` shares the cluster's.
    pub(in super::super) script: Option<Script>,
}

/// Whether an endpoint can be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Reach {
    /// It can.
    Open,
    /// Connections are refused.
    Refuses,
    /// Nothing comes back.
    Blackhole,
}

/// An endpoint and where it belongs.
struct Placed {
    priority: u32,
    zone: String,
    endpoint: Endpoint,
}

/// The cluster `name`; `before` endpoints were written in clusters before it.
pub(super) fn cluster(name: &str, fields: &Fields<'_>, before: usize) -> Read<Rendered> {
    let mut number = before;
    let both = fields.objects("endpoints", |fields| {
        number += 1;
        endpoint(fields, number)
    })?;
    let (placed, upstreams): (Vec<Placed>, Vec<Upstream>) = both.into_iter().unzip();
    let weights = fields.object("zone_weights", |inner| {
        let weight = |(zone, _): (&str, &Json)| {
            Ok((zone.to_owned(), inner.whole::<u32>(zone)?.unwrap_or_default()))
        };
        inner.all().map(weight).collect::<Read<BTreeMap<_, _>>>()
    })?;
    let overprovisioning = fields.whole::<u32>("overprovisioning")?.map(Ppm::from_percent);
    Ok(Rendered {
        cluster: Cluster {
            name: name.to_owned(),
            target: None,
            discovery: Discovery::Static,
            connect_timeout: given(
                fields.ms("connect_timeout_ms")?.unwrap_or(SimDuration::from_secs(1)),
            ),
            balancer: given(balancer(fields)?),
            balancing: balancing(fields)?,
            subsets: fields.object("subsets", subsets)?,
            thresholds: fields
                .object("circuit", thresholds)?
                .map(|limits| (RoutingPriority::Default, limits))
                .into_iter()
                .collect(),
            outlier: fields.object("outlier", outlier::detection)?,
            http: http(fields)?,
            tls: given(UpstreamTls::None),
            origin: ORIGIN,
        },
        assignment: LoadAssignment {
            localities: localities(placed, &weights.unwrap_or_default()),
            overprovisioning,
        },
        upstreams,
        script: Script::read(fields)?,
    })
}

fn endpoint(fields: &Fields<'_>, number: usize) -> Read<(Placed, Upstream)> {
    let name = fields.required_text("name")?.to_owned();
    let address = format!("127.0.0.{}", 50 + number);
    let health = match fields.text("health")?.unwrap_or("UNKNOWN") {
        "UNKNOWN" => DeclaredHealth::Unknown,
        "HEALTHY" => DeclaredHealth::Healthy,
        "UNHEALTHY" => DeclaredHealth::Unhealthy,
        "DRAINING" => DeclaredHealth::Draining,
        "TIMEOUT" => DeclaredHealth::Timeout,
        "DEGRADED" => DeclaredHealth::Degraded,
        other => return fields.wrong("health", &format!("`{other}` is no health")),
    };
    let (refuses, blackhole) = (fields.switch("refuse")?, fields.switch("blackhole")?);
    let reach = match (refuses, blackhole) {
        (true, _) => Reach::Refuses,
        (false, true) => Reach::Blackhole,
        (false, false) => Reach::Open,
    };
    let own = fields.get("script").is_some();
    let script = Script::read(fields)?;
    let placed = Placed {
        priority: fields.whole("priority")?.unwrap_or(0),
        zone: fields.text("zone")?.unwrap_or_default().to_owned(),
        endpoint: Endpoint {
            address: Address { host: address.clone(), port: UPSTREAM_PORT },
            pod: None,
            weight: fields.whole("weight")?.unwrap_or(1),
            health,
            labels: fields.text_map("labels")?.into_iter().collect(),
            takes_mutual_tls: false,
            origin: ORIGIN,
        },
    };
    Ok((placed, Upstream { name, address, reach, script: own.then_some(script) }))
}

/// Endpoints by priority and zone.
fn localities(placed: Vec<Placed>, weights: &BTreeMap<String, u32>) -> Vec<LocalityEndpoints> {
    let mut groups: BTreeMap<(u32, String), Vec<Endpoint>> = BTreeMap::new();
    for Placed { priority, zone, endpoint } in placed {
        groups.entry((priority, zone)).or_default().push(endpoint);
    }
    let group = |((priority, zone), endpoints): ((u32, String), Vec<Endpoint>)| {
        let region = if zone.is_empty() { String::new() } else { "r".to_owned() };
        LocalityEndpoints {
            weight: weights.get(&zone).copied().map(given),
            locality: Locality { region, zone, sub_zone: String::new() },
            priority,
            endpoints,
        }
    };
    groups.into_iter().map(group).collect()
}

fn balancer(fields: &Fields<'_>) -> Read<LoadBalancer> {
    let least = fields.object("least_request", least_request)?;
    let ring = fields.object("ring_hash", ring_hash)?;
    let maglev = fields.object("maglev", |inner| inner.whole("table_size"))?.flatten();
    Ok(match fields.text("lb")?.unwrap_or("ROUND_ROBIN") {
        "ROUND_ROBIN" => LoadBalancer::RoundRobin(None),
        "LEAST_REQUEST" => LoadBalancer::LeastRequest(least.unwrap_or(LEAST_REQUEST)),
        "RANDOM" => LoadBalancer::Random,
        "RING_HASH" => LoadBalancer::RingHash(ring.unwrap_or(RING_HASH)),
        "MAGLEV" => LoadBalancer::Maglev(Maglev { table_size: maglev.unwrap_or(65_537) }),
        other => return fields.wrong("lb", &format!("`{other}` is no balancer")),
    })
}

const LEAST_REQUEST: LeastRequest =
    LeastRequest { choices: 2, active_request_bias: Ppm::ONE, full_scan: false, slow_start: None };
const RING_HASH: RingHash =
    RingHash { min_size: 1024, max_size: 8 << 20, function: HashFunction::XxHash };

fn least_request(fields: &Fields<'_>) -> Read<LeastRequest> {
    let bias = fields.object("active_request_bias", |inner| {
        inner.get("runtime_key");
        let value = inner.get("default_value").and_then(Json::as_number);
        value
            .filter(|bias| (0.0..=4000.0).contains(bias))
            .ok_or_else(|| format!("{}: expected a number", inner.place("default_value")))
    })?;
    let bias = bias.map(|bias| Ppm::from_ppm((bias * 1e6).round() as u32));
    let full_scan = match fields.text("selection_method")?.unwrap_or("N_CHOICES") {
        "N_CHOICES" => false,
        "FULL_SCAN" => true,
        other => return fields.wrong("selection_method", &format!("`{other}` is no method")),
    };
    Ok(LeastRequest {
        choices: fields.whole("choice_count")?.unwrap_or(2),
        active_request_bias: bias.unwrap_or(Ppm::ONE),
        full_scan: full_scan || fields.switch("enable_full_scan")?,
        slow_start: None,
    })
}

fn ring_hash(fields: &Fields<'_>) -> Read<RingHash> {
    let function = match fields.text("hash_function")?.unwrap_or("XX_HASH") {
        "XX_HASH" => HashFunction::XxHash,
        "MURMUR_HASH_2" => HashFunction::Murmur2,
        other => return fields.wrong("hash_function", &format!("`{other}` is no hash")),
    };
    Ok(RingHash {
        min_size: fields.whole("minimum_ring_size")?.unwrap_or(RING_HASH.min_size),
        max_size: fields.whole("maximum_ring_size")?.unwrap_or(RING_HASH.max_size),
        function,
    })
}

fn balancing(fields: &Fields<'_>) -> Read<CommonBalancing> {
    let weighted = fields.switch("locality_weighted")?;
    let percent = fields.percent("panic_threshold")?.unwrap_or(Ppm::from_percent(50));
    Ok(CommonBalancing {
        panic_threshold: given(percent),
        fail_traffic_on_panic: false,
        overprovisioning: Ppm::from_percent(140),
        locality: if weighted { LocalityMode::Weighted } else { LocalityMode::Unaware },
        update_merge_window: fields.ms("merge_window_ms")?.unwrap_or(SimDuration::from_secs(1)),
    })
}

fn subsets(fields: &Fields<'_>) -> Read<Subsets> {
    let default = fields.text_map("default")?.into_iter().collect();
    let fallback = match fields.text("fallback")?.unwrap_or("NO_FALLBACK") {
        "NO_FALLBACK" => SubsetFallback::None,
        "ANY_ENDPOINT" => SubsetFallback::AnyEndpoint,
        "DEFAULT_SUBSET" => SubsetFallback::Default(default),
        other => return fields.wrong("fallback", &format!("`{other}` is no fallback")),
    };
    let keys = |(place, item): (String, &Json)| {
        let Json::List(names) = item else { return Err(format!("{place}: expected a list")) };
        let mut names: Vec<String> =
            names.iter().filter_map(Json::as_text).map(str::to_owned).collect();
        names.sort();
        Ok(names)
    };
    let selectors = fields.list("keys")?.into_iter().map(keys).collect::<Read<_>>()?;
    Ok(Subsets { selectors, fallback })
}

/// The limits of a cluster that names none.
pub(super) fn default_thresholds() -> Thresholds {
    Thresholds {
        max_connections: given(1024),
        max_pending: given(1024),
        max_requests: given(1024),
        max_retries: given(3),
        retry_budget: None,
        min_retry_concurrency: 3,
    }
}

/// Limits, as Envoy's configuration writes them, but for the budget.
fn thresholds(fields: &Fields<'_>) -> Read<Thresholds> {
    let limit = |name: &str, default| {
        Ok::<_, String>(Sourced::new(fields.whole(name)?.unwrap_or(default), ORIGIN))
    };
    let budget = fields.object("retry_budget", |inner| {
        let share = inner.percent("pct")?.unwrap_or(Ppm::from_percent(20));
        Ok((share, inner.whole("min")?.unwrap_or(3)))
    })?;
    // Only shows what remains; it limits nothing.
    fields.switch("track_remaining")?;
    Ok(Thresholds {
        max_connections: limit("max_connections", 1024)?,
        max_pending: limit("max_pending_requests", 1024)?,
        max_requests: limit("max_requests", 1024)?,
        max_retries: limit("max_retries", 3)?,
        retry_budget: budget.map(|(share, _)| given(share)),
        min_retry_concurrency: budget.map_or(3, |(_, min)| min),
    })
}

fn http(fields: &Fields<'_>) -> Read<UpstreamHttp> {
    let protocol = match fields.text("protocol")?.unwrap_or("h1") {
        "h2" => UpstreamProtocol::Http2,
        "h1" => UpstreamProtocol::Http1,
        other => return fields.wrong("protocol", &format!("`{other}` is no protocol")),
    };
    Ok(UpstreamHttp {
        protocol: given(protocol),
        max_requests_per_connection: given(0),
        max_concurrent_streams: given(u32::MAX),
        idle_timeout: given(SimDuration::from_secs(3600)),
    })
}
