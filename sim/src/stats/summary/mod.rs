//! From the counters of replications to results with intervals; it runs and prints nothing.
//!
//! Counts are sums over replications. Rates, shares and latencies are the mean over replications
//! of each one's own figure, so that the interval belongs to the value beside it; with one
//! replication the value is that replication's. A replication without data for a figure does not
//! take part in it.

mod calls;
mod load;
mod proxies;

use crate::kernel::Histogram;

use self::calls::Calls;
use self::load::Load;
use self::proxies::proxies;
use super::{
    Assumption, EdgeCounters, EdgeResults, Estimate, ExpectationResult, Full, Identity, Layout,
    NotModelled, RetryReason, Ruling, RunResults, RunStatistics, ServiceResults, Totals,
    TrafficCounters, TrafficResults, WorkloadResults,
};

const NS_PER_MS: f64 = 1e6;

/// What a report says beside the measured figures.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// What makes this run this run.
    pub identity: Identity,
    /// Expectations, in the order of the scenario.
    pub expectations: Vec<ExpectationResult>,
    /// What was assumed because nothing said it.
    pub assumptions: Vec<Assumption>,
    /// What was read and has no effect.
    pub not_modelled: Vec<NotModelled>,
}

/// The results of `runs`, one for each replication in the order of their seeds; all of them have
/// the rows of `layout`.
///
/// # Panics
/// When `runs` is empty or a row is missing: the engine owes them.
#[must_use]
pub fn summarise(layout: &Layout, runs: &[RunStatistics], context: RunContext) -> RunResults {
    assert!(!runs.is_empty(), "a run has at least one replication");
    RunResults {
        identity: context.identity,
        state_hash: format!("{:016x}", joint_hash(runs)),
        measured_s: runs[0].measured.as_secs_f64(),
        replications: u32::try_from(runs.len()).expect("replications are counted in 32 bits"),
        totals: totals(runs),
        services: services(layout, runs),
        edges: edges(layout, runs),
        workloads: workloads(layout, runs),
        proxies: proxies(layout, runs),
        traffic: traffic(layout, runs),
        expectations: context.expectations,
        assumptions: context.assumptions,
        not_modelled: context.not_modelled,
    }
}

