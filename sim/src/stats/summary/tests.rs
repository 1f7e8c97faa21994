//! Results from counters that were filled in by hand.

use meshwalk_models::units::SimDuration;

use std::collections::BTreeMap;

use super::*;
use crate::stats::{
    Details, EdgeEntry, EdgeOrigin, Ending, ServiceEntry, TrafficEntry, WorkloadCounters,
    WorkloadEntry,
};

/// Shoppers call the web; the web and the shoppers call the cart.
fn layout() -> Layout {
    let service = |name: &str, edges: &[usize]| ServiceEntry {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        edges: edges.to_vec(),
    };
    let edge = |from, to| EdgeEntry { from, to };
    Layout {
        services: vec![service("web", &[0]), service("cart", &[1, 2])],
        edges: vec![
            edge(EdgeOrigin::Traffic(0), 0),
            edge(EdgeOrigin::Workload(0), 1),
            edge(EdgeOrigin::Traffic(0), 1),
        ],
        workloads: vec![WorkloadEntry {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            pods: vec!["web-0".to_owned(), "web-1".to_owned()],
            workers: 4,
            proxy_workers: Some(2),
        }],
        traffic: vec![TrafficEntry { name: "shoppers".to_owned() }],
        ..Layout::default()
    }
}

const TIMEOUT: Ending = Ending::without_answer(Details::CALLER_TIMEOUT);

fn calls(ok: u64, timeouts: u64, latency_ms: u64) -> EdgeCounters {
    let mut edge = EdgeCounters { attempts: ok + timeouts, ..EdgeCounters::default() };
    edge.endings.add(Ending::answered(200), ok);
    edge.endings.add(TIMEOUT, timeouts);
    for _ in 0..ok + timeouts {
        edge.latency.record(SimDuration::from_ms(latency_ms));
    }
    edge
}

fn run(edges: [EdgeCounters; 3], state_hash: u64) -> RunStatistics {
    let mut sent = TrafficCounters { sent: 12, ..TrafficCounters::default() };
    sent.endings.add(Ending::answered(200), 8);
    sent.endings.add(TIMEOUT, 2);
    RunStatistics {
        measured: SimDuration::from_secs(10),
        edges: edges.to_vec(),
        workloads: vec![WorkloadCounters {
            busy_ns: 40_000_000_000,
            busy_ns_by_pod: vec![10_000_000_000, 30_000_000_000],
            queued_request_ns: 5_000_000_000,
            proxy_busy_ns: 4_000_000_000,
            rejected: 3,
            ..WorkloadCounters::default()
        }],
        traffic: vec![sent],
        in_flight_at_end: 2,
        censored: 2,
        state_hash,
        ..RunStatistics::default()
    }
}

fn context() -> RunContext {
    let identity = Identity {
        engine: "0.0.0".to_owned(),
        profile: "test".to_owned(),
        scenario: String::new(),
        manifests: String::new(),
        seed: 1,
        edits: Vec::new(),
    };
    RunContext {
        identity,
        expectations: Vec::new(),
        assumptions: Vec::new(),
        not_modelled: Vec::new(),
    }
}

fn results(runs: &[RunStatistics]) -> RunResults {
    summarise(&layout(), runs, context())
}

#[test]
fn a_service_is_the_sum_of_the_edges_that_lead_to_it() {
    let results = results(&[run([calls(1, 0, 5), calls(60, 0, 2), calls(20, 20, 8)], 7)]);
    let cart = &results.services[0];
    assert_eq!((cart.name.as_str(), cart.requests, cart.attempts), ("cart", 100, 100));
    assert_eq!(cart.rate_per_s, Estimate { value: 10.0, half_width: None });
    assert_eq!(cart.success_rate.map(|rate| rate.value), Some(0.8));
    assert_eq!(cart.mean_ms.map(|mean| mean.value), Some(4.4));
    let p50_ms = cart.p50_ms.expect("there are calls").value;
    assert!((p50_ms - 2.0).abs() < 0.02, "{p50_ms}");
    let statuses = [("200".to_owned(), 80), ("none".to_owned(), 20)];
    assert_eq!(cart.statuses, BTreeMap::from(statuses));
    assert_eq!(cart.details, BTreeMap::from([("answered", 80), ("caller_timeout", 20)]));
    assert!(cart.response_flags.is_empty(), "nobody has a proxy");
}

