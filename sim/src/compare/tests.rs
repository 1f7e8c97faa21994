//! Pairs that were filled in by hand, and pairs of real runs.

use super::*;
use crate::stats::Estimate;

/// A replication with one source whose quantiles are these.
fn sample(quantiles_ms: [Option<f64>; 3]) -> Sample {
    let source = TrafficSample { quantiles_ms, ..TrafficSample::default() };
    Sample {
        measured_s: 1.0,
        traffic: vec![source],
        edges: Vec::new(),
        workloads: Vec::new(),
        proxies: Default::default(),
        state_hash: 0,
    }
}

#[test]
fn noise_that_both_sides_share_is_not_in_the_difference() {
    // Busy and quiet replications differ by 80 ms; the path adds 2 ms to each, give or take 0.1.
    let baseline = [20.0, 100.0, 60.0].map(|ms| sample([Some(ms); 3]));
    let path = [22.1, 101.9, 62.0].map(|ms| sample([Some(ms); 3]));
    let pairing = Pairing { baseline: &baseline, path: &path };
    let added = pairing.added_ms(0, Quantile::P50).expect("three pairs");
    let half_width = added.half_width.expect("three pairs have an interval");
    // The standard deviation of 2.1, 1.9 and 2.0 is 0.1; t with two degrees of freedom is 4.303.
    assert!((added.value - 2.0).abs() < 1e-9, "{added:?}");
    assert!((half_width - 4.303 * 0.1 / 3f64.sqrt()).abs() < 1e-3, "{half_width}");
}

#[test]
fn a_pair_of_which_one_side_has_no_data_takes_no_part() {
    let baseline = [sample([Some(1.0); 3]), sample([None; 3]), sample([Some(3.0); 3])];
    let path = [sample([Some(2.0); 3]), sample([Some(9.0); 3]), sample([Some(4.0); 3])];
    let pairing = Pairing { baseline: &baseline, path: &path };
    let expected = Estimate { value: 1.0, half_width: Some(0.0) };
    assert_eq!(pairing.added_ms(0, Quantile::P99), Some(expected));
    let nothing = Pairing { baseline: &baseline[1..2], path: &path[1..2] };
    assert_eq!(nothing.added_ms(0, Quantile::P99), None);
}

#[test]
fn the_first_difference_that_is_not_known_is_named() {
    let baseline = [10.0, 10.0].map(|ms| sample([Some(ms), Some(ms), None]));
    let path = [(11.0, 11.0), (11.0, 15.0)].map(|(p50, p90)| sample([Some(p50), Some(p90), None]));
    let pairing = Pairing { baseline: &baseline, path: &path };
    let standard = Standard { relative: 0.05, floor_ms: 0.01 };
    let unknown = pairing.unknown(&standard).map(|(source, quantile, _)| (source, quantile));
    assert_eq!(unknown, Some((0, Quantile::P90)));
    assert!(pairing.is_known(&Standard { relative: 20.0, floor_ms: 0.0 }));
}

/// A shop of three services: what `web` does for a request differs from one to the next.
const SCENARIO: &str = "version: 1
duration: 6s
warm_up: 1s
seed: 11
workloads:
  web:
    routes:
      - steps:
          - work: {exponential: {mean: 2ms}}
          - call: {to: api}
          - chance: {probability: 0.3, steps: [{call: {to: stock, protocol: grpc}}]}
  api: {routes: [{steps: [{work: {lognormal: {p50: 3ms, p99: 20ms}}}]}]}
  stock: {routes: [{steps: [{work: {uniform: {min: 1ms, max: 2ms}}}]}]}
traffic:
  - {name: shoppers, to: web, load: {arrivals: {poisson: {rate: 60/s}}}}
  - {name: users, to: web, load: {users: {count: 2, think_time: 100ms}}}
";

mod real {
    use std::collections::BTreeMap;

    use meshwalk_models::cost::CostProfile;
    use meshwalk_models::manifest::{SourceSet, load};

