//! One queue, one server, the same model on the kernel and on nexosim 1.0, side by side.
//!
//! Both compute the same sojourn times to the nanosecond, or the comparison stops.

mod on_kernel;
mod on_nexosim;

use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_sim::kernel::{CounterDraw, Distribution};

use super::clock::in_turns;
use super::{Aim, Measurement, Size};

/// Jobs arrive every 1250 ns on average and take 1000 ns: the server is busy 80 % of the time.
const ARRIVAL_MEAN: SimDuration = SimDuration::from_ns(1_250);
const SERVICE_MEAN: SimDuration = SimDuration::from_ns(1_000);

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

/// Runs both engines in turns.
pub(super) fn measure(size: Size) -> Vec<Measurement> {
    let end = SimTime::from_ns(size.pick(250_000_000, 2_500_000_000));
    let run_kernel = || on_kernel::run(end);
    let run_nexosim = || on_nexosim::run(end);
    let ((ours, ours_s), (theirs, theirs_s)) = in_turns(5, run_kernel, run_nexosim);
    assert_eq!(ours, theirs, "both engines run the same model");
    let events = (ours.arrivals + ours.departures) as f64;
    vec![
        Measurement::new("kernel M/M/1, meshwalk", events / ours_s, "events/s"),
        Measurement::new("kernel M/M/1, nexosim 1.0", events / theirs_s, "events/s"),
        Measurement::new("kernel M/M/1, ratio", theirs_s / ours_s, "x").aim(Aim::AtLeast(6.0)),
    ]
}
