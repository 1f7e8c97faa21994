//! Runs: from manifests and a scenario to statistics, without files and without threads.
//!
//! Reading files, spreading replications over cores and printing are the binary's business.

mod drive;
#[cfg(feature = "expectations")]
mod judge;
mod prepare;

pub use drive::{account, record, replication_seed, run};
#[cfg(feature = "expectations")]
pub use judge::{Judged, PROGRESS_STEPS, find_breaks, judge};
pub use prepare::{ClusterInput, DEFAULT_CLUSTER, Prepared, manifests_of, prepare};
