//! Stories about the engine, on plans made by hand so that each shows one thing.

mod rig;

use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::Seed;
use crate::log::StatisticsOnly;

use super::engine::Engine;
use rig::PlanRig;

#[test]
fn a_single_server_queue_waits_as_the_formula_says() {
    let plan = PlanRig::station(8_000.0, SimDuration::from_us(100), 1).lasting_s(40).plan();
    let mut engine = Engine::new(plan, Seed(1), StatisticsOnly);
    engine.run_until(SimTime::from_ns(40_000_000_000)).unwrap();
    let statistics = engine.statistics();
    let mean_us = statistics.edges[0].latency.mean_ns().unwrap() / 1_000.0;
    assert!((mean_us - 500.0).abs() < 25.0, "mean sojourn {mean_us} us, the formula says 500");
    let utilisation = statistics.workloads[0].busy_ns as f64 / 40e9;
    assert!((utilisation - 0.8).abs() < 0.01, "utilisation {utilisation}");
}
