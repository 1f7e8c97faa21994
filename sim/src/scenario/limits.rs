//! How much one scenario may ask for; wide enough for real ones, so that a slip of the pen is
//! told and no input exhausts the machine.

use meshwalk_models::units::SimDuration;

/// The longest run.
pub const DURATION_MAX: SimDuration = SimDuration::from_secs(7 * 24 * 3_600);
/// The highest rate of one traffic source, per second.
pub const RATE_PER_S_MAX: f64 = 1e7;
/// The most users of one closed loop.
pub const USERS_MAX: u32 = 1_000_000;
/// The highest weight of a request template.
pub const WEIGHT_MAX: u32 = 1_000_000;
/// The most requests that one pod works on, or the most connections that it opens.
pub const CONCURRENCY_MAX: u32 = 1_000_000;
/// The longest queue of one pod.
pub const QUEUE_MAX: u32 = 100_000_000;
/// The most messages of one stream.
pub const MESSAGES_MAX: u32 = 1_000_000;
/// The largest body.
pub const BODY_BYTES_MAX: u64 = 1 << 30;
/// How deeply `chance` steps may stand in one another.
pub const STEP_DEPTH_MAX: usize = 16;
/// The most nodes of one zone.
pub const NODES_MAX: u32 = 100_000;
/// The most windows over which one expectation is evaluated.
pub const WINDOWS_MAX: u64 = 100_000;
/// The most points of an empirical distribution.
pub const QUANTILES_MAX: usize = 10_000;
/// The most breakpoints.
pub const BREAKPOINTS_MAX: usize = 100;
