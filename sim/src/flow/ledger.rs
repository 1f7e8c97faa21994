//! Where the time of each call goes, as long as it is under way. A ledger remembers up to when time
//! is accounted for; whoever knows what comes next charges it to a part. So the parts of a call add
//! up to its latency, whatever happens. Only recorders that ask for it have ledgers kept.

use meshwalk_models::units::SimTime;

use crate::log::Recorder;
use crate::stats::{Details, Part, Parts};

use super::boxes::Done;
use super::engine::Engine;
use super::plan::{BoxKind, NO_BOX};
use super::state::{Caller, Try};

/// The time of one call so far, by the slot of its try.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ledger {
    /// Up to here time is accounted for.
    mark: SimTime,
    parts: Parts,
}

/// On which side of a call a box stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Server = 0,
    Client = 1,
}

impl<R: Recorder> Engine<R> {
    /// Opens the ledger of a call.
    pub(super) fn open_ledger(&mut self, slot: u32) {
        if !R::ACCOUNTS {
            return;
        }
        let mark = self.tries[slot].called_at;
        while self.ledgers.len() <= slot as usize {
            self.ledgers.push(Ledger { mark: SimTime::ZERO, parts: Parts::default() });
        }
        self.ledgers[slot] = Ledger { mark, parts: Parts::default() };
    }

    /// The try of a call itself: a waypoint works for that of its caller. `None` when that has
    /// gone.
    fn account_of(&self, slot: u32) -> Option<u32> {
        match self.tries.get(slot)?.caller {
            Caller::Relay(outer) => {
                let outer = self.attempts.get(outer)?;
                outer.is_wanted().then_some(outer.of)
            }
            Caller::Task(_) | Caller::Source | Caller::User(_) => Some(slot),
        }
    }

    /// Charges the time up to `until` to a part of a try's call.
    #[inline]
    pub(super) fn charge_try(&mut self, slot: u32, part: Part, until: SimTime) {
        if !R::ACCOUNTS {
            return;
        }
        let Some(account) = self.account_of(slot) else { return };
        let ledger = &mut self.ledgers[account];
        if until > ledger.mark {
            ledger.parts.add(part, (until - ledger.mark).as_ns());
            ledger.mark = until;
        }
    }

    /// Charges the time up to `until` to a part of an attempt's call, if somebody waits for it.
    #[inline]
    pub(super) fn charge(&mut self, slot: u32, part: Part, until: SimTime) {
        if R::ACCOUNTS && self.attempts[slot].is_wanted() {
            self.charge_try(self.attempts[slot].of, part, until);
        }
    }

    /// Charges what a box did for a try.
    #[inline]
    pub(super) fn charge_box_try(&mut self, slot: u32, (row, side): (u32, Side), done: Done) {
        if !R::ACCOUNTS || row == NO_BOX {
            return;
        }
        let is_waypoint = self.plan.boxes[row as usize].kind == BoxKind::Waypoint;
        let (wait, work) = match side {
            _ if is_waypoint => (Part::WaypointWait, Part::WaypointWork),
            Side::Client => (Part::CallerProxyWait, Part::CallerProxyWork),
            Side::Server => (Part::ServerProxyWait, Part::ServerProxyWork),
        };
        self.charge_try(slot, wait, done.begun);
        self.charge_try(slot, work, done.worked);
        self.charge_try(slot, Part::ProxyDelay, done.at);
    }

    /// Charges what a box did for an attempt.
    #[inline]
    pub(super) fn charge_box(&mut self, slot: u32, at: (u32, Side), done: Done) {
        if R::ACCOUNTS && self.attempts[slot].is_wanted() {
            self.charge_box_try(self.attempts[slot].of, at, done);
        }
    }

    /// Another attempt begins at `from`: everything before it was in vain.
    pub(super) fn charge_retry(&mut self, slot: u32, from: SimTime) {
        if !R::ACCOUNTS {
            return;
        }
        let Some(account) = self.account_of(slot) else { return };
        let mut parts = Parts::default();
        parts.add(Part::Retries, (from - self.tries[account].called_at).as_ns());
        self.ledgers[account] = Ledger { mark: from, parts };
    }

    /// The call ends now: what its time went into.
    pub(super) fn close_ledger(&mut self, slot: u32, it: &Try) {
        if !R::ACCOUNTS {
            return;
        }
        let now = self.kernel.now();
        let Ledger { mark, mut parts } = self.ledgers[slot];
        if it.ending.details == Details::CALLER_TIMEOUT || mark > now {
            parts = Parts::default();
            parts.add(Part::GivenUp, (now - it.called_at).as_ns());
        } else {
            parts.add(Part::Other, (now - mark).as_ns());
        }
        let edge = self.plan.calls[it.call as usize].edge;
        self.meter.accounted(edge, it.called_at, &parts);
    }
}
