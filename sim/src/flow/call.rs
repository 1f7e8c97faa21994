//! Calls from the caller's side: tries, time-outs, retries of the application, and the end.

use meshwalk_models::path::DataPath;
use meshwalk_models::proxy::ztunnel;
use meshwalk_models::units::SimTime;
use meshwalk_models::walk::RESOLVER_TIME_OUT;

use crate::kernel::random::mix;
use crate::log::{Recorder, Step};
use crate::stats::{Details, Ending, Part, RetryReason, Ruling};

use super::app::{OK, Returned};
use super::boxes::{Role, Work};
use super::engine::Engine;
use super::event::Kind;
use super::plan::OnFailure;
use super::state::{Caller, Lineage, NO_STATUS, NONE, Try, TryStage};
use super::stream::RouterEvent;

/// The legs of a connection that a box closes, for the keys of their draws.
mod leg {
    pub(super) const TO_BOX: u64 = 0x746F_6278;
    pub(super) const CLOSED: u64 = 0x636C_7364;
}

/// What stands in a try until it has an ending.
pub(super) const NOT_ENDED: Ending = Ending::answered(OK);
/// The caller gave up.
const GAVE_UP: Ending = Ending::without_answer(Details::CALLER_TIMEOUT);

impl Try {
    /// Whether a traffic source waits for it.
    pub(super) fn is_root(&self) -> bool {
        self.stage != TryStage::GivenUp && matches!(self.caller, Caller::Source | Caller::User(_))
    }
}

impl<R: Recorder> Engine<R> {
    /// Begins a call; its end comes later, as an event, even if it fails at once.
    pub(super) fn begin_call(
        &mut self,
        call: u32,
        caller: Caller,
        client: u32,
        (source, request): (u16, u32),
        key: u64,
    ) {
        let now = self.kernel.now();
        let parent = match caller {
            Caller::Task(task) => Some(self.tasks[task].attempt),
            Caller::Source | Caller::User(_) | Caller::Relay(_) => None,
        };
        let lineage = parent.map_or(Lineage::Original, |slot| self.attempts[slot].lineage);
        let slot = self.tries.insert(Try {
            key,
            called_at: now,
            caller,
            ending: NOT_ENDED,
            request,
            call,
            client,
            attempt: NONE,
            source,
            number: 0,
            lineage,
            stage: TryStage::Underway,
        });
        self.open_ledger(slot);
        let edge = self.plan.calls[call as usize].edge;
        self.meter.called(edge, now, lineage);
        self.tell_try(now, slot, Step::CallBegan { parent, edge, call });
        self.send_try(slot);
    }

    /// Sends a try on its way.
    fn send_try(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Try { call, client, .. } = self.tries[slot];
        self.tries[slot].stage = TryStage::Underway;
        let call = &self.plan.calls[call as usize];
        let target = &self.plan.targets[call.target as usize];
        let unreachable = (target.endpoints.1 == 0).then_some(target.without_endpoints);
        let has_legs = call.legs.is_some();
        if let Some(lane) = call.timeout {
            let timer = self.lanes[lane as usize].start(&mut self.kernel, slot);
            self.set_timer(slot, timer);
        }
        let data_path = self.plan.pods[client as usize].data_path;
        match (unreachable, data_path) {
            // The resolver or kube-proxy's REJECT rule answers before any proxy is asked.
            (Some(ending), _) if ending.details.is_without_address() => {
                self.stay_without_address(slot, ending);
            }
            (_, DataPath::IstioSidecar) if has_legs => {
                let travel = self.request_in_pod(slot);
                self.charge_try(slot, Part::Loopback, now + travel);
                self.tries[slot].stage = TryStage::ToProxy;
                self.schedule(now + travel, Kind::RequestAtClientProxy, slot);
            }
            (Some(ending), DataPath::IstioAmbient)
                if ending.details == Details::CONNECTION_REFUSED =>
            {
                self.close_at_near_box(slot);
            }
            (Some(ending), _) => self.fail_at_once(slot, ending),
            (None, _) => {
                let attempt = self.begin_attempt(slot, now);
                self.acquire_connection(attempt, now);
            }
        }
    }

