//! Traffic sources: when the next request comes, which one, and from which pod.

use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::random::{CounterDraw, Draws, Seed, Stream, mix};
use crate::log::Recorder;
use crate::traffic::ArrivalProcess;

use super::engine::Engine;
use super::event::Kind;
use super::plan::{SourceLoad, SourcePlan};
use super::state::Caller;

/// A source under way.
#[derive(Clone, Debug)]
pub(super) struct SourceState {
    /// The key of everything that its requests draw.
    pub(super) key: u64,
    /// Requests sent so far.
    pub(super) sent: u32,
    arrivals: Option<(ArrivalProcess, Stream)>,
}

/// A user of a closed loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct UserState {
    source: u16,
    key: u64,
    /// Pauses so far.
    pauses: u32,
}

/// What a draw is for, so that one key gives independent draws.
mod purpose {
    pub(super) const TEMPLATE: u64 = 0x7465_6D70;
    pub(super) const CLIENT: u64 = 0x636C_6E74;
    pub(super) const THINK: u64 = 0x7468_6E6B;
}

impl SourceState {
    pub(super) fn new(source: &SourcePlan, seed: Seed) -> Self {
        let arrivals = match &source.load {
            SourceLoad::Open(arrivals) => {
                let process = ArrivalProcess::new(arrivals, source.start, source.stop);
                Some((process, seed.stream(&source.name, "arrivals")))
            }
            SourceLoad::Closed { .. } => None,
        };
        Self { key: seed.key(&source.name, "requests"), sent: 0, arrivals }
    }

    /// When the next request arrives, if there is another.
    fn next_arrival(&mut self, now: SimTime) -> Option<SimTime> {
        let (process, stream) = self.arrivals.as_mut()?;
        process.next(now, stream)
    }
}

impl<R: Recorder> Engine<R> {
    /// Schedules the first arrival of every source and the first pause of every user.
    pub(super) fn begin_sources(&mut self) {
        let plan = self.plan.clone();
        for (row, source) in plan.sources.iter().enumerate() {
            match source.load {
                SourceLoad::Open(_) => self.schedule_arrival(row as u32),
                SourceLoad::Closed { users, .. } => {
                    for user in 0..users {
                        let key = mix(self.sources[row].key, u64::from(user));
                        let slot =
                            self.users.push(UserState { source: row as u16, key, pauses: 0 });
                        self.user_pauses(slot, source.start);
                    }
                }
            }
        }
    }

    fn schedule_arrival(&mut self, source: u32) {
        let now = self.kernel.now();
        if let Some(at) = self.sources[source as usize].next_arrival(now) {
            self.schedule(at, Kind::Arrival, source);
        }
    }

    pub(super) fn arrival(&mut self, source: u32) {
        self.schedule_arrival(source);
        self.send_request(source as u16, Caller::Source);
    }

    pub(super) fn user_ready(&mut self, user: u32) {
        let source = self.users[user].source;
        if self.kernel.now() <= self.plan.sources[usize::from(source)].stop {
            self.send_request(source, Caller::User(user));
        }
    }

    /// A user has an answer, or begins: thinks, and then asks again.
    pub(super) fn user_pauses(&mut self, user: u32, from: SimTime) {
        let state = &mut self.users[user];
        let mut draws = CounterDraw::keyed(mix(state.key, u64::from(state.pauses)), purpose::THINK);
        state.pauses = state.pauses.wrapping_add(1);
        let source = &self.plan.sources[usize::from(state.source)];
        let SourceLoad::Closed { think_time, .. } = &source.load else { return };
        // One nanosecond at least: users without a pause and a call that fails at once would
        // otherwise stop time.
        let pause = think_time.sample(&mut draws).max(SimDuration::from_ns(1));
        self.schedule(from + pause, Kind::UserReady, user);
    }

    fn send_request(&mut self, source: u16, caller: Caller) {
        let plan = &self.plan.sources[usize::from(source)];
        let state = &mut self.sources[usize::from(source)];
        let request = state.sent;
        state.sent = state.sent.wrapping_add(1);
        let key = mix(state.key, u64::from(request));
        let mut draws = CounterDraw::keyed(key, purpose::TEMPLATE);
        let template = plan.choice.choose(&mut draws);
        let call = plan.templates[template];
        let client_draw = CounterDraw::keyed(key, purpose::CLIENT).below(plan.pods.1.max(1));
        let client = plan.pods.0 + client_draw;
        self.meter.sent(source, self.kernel.now(), template);
        self.begin_call(call, caller, client, (source, request), key);
    }
}
