//! Runs: from manifests and a scenario to statistics, without files and without threads.
//!
//! Reading files, spreading replications over cores and printing are the binary's business.

mod drive;
mod prepare;

pub use drive::{record, replication_seed, run};
pub use prepare::{ClusterInput, DEFAULT_CLUSTER, Prepared, prepare};