    /// Ends a try whose caller finds no address: at once where name servers say so, and where
    /// policies keep it from them, after the patience of its resolver.
    fn stay_without_address(&mut self, slot: u32, ending: Ending) {
        if ending.details != Details::NAME_SERVERS_SILENT {
            self.fail_at_once(slot, ending);
            return;
        }
        let now = self.kernel.now();
        let Try { call, called_at, .. } = self.tries[slot];
        let edge = self.plan.calls[call as usize].edge;
        self.meter.attempt(edge, called_at, 0);
        self.meter.ruled(edge, now, Ruling::Dropped);
        self.answer_try(slot, ending, now + RESOLVER_TIME_OUT);
    }

    /// The box of the caller's node takes a connection and finds nobody whom it could lead to: it
    /// closes it, and the caller learns of that on a connection which stands.
    fn close_at_near_box(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Try { call, called_at, key, client, .. } = self.tries[slot];
        let done = self.box_work(self.box_of(client), Work::Stream(Role::Client)).at;
        let travel = |leg: u64| self.plan.links.travel_in_pod(0, mix(key, leg));
        let travels = travel(leg::TO_BOX) + travel(leg::CLOSED);
        // Nobody was reached, but it was tried.
        self.meter.attempt(self.plan.calls[call as usize].edge, called_at, 0);
        self.tell_try(now, slot, Step::Decided { rule: ztunnel::NO_ENDPOINT });
        let at = done + travels;
        self.charge_try(slot, Part::SetUp, at);
        self.answer_try(slot, Ending::without_answer(Details::CONNECTION_RESET), at);
    }

    /// Ends a try that cannot reach anybody.
    fn fail_at_once(&mut self, slot: u32, ending: Ending) {
        let now = self.kernel.now();
        let Try { call, called_at, .. } = self.tries[slot];
        // Nobody was reached, but it was tried.
        self.meter.attempt(self.plan.calls[call as usize].edge, called_at, 0);
        self.answer_try(slot, ending, now);
    }

    /// The caller's own side answers a try; the answer arrives at `at`.
    pub(super) fn answer_try(&mut self, slot: u32, ending: Ending, at: SimTime) {
        let attempt = &mut self.tries[slot];
        attempt.ending = ending;
        attempt.stage = TryStage::Answered;
        self.tell_try(at, slot, Step::NotReachable { ending });
        self.schedule(at, Kind::Try, slot);
    }

    /// The pause before a try is over, or an answer from the caller's own side arrives.
    pub(super) fn try_goes_on(&mut self, slot: u32) {
        match self.tries[slot].stage {
            TryStage::Pausing => self.send_try(slot),
            TryStage::Answered => self.end_try(slot),
            TryStage::GivenUp => {
                self.tries.remove(slot);
            }
            TryStage::ToProxy | TryStage::Underway => {
                debug_assert!(false, "a try that is on its way has no event of its own");
            }
        }
    }

    /// A message reaches the caller: the last one ends the call.
    pub(super) fn response_at_caller(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = &self.attempts[slot];
        let (client, of) = (attempt.client, attempt.of);
        if attempt.status == NO_STATUS {
            self.connection_broke(slot);
            return;
        }
        if attempt.is_wanted() {
            self.tell(now, slot, client, Step::ResponseAtCaller);
        }
        if self.message_arrived(slot) == LastMessage::Yes {
            self.release_connection(slot);
            if let Some(ending) = self.relayed_ending(slot) {
                self.tries[of].ending = ending;
            } else {
                self.count_answer(slot);
                if !self.is_streaming(of) {
                    let status = self.attempts[slot].status;
                    self.tries[of].ending = Ending::answered(status);
                }
            }
            self.attempts.remove(slot);
            self.end_try(of);
        }
    }

    /// The caller gives up. What is under way goes on without it.
    pub(super) fn time_out(&mut self, slot: u32) {
        self.set_timer(slot, None);
        self.tries[slot].ending = GAVE_UP;
        self.tell_try(self.kernel.now(), slot, Step::TimedOut);
        let stage = self.leave_try(slot);
        self.conclude_try(slot);
        self.forget_try(slot, stage);
    }

