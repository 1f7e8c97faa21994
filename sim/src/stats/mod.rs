//! What a run measured: raw counters while it runs, results with intervals afterwards.
//!
//! Counters are integers and histograms, so that merging never depends on order.

mod counters;
mod layout;
mod results;

pub use counters::{EdgeCounters, Outcome, RunStatistics, TrafficCounters, WorkloadCounters};
pub use layout::{EdgeEntry, EdgeOrigin, Layout, ServiceEntry, TrafficEntry, WorkloadEntry};
pub use results::{
    Assumption, EdgeResults, Estimate, ExpectationResult, FirstBroken, Identity, NotModelled,
    PodUtilisation, RunResults, ServiceResults, Totals, TrafficResults, WorkloadResults,
};
