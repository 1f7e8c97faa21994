//! A request that fans out over seven calls, in the flow engine and as the same model on nexosim.
//!
//! ```text
//! client ─▶ front ─┬▶ left  ─┬▶ left-1
//!                  │         └▶ left-2
//!                  └▶ right ─┬▶ right-1
//!                            └▶ right-2
//! ```
//! Each service works and then calls both of its own at once. The flow engine has its connection
//! pools, statistics and keyed draws as always; the rival has queues, links and a mean.

mod on_flow;
mod on_nexosim;

use meshwalk_models::units::SimDuration;

use super::clock::in_turns;
use super::{Aim, Measurement, Size};

/// Requests a second.
const RATE_PER_S: u32 = 1_000;
/// Workers of each service: they are busy a quarter of the time.
const WORKERS: u32 = 4;
/// The mean of the exponential work for each call.
const WORK_MEAN: SimDuration = SimDuration::from_ms(1);
/// Between two services, one way.
const TRAVEL: SimDuration = SimDuration::from_us(100);
/// Each engine runs this often, in turns.
const ROUNDS: usize = 3;
/// The engines draw arrivals differently; their means agree within this share.
const AGREEMENT: f64 = 0.02;

/// What a run found, to be nearly the same on both engines.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    calls: u64,
    mean_latency_ms: f64,
}

/// Runs both engines in turns.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let duration = SimDuration::from_secs(size.pick(20, 100));
    let plan = on_flow::plan(duration);
    let flow = || on_flow::run(&plan);
    let nexosim = || on_nexosim::run(duration);
    let ((ours, ours_s), (theirs, theirs_s)) = in_turns(ROUNDS, flow, nexosim);
    for (ours, theirs) in
        [(ours.calls as f64, theirs.calls as f64), (ours.mean_latency_ms, theirs.mean_latency_ms)]
    {
        let differ = (ours / theirs - 1.0).abs();
        assert!(differ < AGREEMENT, "both engines run the same model: {ours} and {theirs}");
    }
    let (ours_per_s, theirs_per_s) = (ours.calls as f64 / ours_s, theirs.calls as f64 / theirs_s);
    vec![
        Measurement::new("7-call graph, meshwalk", ours_per_s, "calls/s"),
        Measurement::new("7-call graph, nexosim 1.0", theirs_per_s, "calls/s"),
        Measurement::new("7-call graph, ratio", ours_per_s / theirs_per_s, "x")
            .aim(Aim::AtLeast(10.0)),
    ]
}
