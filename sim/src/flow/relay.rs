//! Requests that a routing proxy in a pod of its own (a waypoint) takes on. They reach it as an
//! attempt of their caller, the outer one; for it the proxy makes a try of its own, the inner one,
//! whose answer goes back over the outer attempt. How either travels, and what the proxy decides,
//! is told elsewhere.

use meshwalk_models::proxy::envoy::router::More;
use meshwalk_models::units::SimTime;

use crate::kernel::random::mix;
use crate::log::{Recorder, Step};
use crate::stats::Ending;

use super::attempt::Beginning;
use super::call::{LastMessage, NOT_ENDED};
use super::engine::Engine;
use super::plan::BoxKind;
use super::state::{Attempt, Caller, NO_STATUS, NONE, Stage, Try, TryStage};

/// What the draws of the way to a waypoint are for. Those of the way onward are keyed as if there
/// were no waypoint, so that applications draw the same work with and without one.
const RELAY: u64 = 0x7265_6C61;

/// What an outer attempt carries along, by its slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relay {
    /// The key of the try that it was made for.
    key: u64,
    /// When the call began.
    called_at: SimTime,
    /// The size of one message of the answer, in bytes.
    bytes: u64,
    /// How the inner try ended, once that is known.
    ending: Option<Ending>,
    /// The slot of the inner try; [`NONE`] before and after it.
    inner: u32,
}

impl Relay {
    const NONE: Self =
        Self { key: 0, called_at: SimTime::ZERO, bytes: 0, ending: None, inner: NONE };
}

impl<R: Recorder> Engine<R> {
    /// Begins the attempt of a try that goes to a waypoint first.
    pub(super) fn begin_outer(&mut self, of: u32, at: SimTime) -> u32 {
        let Try { key, call, called_at, lineage, .. } = self.tries[of];
        let beginning = Beginning { key: mix(key, RELAY), call, number: 0, lineage, at };
        let slot = self.insert_attempt(of, beginning);
        while self.relays.len() <= slot as usize {
            self.relays.push(Relay::NONE);
        }
        self.relays[slot] = Relay { key, called_at, ..Relay::NONE };
        slot
    }

    /// Whether a pod is one of a waypoint.
    pub(super) fn is_waypoint(&self, pod: u32) -> bool {
        let own = self.plan.boxes.get(self.box_of(pod) as usize);
        own.is_some_and(|it| it.kind == BoxKind::Waypoint)
    }

    /// Whether an attempt goes to a waypoint, which makes another one for it.
    pub(super) fn is_outer(&self, slot: u32) -> bool {
        self.plan.calls[self.attempts[slot].call as usize].onward.is_some()
    }

    /// The attempt on whose behalf a waypoint makes a try.
    pub(super) fn outer_of(&self, of: u32) -> Option<u32> {
        match self.tries[of].caller {
            Caller::Relay(outer) => Some(outer),
            Caller::Task(_) | Caller::Source | Caller::User(_) => None,
        }
    }

    /// The size of a message that goes back over an outer attempt, in bytes.
    pub(super) fn relayed_bytes(&self, slot: u32) -> u64 {
        self.relays[slot].bytes
    }

    /// How an outer attempt ended, as its waypoint tells it.
    pub(super) fn relayed_ending(&self, slot: u32) -> Option<Ending> {
        if self.is_outer(slot) { self.relays[slot].ending } else { None }
    }

    /// A waypoint has read a request and is done with it at `done`: it makes a try of its own.
    pub(super) fn begin_inner(&mut self, outer: u32, call: u32, done: SimTime) {
        let Attempt { server, request, source, try_number, lineage, .. } = self.attempts[outer];
        let Relay { key, called_at, .. } = self.relays[outer];
        let slot = self.tries.insert(Try {
            key,
            called_at,
            caller: Caller::Relay(outer),
            ending: NOT_ENDED,
            request,
            call,
            client: server,
            attempt: NONE,
            source,
            number: try_number,
            lineage,
            stage: TryStage::Underway,
        });
        self.relays[outer].inner = slot;
        self.tell_try(done, slot, Step::Relayed { outer });
        let legs = self.plan.calls[call as usize].legs;
        self.begin_stream(slot, legs.expect("what a waypoint takes on has legs"), done);
    }

    /// A waypoint sends a message of an answer back to its caller.
    pub(super) fn relay_message(&mut self, slot: u32, outer: u32, more: More, done: SimTime) {
        let Attempt { of, status, .. } = self.attempts[slot];
        let bytes = self.response_bytes(slot);
        if more == More::End {
            self.release_connection(slot);
            self.count_answer(slot);
        }
        if self.message_arrived(slot) == LastMessage::Yes {
            self.attempts.remove(slot);
        }
        let relay = &mut self.relays[outer];
        relay.bytes = bytes;
        relay.ending = Some(self.tries[of].ending);
        let left = u16::from(more == More::Follows);
        self.answer_over(outer, status, left);
        self.send_response_over(outer, done);
        if more == More::End {
            self.relays[outer].inner = NONE;
            self.close_stream(of);
            self.tries.remove(of);
        }
    }

    /// The try of a waypoint has ended without a last message of a server.
    pub(super) fn relay_ending(&mut self, outer: u32, ending: Ending) {
        let now = self.kernel.now();
        let relay = &mut self.relays[outer];
        relay.inner = NONE;
        relay.ending = Some(ending);
        if self.attempts[outer].stage == Stage::Done {
            self.cut_off_outer(outer, ending);
            return;
        }
        relay.bytes = 0;
        self.answer_over(outer, ending.status, 0);
        if ending.status == NO_STATUS {
            self.send_reset_back(outer, now);
        } else {
            self.send_response_over(outer, now);
        }
    }

    /// One message of the waypoint's answer is on its way, and so many are to come.
    fn answer_over(&mut self, outer: u32, status: u16, left: u16) {
        let attempt = &mut self.attempts[outer];
        attempt.status = status;
        attempt.stage = Stage::Done;
        attempt.messages_left = left;
        attempt.messages_under_way += 1;
    }

    /// An answer ends in its middle: its caller learns of it after what is on its way.
    fn cut_off_outer(&mut self, outer: u32, ending: Ending) {
        let now = self.kernel.now();
        self.attempts[outer].messages_left = 0;
        let attempt = self.attempts[outer];
        if attempt.is_wanted() {
            self.attempts[outer].gone_at = now;
            self.abandon_connection(outer);
            self.tries[attempt.of].attempt = NONE;
            let travel = self.reset_travel(outer);
            self.answer_try(attempt.of, ending, now + travel);
        }
        if self.attempts[outer].is_over() {
            self.attempts.remove(outer);
        }
    }

    /// Word reaches a waypoint that its caller has gone: it gives up what it does for it.
    pub(super) fn give_up_inner(&mut self, outer: u32) {
        if !self.is_outer(outer) {
            return;
        }
        let inner = std::mem::replace(&mut self.relays[outer].inner, NONE);
        if inner == NONE {
            return;
        }
        let stage = self.leave_try(inner);
        self.close_stream(inner);
        self.forget_try(inner, stage);
        let attempt = &mut self.attempts[outer];
        attempt.stage = Stage::Done;
        attempt.messages_left = 0;
    }
}