#[test]
fn replications_are_summed_in_counts_and_averaged_in_figures() {
    let first = run([calls(10, 0, 1), calls(1, 0, 1), calls(1, 0, 1)], 7);
    let second = run([calls(30, 0, 3), calls(1, 0, 1), calls(1, 0, 1)], 8);
    let results = results(&[first, second]);
    let web = &results.services[1];
    assert_eq!((web.name.as_str(), web.requests), ("web", 40));
    assert_eq!(web.rate_per_s.value, 2.0);
    // Half the difference, times t with one degree of freedom: 1 × 12.706.
    let half_width = web.rate_per_s.half_width.expect("two replications");
    assert!((half_width - 12.706).abs() < 0.001, "{half_width}");
    let p50_ms = web.p50_ms.expect("there are calls").value;
    assert!((p50_ms - 2.0).abs() < 0.02, "{p50_ms}");
    assert_eq!((results.replications, results.totals.requests), (2, 24));
}

#[test]
fn a_replication_without_calls_takes_no_part_in_their_latency() {
    let silent = run([calls(0, 0, 0), calls(0, 0, 0), calls(0, 0, 0)], 7);
    let busy = run([calls(10, 0, 4), calls(0, 0, 0), calls(0, 0, 0)], 8);
    let results = results(&[silent, busy]);
    let web = &results.services[1];
    let p50 = web.p50_ms.expect("one replication has calls");
    assert!((p50.value - 4.0).abs() < 0.04 && p50.half_width.is_none(), "{p50:?}");
    assert_eq!(web.rate_per_s.value, 0.5);
    let cart = &results.services[0];
    assert_eq!((cart.p99_ms, cart.success_rate), (None, None));
    assert!(cart.statuses.is_empty());
}

#[test]
fn utilisation_is_the_share_of_worker_time_and_the_busiest_pod_stands_out() {
    let edges = || [calls(1, 0, 1), calls(1, 0, 1), calls(1, 0, 1)];
    let results = results(&[run(edges(), 7)]);
    let web = &results.workloads[0];
    // 40 s of work in 10 s on 2 pods of 4 workers.
    assert_eq!(web.utilisation.value, 0.5);
    let busiest = web.busiest_pod.as_ref().expect("there are pods");
    assert_eq!((busiest.pod.as_str(), busiest.utilisation), ("web-1", 0.75));
    assert_eq!(web.queue_length.value, 0.25);
    assert_eq!(web.proxy_utilisation.map(|share| share.value), Some(0.1));
    assert_eq!((web.rejected, web.wait_mean_ms), (3, None));
}

#[test]
fn every_request_of_the_totals_succeeded_failed_or_is_censored() {
    let edges = || [calls(1, 0, 1), calls(1, 0, 1), calls(1, 0, 1)];
    let totals = results(&[run(edges(), 7), run(edges(), 8)]).totals;
    assert_eq!((totals.succeeded, totals.failed, totals.censored), (16, 4, 4));
    assert_eq!(totals.requests, totals.succeeded + totals.failed + totals.censored);
}

#[test]
fn the_hash_of_one_run_is_its_own_and_that_of_several_knows_their_order() {
    let run = |hash| run([calls(1, 0, 1), calls(1, 0, 1), calls(1, 0, 1)], hash);
    assert_eq!(results(&[run(0xAB)]).state_hash, "00000000000000ab");
    let one = results(&[run(1), run(2)]).state_hash;
    let other = results(&[run(2), run(1)]).state_hash;
    assert_ne!(one, other);
}

#[test]
fn rows_without_a_measured_time_are_zero_and_not_infinite() {
    let mut run = run([calls(1, 0, 1), calls(1, 0, 1), calls(1, 0, 1)], 7);
    run.measured = SimDuration::ZERO;
    let results = results(&[run]);
    assert_eq!(results.services[0].rate_per_s.value, 0.0);
    assert_eq!(results.workloads[0].utilisation.value, 0.0);
}
