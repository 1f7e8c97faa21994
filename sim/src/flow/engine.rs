//! The engine itself: takes events from the kernel and hands each to the room that knows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::proxy::envoy::filters::FilterState;
use meshwalk_models::proxy::envoy::upstream::HostId;
use meshwalk_models::units::SimTime;

use crate::kernel::random::Seed;
use crate::kernel::{Kernel, Paged, Slab, TimerHandle, TimerLane};
use crate::log::{Recorder, RequestName, Step, Subject};
use crate::stats::RunStatistics;

use super::alarm::{Alarm, StreamTimers};
use super::boxes::{Pace, idle_workers};
use super::circuit::Circuit;
use super::event::Kind;
use super::filters::Passage;
use super::ledger::Ledger;
use super::measure::Meter;
use super::plan::{LanePlan, Plan};
use super::relay::Relay;
use super::source::{SourceState, UserState};
use super::state::{Attempt, Connection, NONE, Pod, Pool, Task, Try};
use super::stream::{Deferred, Stream};
use super::tunnel::{Opening, Tunnels};
use super::upstream::{ProxyCluster, RetryMemory};

/// More tries and attempts under way than this mean that the load exceeds the capacity for good.
const ATTEMPTS_MAX: usize = 4_000_000;

/// One run.
pub struct Engine<R: Recorder> {
    pub(super) plan: Arc<Plan>,
    pub(super) kernel: Kernel,
    pub(super) recorder: R,
    pub(super) pods: Paged<Pod>,
    pub(super) tasks: Slab<Task>,
    pub(super) tries: Slab<Try>,
    pub(super) attempts: Slab<Attempt>,
    /// The running time-out of each try that has one, by its slot.
    pub(super) timers: Paged<Option<TimerHandle>>,
    pub(super) lanes: Vec<TimerLane>,
    /// The first pool of each pod and destination; `NONE` before its first use.
    pub(super) pool_tables: Paged<u32>,
    pub(super) pools: Paged<Pool>,
    pub(super) connections: Slab<Connection>,
    /// The clusters of callers' proxies, in the order of first use.
    pub(super) clusters: Paged<ProxyCluster>,
    /// The streams of tries beside a proxy, by the slot of the try.
    pub(super) streams: Paged<Stream>,
    /// Their timers, for streams that ever had one.
    pub(super) stream_timers: Paged<StreamTimers>,
    pub(super) alarms: Slab<Alarm>,
    /// What tries that were tried again remember, by slot.
    pub(super) memories: BTreeMap<u32, RetryMemory>,
    /// Attempts beside others, by the slot of the try and the router's number.
    pub(super) hedges: BTreeMap<(u32, u32), u32>,
    /// Requests among filters, by the slot of the try.
    pub(super) passages: BTreeMap<u32, Passage>,
    /// What filters keep, by pod and connection manager.
    pub(super) filter_states: BTreeMap<(u32, u32), FilterState>,
    /// The gate that each attempt meets at its server, by slot; empty without policies.
    pub(super) gates: Paged<u32>,
    /// Requests among the filters of their servers, by the slot of the attempt.
    pub(super) server_passages: BTreeMap<u32, Passage>,
    /// What attempts at waypoints carry along, by slot; empty without waypoints.
    pub(super) relays: Paged<Relay>,
    /// Where the time of calls goes, by the slot of the try; empty unless accounts are kept.
    pub(super) ledgers: Paged<Ledger>,
    /// What is to be told to other streams before the next event.
    pub(super) deferred: Vec<Deferred>,
    /// The host for the connection that is about to be made.
    pub(super) picked: Option<HostId>,
    pub(super) seed: Seed,
    /// When each worker of each box will be free.
    pub(super) workers_free_at: Paged<SimTime>,
    /// How many requests each box takes.
    pub(super) paces: Paged<Pace>,
    /// What carries connections below their own protocol.
    pub(super) circuits: Slab<Circuit>,
    /// Tunnels by the two pods between which they are.
    pub(super) tunnels: Paged<Tunnels>,
    pub(super) tunnel_rows: BTreeMap<(u32, u32), u32>,
    /// Tunnels that are being opened.
    pub(super) openings: Slab<Opening>,
    pub(super) sources: Vec<SourceState>,
    pub(super) users: Paged<UserState>,
    pub(super) meter: Meter,
}

/// Why a run ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// Too much is under way.
    #[error(
        "stopped at {at}: more than {ATTEMPTS_MAX} calls were under way; the load exceeds what \
         the workloads can serve, so bound their queues or lower the load"
    )]
    Overrun {
        /// When.
        at: SimTime,
    },
}

