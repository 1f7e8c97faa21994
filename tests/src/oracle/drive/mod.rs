//! Runs a case: clients, the proxy and its upstreams, on the simulator's clock and event queue.
//! What the proxy decides is the model's business; here its state machines meet each other.
//!
//! Every message takes [`HOP`], so that nothing happens at once that takes time in a real proxy.

mod answer;
mod call;
mod client;
mod draws;
mod pools;
mod router;
mod server;
mod shadow;

use std::collections::{BTreeMap, VecDeque};

use meshwalk_models::proxy::envoy::filters::FilterState;
use meshwalk_models::proxy::envoy::router::Timer;
use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_sim::kernel::{Kernel, Seed, Slab};

pub(super) use answer::{Answer, Failure, Log};
pub(super) use call::{Call, Seen};
use client::Script;
use draws::Draws;
use pools::{ClusterRun, Notice, Stream, StreamId};
pub(super) use server::never_has_body;

use super::case::Case;
use super::render::World;

/// How long a message takes from one party to the next.
const HOP: SimDuration = SimDuration::from_us(100);
/// How long the proxy runs before its clients come; sweeps of outlier detection count from its
/// beginning. Seen of the recorder, which asks every 50 ms whether the proxy is ready.
const HEAD_START: SimDuration = SimDuration::from_ms(35);
/// How late a timer of the proxy rings: its event loop counts in whole milliseconds, so half of one
/// on average.
const TIMER_LAG: SimDuration = SimDuration::from_us(500);
/// Events of one case at most: a case that needs more is taken to run in circles.
const EVENTS_MAX: u64 = 20_000_000;

/// What was seen in a run.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Requests in the order in which clients made them.
    pub(super) calls: Vec<CallOutcome>,
    pub(super) snapshots: Vec<(String, Vec<HostHealth>)>,
    pub(super) final_hosts: Vec<HostHealth>,
    /// Counters that are not zero.
    pub(super) counters: BTreeMap<String, u64>,
}

/// A host, and the flags of its health.
#[derive(Clone, Debug)]
pub(super) struct HostHealth {
    pub(super) name: String,
    pub(super) flags: Vec<&'static str>,
}

/// What was seen of one request.
#[derive(Debug)]
pub(super) struct CallOutcome {
    pub(super) started: SimTime,
    pub(super) answer: Answer,
    /// The line of the access log, if there is one.
    pub(super) log: Option<Log>,
    /// Attempts as upstreams saw them.
    pub(super) seen: Vec<Seen>,
}

/// Something that will happen.
#[derive(Clone, Debug)]
enum Happening {
    /// The clients go on with their script.
    NextStep,
    /// A client sends its request.
    Begins(usize),
    /// A request reaches the proxy.
    Arrives(usize),
    /// A filter lets a request go on.
    FilterWaited(usize),
    /// A timer rings, unless it was started anew.
    Rings(usize, Timer, u64),
    /// A client has its whole answer.
    Answered(usize),
    /// A client loses patience.
    GivesUp(usize),
    /// The proxy learns that a client has gone.
    ClientGone(usize),
    /// A connection is made or fails.
    Connects(pools::LinkId, pools::Outcome),
    /// A request reaches its upstream.
    Reaches(StreamId),
    /// The proxy gets something from an upstream.
    Message(StreamId, server::Message),
}

/// A run of a case.
#[derive(Debug)]
struct Drive<'w> {
    world: &'w World,
    kernel: Kernel,
    happenings: Slab<Happening>,
    draws: Draws,
    clusters: Vec<ClusterRun>,
    filters: FilterState,
    calls: Vec<Call<'w>>,
    streams: Vec<Stream>,
    links: Vec<pools::Link>,
    notices: VecDeque<Notice>,
    counters: BTreeMap<String, u64>,
    timers_started: u64,
    script: Script<'w>,
    snapshots: Vec<(String, Vec<HostHealth>)>,
}

/// Runs a case once.
pub(super) fn run(case: &Case, seed: Seed) -> Result<Outcome, String> {
    let mut drive = Drive::new(case, seed);
    drive.after(HEAD_START, Happening::NextStep);
    let mut end = SimTime::MAX;
    while let Some(event) = drive.kernel.next_until(end) {
        if let Some(happening) = drive.happenings.remove(event.slot()) {
            drive.happens(happening)?;
        }
        drive.settle_notices();
        if drive.kernel.events_processed() > EVENTS_MAX {
            return Err(format!("more than {EVENTS_MAX} events: the case runs in circles"));
        }
        if end == SimTime::MAX && drive.script.is_over() {
            end = drive.kernel.now() + case.settle;
        }
    }
    Ok(drive.outcome())
}

impl<'w> Drive<'w> {
    fn new(case: &'w Case, seed: Seed) -> Self {
        let mut draws = Draws::new(seed);
        let clusters =
            case.world.clusters.iter().map(|one| ClusterRun::new(one, &mut draws)).collect();
        Self {
            world: &case.world,
            kernel: Kernel::new(),
            happenings: Slab::new(),
            draws,
            clusters,
            filters: FilterState::default(),
            calls: Vec::new(),
            streams: Vec::new(),
            links: Vec::new(),
            notices: VecDeque::new(),
            counters: BTreeMap::new(),
            timers_started: 0,
            script: Script::new(&case.steps),
            snapshots: Vec::new(),
        }
    }

    /// Lets something happen later.
    fn after(&mut self, delay: SimDuration, what: Happening) {
        let slot = self.happenings.insert(what);
        self.kernel.schedule_in(delay, 0, slot);
    }

    fn now(&self) -> SimTime {
        self.kernel.now()
    }

    fn count(&mut self, name: String) {
        *self.counters.entry(name).or_default() += 1;
    }

    fn happens(&mut self, what: Happening) -> Result<(), String> {
        match what {
            Happening::NextStep => self.next_step(),
            Happening::Begins(call) => self.begins(call),
            Happening::Arrives(call) => self.arrives(call)?,
            Happening::FilterWaited(call) => self.filters(call)?,
            Happening::Rings(call, timer, started) => self.rings(call, timer, started),
            Happening::Answered(call) => self.answered(call),
            Happening::GivesUp(call) => self.gives_up(call),
            Happening::ClientGone(call) => self.client_gone(call),
            Happening::Connects(link, outcome) => self.connects(link, outcome),
            Happening::Reaches(stream) => self.reaches(stream),
            Happening::Message(stream, message) => self.message(stream, message),
        }
        Ok(())
    }

    fn outcome(mut self) -> Outcome {
        let final_hosts = self.hosts();
        self.count_clusters();
        self.count_filters();
        let calls = self.calls.into_iter().filter(|call| call.shadow_of.is_none());
        let calls = calls.map(|call| CallOutcome {
            started: call.started,
            answer: call.answer,
            log: call.log,
            seen: call.seen,
        });
        Outcome {
            calls: calls.collect(),
            snapshots: self.snapshots,
            final_hosts,
            counters: self.counters,
        }
    }

    fn count_filters(&mut self) {
        for (name, count) in self.filters.counts.named() {
            if count > 0 {
                self.counters.insert(format!("http.in.{name}"), count);
            }
        }
    }
}
