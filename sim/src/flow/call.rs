//! Calls from the caller's side: tries, time-outs, retries, and the end.

use meshwalk_models::path::DataPath;

use crate::kernel::random::mix;
use crate::log::{Recorder, Step};
use crate::stats::{Details, Ending};

use super::app::{OK, Returned};
use super::engine::Engine;
use super::event::Kind;
use super::plan::OnFailure;
use super::state::{Attempt, Caller, NONE, Stage};

/// What stands in an attempt until it has an ending.
const NOT_ENDED: Ending = Ending::answered(OK);

impl Attempt {
    /// Whether a traffic source waits for it.
    pub(super) fn is_root(&self) -> bool {
        self.stage == Stage::Wanted && !matches!(self.caller, Caller::Task(_))
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
        let slot = self.attempts.insert(Attempt {
            key,
            called_at: now,
            caller,
            request,
            source,
            try_number: 0,
            ending: NOT_ENDED,
            call,
            client,
            server: NONE,
            connection: NONE,
            pool: NONE,
            next: NONE,
            messages_under_way: 0,
            messages_left: 0,
            stage: Stage::Wanted,
        });
        let parent = match caller {
            Caller::Task(task) => Some(self.tasks[task].attempt),
            Caller::Source | Caller::User(_) => None,
        };
        let edge = self.plan.calls[call as usize].edge;
        self.tell(now, slot, client, Step::CallBegan { parent, edge });
        self.send_attempt(slot);
    }

    /// Sends a try on its way.
    pub(super) fn send_attempt(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = self.attempts[slot];
        let call = &self.plan.calls[attempt.call as usize];
        let target = &self.plan.targets[call.target as usize];
        let unreachable = (target.endpoints.1 == 0).then_some(target.without_endpoints);
        self.meter.attempt(call.edge, attempt.called_at, call.request_bytes);
        if let Some(lane) = call.timeout {
            let timer = self.lanes[lane as usize].start(&mut self.kernel, slot);
            self.set_timer(slot, timer);
        }
        let data_path = self.plan.pods[attempt.client as usize].data_path;
        match (unreachable, data_path) {
            // The resolver or kube-proxy's REJECT rule answers before any proxy is asked.
            (Some(ending), _) if ending.details == Details::NAME_NOT_RESOLVED => {
                self.fail_at_once(slot, ending);
            }
            (Some(ending), DataPath::None) => {
                self.fail_at_once(slot, ending);
            }
            (_, DataPath::IstioSidecar) => {
                let travel = self.request_in_pod(slot, attempt.client);
                self.schedule(now + travel, Kind::RequestAtClientProxy, slot);
            }
            (None, DataPath::None) => self.acquire_connection(slot, now),
        }
    }

    /// Ends a try that cannot reach anybody.
    fn fail_at_once(&mut self, slot: u32, ending: Ending) {
        let now = self.kernel.now();
        let attempt = &mut self.attempts[slot];
        attempt.ending = ending;
        attempt.messages_under_way = 1;
        let client = attempt.client;
        self.tell(now, slot, client, Step::NotReachable { ending });
        self.schedule(now, Kind::ResponseAtCaller, slot);
    }

    /// A message reaches the caller: the last one ends the call.
    pub(super) fn response_at_caller(&mut self, slot: u32) {
        let now = self.kernel.now();
        let Attempt { client, stage, .. } = self.attempts[slot];
        if stage == Stage::Wanted {
            self.tell(now, slot, client, Step::ResponseAtCaller);
        }
        if self.message_arrived(slot) == LastMessage::Yes {
            self.release_connection(slot);
            self.count_answer(slot);
            self.end_try(slot);
        }
    }

