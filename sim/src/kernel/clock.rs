//! The clock: takes the next event, moves time on and keeps the state hash.
//!
//! It does not dispatch: the engine asks for an event and matches on its kind.

use meshwalk_models::units::{SimDuration, SimTime};

use super::event::{Event, Payload};
use super::hash::StateHash;
use super::queue::{EventQueue, Wheel};

/// Simulated time with its pending events.
#[derive(Clone, Debug, Default)]
pub struct Kernel<Q: EventQueue = Wheel> {
    now: SimTime,
    queue: Q,
    hash: StateHash,
    events_processed: u64,
}

/// A kernel put aside. It holds a copy of the pending events, 16 bytes each.
#[derive(Clone, Debug)]
pub struct KernelSnapshot<Q: EventQueue = Wheel>(Kernel<Q>);

impl<Q: EventQueue> KernelSnapshot<Q> {
    /// The bytes that it takes, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.0.queue.bytes()
    }
}

impl<Q: EventQueue> Kernel<Q> {
    /// A kernel at time zero with nothing to do.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The time of the event in progress.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Schedules an event. Equal times keep the order of these calls.
    ///
    /// A time in the past is a bug of the caller: a debug build stops, a release build takes it
    /// as now, so that time never runs backwards.
    ///
    /// # Panics
    /// When kind or slot exceed what [`Payload`] holds.
    pub fn schedule(&mut self, at: SimTime, kind: u8, slot: u32) {
        debug_assert!(at >= self.now, "an event at {at} is scheduled in the past of {}", self.now);
        self.queue.push(at.max(self.now), Payload::new(kind, slot));
    }

    /// Schedules an event `delay` from now.
    ///
    /// # Panics
    /// When kind or slot exceed what [`Payload`] holds.
    pub fn schedule_in(&mut self, delay: SimDuration, kind: u8, slot: u32) {
        self.queue.push(self.now + delay, Payload::new(kind, slot));
    }

    /// Takes the next event if it happens at or before `limit`, and moves time to it.
    /// When there is none, time has passed without one: now becomes `limit`.
    pub fn next_until(&mut self, limit: SimTime) -> Option<Event> {
        let Some(event) = self.queue.pop_until(limit) else {
            self.now = self.now.max(limit);
            return None;
        };
        debug_assert!(event.time() >= self.now, "time runs forwards");
        self.now = event.time();
        self.hash.mix_pair(event.time_ns(), event.payload().word());
        self.events_processed += 1;
        Some(event)
    }

    /// When the next event happens, if any is pending.
    pub fn next_time(&mut self) -> Option<SimTime> {
        self.queue.next_time()
    }

    /// Folds a piece of the engine's own state into the state hash.
    pub fn mix(&mut self, word: u64) {
        self.hash.mix(word);
    }

    /// The hash over every event taken so far and every word mixed in, in their order.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        self.hash.value()
    }

    /// How many events have been taken.
    #[must_use]
    pub fn events_processed(&self) -> u64 {
        self.events_processed
    }

    /// How many events are pending.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// The pending events that `wanted` accepts, in the order in which they will be taken. It
    /// looks at all that are pending: for those who look on.
    pub fn pending_events(&self, wanted: impl Fn(Event) -> bool) -> Vec<Event> {
        let mut found = Vec::new();
        self.queue.for_each(|event| {
            if wanted(event) {
                found.push(event);
            }
        });
        found.sort_unstable_by_key(|event| event.key());
        found
    }
}

impl<Q: EventQueue + Clone> Kernel<Q> {
    /// Puts the present state aside.
    #[must_use]
    pub fn snapshot(&self) -> KernelSnapshot<Q> {
        KernelSnapshot(self.clone())
    }

    /// Brings a state back, whatever happened since.
    pub fn restore(&mut self, snapshot: &KernelSnapshot<Q>) {
        self.clone_from(&snapshot.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_to_each_event_and_equal_times_keep_their_order() {
        let mut kernel: Kernel = Kernel::new();
        kernel.schedule(SimTime::from_ns(20), 1, 7);
        kernel.schedule_in(SimDuration::from_ns(10), 2, 8);
        kernel.schedule(SimTime::from_ns(20), 3, 9);
        let mut seen = Vec::new();
        while let Some(event) = kernel.next_until(SimTime::from_ns(50)) {
            seen.push((kernel.now().as_ns(), event.kind(), event.slot()));
        }
        assert_eq!(seen, [(10, 2, 8), (20, 1, 7), (20, 3, 9)]);
        assert_eq!((kernel.events_processed(), kernel.pending()), (3, 0));
    }

    #[test]
    fn a_limit_without_an_event_moves_time_to_the_limit() {
        let mut kernel: Kernel = Kernel::new();
        kernel.schedule(SimTime::from_ns(1_000), 1, 0);
        assert_eq!(kernel.next_until(SimTime::from_ns(999)), None);
        assert_eq!(kernel.now(), SimTime::from_ns(999));
        assert_eq!(kernel.next_time(), Some(SimTime::from_ns(1_000)));
        assert!(kernel.next_until(SimTime::from_ns(1_000)).is_some());
    }

    #[test]
    #[cfg_attr(debug_assertions, should_panic(expected = "scheduled in the past"))]
    fn an_event_in_the_past_stops_a_debug_build_and_happens_now_in_a_release_build() {
        let mut kernel: Kernel = Kernel::new();
        assert_eq!(kernel.next_until(SimTime::from_ns(5)), None);
        kernel.schedule(SimTime::from_ns(4), 1, 0);
        let event = kernel.next_until(SimTime::MAX).unwrap();
        assert_eq!(event.time(), SimTime::from_ns(5));
    }

    #[test]
    fn what_the_engine_mixes_in_shows_in_the_hash() {
        let mut plain: Kernel = Kernel::new();
        let mut mixed = plain.clone();
        mixed.mix(0);
        assert_ne!(plain.state_hash(), mixed.state_hash());
        plain.mix(0);
        assert_eq!(plain.state_hash(), mixed.state_hash());
    }
}
