//! Small runs from real manifests and scenarios, so that tests show the whole way.

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{SourceSet, load};

use crate::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare};
use crate::scenario;
use crate::stats::{EdgeCounters, RunStatistics, WorkloadCounters};

/// A Service and its Deployment for each name; `ns` is `default`.
pub(crate) fn services(names: &[(&str, u32)]) -> String {
    let mut text = String::new();
    for (name, replicas) in names {
        text.push_str(&format!(
            "apiVersion: v1
kind: Service
metadata: {{ name: {name} }}
spec:
  selector: {{ app: {name} }}
  ports: [{{ name: http, port: 80, targetPort: 8080 }}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {name} }}
spec:
  replicas: {replicas}
  selector: {{ matchLabels: {{ app: {name} }} }}
  template:
    metadata: {{ labels: {{ app: {name} }} }}
    spec:
      containers:
        - name: app
          ports: [{{ containerPort: 8080 }}]
---
"
        ));
    }
    text
}

/// Reads, builds and compiles; fails the test on any error.
pub(crate) fn prepared(manifests: &str, scenario: &str) -> Prepared {
    let mut sources = SourceSet::default();
    let file = sources.add("manifests.yaml", manifests);
    let scenario_file = sources.add("scenario.yaml", scenario);
    let manifests = load(&sources, [file]);
    assert!(manifests.diagnostics.is_empty(), "{:?}", manifests.diagnostics);
    let scenario = scenario::read(&mut sources, scenario_file, &[]).expect("a good scenario");
    let clusters = [ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources }];
    prepare(&clusters, &scenario, &CostProfile::built_in())
}

/// A network without time, so that only queues are seen.
pub(crate) const NO_NETWORK: &str = "
network:
  same_node: { round_trip: 0s }
  same_zone: { round_trip: 0s }
  same_region: { round_trip: 0s }
  outside: { round_trip: 0s }
";

/// The counters of one caller of one service.
pub(super) fn edge<'s>(
    prepared: &Prepared,
    statistics: &'s RunStatistics,
    from: &str,
    to: &str,
) -> &'s EdgeCounters {
    let layout = &prepared.plan.layout;
    let row = layout
        .edges
        .iter()
        .position(|edge| {
            layout.origin_name(edge.from) == from && layout.service_name(edge.to) == to
        })
        .expect("the edge exists");
    &statistics.edges[row]
}

/// The counters of one workload.
pub(super) fn workload<'s>(
    prepared: &Prepared,
    statistics: &'s RunStatistics,
    name: &str,
) -> &'s WorkloadCounters {
    &statistics.workloads[prepared.plan.layout.workload_by_name[name]]
}
