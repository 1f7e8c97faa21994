//! Stories about the engine, told on small worlds.

mod rig;

use crate::kernel::Seed;
use crate::run::run;

use rig::{prepared, services};

/// A network without time, so that only queues are seen.
const NO_NETWORK: &str = "
network:
  same_node: { round_trip: 0s }
  same_zone: { round_trip: 0s }
  same_region: { round_trip: 0s }
  outside: { round_trip: 0s }
";

#[test]
fn a_single_server_queue_waits_as_the_formula_says() {
    let scenario = format!(
        "version: 1
duration: 41s
warm_up: 1s
{NO_NETWORK}
workloads:
  station:
    workers: 1
    queue_limit: 1000000
    routes: [{{ steps: [{{ work: {{ exponential: {{ mean: 100us }} }} }}] }}]
traffic:
  - {{ name: load, to: station, load: {{ arrivals: {{ poisson: {{ rate: 8000/s }} }} }} }}
"
    );
    let prepared = prepared(&services(&[("station", 1)]), &scenario);
    assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
    let statistics = run(&prepared.plan, Seed(1)).expect("the load is below the capacity");
    let mean_us = statistics.edges[0].latency.mean_ns().expect("requests ended") / 1_000.0;
    assert!((mean_us - 500.0).abs() < 25.0, "mean sojourn {mean_us} us, the formula says 500");
    let utilisation = statistics.workloads[0].busy_ns as f64 / 40e9;
    assert!((utilisation - 0.8).abs() < 0.01, "utilisation {utilisation}");
}