    /// Gives up what is under way for a try, and tells what it waited for.
    pub(super) fn leave_try(&mut self, slot: u32) -> TryStage {
        let now = self.kernel.now();
        if self.is_streaming(slot) {
            self.silence_alarm(slot);
            self.drive(slot, now, RouterEvent::CallerGone);
        }
        let Try { stage, attempt, .. } = self.tries[slot];
        if attempt != NONE {
            self.tries[slot].attempt = NONE;
            self.abandon_attempt(attempt);
        }
        stage
    }

    /// Lets go of a try that was given up while it waited for this.
    pub(super) fn forget_try(&mut self, slot: u32, stage: TryStage) {
        match stage {
            // An event still refers to it.
            TryStage::ToProxy | TryStage::Answered => self.tries[slot].stage = TryStage::GivenUp,
            TryStage::Pausing | TryStage::Underway | TryStage::GivenUp => {
                self.tries.remove(slot);
            }
        }
    }

    /// A try has its answer, good or bad, and nothing refers to it any more.
    pub(super) fn end_try(&mut self, slot: u32) {
        if let Some(lane) = self.plan.calls[self.tries[slot].call as usize].timeout
            && let Some(timer) = self.timers.get(slot).copied().flatten()
        {
            self.lanes[lane as usize].cancel(timer);
            self.set_timer(slot, None);
        }
        self.conclude_try(slot);
        self.tries.remove(slot);
    }

    /// Tries again or tells the caller.
    fn conclude_try(&mut self, slot: u32) {
        let it = self.tries[slot];
        let call = &self.plan.calls[it.call as usize];
        if call.legs.is_some() && it.stage != TryStage::ToProxy {
            self.close_stream(slot);
        }
        if let Caller::Relay(outer) = it.caller {
            self.relay_ending(outer, it.ending);
            return;
        }
        let call = &self.plan.calls[it.call as usize];
        if !it.ending.is_success() && it.number < call.retries {
            self.retry(slot);
            return;
        }
        let now = self.kernel.now();
        let latency = now - it.called_at;
        let (edge, on_failure, ending) = (call.edge, call.on_failure, it.ending);
        self.kernel.mix(latency.as_ns() ^ ending.hashed());
        self.close_ledger(slot, &it);
        self.meter.call_ended(edge, &it, latency);
        self.tell_try(now, slot, Step::CallEnded { ending, latency });
        match it.caller {
            Caller::Source | Caller::Relay(_) => {}
            Caller::User(user) => self.user_pauses(user, now),
            Caller::Task(task) => {
                let failed = !ending.is_success() && on_failure == OnFailure::Fail;
                self.call_returned(task, if failed { Returned::Failed } else { Returned::Well });
            }
        }
    }

    /// Begins another try of the same call after the caller's pause.
    fn retry(&mut self, previous: u32) {
        let now = self.kernel.now();
        let it = self.tries[previous];
        let call = &self.plan.calls[it.call as usize];
        let pause = call.retry_backoff;
        self.meter.retried(call.edge, it.called_at, RetryReason::Application);
        self.tell_try(now, previous, Step::BacksOff { pause });
        let slot = self.tries.insert(Try {
            key: mix(it.key, u64::from(it.number) + 1),
            number: it.number + 1,
            ending: NOT_ENDED,
            attempt: NONE,
            lineage: Lineage::Repeated,
            stage: TryStage::Pausing,
            ..it
        });
        self.open_ledger(slot);
        self.charge_retry(slot, now + pause);
        self.tell_try(now + pause, slot, Step::Retried { previous });
        self.schedule(now + pause, Kind::Try, slot);
    }

    fn set_timer(&mut self, slot: u32, timer: impl Into<Option<crate::kernel::TimerHandle>>) {
        while self.timers.len() <= slot as usize {
            self.timers.push(None);
        }
        self.timers[slot] = timer.into();
    }
}

/// Whether a message was the last of its attempt, and the attempt is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastMessage {
    Yes,
    No,
}
