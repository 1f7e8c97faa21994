//! One queue, one server, the same model on the kernel and on nexosim 1.0, side by side.
//!
//! Both compute the same sojourn times to the nanosecond, or the comparison stops.

mod on_kernel;
mod on_nexosim;

use std::time::Instant;

use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_sim::kernel::{CounterDraw, Distribution};

/// Jobs arrive every 1250 ns on average and take 1000 ns: the server is busy 80 % of the time.
const ARRIVAL_MEAN: SimDuration = SimDuration::from_ns(1_250);
const SERVICE_MEAN: SimDuration = SimDuration::from_ns(1_000);
const END: SimTime = SimTime::from_ns(2_500_000_000);

/// Each engine runs this often, in turns; the fastest run counts.
const ROUNDS: usize = 5;

/// What a run found, to be the same on both engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Outcome {
    arrivals: u64,
    departures: u64,
    sojourn_sum_ns: u64,
}

/// The demand of the jobs by their number, so that both engines see the same.
#[derive(Clone, Copy)]
enum Demand {
    Gap = 1,
    Service = 2,
}

impl Demand {
    fn of_job(self, number: u64) -> SimDuration {
        let mean = match self {
            Self::Gap => ARRIVAL_MEAN,
            Self::Service => SERVICE_MEAN,
        };
        let exponential = Distribution::exponential(mean).expect("the means are not zero");
        // Zero would need a second round at the same time, which nexosim does not schedule.
        exponential
            .sample(&mut CounterDraw::keyed(number, self as u64))
            .max(SimDuration::from_ns(1))
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn timed(run: fn() -> Outcome) -> (Outcome, f64) {
    let start = Instant::now();
    let outcome = run();
    (outcome, start.elapsed().as_secs_f64())
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() {
    let (mut kernel_s, mut nexosim_s) = (f64::INFINITY, f64::INFINITY);
    let mut events = 0;
    for _ in 0..ROUNDS {
        let (ours, ours_s) = timed(on_kernel::run);
        let (theirs, theirs_s) = timed(on_nexosim::run);
        assert_eq!(ours, theirs, "both engines run the same model");
        kernel_s = kernel_s.min(ours_s);
        nexosim_s = nexosim_s.min(theirs_s);
        events = ours.arrivals + ours.departures;
    }
    for (engine, seconds) in [("kernel", kernel_s), ("nexosim", nexosim_s)] {
        let rate = events as f64 / seconds;
        println!("{engine:8} {:6.1} ns/event {:6.2} M events/s", 1e9 / rate, rate / 1e6);
    }
    println!("ratio    {:6.1}", nexosim_s / kernel_s);
}
