//! Hops under many routes against hops under none: what a route means is decided before the run,
//! so their number must not be felt.

use std::sync::Arc;

use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::kernel::Seed;
use meshwalk_sim::run::run;

use super::clock::in_turns;
use super::texts::{compile, read, service};
use super::{Aim, Measurement, Size};

/// Routes of each VirtualService.
const ROUTES: u32 = 20;
/// Each side runs this often, in turns.
const ROUNDS: usize = 5;

/// Whether there are VirtualServices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    Many,
    None,
}

fn scenario(duration_s: u32) -> String {
    format!(
        "version: 1
duration: {duration_s}s
data_path: istio-sidecar
workloads:
  shop/api: {{routes: [{{steps: [{{work: {{exponential: {{mean: 1ms}}}}}}]}}]}}
traffic:
  - name: calls
    from: shop/web
    to: api
    requests: [{{path: /part-{last}/x}}]
    load: {{arrivals: {{poisson: {{rate: 10000/s}}}}}}
",
        last = ROUTES - 1,
    )
}

/// A VirtualService whose routes send everything to the host itself.
fn virtual_service(host: &str) -> String {
    let mut text = format!(
        "---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {host}, namespace: shop}}
spec:
  hosts: [{host}]
  http:
"
    );
    for route in 0..ROUTES {
        text.push_str(&format!(
            "  - match: [{{uri: {{prefix: /part-{route}/}}}}]
    route: [{{destination: {{host: {host}}}}}]
"
        ));
    }
    text
}

fn plan(services: u32, rules: Rules, duration_s: u32) -> Arc<Plan> {
    let mut manifests = service("shop", "web", 4) + &service("shop", "api", 4);
    for number in 1..services {
        manifests += &service("shop", &format!("other-{number}"), 1);
    }
    if rules == Rules::Many {
        manifests += &virtual_service("api");
        for number in 1..services {
            manifests += &virtual_service(&format!("other-{number}"));
        }
    }
    let (manifests, scenario) = read(manifests, scenario(duration_s));
    compile(&manifests, &scenario).plan
}

/// Runs both in turns.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let (services, duration_s) = size.pick((100, 10), (1_000, 50));
    let (with, without) =
        (plan(services, Rules::Many, duration_s), plan(services, Rules::None, duration_s));
    let hops =
        |plan: &Arc<Plan>| run(plan, Seed(1)).expect("the load is below the capacity").hops as f64;
    let ((with, with_s), (without, without_s)) =
        in_turns(ROUNDS, || hops(&with), || hops(&without));
    let (with_rate, without_rate) = (with / with_s, without / without_s);
    vec![
        Measurement::new("sidecar hop under 20000 routes", with_rate, "hops/s"),
        Measurement::new("sidecar hop under no routes", without_rate, "hops/s"),
        Measurement::new("time a hop under routes, ratio", without_rate / with_rate, "x")
            .aim(Aim::AtMost(1.1)),
    ]
}
