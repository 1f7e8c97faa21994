//! Hops between two services with Istio sidecars: client, two proxies, server, both ways.

use meshwalk_sim::kernel::Seed;
use meshwalk_sim::run::run;

use super::clock::timed;
use super::texts::{compile, read, service};
use super::{Aim, Measurement, Size};

/// The fastest of so many runs counts.
const ROUNDS: usize = 3;

fn scenario(duration_s: u32) -> String {
    format!(
        "version: 1
duration: {duration_s}s
data_path: istio-sidecar
workloads:
  shop/api:
    routes:
      - steps: [{{work: {{exponential: {{mean: 1ms}}}}}}]
traffic:
  - name: calls
    from: shop/web
    to: api
    load: {{arrivals: {{poisson: {{rate: 10000/s}}}}}}
"
    )
}

/// Runs the engine of record, counting only.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let manifests = service("shop", "web", 4) + &service("shop", "api", 4);
    let (manifests, scenario) = read(manifests, scenario(size.pick(10, 100)));
    let plan = compile(&manifests, &scenario).plan;
    let hops_per_s = |seed| {
        let (statistics, seconds) = timed(|| run(&plan, Seed(seed)));
        statistics.expect("the load is below the capacity").hops as f64 / seconds
    };
    let fastest = (0..ROUNDS as u64).map(hops_per_s).fold(0.0, f64::max);
    let measured = Measurement::new("sidecar hop, small world", fastest, "hops/s");
    vec![measured.aim(Aim::AtLeast(1e6))]
}
