//! What the router asks of the world around it. Whoever drives it implements [`Effects`]: the
//! flow engine with its lanes and pools, the oracle's runner, a test.

use crate::explain::Probe;
use crate::units::SimDuration;

use super::counter::Counter;
use super::reply::{LocalReply, ResetReason};
use super::state::Attempt;

/// What the router asks for. Nothing here may call the router again: what happens at once is
/// returned, what happens later comes as an event. A probe comes along where the driver decides
/// something that has reasons of its own.
pub trait Effects {
    /// Picks a host and sends the request there. Hosts that earlier attempts of the request were
    /// sent to are known to the driver, for predicates and priorities.
    fn start_attempt(&mut self, attempt: Attempt, probe: &mut impl Probe) -> Started;
    /// Gives an attempt up: its stream is reset, or it leaves the queue of its pool.
    fn reset_attempt(&mut self, attempt: Attempt);
    /// Starts a timer, in place of one of the same kind that is running.
    fn arm(&mut self, timer: Timer, after: SimDuration);
    /// Stops a timer, if it is running.
    fn disarm(&mut self, timer: Timer);
    /// Asks the retry breaker for a place.
    fn admit_retry(&mut self, probe: &mut impl Probe) -> Admission;
    /// Gives the place in the retry breaker back.
    fn release_retry(&mut self);
    /// 64 uniform bits for the pause before a retry.
    fn roll_backoff(&mut self) -> u64;
    /// Seconds since 1970, where the driver knows the date; response headers may name a point in
    /// time until which to wait.
    fn unix_seconds(&self) -> Option<u64> {
        None
    }
    /// Tells outlier detection what came of an attempt; nothing if it had no host.
    fn report(&mut self, attempt: Attempt, result: AttemptResult);
    /// Counts something under Envoy's name for it.
    fn count(&mut self, counter: Counter);
    /// The headers of this attempt's response go to the client, and all that follows them.
    fn forward(&mut self, attempt: Attempt);
    /// The proxy answers itself.
    fn reply(&mut self, reply: &LocalReply);
    /// The response that the client is getting is cut off.
    fn cut_off(&mut self, reply: &LocalReply);
}

/// What became of an attempt at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Started {
    /// It waits for a connection or an answer; events will tell.
    Pending,
    /// It has a connection already.
    Connected,
    /// There is no host to send it to.
    NoHost,
    /// A circuit breaker has no place for it.
    Overflow,
}

/// Whether a breaker has a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Admission {
    /// It has, and it is taken now.
    Granted,
    /// It has not.
    Overflow,
}

/// The timers of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The route timeout.
    Route,
    /// The timeout of one attempt.
    PerTry(Attempt),
    /// The longest silence of one attempt.
    PerTryIdle(Attempt),
    /// The longest life of one attempt.
    AttemptDuration(Attempt),
    /// The pause before a retry.
    Backoff,
    /// The longest silence of the stream.
    StreamIdle,
    /// The longest life of the stream.
    MaxDuration,
}

/// What came of an attempt, for outlier detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptResult {
    /// It has a connection.
    Connected,
    /// A response with this status came; a gRPC status in its headers counts as its HTTP like.
    Response(u16),
    /// It took too long; the client gets this status.
    Timeout(u16),
    /// It was reset, or no connection could be made.
    Reset(ResetReason),
}
