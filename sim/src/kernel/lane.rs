//! Timers that share one duration: first started, first due, so a list replaces the queue.
//!
//! A lane keeps one event in the kernel's queue however many timers it holds. It does not know
//! what a timer is for: it gives back the owner's number when the time has come.

use meshwalk_models::units::{SimDuration, SimTime};

use super::clock::Kernel;
use super::queue::EventQueue;
use super::store::{Slab, SlabSnapshot};

/// Ends the list of timers.
const NO_TIMER: u32 = u32::MAX;

/// One started timer. The generation is counted by the lane for its own slots and is no part of
/// the owner's number: an owner's slot that is freed and reused does not revive an old timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerHandle {
    slot: u32,
    generation: u32,
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    due: SimTime,
    owner: u32,
    previous: u32,
    next: u32,
}

/// The timers of one constant duration.
///
/// Cancelling unlinks a timer, so the lane holds no more than the timers that are running. The
/// armed event is not moved by a cancellation: it finds nobody due and arms itself for the timer
/// that is now first.
#[derive(Clone, Debug)]
pub struct TimerLane {
    delay: SimDuration,
    kind: u8,
    slot: u32,
    timers: Slab<Timer>,
    first: u32,
    last: u32,
    /// The time of this lane's event in the queue; none if it has no event there.
    armed: Option<SimTime>,
}

/// A [`TimerLane`] at one moment. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct LaneSnapshot {
    timers: SlabSnapshot<Timer>,
    first: u32,
    last: u32,
    armed: Option<SimTime>,
}

impl LaneSnapshot {
    /// The bytes that its own part takes; its timers are shared.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl TimerLane {
    /// A lane for timers of length `delay`, whose event carries `kind` and `slot`.
    ///
    /// A delay of zero counts as one nanosecond: a timer that is due while it is being started
    /// would keep [`TimerLane::expire`] going for ever.
    #[must_use]
    pub fn new(delay: SimDuration, kind: u8, slot: u32) -> Self {
        Self {
            delay: delay.max(SimDuration::from_ns(1)),
            kind,
            slot,
            timers: Slab::new(),
            first: NO_TIMER,
            last: NO_TIMER,
            armed: None,
        }
    }

    /// The length of this lane's timers.
    #[must_use]
    pub fn delay(&self) -> SimDuration {
        self.delay
    }

    /// How many timers are running.
    #[must_use]
    pub fn len(&self) -> usize {
        self.timers.len()
    }

