//! The local rate limit: a bucket of tokens that fills all the time.

use crate::explain::RuleId;
use crate::units::SimTime;

use super::super::config::LocalRateLimit;
use super::super::flags::{ResponseFlag, ResponseFlags};
use super::super::reply::Reply;

pub(super) const RATE_LIMIT: RuleId = RuleId("envoy.filter.rate-limit");

/// Where a limit is configured: the place of the filter, and the virtual host, route and cluster
/// that have settings of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BucketKey {
    pub(super) filter: usize,
    pub(super) own: String,
}

/// A bucket of tokens.
///
/// Tokens come back evenly, not all at once at the end of an interval. Source: Envoy,
/// source/common/common/token_bucket_impl.cc, `AtomicTokenBucketImpl`; held to Envoy 1.40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// What is in it, in nanoseconds of the fill interval times tokens: exact, without fractions.
    credit: u128,
    at: SimTime,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn full(limit: &LocalRateLimit, now: SimTime) -> Self {
        Self { credit: capacity(limit), at: now }
    }

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self, limit: &LocalRateLimit, now: SimTime) -> bool {
        let passed = u128::from(now.since(self.at).as_ns());
        let filled = passed * u128::from(limit.tokens_per_fill);
        self.credit = (self.credit + filled).min(capacity(limit));
        self.at = now;
        let price = price(limit);
        let taken = self.credit >= price;
        if taken {
            self.credit -= price;
        }
        taken
    }
}

/// What one token is worth.
fn price(limit: &LocalRateLimit) -> u128 {
    u128::from(limit.fill_interval.as_ns()).max(1)
}

fn capacity(limit: &LocalRateLimit) -> u128 {
    u128::from(limit.max_tokens) * price(limit)
}

/// The answer to a request that got no token.
pub(super) fn reply(limit: &LocalRateLimit, mut flags: ResponseFlags) -> Reply {
    flags.set(ResponseFlag::RateLimited);
    let reply = Reply::new(limit.status, "local_rate_limited");
    Reply { body: "local_rate_limited".into(), flags, ..reply }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Ppm, SimDuration};
    use crate::world::Origin;

    fn at(ms: u64) -> SimTime {
        SimTime::from_ns(ms * 1_000_000)
    }

    #[test]
    fn tokens_come_back_evenly_up_to_the_size_of_the_bucket() {
        let limit = LocalRateLimit {
            max_tokens: 2,
            tokens_per_fill: 10,
            fill_interval: SimDuration::from_secs(1),
            enabled: Ppm::ONE,
            enforced: Ppm::ONE,
            status: 429,
            origin: Origin::Assumed("a test"),
        };
        let mut bucket = Bucket::full(&limit, at(0));
        let story = [
            (0, true),
            (10, true),
            (20, false),
            (150, true),
            (160, false),
            (300, true),
            (310, true),
            (5000, true),
            (5000, true),
            (5000, false),
        ];
        for (ms, taken) in story {
            assert_eq!(bucket.take(&limit, at(ms)), taken, "at {ms} ms");
        }
    }
}
