//! How much of a run is recorded, and why a recording ends.

use std::fmt;

use crate::flow::Stopped;

/// How much is recorded at most. A recording that reaches a bound ends there and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineLimits {
    /// Entries of the log.
    pub entries_max: u32,
    /// Bytes of snapshots.
    pub snapshot_bytes_max: usize,
}

impl Default for TimelineLimits {
    fn default() -> Self {
        Self { entries_max: 16_000_000, snapshot_bytes_max: 1 << 30 }
    }
}

/// Why a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The run is over.
    Whole,
    /// A bound was reached.
    Bound(Bound),
    /// The run could not go on.
    Stopped(Stopped),
}

/// What a recording had no more room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Entries.
    Entries,
    /// Snapshots.
    Snapshots,
}

/// A fragment that fits after `the recording ended: `.
impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("the run is over"),
            Self::Bound(Bound::Entries) => f.write_str("the log has no room for more entries"),
            Self::Bound(Bound::Snapshots) => f.write_str("there is no room for more snapshots"),
            Self::Stopped(stopped) => stopped.fmt(f),
        }
    }
}
