//! The router's state of one request: small, plain and without a pointer, so that a run can hold
//! millions. How it changes is the business of `machine`.

use crate::units::SimTime;

use super::super::flags::ResponseFlags;

/// One try of a request; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Attempt(pub u32);

impl Attempt {
    /// The first.
    pub const FIRST: Self = Self(1);
    /// How many attempts of one request may run at a time. Only hedging has more than one.
    pub const MAX_CONCURRENT: u32 = u32::BITS;

    const fn bit(self) -> u32 {
        1 << (self.0 % Self::MAX_CONCURRENT)
    }
}

/// A set of attempts that run at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct AttemptSet(u32);

impl AttemptSet {
    pub(super) const fn has(self, attempt: Attempt) -> bool {
        self.0 & attempt.bit() != 0
    }

    pub(super) const fn add(&mut self, attempt: Attempt) {
        self.0 |= attempt.bit();
    }

    pub(super) const fn remove(&mut self, attempt: Attempt) {
        self.0 &= !attempt.bit();
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Where a request is with its response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No response yet.
    #[default]
    Waiting,
    /// The headers of a response have gone to the client.
    Responding,
    /// The client has all it will get.
    Done,
}

/// The router's state of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouterState {
    /// Flags in the order in which they were set.
    pub(super) flags: ResponseFlags,
    /// When the last byte of the request came.
    pub(super) completed_at: SimTime,
    /// The number of the latest attempt; zero before the first.
    pub(super) attempts: u32,
    pub(super) retries_left: u32,
    /// The window of the next back-off, in milliseconds.
    pub(super) window_ms: u32,
    /// Attempts that are under way.
    pub(super) live: AttemptSet,
    /// Those of them that have a connection.
    pub(super) connected: AttemptSet,
    /// Those of them without response headers.
    pub(super) awaiting: AttemptSet,
    /// Those of them beside which another attempt was started.
    pub(super) hedged: AttemptSet,
    /// Those of them whose timeout was reported to outlier detection.
    pub(super) reported: AttemptSet,
    pub(super) phase: Phase,
    pub(super) retry: RetrySlot,
    pub(super) request: RequestEnd,
}

const _: () = assert!(size_of::<RouterState>() <= 64, "the state of a request fills a cache line");

/// What became of the request's right to retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum RetrySlot {
    /// There are no retries (any more).
    #[default]
    Never,
    /// None was made yet, or the latest one has ended.
    Idle,
    /// The back-off before a retry; it counts in the breaker.
    Pausing,
    /// The same, but the upstream asked for the pause.
    PausingAsAsked,
    /// A retry is under way; it counts in the breaker until the next decision.
    Held,
}

/// Whether all of the request has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RequestEnd {
    /// More of it is to come.
    #[default]
    Open,
    /// The last byte has come.
    Complete,
}

impl RouterState {
    /// A request that no attempt was made for.
    pub const NEW: Self = Self {
        flags: ResponseFlags::NONE,
        completed_at: SimTime::ZERO,
        attempts: 0,
        retries_left: 0,
        window_ms: 0,
        live: AttemptSet(0),
        connected: AttemptSet(0),
        awaiting: AttemptSet(0),
        hedged: AttemptSet(0),
        reported: AttemptSet(0),
        phase: Phase::Waiting,
        retry: RetrySlot::Never,
        request: RequestEnd::Open,
    };

    /// A request that no attempt was made for.
    #[must_use]
    pub const fn new() -> Self {
        Self::NEW
    }

    /// A request that filters have let through with these flags.
    #[must_use]
    pub const fn after_filters(flags: ResponseFlags) -> Self {
        Self { flags, ..Self::NEW }
    }

    /// How many attempts were started.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How many retries the policy still allows.
    #[must_use]
    pub const fn retries_left(&self) -> u32 {
        self.retries_left
    }

    /// The window from which the next back-off is drawn, in milliseconds.
    #[must_use]
    pub const fn next_window_ms(&self) -> u32 {
        self.window_ms
    }

    /// Whether a back-off is under way.
    #[must_use]
    pub const fn is_pausing(&self) -> bool {
        matches!(self.retry, RetrySlot::Pausing | RetrySlot::PausingAsAsked)
    }

    /// The response flags so far.
    #[must_use]
    pub const fn flags(&self) -> ResponseFlags {
        self.flags
    }

    /// Where the request is with its response.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether an attempt is under way.
    #[must_use]
    pub const fn is_live(&self, attempt: Attempt) -> bool {
        self.live.has(attempt)
    }

    /// When the last byte of the request came; the route timeout counts from then.
    #[must_use]
    pub const fn completed_at(&self) -> SimTime {
        self.completed_at
    }

    /// The attempts that are under way, the earliest first.
    pub(super) fn live_attempts(&self) -> impl Iterator<Item = Attempt> + use<> {
        let live = self.live;
        let first = self.attempts.saturating_sub(Attempt::MAX_CONCURRENT - 1).max(1);
        (first..=self.attempts).map(Attempt).filter(move |attempt| live.has(*attempt))
    }
}