    /// Counts an exchange that came to its end, if an application answered.
    fn count_answer(&mut self, slot: u32) {
        let attempt = self.attempts[slot];
        if attempt.server == NONE {
            return;
        }
        let call = &self.plan.calls[attempt.call as usize];
        let messages = match (attempt.ending.status, call.streaming) {
            (OK, Some(streaming)) => u64::from(streaming.messages),
            _ => 1,
        };
        let bytes = self.response_bytes(slot) * messages;
        self.meter.answered(call.edge, attempt.called_at, bytes);
    }

    /// Counts a message that came to its end, wherever that was. An abandoned attempt goes with
    /// its last message.
    pub(super) fn message_arrived(&mut self, slot: u32) -> LastMessage {
        let attempt = &mut self.attempts[slot];
        attempt.messages_under_way -= 1;
        if attempt.messages_under_way > 0 || attempt.messages_left > 0 {
            return LastMessage::No;
        }
        if attempt.stage == Stage::Abandoned {
            self.attempts.remove(slot);
            return LastMessage::No;
        }
        LastMessage::Yes
    }

    /// A lane's event has come: everybody whose time is up gives up.
    pub(super) fn expire_lane(&mut self, lane: u32) {
        while let Some(slot) = self.lanes[lane as usize].expire(&mut self.kernel) {
            self.time_out(slot);
        }
    }

    /// The caller gives up. What is under way goes on without it.
    fn time_out(&mut self, slot: u32) {
        let now = self.kernel.now();
        self.set_timer(slot, None);
        let attempt = &mut self.attempts[slot];
        attempt.ending = Ending::without_answer(Details::CALLER_TIMEOUT);
        attempt.stage = Stage::Abandoned;
        let client = attempt.client;
        self.tell(now, slot, client, Step::TimedOut);
        self.abandon_connection(slot);
        self.conclude_try(slot);
    }

    /// A try has its answer, good or bad, and nothing refers to it any more.
    fn end_try(&mut self, slot: u32) {
        if let Some(lane) = self.plan.calls[self.attempts[slot].call as usize].timeout
            && let Some(timer) = self.timers.get(slot).copied().flatten()
        {
            self.lanes[lane as usize].cancel(timer);
            self.set_timer(slot, None);
        }
        self.conclude_try(slot);
        self.attempts.remove(slot);
    }

    /// Tries again or tells the caller.
    fn conclude_try(&mut self, slot: u32) {
        let attempt = self.attempts[slot];
        let call = &self.plan.calls[attempt.call as usize];
        if !attempt.ending.is_success() && attempt.try_number < call.retries {
            self.retry(slot);
            return;
        }
        let now = self.kernel.now();
        let latency = now - attempt.called_at;
        let (edge, on_failure) = (call.edge, call.on_failure);
        self.kernel.mix(latency.as_ns() ^ attempt.ending.hashed());
        self.meter.call_ended(edge, &attempt, latency);
        let ending = attempt.ending;
        self.tell(now, slot, attempt.client, Step::CallEnded { ending, latency });
        match attempt.caller {
            Caller::Source => {}
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
        let attempt = self.attempts[previous];
        let pause = self.plan.calls[attempt.call as usize].retry_backoff;
        self.tell(now, previous, attempt.client, Step::BacksOff { pause });
        let slot = self.attempts.insert(Attempt {
            key: mix(attempt.key, u64::from(attempt.try_number) + 1),
            try_number: attempt.try_number + 1,
            ending: NOT_ENDED,
            server: NONE,
            connection: NONE,
            pool: NONE,
            next: NONE,
            messages_under_way: 0,
            messages_left: 0,
            stage: Stage::Wanted,
            ..attempt
        });
        self.tell(now + pause, slot, attempt.client, Step::Retried { previous });
        self.schedule(now + pause, Kind::Retry, slot);
    }

    fn set_timer(&mut self, slot: u32, timer: impl Into<Option<crate::kernel::TimerHandle>>) {
        while self.timers.len() <= slot as usize {
            self.timers.push(None);
        }
        self.timers[slot] = timer.into();
    }
}

/// Whether a message was the last of its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastMessage {
    Yes,
    No,
}
