//! The queue and its server on the kernel.

use std::collections::VecDeque;

use meshwalk_models::units::SimTime;
use meshwalk_sim::kernel::Kernel;

use super::{Demand, Outcome};

const ARRIVAL: u8 = 0;
const DEPARTURE: u8 = 1;

/// Runs the model to its end.
pub(super) fn run(end: SimTime) -> Outcome {
    let mut kernel: Kernel = Kernel::new();
    let mut waiting: VecDeque<SimTime> = VecDeque::new();
    let mut found = Outcome::default();
    kernel.schedule_in(Demand::Gap.of_job(0), ARRIVAL, 0);
    while let Some(event) = kernel.next_until(end) {
        if event.kind() == ARRIVAL {
            found.arrivals += 1;
            waiting.push_back(kernel.now());
            if waiting.len() == 1 {
                kernel.schedule_in(Demand::Service.of_job(found.departures), DEPARTURE, 0);
            }
            kernel.schedule_in(Demand::Gap.of_job(found.arrivals), ARRIVAL, 0);
        } else {
            found.departures += 1;
            let arrived = waiting.pop_front().expect("the job in service is in the queue");
            found.sojourn_sum_ns += kernel.now().since(arrived).as_ns();
            if !waiting.is_empty() {
                kernel.schedule_in(Demand::Service.of_job(found.departures), DEPARTURE, 0);
            }
        }
    }
    found
}
