//! Boxes in the plan: instances of proxies with their workers, and what a message costs in them.
//! Where a message passes which box is the engine's business; where prices come from, that of the
//! cost profile.

use meshwalk_models::units::SimDuration;

pub use crate::stats::BoxKind;

/// No box: the pod's traffic passes no proxy of its side.
pub const NO_BOX: u32 = u32::MAX;

/// No delay beside worker time.
pub const NO_DELAY: u32 = u32::MAX;

/// One instance of a proxy.
#[derive(Clone, Copy, Debug)]
pub struct BoxPlan {
    /// What it is.
    pub kind: BoxKind,
    /// Its workers; at least one.
    pub workers: u32,
    /// The first of its workers among those of all boxes.
    pub first_worker: u32,
    /// The row of its prices.
    pub prices: u32,
    /// The row of the layout's proxies.
    pub entry: u32,
    /// Its place among the instances of that row.
    pub ordinal: u32,
    /// The key of its draws; made of its name, so that another box changes none of them.
    pub key: u64,
}

/// What one kind of box costs. Waiting is no price: it comes from the queue at the workers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PricePlan {
    /// Worker time for a request, on the path, in nanoseconds.
    pub request_ns: u64,
    /// Worker time for a message of a response, on the path, in nanoseconds.
    pub response_ns: u64,
    /// Worker time after a message of a response has left, such as telemetry, in nanoseconds.
    pub after_response_ns: u64,
    /// Worker time for each KiB of a message, in nanoseconds.
    pub per_kib_ns: u64,
    /// What each message takes beside worker time, such as being woken up: it is on the path and
    /// keeps no worker. A row of the plan's distributions; [`NO_DELAY`] for nothing.
    pub delay: u32,
    /// Worker time of one side of a TLS handshake, in nanoseconds.
    pub handshake_ns: u64,
    /// Worker time of one side for a stream in a tunnel (CONNECT), in nanoseconds.
    pub stream_ns: u64,
    /// How worker time for messages, their size apart, falls under load.
    pub batching: Batching,
}

/// How worker time for messages falls with the load of a box: by `saving_ppm` parts of a million
/// from `full_at_per_s` requests a second on, in proportion below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batching {
    /// What is saved at most, in parts of a million; at most a million.
    pub saving_ppm: u32,
    /// The rate from which on all of it is saved, in requests a second; zero counts as one.
    pub full_at_per_s: u32,
}

impl Batching {
    /// The span over which a box measures its rate.
    pub const WINDOW: SimDuration = SimDuration::from_ms(500);

    /// What is left of `work_ns` at so many requests a second.
    #[must_use]
    pub fn left_of(self, work_ns: u64, rate_per_s: u64) -> u64 {
        let full = u64::from(self.full_at_per_s).max(1);
        let saving_ppm = u64::from(self.saving_ppm.min(1_000_000));
        let saved_ppm = saving_ppm * rate_per_s.min(full) / full;
        work_ns - work_ns * saved_ppm / 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_falls_in_proportion_to_the_rate_and_no_further_than_said() {
        let batching = Batching { saving_ppm: 400_000, full_at_per_s: 1_000 };
        let left = [0, 500, 1_000, 50_000].map(|rate| batching.left_of(100_000, rate));
        assert_eq!(left, [100_000, 80_000, 60_000, 60_000]);
    }

    #[test]
    fn without_batching_work_is_the_same_at_any_rate() {
        assert_eq!(Batching::default().left_of(12_345, 9_999), 12_345);
    }
}
