//! The stations of the laws as manifests and scenarios: the text that a user would write.
//!
//! All stations serve in one millisecond on average, and the network takes no time, so that a
//! measured millisecond is the unit of the closed forms.

use std::sync::Arc;

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{Severity, SourceSet, load};
use meshwalk_models::units::SimDuration;

use crate::flow::plan::Plan;
use crate::run::{ClusterInput, DEFAULT_CLUSTER, prepare};
use crate::scenario;

/// The time at the start that is not counted: more than fifty relaxation times at these loads.
const WARM_UP: SimDuration = SimDuration::from_secs(2);

/// One station of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct StationSpec {
    /// Its workload and Service.
    pub(super) name: &'static str,
    /// Its servers.
    pub(super) workers: u32,
    /// Its service time, as a scenario writes it.
    pub(super) work: &'static str,
}

/// Compiles a line of stations, each of which serves a request and then hands it to the next.
pub(super) fn line(stations: &[StationSpec], rate_per_s: f64, measured: SimDuration) -> Arc<Plan> {
    let mut sources = SourceSet::default();
    let file = sources.add("manifests.yaml", manifests(stations));
    let manifests = load(&sources, [file]);
    let file = sources.add("scenario.yaml", scenario_text(stations, rate_per_s, measured));
    let scenario = scenario::read(&mut sources, file, &[])
        .unwrap_or_else(|errors| panic!("a station's scenario is well-formed: {errors:?}"));
    let cluster = ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources };
    let prepared = prepare(&[cluster], &scenario, &CostProfile::built_in());
    let findings = manifests.diagnostics.iter().chain(&prepared.findings);
    let errors: Vec<_> = findings.filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "a station's manifests are well-formed: {errors:?}");
    prepared.plan
}

fn manifests(stations: &[StationSpec]) -> String {
    let names = stations.iter().map(|station| station.name).chain(["client"]);
    let object = |name: &str| {
        format!(
            "apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{app: {name}}}
  ports: [{{port: 80, targetPort: 8080, appProtocol: kubernetes.io/h2c}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, ports: [{{containerPort: 8080}}]}}]}}
---
"
        )
    };
    names.map(object).collect()
}

/// HTTP/2 throughout: a limit on connections would be one more queue.
fn scenario_text(stations: &[StationSpec], rate_per_s: f64, measured: SimDuration) -> String {
    let mut text = format!(
        "version: 1
duration: {duration_ms}ms
warm_up: {warm_up_ms}ms
network:
  same_node: {{round_trip: 0s}}
  same_zone: {{round_trip: 0s}}
traffic:
  - name: customers
    from: client
    to: {first}
    protocol: http2
    load: {{arrivals: {{poisson: {{rate: {rate_per_s}/s}}}}}}
workloads:
",
        duration_ms = (WARM_UP + measured).as_ns() / 1_000_000,
        warm_up_ms = WARM_UP.as_ns() / 1_000_000,
        first = stations[0].name,
    );
    for (position, StationSpec { name, workers, work }) in stations.iter().enumerate() {
        text.push_str(&format!(
            "  {name}:
    workers: {workers}
    queue_limit: 100000000
    routes:
      - steps:
          - work: {work}
"
        ));
        if let Some(next) = stations.get(position + 1) {
            let next = next.name;
            text.push_str(&format!("          - call: {{to: {next}, protocol: http2}}\n"));
        }
    }
    text
}
