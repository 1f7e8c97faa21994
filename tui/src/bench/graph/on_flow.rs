//! The graph as manifests and a scenario, in the engine of record.

use std::sync::Arc;

use meshwalk_models::units::SimDuration;
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::kernel::Seed;

use crate::bench::texts::{compile, read, service};

use super::{Outcome, RATE_PER_S, TRAVEL, WORK_MEAN, WORKERS};

/// Who calls whom.
const CALLS: [(&str, &[&str]); 7] = [
    ("front", &["left", "right"]),
    ("left", &["left-1", "left-2"]),
    ("right", &["right-1", "right-2"]),
    ("left-1", &[]),
    ("left-2", &[]),
    ("right-1", &[]),
    ("right-2", &[]),
];

/// Compiles the graph.
pub(super) fn plan(duration: SimDuration) -> Arc<Plan> {
    let names = CALLS.iter().map(|(name, _)| *name).chain(["client"]);
    let manifests = names.map(|name| service("default", name, 1)).collect();
    let (manifests, scenario) = read(manifests, scenario(duration));
    compile(&manifests, &scenario).plan
}

fn scenario(duration: SimDuration) -> String {
    let mut text = format!(
        "version: 1
duration: {duration}
network:
  same_node: {{round_trip: {round_trip}}}
  same_zone: {{round_trip: {round_trip}}}
traffic:
  - name: clients
    from: client
    to: front
    protocol: http2
    load: {{arrivals: {{poisson: {{rate: {RATE_PER_S}/s}}}}}}
workloads:
",
        round_trip = TRAVEL + TRAVEL,
    );
    for (name, callees) in CALLS {
        text.push_str(&format!(
            "  {name}:
    workers: {WORKERS}
    routes:
      - steps:
          - work: {{exponential: {{mean: {WORK_MEAN}}}}}
"
        ));
        if !callees.is_empty() {
            let call = |callee: &&str| format!("{{to: {callee}, protocol: http2}}");
            let calls: Vec<String> = callees.iter().map(call).collect();
            text.push_str(&format!("          - parallel: [{}]\n", calls.join(", ")));
        }
    }
    text
}

/// Runs the graph to its end.
pub(super) fn run(plan: &Arc<Plan>) -> Outcome {
    let statistics = meshwalk_sim::run::run(plan, Seed(1)).expect("the load is below the capacity");
    let latency_ns = statistics.traffic[0].latency.mean_ns().unwrap_or(0.0);
    Outcome { calls: statistics.hops, mean_latency_ms: latency_ns / 1e6 }
}
