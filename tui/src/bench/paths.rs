//! Hops between two services on each data path, side by side: the same calls, with the boxes of
//! each path between them.

use meshwalk_sim::kernel::Seed;
use meshwalk_sim::run::run;

use super::clock::timed;
use super::texts::{compile, read, service};
use super::{Aim, Measurement, Size};

/// The fastest of so many runs counts. The paths take turns, so that a busy moment hits all.
const ROUNDS: usize = 3;

/// A hop on any data path may cost so many hops between sidecars.
const SIDECAR_HOPS_MAX: f64 = 3.0;

const PATHS: [&str; 3] = ["none", "istio-sidecar", "istio-ambient"];

fn scenario(data_path: &str, duration_s: u32) -> String {
    format!(
        "version: 1
duration: {duration_s}s
data_path: {data_path}
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
    let plans = PATHS.map(|path| {
        let manifests = service("shop", "web", 4) + &service("shop", "api", 4);
        let (manifests, scenario) = read(manifests, scenario(path, size.pick(10, 100)));
        compile(&manifests, &scenario).plan
    });
    let mut fastest = [0.0_f64; PATHS.len()];
    for seed in 0..ROUNDS as u64 {
        for (plan, fastest) in plans.iter().zip(&mut fastest) {
            let (statistics, seconds) = timed(|| run(plan, Seed(seed)));
            let hops = statistics.expect("the load is below the capacity").hops;
            *fastest = fastest.max(hops as f64 / seconds);
        }
    }
    let [plain, sidecar, ambient] = fastest;
    vec![
        Measurement::new("hop without a mesh, small world", plain, "hops/s"),
        Measurement::new("sidecar hop, small world", sidecar, "hops/s").aim(Aim::AtLeast(1e6)),
        Measurement::new("ambient hop, small world", ambient, "hops/s"),
        Measurement::new("ambient hop in sidecar hops", sidecar / ambient, "x")
            .aim(Aim::AtMost(SIDECAR_HOPS_MAX)),
    ]
}