    /// Whether no timer is running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.timers.is_empty()
    }

    /// Starts a timer for `owner`.
    pub fn start<Q: EventQueue>(&mut self, kernel: &mut Kernel<Q>, owner: u32) -> TimerHandle {
        let due = kernel.now() + self.delay;
        let slot = self.timers.insert(Timer { due, owner, previous: self.last, next: NO_TIMER });
        if self.last == NO_TIMER {
            self.first = slot;
        } else {
            debug_assert!(self.timers[self.last].due <= due, "one delay keeps timers in order");
            self.timers[self.last].next = slot;
        }
        self.last = slot;
        if self.armed.is_none() {
            self.arm(kernel, due);
        }
        TimerHandle { slot, generation: self.timers.generation(slot) }
    }

    /// When a timer rings; `None` if it has ended, one way or the other.
    #[must_use]
    pub fn due(&self, handle: TimerHandle) -> Option<SimTime> {
        self.timers.get_if(handle.slot, handle.generation).map(|timer| timer.due)
    }

    /// Stops a timer and returns its owner; `None` if it has ended before, one way or the other.
    pub fn cancel(&mut self, handle: TimerHandle) -> Option<u32> {
        self.timers.get_if(handle.slot, handle.generation)?;
        Some(self.unlink(handle.slot))
    }

    /// The owner of the next timer that is due now. To be called when the lane's event comes,
    /// again and again until it returns `None`: only then is the lane armed for what remains.
    #[must_use]
    pub fn expire<Q: EventQueue>(&mut self, kernel: &mut Kernel<Q>) -> Option<u32> {
        let now = kernel.now();
        let Some(timer) = self.timers.get(self.first) else {
            self.armed = self.armed.filter(|at| *at > now);
            return None;
        };
        let due = timer.due;
        if due <= now {
            return Some(self.unlink(self.first));
        }
        if self.armed.is_none_or(|at| at <= now) {
            self.arm(kernel, due);
        }
        None
    }

    /// Puts the present state aside, sharing what did not change since the previous checkpoint.
    pub fn checkpoint(&mut self) -> LaneSnapshot {
        LaneSnapshot {
            timers: self.timers.checkpoint(),
            first: self.first,
            last: self.last,
            armed: self.armed,
        }
    }

    /// Brings a state back. The kernel must be brought back to the same moment: the armed event
    /// is in its queue.
    pub fn restore(&mut self, snapshot: &LaneSnapshot) {
        self.timers.restore(&snapshot.timers);
        self.first = snapshot.first;
        self.last = snapshot.last;
        self.armed = snapshot.armed;
    }

    fn arm<Q: EventQueue>(&mut self, kernel: &mut Kernel<Q>, due: SimTime) {
        kernel.schedule(due, self.kind, self.slot);
        self.armed = Some(due);
    }

    fn unlink(&mut self, slot: u32) -> u32 {
        let timer = self.timers.remove(slot).expect("a linked timer is in its slot");
        match timer.previous {
            NO_TIMER => self.first = timer.next,
            previous => self.timers[previous].next = timer.next,
        }
        match timer.next {
            NO_TIMER => self.last = timer.previous,
            next => self.timers[next].previous = timer.previous,
        }
        timer.owner
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const KIND: u8 = 5;
    const SLOT: u32 = 77;

    fn drain(lane: &mut TimerLane, kernel: &mut Kernel) -> Vec<u32> {
        std::iter::from_fn(|| lane.expire(kernel)).collect()
    }

    fn ms(ms: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_ms(ms)
    }

    #[test]
    fn a_thousand_timers_keep_one_event_in_the_queue() {
        let mut kernel: Kernel = Kernel::new();
        let mut lane = TimerLane::new(SimDuration::from_ms(10), KIND, SLOT);
        for owner in 0..1_000 {
            lane.start(&mut kernel, owner);
        }
        assert_eq!((kernel.pending(), lane.len()), (1, 1_000));
        let event = kernel.next_until(SimTime::MAX).unwrap();
        assert_eq!((event.kind(), event.slot(), kernel.now()), (KIND, SLOT, ms(10)));
        assert_eq!(drain(&mut lane, &mut kernel), (0..1_000).collect::<Vec<_>>());
        assert_eq!(kernel.pending(), 0, "an empty lane is not armed");
    }

    #[test]
    fn a_cancelled_timer_leaves_no_trace_but_the_armed_event() {
        let mut kernel: Kernel = Kernel::new();
        let mut lane = TimerLane::new(SimDuration::from_ms(10), KIND, SLOT);
        let first = lane.start(&mut kernel, 1);
        assert_eq!(kernel.next_until(ms(4)), None);
        lane.start(&mut kernel, 2);
        assert_eq!((lane.cancel(first), lane.cancel(first)), (Some(1), None));
        assert_eq!(lane.len(), 1, "a cancelled timer takes no memory");

        assert_eq!(kernel.next_until(SimTime::MAX).unwrap().time(), ms(10));
        assert!(drain(&mut lane, &mut kernel).is_empty(), "nobody is due yet");
        assert_eq!(kernel.next_until(SimTime::MAX).unwrap().time(), ms(14));
        assert_eq!(drain(&mut lane, &mut kernel), [2]);
    }

    #[test]
    fn an_old_handle_does_not_cancel_the_timer_that_took_its_place() {
        let mut kernel: Kernel = Kernel::new();
        let mut lane = TimerLane::new(SimDuration::from_ms(10), KIND, SLOT);
        let old = lane.start(&mut kernel, 1);
        lane.cancel(old);
        // The same owner in the same place, as when a request's slot is reused at once.
        let new = lane.start(&mut kernel, 1);
        assert_eq!(new.slot, old.slot, "the place is reused, or this test shows nothing");
        assert_eq!(lane.cancel(old), None);
        assert_eq!(lane.len(), 1);
    }

    #[test]
    fn asking_without_an_event_arms_nothing_twice() {
        let mut kernel: Kernel = Kernel::new();
        let mut lane = TimerLane::new(SimDuration::from_ms(10), KIND, SLOT);
        let timer = lane.start(&mut kernel, 1);
        assert_eq!(lane.expire(&mut kernel), None);
        lane.cancel(timer);
        assert_eq!(lane.expire(&mut kernel), None);
        lane.start(&mut kernel, 2);
        assert_eq!(kernel.pending(), 1);
    }

    #[test]
    fn a_delay_of_zero_cannot_keep_the_lane_going_for_ever() {
        let mut kernel: Kernel = Kernel::new();
        let mut lane = TimerLane::new(SimDuration::ZERO, KIND, SLOT);
        lane.start(&mut kernel, 1);
        kernel.next_until(SimTime::MAX).unwrap();
        assert_eq!(lane.expire(&mut kernel), Some(1));
        lane.start(&mut kernel, 1);
        assert_eq!(lane.expire(&mut kernel), None);
    }

    proptest! {
        /// Against a map of due times: each timer that is not cancelled fires once, at its time,
        /// in the order of the starts, and no other fires.
        #[test]
        fn every_timer_fires_exactly_once_unless_cancelled(
            steps in prop::collection::vec((0u64..30, 0u8..3, any::<prop::sample::Index>()), 1..200),
        ) {
            let delay = SimDuration::from_ns(100);
            let mut kernel: Kernel = Kernel::new();
            let mut lane = TimerLane::new(delay, KIND, SLOT);
            let mut running: BTreeMap<u32, (SimTime, TimerHandle)> = BTreeMap::new();
            let mut ended: Vec<TimerHandle> = Vec::new();
            let mut owner = 0;
            let settle = |kernel: &mut Kernel, lane: &mut TimerLane, limit: SimTime| {
                let mut fired = Vec::new();
                while kernel.next_until(limit).is_some() {
                    fired.extend(drain(lane, kernel).into_iter().map(|owner| (owner, kernel.now())));
                }
                fired
            };
            for (wait_ns, action, pick) in steps {
                let limit = kernel.now() + SimDuration::from_ns(wait_ns);
                for (owner, at) in settle(&mut kernel, &mut lane, limit) {
                    let (due, handle) = running.remove(&owner).expect("a phantom timer fired");
                    prop_assert_eq!(due, at);
                    ended.push(handle);
                }
                prop_assert!(running.values().all(|(due, _)| *due > limit), "a timer was missed");
                if action == 0 && !running.is_empty() {
                    let owner = *running.keys().nth(pick.index(running.len())).unwrap();
                    let (_, handle) = running.remove(&owner).unwrap();
                    prop_assert_eq!(lane.cancel(handle), Some(owner));
                    ended.push(handle);
                } else if action == 1 && !ended.is_empty() {
                    prop_assert_eq!(lane.cancel(ended[pick.index(ended.len())]), None);
                } else {
                    let handle = lane.start(&mut kernel, owner);
                    running.insert(owner, (kernel.now() + delay, handle));
                    owner += 1;
                }
                prop_assert!(kernel.pending() <= 1);
                prop_assert_eq!(lane.len(), running.len());
            }
            let rest: Vec<u32> =
                settle(&mut kernel, &mut lane, SimTime::MAX).into_iter().map(|(owner, _)| owner).collect();
            prop_assert_eq!(rest, running.into_keys().collect::<Vec<_>>());
        }
    }
}
