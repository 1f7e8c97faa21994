//! Stories about boxes: what proxies take, give and use.

use crate::kernel::Seed;
use crate::run::{Prepared, run};
use crate::stats::{BoxCounters, BoxKind, RunStatistics};

use super::rig::{edge, prepared, services};

/// `web` in two pods calls `api` in four, over two nodes, until nothing is under way any more.
fn ran(data_path: &str) -> (Prepared, RunStatistics) {
    let scenario = format!(
        "version: 1
duration: 30s
data_path: {data_path}
topology: {{ clusters: [{{ name: cluster, zones: [{{ name: a, nodes: 1 }}, {{ name: b, nodes: 1 }}] }}] }}
workloads:
  web: {{ routes: [{{ steps: [{{ call: {{ to: api, request_size: 100B }} }}] }}] }}
  api: {{ routes: [{{ response_size: 1000B }}] }}
traffic:
  - {{ name: load, to: web, stop: 20s, load: {{ arrivals: {{ poisson: {{ rate: 50/s }} }} }} }}
"
    );
    let prepared = prepared(&services(&[("web", 2), ("api", 4)]), &scenario);
    let statistics = run(&prepared.plan, Seed(7)).expect("the load is below the capacity");
    (prepared, statistics)
}

fn sum(prepared: &Prepared, statistics: &RunStatistics, kind: BoxKind) -> BoxCounters {
    let mut sum = BoxCounters::default();
    let rows = prepared.plan.layout.proxies.iter().zip(&statistics.proxies);
    rows.filter(|(entry, _)| entry.kind == kind).for_each(|(_, row)| sum.merge(&row.all));
    sum
}

#[test]
fn what_goes_into_sidecars_comes_out_of_them_and_every_handshake_has_two_ends() {
    let (prepared, statistics) = ran("istio-sidecar");
    let all = sum(&prepared, &statistics, BoxKind::Sidecar);
    assert_eq!(all.bytes_in, all.bytes_out);
    assert_eq!(all.requests, all.responses);
    assert_eq!(all.handshakes_as_client, all.handshakes_as_server);
    let inside = edge(&prepared, &statistics, "default/web", "default/api");
    assert_eq!(all.handshakes_as_client, inside.tls_handshakes);
    let root = edge(&prepared, &statistics, "traffic:load", "default/web");
    // Each call inside passes two sidecars, and each from outside one.
    assert_eq!(all.requests, 2 * inside.attempts + root.attempts);
}

#[test]
fn a_workload_has_one_row_with_an_instance_for_each_sidecar() {
    let (prepared, statistics) = ran("istio-sidecar");
    let rows: Vec<_> = prepared
        .plan
        .layout
        .proxies
        .iter()
        .zip(&statistics.proxies)
        .map(|(entry, row)| (entry.owner.as_str(), entry.instances.len(), &row.cpu_ns_by_instance))
        .collect();
    assert_eq!((rows[0].0, rows[0].1), ("default/api", 4));
    assert_eq!((rows[1].0, rows[1].1), ("default/web", 2));
    assert!(rows.iter().all(|row| row.2.iter().all(|cpu_ns| *cpu_ns > 0)), "{rows:?}");
}

#[test]
fn without_a_mesh_there_is_no_box() {
    let (prepared, statistics) = ran("none");
    assert!(prepared.plan.boxes.is_empty() && statistics.proxies.is_empty());
}
