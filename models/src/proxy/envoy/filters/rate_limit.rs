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
    /// The limit that it was asked under last.
    shape: Shape,
}

/// What of a limit says how a bucket fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    price: u128,
    capacity: u128,
    tokens_per_fill: u128,
}

impl Shape {
    fn of(limit: &LocalRateLimit) -> Self {
        // What one token is worth.
        let price = u128::from(limit.fill_interval.as_ns()).max(1);
        let capacity = u128::from(limit.max_tokens) * price;
        Self { price, capacity, tokens_per_fill: u128::from(limit.tokens_per_fill) }
    }
}

impl Bucket {
    /// A full bucket.
    pub(super) fn full(limit: &LocalRateLimit, now: SimTime) -> Self {
        let shape = Shape::of(limit);
        Self { credit: shape.capacity, at: now, shape }
    }

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self, limit: &LocalRateLimit, now: SimTime) -> bool {
        self.shape = Shape::of(limit);
        self.credit = self.credit_at(now);
        self.at = now;
        let taken = self.credit >= self.shape.price;
        if taken {
            self.credit -= self.shape.price;
        }
        taken
    }

    /// Whole tokens at `now`, and the most that it holds.
    pub(super) fn tokens_at(&self, now: SimTime) -> (u64, u64) {
        let tokens = |credit: u128| u64::try_from(credit / self.shape.price).unwrap_or(u64::MAX);
        (tokens(self.credit_at(now)), tokens(self.shape.capacity))
    }

    fn credit_at(&self, now: SimTime) -> u128 {
        let passed = u128::from(now.since(self.at).as_ns());
        (self.credit + passed * self.shape.tokens_per_fill).min(self.shape.capacity)
    }
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
