//! Pending events in order of time, then of insertion; what they mean is the engine's business.
//!
//! Two queues answer the same contract: [`Wheel`] is the fast one, [`PackedHeap`] the plain one
//! that the wheel is tested against.

mod chunks;
mod heap;
mod wheel;

#[cfg(test)]
mod tests;

pub use heap::PackedHeap;
pub use wheel::Wheel;

use meshwalk_models::units::SimTime;

use super::event::{Event, Payload};

/// A queue of events that gives back the earliest first, and equals in the order of their pushes.
pub trait EventQueue: Default {
    /// Adds an event. `time` should not lie before the last event popped nor before the last limit
    /// that found nothing; such an event still pops in its order, only slowly.
    fn push(&mut self, time: SimTime, payload: Payload);

    /// Takes the earliest event if it happens at or before `limit`.
    fn pop_until(&mut self, limit: SimTime) -> Option<Event>;

    /// When the earliest event happens. Looks at up to one bucket of events; not for hot loops.
    fn next_time(&mut self) -> Option<SimTime>;

    /// How many events are pending.
    fn len(&self) -> usize;

    /// The bytes that a copy takes, roughly.
    fn bytes(&self) -> usize {
        self.len() * size_of::<Event>()
    }

    /// Calls `visit` with every pending event, in no order that means anything. For those who look
    /// on; not for hot loops.
    fn for_each(&self, visit: impl FnMut(Event));

    /// Takes the earliest event.
    fn pop(&mut self) -> Option<Event> {
        self.pop_until(SimTime::MAX)
    }

    /// Whether nothing is pending.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The number the next event of a queue gets.
///
/// The numbers have 32 bits and a long run pushes more events than that. Before they run out the
/// queue numbers its pending events afresh from zero, in their order, and goes on behind them.
/// That is exact, and it happens once in four billion pushes.
#[derive(Clone, Copy, Debug, Default)]
struct Sequence(u32);

impl Sequence {
    /// Whether the numbers have run out and the pending events must be renumbered.
    fn is_exhausted(self) -> bool {
        self.0 == u32::MAX
    }

    fn take(&mut self) -> u32 {
        let number = self.0;
        self.0 += 1;
        number
    }

    /// Numbers `pending`, which is in order, from zero and continues behind it.
    fn renumber(&mut self, pending: &mut [Event]) {
        self.0 = 0;
        for event in pending {
            *event = event.renumbered(self.take());
        }
        assert!(!self.is_exhausted(), "fewer than 2^32 - 1 events can be pending");
    }
}