impl<R: Recorder> Engine<R> {
    /// A run of `plan` at time zero.
    #[must_use]
    pub fn new(plan: Arc<Plan>, seed: Seed, recorder: R) -> Self {
        let lane = |(row, lane): (usize, &LanePlan)| {
            TimerLane::new(lane.delay, Kind::TimeOut as u8, row as u32)
        };
        let mut engine = Self {
            kernel: Kernel::new(),
            recorder,
            pods: plan.pods.iter().map(|_| Pod::IDLE).collect(),
            tasks: Slab::new(),
            tries: Slab::new(),
            attempts: Slab::new(),
            timers: Paged::new(),
            lanes: plan.lanes.iter().enumerate().map(lane).collect(),
            pool_tables: (0..plan.pool_tables).map(|_| NONE).collect(),
            pools: Paged::new(),
            connections: Slab::new(),
            clusters: Paged::new(),
            streams: Paged::new(),
            stream_timers: Paged::new(),
            alarms: Slab::new(),
            memories: BTreeMap::new(),
            hedges: BTreeMap::new(),
            passages: BTreeMap::new(),
            filter_states: BTreeMap::new(),
            gates: Paged::new(),
            server_passages: BTreeMap::new(),
            relays: Paged::new(),
            ledgers: Paged::new(),
            deferred: Vec::new(),
            picked: None,
            seed,
            workers_free_at: idle_workers(&plan).collect(),
            paces: plan.boxes.iter().map(|_| Pace::default()).collect(),
            circuits: Slab::new(),
            tunnels: Paged::new(),
            tunnel_rows: BTreeMap::new(),
            openings: Slab::new(),
            sources: plan.sources.iter().map(|source| SourceState::new(source, seed)).collect(),
            users: Paged::new(),
            meter: Meter::new(&plan),
            plan,
        };
        engine.begin_sources();
        engine
    }

    /// The time of the last event.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.kernel.now()
    }

    /// How many events were handled so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.kernel.events_processed()
    }

    /// The plan of the run.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Whom this run tells what happens.
    #[must_use]
    pub fn recorder(&self) -> &R {
        &self.recorder
    }

    /// Whom this run tells what happens.
    pub fn recorder_mut(&mut self) -> &mut R {
        &mut self.recorder
    }

    /// Gives the recorder back.
    pub fn into_recorder(self) -> R {
        self.recorder
    }

    /// Runs until `limit`, events at `limit` included. Splitting a run changes nothing in it.
    ///
    /// # Errors
    /// When the run cannot go on.
    pub fn run_until(&mut self, limit: SimTime) -> Result<(), Stopped> {
        while self.step_until(limit)? {}
        Ok(())
    }

    /// Handles the next event if it comes at or before `limit`; tells whether there was one.
    ///
    /// # Errors
    /// When the run cannot go on.
    #[inline]
    pub fn step_until(&mut self, limit: SimTime) -> Result<bool, Stopped> {
        let Some(event) = self.kernel.next_until(limit) else { return Ok(false) };
        self.meter.pass(self.kernel.now());
        let slot = event.slot();
        match Kind::of(event.kind()) {
            Kind::Arrival => {
                if self.tries.len() + self.attempts.len() > ATTEMPTS_MAX {
                    return Err(Stopped::Overrun { at: self.kernel.now() });
                }
                self.arrival(slot);
            }
            Kind::UserReady => self.user_ready(slot),
            Kind::RequestAtClientProxy => self.request_at_client_proxy(slot),
            Kind::RequestAtBox => self.request_at_box(slot),
            Kind::RequestAtApp => self.request_at_app(slot),
            Kind::WorkDone => self.work_done(slot),
            Kind::TaskReady => self.run_program(slot),
            Kind::StreamMessage => self.send_message(slot),
            Kind::ResponseAtServerProxy => self.response_at_server_proxy(slot),
            Kind::ResponseAtClientProxy => self.response_at_client_proxy(slot),
            Kind::ResponseAtCaller => self.response_at_caller(slot),
            Kind::Connection => self.connection_goes_on(slot),
            Kind::Reset => self.reset_at_server(slot),
            Kind::TimeOut => self.expire_lane(slot),
            Kind::Try => self.try_goes_on(slot),
            Kind::Alarm => self.alarm_rings(slot),
        }
        if !self.deferred.is_empty() {
            self.settle_deferred();
        }
        Ok(true)
    }

    /// The rolling hash of everything so far.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        self.kernel.state_hash()
    }

    /// What was counted so far, brought up to now.
    pub fn statistics(&mut self) -> &RunStatistics {
        let counted_from = self.plan.warm_up;
        let live = self.tries.iter().filter(|(_, it)| it.is_root());
        let (mut in_flight, mut censored) = (0, 0);
        for (_, it) in live {
            in_flight += 1;
            censored += u64::from(it.called_at >= counted_from);
        }
        self.meter.settle(&self.plan, self.kernel.now(), &self.pods);
        let statistics = self.meter.statistics_mut();
        statistics.in_flight_at_end = in_flight;
        statistics.censored = censored;
        statistics.events = self.kernel.events_processed();
        statistics.state_hash = self.kernel.state_hash();
        statistics
    }

    #[inline]
    pub(super) fn schedule(&mut self, at: SimTime, kind: Kind, slot: u32) {
        self.kernel.schedule(at, kind as u8, slot);
    }

    /// Tells the recorder what happens to an attempt.
    #[inline]
    pub(super) fn tell(&mut self, at: SimTime, slot: u32, pod: u32, step: Step) {
        if !R::LISTENS {
            return;
        }
        let attempt = &self.attempts[slot];
        let subject = Subject::Attempt {
            slot,
            of: attempt.is_wanted().then_some(attempt.of),
            number: attempt.number,
            request: RequestName {
                source: attempt.source,
                request: attempt.request,
                try_number: attempt.try_number,
            },
        };
        self.recorder.record(at, subject, pod, step);
    }

    /// Tells the recorder what happens to a try, in its caller's pod.
    #[inline]
    pub(super) fn tell_try(&mut self, at: SimTime, slot: u32, step: Step) {
        if !R::LISTENS {
            return;
        }
        let it = &self.tries[slot];
        let request = RequestName { source: it.source, request: it.request, try_number: it.number };
        self.recorder.record(at, Subject::Try { slot, request }, it.client, step);
    }
}
