//! 10 000 services with 100 000 pods, all with sidecars: reading, compiling, running, memory.

use std::sync::Arc;

use meshwalk_models::cost::CostProfile;
use meshwalk_models::policy::network::NetworkPolicies;
use meshwalk_models::profile::Profile;
use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_sim::flow::plan::Plan;
use meshwalk_sim::flow::{CompileInput, Engine, compile as compile_plan};
use meshwalk_sim::kernel::Seed;
use meshwalk_sim::log::StatisticsOnly;
use meshwalk_sim::scenario::placement;

use super::clock::{peak_memory_bytes, timed};
use super::texts::{compile, read, service};
use super::{Aim, Measurement, Size};

/// Pods of each service.
const PODS_EACH: u32 = 10;
/// Services of one namespace.
const TEAM: u32 = 100;
/// Requests a second to each entry service.
const RATE_PER_S: u32 = 100;
/// In this time callers open most of their connections; it is not measured.
const WARM_UP: SimDuration = SimDuration::from_ms(1_000);

/// How many services there are: the first take traffic, each from a client of its own among the
/// others, and call two or three of the rest.
#[derive(Clone, Copy)]
struct World {
    services: u32,
    entries: u32,
}

impl World {
    fn name(number: u32) -> String {
        format!("svc-{number}")
    }

    fn namespace(number: u32) -> String {
        format!("team-{}", number / TEAM)
    }

    /// The name by which services of other namespaces call it.
    fn host(number: u32) -> String {
        format!("{}.{}", Self::name(number), Self::namespace(number))
    }

    fn manifests(self) -> String {
        let text = |number| service(&Self::namespace(number), &Self::name(number), PODS_EACH);
        (0..self.services).map(text).collect()
    }

    /// One of the services that take no traffic from clients; `spread` is prime, so that the
    /// calls of neighbours go far apart.
    fn behind(self, number: u32, spread: u32) -> u32 {
        self.entries + (number * spread) % (self.services - self.entries)
    }

    fn scenario(self, measured: SimDuration) -> String {
        let duration_ms = (WARM_UP + measured).as_ns() / 1_000_000;
        let mut text = format!(
            "version: 1
duration: {duration_ms}ms
data_path: istio-sidecar
topology:
  clusters:
    - name: large
      zones:
        - {{name: a, nodes: 300}}
        - {{name: b, nodes: 300}}
        - {{name: c, nodes: 300}}
workloads:
"
        );
        for entry in 0..self.entries {
            let callees: Vec<String> = [7_919, 6_101, 4_001]
                .into_iter()
                .take(2 + (entry % 2) as usize)
                .map(|spread| format!("{{to: {}}}", Self::host(self.behind(entry, spread))))
                .collect();
            text.push_str(&format!(
                "  {}/{}: {{routes: [{{steps: [{{work: 1ms}}, {{parallel: [{}]}}]}}]}}\n",
                Self::namespace(entry),
                Self::name(entry),
                callees.join(", ")
            ));
        }
        text.push_str("traffic:\n");
        for entry in 0..self.entries {
            let client = self.behind(entry, 3_001);
            text.push_str(&format!(
                "  - {{name: source-{entry}, from: {}/{}, to: {}, \
                 load: {{arrivals: {{poisson: {{rate: {RATE_PER_S}/s}}}}}}}}\n",
                Self::namespace(client),
                Self::name(client),
                Self::host(entry)
            ));
        }
        text
    }
}

/// The manifests and the scenario of a thousand services with ten thousand pods.
pub(super) fn thousand_texts() -> (String, String) {
    let world = World { services: 1_000, entries: 300 };
    (world.manifests(), world.scenario(SimDuration::from_secs(10)))
}

/// A thousand services with ten thousand pods.
pub(super) fn thousand_services() -> Arc<Plan> {
    let (manifests, scenario) = thousand_texts();
    let (manifests, scenario) = read(manifests, scenario);
    compile(&manifests, &scenario).plan
}

/// Reads, compiles and runs; every step is timed.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let world = size
        .pick(World { services: 1_000, entries: 300 }, World { services: 10_000, entries: 3_000 });
    let measured = size.pick(SimDuration::from_ms(1_000), SimDuration::from_ms(3_000));
    let texts = (world.manifests(), world.scenario(measured));
    let ((manifests, scenario), read_s) = timed(|| read(texts.0, texts.1));
    let (prepared, prepare_s) = timed(|| compile(&manifests, &scenario));
    let costs = CostProfile::built_in();
    let policies = NetworkPolicies::none(Profile::built_in());
    let placement = placement(&prepared.world, &scenario, &mut Vec::new());
    let input = CompileInput {
        world: &prepared.world,
        scenario: &scenario,
        costs: &costs,
        profile: Profile::built_in(),
        placement: &placement,
        planes: None,
        policies: &policies,
    };
    // `prepare` does both; compiling once more tells the share of each.
    let (_, compile_s) = timed(|| compile_plan(input));

    let mut engine = Engine::new(prepared.plan.clone(), Seed(1), StatisticsOnly);
    let mut hops_until = |limit| {
        engine.run_until(limit).expect("the load is below the capacity");
        engine.statistics().hops
    };
    let begun = SimTime::ZERO + WARM_UP;
    let before = hops_until(begun);
    let (hops, run_s) = timed(|| hops_until(begun + measured) - before);

    let build_s = (prepare_s - compile_s).max(0.0);
    let mut found = vec![
        Measurement::new("large world, read manifests and scenario", read_s, "s"),
        Measurement::new("large world, build the world", build_s, "s"),
        Measurement::new("large world, compile the plan", compile_s, "s"),
        Measurement::new("large world, read and compile", read_s + prepare_s, "s")
            .aim(Aim::AtMost(10.0)),
        Measurement::new("sidecar hop, large world", hops as f64 / run_s, "hops/s")
            .aim(Aim::AtLeast(300e3)),
    ];
    if let Some(bytes) = peak_memory_bytes() {
        let peak = Measurement::new("large world, peak memory", bytes as f64, "bytes");
        found.push(peak.aim(Aim::AtMost(2.0 * 1024.0 * 1024.0 * 1024.0)));
    }
    match size {
        Size::Full => found,
        // The aims are about a world ten times as large.
        Size::Quick => found.into_iter().map(Measurement::without_aim).collect(),
    }
}
