//! Attempts: exchanges with one server each, from their beginning until nothing refers to them,
//! which may be after the caller has gone.

use meshwalk_models::path::Protection;
use meshwalk_models::units::SimTime;

use crate::log::{Recorder, Step};

use super::app::OK;
use super::call::LastMessage;
use super::engine::Engine;
use super::event::Kind;
use super::state::{Attempt, Caller, Lineage, NONE, NextBox, ServerKnows, Stage, Try};

/// What an attempt begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    /// The key of its draws.
    pub(super) key: u64,
    pub(super) call: u32,
    /// Which attempt of its try it is, from 0.
    pub(super) number: u8,
    pub(super) lineage: Lineage,
    pub(super) at: SimTime,
}

impl<R: Recorder> Engine<R> {
    /// Begins the only attempt of a try whose caller has no proxy.
    pub(super) fn begin_attempt(&mut self, of: u32, at: SimTime) -> u32 {
        let Try { key, call, called_at, lineage, .. } = self.tries[of];
        let plan = &self.plan.calls[call as usize];
        self.meter.attempt(plan.edge, called_at, plan.request_bytes);
        if plan.onward.is_some() {
            return self.begin_outer(of, at);
        }
        self.insert_attempt(of, Beginning { key, call, number: 0, lineage, at })
    }

    /// Puts an attempt into the books.
    pub(super) fn insert_attempt(&mut self, of: u32, beginning: Beginning) -> u32 {
        let it = self.tries[of];
        let Beginning { key, call, number, lineage, at } = beginning;
        let slot = self.attempts.insert(Attempt {
            key,
            gone_at: SimTime::MAX,
            of,
            request: it.request,
            call,
            client: it.client,
            server: NONE,
            connection: NONE,
            pool: NONE,
            next: NONE,
            status: 0,
            messages_under_way: 0,
            messages_left: 0,
            source: it.source,
            try_number: it.number,
            number,
            lineage,
            stage: Stage::Waiting,
            server_knows: ServerKnows::Nothing,
            protection: Protection::Plaintext,
            next_box: NextBox::Far,
        });
        self.tries[of].attempt = slot;
        if number > 0 {
            self.charge_retry(of, at);
        }
        self.tell(at, slot, it.client, Step::AttemptBegan { of });
        slot
    }

    /// Counts an exchange that came to its end.
    pub(super) fn count_answer(&mut self, slot: u32) {
        let Attempt { status, call, of, .. } = self.attempts[slot];
        let call = &self.plan.calls[call as usize];
        let messages = match (status, call.streaming) {
            (OK, Some(streaming)) => u64::from(streaming.messages),
            _ => 1,
        };
        let bytes = self.response_bytes(slot) * messages;
        self.meter.answered(call.edge, self.tries[of].called_at, bytes);
    }

    /// Counts a message that came to its end, wherever that was. An attempt whose caller has gone
    /// goes with its last message.
    pub(super) fn message_arrived(&mut self, slot: u32) -> LastMessage {
        let attempt = &mut self.attempts[slot];
        attempt.messages_under_way -= 1;
        if !attempt.is_over() {
            return LastMessage::No;
        }
        if attempt.is_wanted() {
            return LastMessage::Yes;
        }
        self.attempts.remove(slot);
        LastMessage::No
    }

    /// The caller goes. What is under way goes on without it; the server learns of it when word
    /// has travelled there.
    pub(super) fn abandon_attempt(&mut self, slot: u32) {
        let now = self.kernel.now();
        // Somebody above may have gone before: since then the work is for nobody.
        let gone_at = self.unwanted_since(slot).unwrap_or(now);
        let attempt = &mut self.attempts[slot];
        attempt.gone_at = gone_at;
        let (stage, left, pool) = (attempt.stage, attempt.messages_left, attempt.pool);
        self.abandon_connection(slot);
        if stage == Stage::Waiting && pool != NONE {
            self.forget_those_gone(pool);
            return;
        }
        if stage == Stage::Served || left > 0 {
            self.attempts[slot].messages_under_way += 1;
            let travel = self.reset_travel(slot);
            self.schedule(now + travel, Kind::Reset, slot);
        }
    }

    /// Word reaches the server that the caller has gone: it sends nothing more. An application
    /// works on what it has begun all the same.
    pub(super) fn reset_at_server(&mut self, slot: u32) {
        let now = self.kernel.now();
        let attempt = &mut self.attempts[slot];
        attempt.server_knows = ServerKnows::CallerGone;
        let server = attempt.server;
        self.tell(now, slot, server, Step::ResetAtServer);
        self.give_up_inner(slot);
        self.message_arrived(slot);
    }

    /// The server's side has nothing more to do with an attempt.
    pub(super) fn drop_at_server(&mut self, slot: u32) {
        let attempt = &mut self.attempts[slot];
        attempt.stage = Stage::Done;
        attempt.messages_left = 0;
        if attempt.is_over() {
            self.attempts.remove(slot);
        }
    }

    /// Since when nobody waits for the work on an attempt: its own caller has gone, or that of a
    /// call above it.
    pub(super) fn unwanted_since(&self, slot: u32) -> Option<SimTime> {
        let mut attempt = &self.attempts[slot];
        loop {
            if !attempt.is_wanted() {
                return Some(attempt.gone_at);
            }
            attempt = match self.tries[attempt.of].caller {
                Caller::Task(task) => &self.attempts[self.tasks[task].attempt],
                Caller::Relay(outer) => &self.attempts[outer],
                Caller::Source | Caller::User(_) => return None,
            };
        }
    }
}
