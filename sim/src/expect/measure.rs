//! One value that an expression takes from the statistics.

use std::fmt;

use meshwalk_models::units::SimDuration;

use super::function::Statistic;
use super::subject::{CallCounts, Counts, WorkloadCounts};

/// A call of a function, such as `p99("web")`, resolved.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// As it is written, in one spelling.
    pub(super) text: String,
    /// The number of its subject.
    pub(super) subject: usize,
    pub(super) statistic: Statistic,
    pub(super) is_duration: bool,
}

impl Measure {
    /// Its value for the counts of `elapsed` time: a number, or nanoseconds. `None` without data.
    pub(super) fn value(&self, counts: &Counts, elapsed: SimDuration) -> Option<f64> {
        match counts {
            Counts::Calls(calls) => self.of_calls(calls, elapsed),
            Counts::Workload(workload) => self.of_workload(workload, elapsed),
            Counts::Run { censored } => {
                (self.statistic == Statistic::Censored).then_some(*censored as f64)
            }
        }
    }

    fn of_calls(&self, calls: &CallCounts, elapsed: SimDuration) -> Option<f64> {
        let requests = calls.requests as f64;
        let with_data = |value: f64| (calls.requests > 0).then_some(value);
        match self.statistic {
            Statistic::Requests => Some(requests),
            Statistic::Attempts => Some(calls.attempts as f64),
            Statistic::Retries => Some(calls.retries as f64),
            Statistic::Ejections => Some(calls.ejections as f64),
            Statistic::Overflow => Some(calls.overflow as f64),
            Statistic::Pending => Some(calls.pending as f64),
            Statistic::Ruled(ruling) => Some(calls.ruled(ruling) as f64),
            Statistic::PlaintextBytes => Some(calls.plaintext_bytes as f64),
            Statistic::Amplification => per(calls.attempts as f64, calls.originals as f64),
            Statistic::Rate => per(requests, elapsed.as_secs_f64()),
            Statistic::Goodput => per(calls.good as f64, elapsed.as_secs_f64()),
            Statistic::SuccessRate => with_data(calls.successes as f64 / requests),
            Statistic::Errors => with_data((calls.requests - calls.successes) as f64),
            Statistic::Mean => calls.latency.mean_ns(),
            Statistic::Latency(q) => calls.latency.quantile(q).map(|span| span.as_ns() as f64),
            _ => None,
        }
    }

    fn of_workload(&self, workload: &WorkloadCounts, elapsed: SimDuration) -> Option<f64> {
        match self.statistic {
            Statistic::Utilisation => {
                per(workload.busy_ns as f64, elapsed.as_ns() as f64 * workload.workers as f64)
            }
            Statistic::QueueWait(q) => workload.wait.quantile(q).map(|span| span.as_ns() as f64),
            Statistic::Arrived => Some(workload.arrived as f64),
            Statistic::Wasted => per(workload.wasted_ns as f64, workload.busy_ns as f64),
            Statistic::Rejected => (workload.arrived > 0).then_some(workload.rejected as f64),
            _ => None,
        }
    }

    /// The value as reports hold it: a number, or milliseconds.
    pub(super) fn reported(&self, value: f64) -> f64 {
        if self.is_duration { value / 1e6 } else { value }
    }

    /// `p99("web") was 312ms`.
    pub(super) fn sentence(&self, value: Option<f64>) -> String {
        match value {
            None => format!("{} has no data", self.text),
            Some(ns) if self.is_duration => {
                format!("{} was {}", self.text, SimDuration::from_ns_f64(ns))
            }
            Some(number) => format!("{} was {}", self.text, Plain(number)),
        }
    }
}

fn per(amount: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| amount / whole)
}

/// A number with at most six decimals, none of them idle.
struct Plain(f64);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.6}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}