/// One run's own hash; of several, a hash that depends on their order.
fn joint_hash(runs: &[RunStatistics]) -> u64 {
    let (first, others) = runs.split_first().expect("checked by the caller");
    others.iter().fold(first.state_hash, |hash, run| {
        (hash.rotate_left(5) ^ run.state_hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}

fn totals(runs: &[RunStatistics]) -> Totals {
    let sum = |count: fn(&RunStatistics) -> u64| runs.iter().map(count).sum::<u64>();
    let sources = || runs.iter().flat_map(|run| &run.traffic);
    let succeeded: u64 = sources().map(|source| source.endings.successes()).sum();
    let ended: u64 = sources().map(|source| source.endings.total()).sum();
    Totals {
        requests: sources().map(|source| source.sent).sum(),
        succeeded,
        failed: ended - succeeded,
        in_flight: sum(|run| run.in_flight_at_end),
        censored: sum(|run| run.censored),
        hops: sum(|run| run.hops),
        events: sum(|run| run.events),
    }
}

/// Services by name: each is the sum of the edges that lead to it.
fn services(layout: &Layout, runs: &[RunStatistics]) -> Vec<ServiceResults> {
    let mut services: Vec<_> = layout
        .services
        .iter()
        .map(|service| {
            let sums: Vec<EdgeCounters> = runs
                .iter()
                .map(|run| {
                    let mut sum = EdgeCounters::default();
                    service.edges.iter().for_each(|&edge| sum.merge(&run.edges[edge]));
                    sum
                })
                .collect();
            let calls = Calls::of_edges(runs, &sums);
            let resilience = joined(&sums);
            ServiceResults {
                namespace: service.namespace.clone(),
                name: service.name.clone(),
                requests: calls.requests(),
                attempts: resilience.attempts,
                amplification: amplification(&resilience),
                retries: resilience.retries.by_name(RetryReason::name),
                pending: resilience.pending,
                overflow: resilience.overflow.by_name(Full::name),
                ejections: resilience.ejections,
                verdicts: resilience.rulings.by_name(Ruling::name),
                plaintext_bytes: resilience.wire.plaintext,
                rate_per_s: calls.rate_per_s(),
                goodput_per_s: calls.goodput_per_s(),
                success_rate: calls.success_rate(),
                mean_ms: calls.latency_ms(|latency| latency.mean_ns().map(|ns| ns / NS_PER_MS)),
                p50_ms: calls.quantile_ms(0.5),
                p90_ms: calls.quantile_ms(0.9),
                p99_ms: calls.quantile_ms(0.99),
                statuses: calls.statuses(),
                response_flags: calls.response_flags(),
                details: calls.details(),
            }
        })
        .collect();
    services.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    services
}

fn edges(layout: &Layout, runs: &[RunStatistics]) -> Vec<EdgeResults> {
    let mut edges: Vec<_> = layout
        .edges
        .iter()
        .enumerate()
        .map(|(row, edge)| {
            let counters: Vec<&EdgeCounters> = runs.iter().map(|run| &run.edges[row]).collect();
            let calls = Calls::of_edges(runs, counters.iter().copied());
            let resilience = joined(counters.iter().copied());
            let sum =
                |count: fn(&EdgeCounters) -> u64| counters.iter().map(|&edge| count(edge)).sum();
            EdgeResults {
                from: layout.origin_name(edge.from),
                to: layout.service_name(edge.to),
                requests: calls.requests(),
                attempts: resilience.attempts,
                amplification: amplification(&resilience),
                retries: resilience.retries.by_name(RetryReason::name),
                pending: resilience.pending,
                overflow: resilience.overflow.by_name(Full::name),
                ejections: resilience.ejections,
                verdicts: resilience.rulings.by_name(Ruling::name),
                plaintext_bytes: resilience.wire.plaintext,
                rate_per_s: calls.rate_per_s(),
                goodput_per_s: calls.goodput_per_s(),
                success_rate: calls.success_rate(),
                p50_ms: calls.quantile_ms(0.5),
                p90_ms: calls.quantile_ms(0.9),
                p99_ms: calls.quantile_ms(0.99),
                statuses: calls.statuses(),
                response_flags: calls.response_flags(),
                details: calls.details(),
                connections_opened: sum(|edge| edge.connections_opened),
                tls_handshakes: sum(|edge| edge.tls_handshakes),
                request_bytes: sum(|edge| edge.request_bytes),
                response_bytes: sum(|edge| edge.response_bytes),
                encrypted_bytes: resilience.wire.encrypted,
                same_node_bytes: resilience.wire.same_node,
                cross_zone_bytes: resilience.wire.cross_zone,
            }
        })
        .collect();
    edges.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    edges
}

/// The counters of all replications together.
fn joined<'r>(runs: impl IntoIterator<Item = &'r EdgeCounters>) -> EdgeCounters {
    let mut sum = EdgeCounters::default();
    runs.into_iter().for_each(|run| sum.merge(run));
    sum
}

/// Attempts for each call that there would be without any retries.
fn amplification(edge: &EdgeCounters) -> Option<f64> {
    share(edge.attempts as f64, edge.originals as f64)
}

/// Traffic sources keep the order of the scenario.
fn traffic(layout: &Layout, runs: &[RunStatistics]) -> Vec<TrafficResults> {
    let results = layout.traffic.iter().enumerate().map(|(row, source)| {
        let counters: Vec<&TrafficCounters> = runs.iter().map(|run| &run.traffic[row]).collect();
        let ended = counters.iter().map(|source| (&source.endings, &source.latency));
        let calls = Calls { runs, ended: ended.collect() };
        let sent_per_s =
            |(source, run): (&&TrafficCounters, &RunStatistics)| per_second(source.sent, run);
        TrafficResults {
            name: source.name.clone(),
            sent: counters.iter().map(|source| source.sent).sum(),
            rate_per_s: mean(counters.iter().zip(runs).map(sent_per_s)),
            success_rate: calls.success_rate(),
            p50_ms: calls.quantile_ms(0.5),
            p90_ms: calls.quantile_ms(0.9),
            p99_ms: calls.quantile_ms(0.99),
        }
    });
    results.collect()
}

fn workloads(layout: &Layout, runs: &[RunStatistics]) -> Vec<WorkloadResults> {
    let mut workloads: Vec<_> = layout
        .workloads
        .iter()
        .enumerate()
        .map(|(row, workload)| {
            let load = Load {
                pods: workload.pods.len() as f64,
                workers: f64::from(workload.workers),
                counters: runs.iter().map(|run| &run.workloads[row]).collect(),
                runs,
            };
            WorkloadResults {
                namespace: workload.namespace.clone(),
                name: workload.name.clone(),
                pods: u32::try_from(workload.pods.len()).expect("pods are counted in 32 bits"),
                arrived: load.counters.iter().map(|counters| counters.arrived).sum(),
                utilisation: load.utilisation(),
                wasted: load.wasted(),
                busiest_pod: load.busiest_pod(&workload.pods),
                queue_length: load.queue_length(),
                wait_mean_ms: load.wait_ms(|wait| wait.mean_ns().map(|ns| ns / NS_PER_MS)),
                wait_p99_ms: load.wait_ms(|wait| quantile_ms(wait, 0.99)),
                rejected: load.counters.iter().map(|counters| counters.rejected).sum(),
                proxy_utilisation: load.proxy_utilisation(workload.proxy_workers),
            }
        })
        .collect();
    workloads.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    workloads
}

fn quantile_ms(histogram: &Histogram, q: f64) -> Option<f64> {
    histogram.quantile(q).map(|span| span.as_ns() as f64 / NS_PER_MS)
}

fn per_second(count: u64, run: &RunStatistics) -> f64 {
    share(count as f64, run.measured.as_secs_f64()).unwrap_or(0.0)
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// The estimate over all replications, of which there is at least one.
fn mean(values: impl Iterator<Item = f64>) -> Estimate {
    let values: Vec<f64> = values.collect();
    Estimate::of(&values).expect("there is at least one replication")
}

#[cfg(test)]
mod tests;