    use super::*;
    use crate::log::{Entry, EntryName, Step};
    use crate::run::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare, record, replication_seed};
    use crate::scenario::{self, Scenario, file::DataPathSpec};

    const SEED: u64 = 11;

    fn manifests() -> String {
        let service = |name: &str| {
            format!(
                "apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, ports: [{{containerPort: 8080}}]}}]}}
---
"
            )
        };
        ["web", "api", "stock"].map(service).concat()
    }

    fn prepared(text: &str, path: DataPathSpec) -> Prepared {
        let mut sources = SourceSet::default();
        let file = sources.add("manifests.yaml", manifests());
        let scenario_file = sources.add("scenario.yaml", text);
        let manifests = load(&sources, [file]);
        let scenario: Scenario =
            scenario::read(&mut sources, scenario_file, &[]).expect("a good scenario");
        let placed = place(&scenario, path).scenario;
        let clusters = [ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources }];
        let prepared = prepare(&clusters, &placed, &CostProfile::built_in());
        assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
        prepared
    }

    /// The lengths of all pieces of work that were done for each request of the first source.
    fn work(prepared: &Prepared) -> (Sample, BTreeMap<u32, Vec<u64>>) {
        let mut begun = BTreeMap::new();
        let mut work: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        let statistics = record(&prepared.plan, replication_seed(SEED, 0), |entry: &Entry| {
            let EntryName::Call { request, hop, attempt, .. } = &entry.name else { return };
            let attempt = (request.source, request.request, hop.clone(), *attempt);
            let at_ns = entry.time.as_ns();
            match entry.step {
                Step::WorkBegan => {
                    begun.insert(attempt, at_ns);
                }
                Step::WorkEnded => {
                    let began_ns = begun.remove(&attempt).expect("work that ends has begun");
                    if request.source == 0 {
                        work.entry(request.request).or_default().push(at_ns - began_ns);
                    }
                }
                _ => {}
            }
        });
        work.values_mut().for_each(|pieces| pieces.sort_unstable());
        let layout = &prepared.plan.layout;
        (Sample::of(layout, &statistics.expect("the load is low")), work)
    }

    #[test]
    fn every_data_path_sees_the_same_arrivals_and_the_same_work() {
        let [none, sidecar] =
            [DataPathSpec::None, DataPathSpec::IstioSidecar].map(|path| prepared(SCENARIO, path));
        assert_eq!(same_application(&none.plan, &sidecar.plan), Ok(()));
        let ((bare, bare_work), (meshed, meshed_work)) = (work(&none), work(&sidecar));
        assert_eq!(same_arrivals(&none.plan, &bare, &meshed), Ok(()));
        assert_ne!(bare.state_hash, meshed.state_hash, "the paths differ");
        // Requests under way at the end have done more of their work on one path than on the other.
        let ended = bare_work.len().min(meshed_work.len()) - 10;
        assert!(ended > 200, "{ended}");
        for (request, pieces) in bare_work.iter().take(ended) {
            assert_eq!(Some(pieces), meshed_work.get(request), "request {request}");
        }
    }

    #[test]
    fn another_load_or_another_application_is_told() {
        let one = prepared(SCENARIO, DataPathSpec::None);
        let other = prepared(&SCENARIO.replace("60/s", "61/s"), DataPathSpec::None);
        assert_eq!(same_application(&one.plan, &other.plan), Ok(()));
        let difference = same_arrivals(&one.plan, &work(&one).0, &work(&other).0);
        let sentence = difference.expect_err("the arrivals differ").to_string();
        assert!(sentence.starts_with("source shoppers sent "), "{sentence}");
        let slower = SCENARIO.replace("{min: 1ms, max: 2ms}", "{min: 1ms, max: 3ms}");
        let slower = prepared(&slower, DataPathSpec::None);
        let difference = same_application(&one.plan, &slower.plan);
        let sentence = difference.expect_err("the work differs").to_string();
        assert_eq!(sentence, "the steps of workload default/stock differ");
    }
}
