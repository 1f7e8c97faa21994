//! One application under one load on several data paths: what each path adds, and how well that is
//! known. It runs nothing itself, opens no files and starts no threads.
//!
//! Every data path gets the same scenario under the same seeds, so that arrivals and the work of
//! applications are equal and a replication is a pair: its differences are free of the noise that
//! both sides share (common random numbers).

mod effort;
mod pairing;
mod placing;
mod results;
mod same;
mod sample;
mod summary;
mod upkeep;

pub use effort::{Effort, Standard};
pub use pairing::{Pairing, QUANTILES, Quantile};
pub use placing::{Placed, place};
pub use results::{
    Cell, Comparison, ExplainedPart, Explanation, Figure, ObjectResults, ObjectSupport,
    PathResults, Precision, Unit, Value,
};
pub use same::{Difference, same_application, same_arrivals};
pub use sample::{EdgeSample, Sample, TrafficSample, WorkloadSample};
pub use summary::{Context, Lane, Outcome, summarise};
pub use upkeep::{ControlPlaneUpkeep, PathUpkeep, ProxyUpkeep, Upkeep};

#[cfg(test)]
mod tests;
