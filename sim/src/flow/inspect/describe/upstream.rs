//! Clusters of callers' proxies, and filters.

use meshwalk_models::proxy::envoy::config::LoadBalancer;
use meshwalk_models::proxy::envoy::upstream::{BreakerState, Watched};

use crate::flow::engine::Engine;
use crate::flow::plan::{OutlierWatch, Picks};
use crate::log::Recorder;

use super::super::{
    ClusterState, Field, FiltersState, Health, HostState, Names, Object, Section, State, Used,
    Value,
};
use super::{self as describe, pod};

pub(super) fn cluster(it: &ClusterState, names: Names<'_>) -> Vec<Section> {
    let mut sections = vec![balancing(it, names), breakers(it), hosts(it, names)];
    if it.outlier == OutlierWatch::On {
        sections.push(outliers(it, names));
    }
    sections.push(levels(it));
    sections
}

fn balancing(it: &ClusterState, names: Names<'_>) -> Section {
    let plan = names.plan().mesh.clusters.get(it.plan as usize);
    let mut fields = vec![Field::new("caller", pod(it.client, names))];
    if let Some(plan) = plan {
        let own = plan.roster.cluster();
        let balancer = Value::word(balancer(&own.balancer.value));
        fields.push(Field::set_by("balancer", balancer, own.balancer.origin));
    }
    let picks = match it.picks {
        Picks::PerRequest => "for each request",
        Picks::PerConnection => "for each connection",
    };
    fields.push(Field::new("picks a host", Value::word(picks)));
    let pools = it.pools.iter().flatten();
    for pool in pools.flat_map(|(first, count)| *first..first + count) {
        fields.push(Field::new("pool", describe::pool(pool)));
    }
    Section::of_fields("cluster", fields)
}

const fn balancer(balancer: &LoadBalancer) -> &'static str {
    match balancer {
        LoadBalancer::RoundRobin(_) => "round robin",
        LoadBalancer::LeastRequest(_) => "least request",
        LoadBalancer::Random => "random",
        LoadBalancer::RingHash(_) => "ring hash",
        LoadBalancer::Maglev(_) => "maglev",
        LoadBalancer::ClusterProvided => "the address that was dialled",
    }
}

fn breakers(it: &ClusterState) -> Section {
    let field = |breaker: &BreakerState| {
        Field::set_by(breaker.resource.name(), held(breaker), breaker.origin)
    };
    Section::of_fields("breakers", it.breakers.iter().map(field).collect())
}

/// How much a breaker counts, and how much it lets be.
fn held(breaker: &BreakerState) -> Value {
    Value::of(breaker.count, (breaker.limit != u32::MAX).then_some(breaker.limit))
}

fn hosts(it: &ClusterState, names: Names<'_>) -> Section {
    let row = |host: &HostState| {
        let used = match host.used {
            Used::Yes => "yes",
            Used::No => "no",
        };
        vec![
            host_name(host, names),
            Value::word(host.health.word()),
            Value::count(host.active),
            Value::word(used),
        ]
    };
    let columns = vec!["host", "health", "under way", "known healthy"];
    Section::of_rows("hosts", columns, it.hosts.iter().map(row).collect())
}

fn host_name(host: &HostState, names: Names<'_>) -> Value {
    Value::Object(Object::Pod(host.pod), format!("{}:{}", names.pod_short(host.pod), host.port))
}

fn outliers(it: &ClusterState, names: Names<'_>) -> Section {
    let row = |host: &HostState| {
        let watched = host.watched.unwrap_or_default();
        let until = match host.health {
            Health::Ejected(until) => Value::At(until),
            Health::Healthy | Health::Declared(_) => Value::Nothing,
        };
        let Watched { in_row_5xx, in_row_gateway, requests, successes, .. } = watched;
        vec![
            host_name(host, names),
            until,
            Value::count(host.ejections),
            Value::count(in_row_5xx),
            Value::count(in_row_gateway),
            Value::of(successes, Some(requests)),
        ]
    };
    let columns = vec!["host", "ejected until", "times", "5xx in row", "gateway in row", "good"];
    let rows = it.hosts.iter().map(row).collect();
    let mut fields = vec![Field::new("next sweep", Value::at(it.next_sweep))];
    let plan = names.plan().mesh.clusters.get(it.plan as usize);
    if let Some(config) = plan.and_then(|plan| plan.roster.cluster().outlier.as_ref()) {
        let five = &config.consecutive_5xx;
        let limit = Value::count(five.value);
        fields.push(Field::set_by("ejects at 5xx in a row", limit, five.origin));
        let base = &config.base_ejection;
        fields.push(Field::set_by("base ejection", Value::For(base.value), base.origin));
        let share = &config.max_ejection_share;
        let percent = Value::Percent(share.value.as_percent_f64() as u64);
        fields.push(Field::set_by("ejects at most", percent, share.origin));
    }
    for (name, count) in &it.counters {
        fields.push(Field::new(name, Value::Count(*count)));
    }
    Section { fields, ..Section::of_rows("outlier detection", columns, rows) }
}

fn levels(it: &ClusterState) -> Section {
    let rows = it.levels.iter().enumerate().map(|(priority, level)| {
        vec![
            Value::Word(format!("priority {priority}")),
            Value::of(level.healthy, Some(level.hosts)),
            Value::count(level.degraded),
            Value::Percent(u64::from(level.load_percent)),
            Value::word(if level.panics { "panic" } else { "no" }),
        ]
    });
    let columns = vec!["priority", "healthy", "degraded", "load", "panic"];
    Section::of_rows("spread", columns, rows.collect())
}

pub(super) fn filters(it: &FiltersState) -> Vec<Section> {
    let mut fields = vec![Field::new("active faults", Value::count(it.active_faults))];
    for (name, count) in it.counts.named().into_iter().filter(|(_, count)| *count > 0) {
        fields.push(Field::new(name, Value::Count(count)));
    }
    let rows = it.buckets.iter().map(|bucket| {
        let of = if bucket.of.is_empty() { "listener" } else { &bucket.of };
        vec![Value::word(of), Value::Of(bucket.tokens, Some(bucket.tokens_max))]
    });
    vec![
        Section::of_fields("filters", fields),
        Section::of_rows("rate limits", vec!["limit of", "tokens"], rows.collect()),
    ]
}

/// The clusters in the proxy of a pod, one line for each.
pub(super) fn clusters<R: Recorder>(
    slots: &[u32],
    engine: &Engine<R>,
    names: Names<'_>,
) -> Section {
    let row = |slot: &u32| {
        let Some(State::Cluster(it)) = engine.inspect(Object::Cluster(*slot)) else {
            return Vec::new();
        };
        let healthy = it.hosts.iter().filter(|host| host.health == Health::Healthy).count() as u64;
        let [_, pending, requests, retries] = &it.breakers;
        vec![
            Value::Object(Object::Cluster(*slot), names.cluster(it.plan).to_owned()),
            Value::Of(healthy, Some(it.hosts.len() as u64)),
            held(requests),
            held(pending),
            held(retries),
        ]
    };
    let columns = vec!["cluster", "healthy", "requests", "pending", "retries"];
    Section::of_rows("clusters of its proxy", columns, slots.iter().map(row).collect())
}
