//! The waterfall of one request: its calls, the tries of their callers, the attempts of proxies,
//! and what each moment of them was spent on; from that, where the time of the request went, what
//! each service was asked for and did in vain, and which retries were allowed. It reads entries of
//! the log and decides nothing; how it is drawn is told elsewhere.

mod account;
mod course;
mod recorded;
mod retries;
mod settings;
mod spans;
mod strand;
#[cfg(test)]
mod tests;
mod tree;

use meshwalk_models::explain::RuleId;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::flow::plan::Plan;
use crate::log::Step;
use crate::stats::{Ending, Full};

pub use account::{Account, Busy, PartOfTime, ServiceAccount, account};
pub use course::{Segment, Vain, course};
pub use recorded::of_log;
pub use retries::{Cause, CutBy, RetryDecision, Verdict};
pub use settings::{ConnectLimit, ProxyWay, Retries, TrySettings, settings_of};
pub use strand::{Happening, Strand, StrandKind};
pub use tree::grow;

/// What a moment of a call, a try or an attempt is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spent {
    /// A worker of the application works.
    Work,
    /// The request waits for a worker of the application.
    Queue,
    /// The application waits for calls of its own.
    Calls,
    /// A connection is being made, or all are in use.
    Connection,
    /// On the way to the proxy of the caller's node, until its way to the server is open.
    NodeProxy,
    /// The network.
    Network,
    /// Between an application and the proxy beside it.
    Loopback,
    /// In a proxy: its work, its queue, and being woken up.
    Proxy,
    /// A filter holds the request up, or asks an authoriser.
    Filter,
    /// The proxy pauses before it tries again.
    BackOff,
    /// The application pauses before it tries again.
    Pause,
    /// The server waits until it sends the next message of a stream.
    Stream,
    /// An answer that the caller's own side gives by itself: a proxy, a resolver.
    OwnSide,
}

impl Spent {
    /// All of them, in the order in which tables print them.
    pub const ALL: [Self; 13] = [
        Self::Work,
        Self::Queue,
        Self::Calls,
        Self::Connection,
        Self::NodeProxy,
        Self::Network,
        Self::Loopback,
        Self::Proxy,
        Self::Filter,
        Self::BackOff,
        Self::Pause,
        Self::Stream,
        Self::OwnSide,
    ];

    /// As screens and sentences name it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Queue => "waiting for a worker",
            Self::Calls => "application, between its steps",
            Self::Connection => "waiting for a connection",
            Self::NodeProxy => "to the node's proxy and its tunnel",
            Self::Network => "network",
            Self::Loopback => "inside pods",
            Self::Proxy => "in proxies",
            Self::Filter => "held up by filters",
            Self::BackOff => "back-off of proxies",
            Self::Pause => "pauses of applications",
            Self::Stream => "between messages of a stream",
            Self::OwnSide => "answers of the caller's own side",
        }
    }
}

/// A stretch of time spent on one thing. It may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when.
    pub from: SimTime,
    /// Up to when.
    pub to: SimTime,
    /// On what.
    pub spent: Spent,
    /// The entry with which it begins.
    pub entry: u64,
}

/// One request with everything that was done for it.
#[derive(Clone, Debug)]
pub struct Waterfall {
    /// The row of its source.
    pub source: u16,
    /// Its number within the source.
    pub number: u32,
    /// When it began.
    pub begun: SimTime,
    /// When its caller had an answer or gave up; `None` if it never came to an end.
    pub ended: Option<SimTime>,
    /// When the last thing happened that was done for it: work may outlive its request.
    pub last: SimTime,
    /// Its calls; the first is the request itself, and no call stands before its caller.
    pub calls: Vec<Call>,
    /// Tries of calls.
    pub tries: Vec<Try>,
    /// Attempts of tries.
    pub attempts: Vec<Attempt>,
}

/// Who makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// A traffic source.
    Source,
    /// The application that answers an attempt.
    Application(usize),
    /// A waypoint, for the attempt that reached it.
    Waypoint(usize),
}

impl Maker {
    /// The attempt that a call is made for; `None` for that of a source.
    #[must_use]
    pub const fn above(self) -> Option<usize> {
        match self {
            Self::Source => None,
            Self::Application(attempt) | Self::Waypoint(attempt) => Some(attempt),
        }
    }
}

/// One call: everything between a caller's wish and its answer.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who makes it.
    pub maker: Maker,
    /// Its place in the tree of calls, as in the names of entries.
    pub hop: String,
    /// The row of the statistics' edges.
    pub edge: u32,
    /// The row of the plan's calls; `None` for what a waypoint does.
    pub site: Option<u32>,
    /// The pod of its caller.
    pub client: u32,
    /// When it began.
    pub begun: SimTime,
    /// When it ended.
    pub ended: Option<SimTime>,
    /// How.
    pub ending: Option<Ending>,
    /// Its tries, in order.
    pub tries: Vec<usize>,
}

/// One try of a call, as its caller has it.
#[derive(Clone, Debug)]
pub struct Try {
    /// The call.
    pub call: usize,
    /// Which try, from 0.
    pub number: u8,
    /// When it began.
    pub begun: SimTime,
    /// When its caller had an answer or gave up.
    pub ended: Option<SimTime>,
    /// When its caller gave up.
    pub timed_out: Option<SimTime>,
    /// The pause of the application after it, if there is another one.
    pub pause_after: Option<SimDuration>,
    /// Its attempts, in order.
    pub attempts: Vec<usize>,
    /// What it was spent on outside its attempts.
    pub own: Vec<Span>,
    /// What its proxy drew, where requests of its call go several ways.
    pub drawn: Drawn,
    /// What its proxy decided about retries.
    pub retries: Vec<RetryDecision>,
    /// Its first entry.
    pub entry: u64,
}

/// What the proxy of a try's caller drew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drawn {
    /// The row of the route in the plan; `None` where there was one only, and before the draw.
    pub route: Option<u32>,
    /// The place of the destination among those of that route; `None` likewise.
    pub destination: Option<u32>,
}

/// One exchange with a server on behalf of a try.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The try.
    pub of: usize,
    /// Which attempt of it, from 0.
    pub number: u8,
    /// The pod that it goes to, once that is known.
    pub server: Option<u32>,
    /// When it began.
    pub begun: SimTime,
    /// When nobody waited for it any more: it had been answered, or was given up.
    pub left: Option<SimTime>,
    /// When it had a connection.
    pub connected: Option<SimTime>,
    /// When its request reached the application.
    pub at_app: Option<SimTime>,
    /// How it ended for its caller.
    pub end: AttemptEnd,
    /// The status that the server answered with, if it did, and when.
    pub answered: Option<(SimTime, u16)>,
    /// What its time was spent on, without a gap, until nothing refers to it any more.
    pub spans: Vec<Span>,
    /// The calls that the server made for it.
    pub calls: Vec<usize>,
    /// Since when nobody waits for it or for what it serves: its caller has gone, or that of a
    /// call above it.
    pub unwanted: Option<SimTime>,
    /// Its first entry.
    pub entry: u64,
}

/// How an attempt ended for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    /// It has not.
    Open,
    /// Its answer went to the caller.
    Delivered,
    /// Its answer was thrown away, because another attempt may do better.
    ThrownAway,
    /// The caller's proxy gave it up.
    GivenUp,
    /// The caller gave up.
    CallerGone,
    /// It was reset, in the words of Envoy's reset reasons.
    Reset(&'static str),
    /// A circuit breaker had no place for it.
    NoPlace(Fullness),
}

/// A circuit breaker without a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fullness {
    /// What there was too much of.
    pub of: Full,
    /// How many there were.
    pub count: u32,
    /// How many there might be.
    pub limit: u32,
    /// The rule that said so.
    pub rule: RuleId,
}

impl Fullness {
    /// What a step tells of a breaker without a place.
    #[must_use]
    pub fn told_by(step: Step) -> Option<Self> {
        match step {
            Step::Overflowed { of, count, limit, rule, .. } => {
                Some(Self { of, count, limit, rule })
            }
            _ => None,
        }
    }
}

impl Attempt {
    /// When the last thing happened to it.
    #[must_use]
    pub fn last(&self) -> SimTime {
        self.spans.last().map_or(self.begun, |span| span.to)
    }
}

impl Waterfall {
    /// How long the request took, if it ended.
    #[must_use]
    pub fn latency(&self) -> Option<SimDuration> {
        self.ended.map(|ended| ended - self.begun)
    }

    /// The call that an attempt belongs to.
    #[must_use]
    pub fn call_of(&self, attempt: usize) -> usize {
        self.tries[self.attempts[attempt].of].call
    }

    /// The attempt above a call.
    #[must_use]
    pub fn above(&self, call: usize) -> Option<usize> {
        self.calls[call].maker.above()
    }

    /// The row of a call in the plan; what a waypoint does for a call has a row of its own.
    #[must_use]
    pub fn site_of(&self, plan: &Plan, call: usize) -> Option<u32> {
        let it = &self.calls[call];
        match it.maker {
            Maker::Source | Maker::Application(_) => it.site,
            Maker::Waypoint(above) => {
                let above = self.calls.get(self.call_of(above))?.site?;
                plan.calls.get(above as usize)?.onward
            }
        }
    }
}
