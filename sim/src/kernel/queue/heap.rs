//! A packed heap with four children a node: the plain queue that the wheel is tested against.
//!
//! It is no competitor for the wheel; it is short enough to be believed by reading.

use meshwalk_models::units::SimTime;

use super::{EventQueue, Sequence};
use crate::kernel::event::{Event, Payload};

/// Four children share a cache line, and the tree is half as deep as a binary one.
const CHILDREN: usize = 4;

/// An array heap of events.
#[derive(Clone, Debug, Default)]
pub struct PackedHeap {
    events: Vec<Event>,
    sequence: Sequence,
}

impl PackedHeap {
    /// An empty heap whose numbers start at `sequence`, to reach the wrap-around in a test.
    #[cfg(test)]
    pub(super) fn numbered_from(sequence: u32) -> Self {
        Self { events: Vec::new(), sequence: Sequence(sequence) }
    }

    fn sift_up(&mut self, mut at: usize) {
        let event = self.events[at];
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if self.events[parent].key() <= event.key() {
                break;
            }
            self.events[at] = self.events[parent];
            at = parent;
        }
        self.events[at] = event;
    }

    fn sift_down(&mut self, mut at: usize) {
        let event = self.events[at];
        loop {
            let first = at * CHILDREN + 1;
            let last = (first + CHILDREN).min(self.events.len());
            let Some(least) = (first..last).min_by_key(|child| self.events[*child].key()) else {
                break;
            };
            if event.key() <= self.events[least].key() {
                break;
            }
            self.events[at] = self.events[least];
            at = least;
        }
        self.events[at] = event;
    }
}

impl EventQueue for PackedHeap {
    fn push(&mut self, time: SimTime, payload: Payload) {
        if self.sequence.is_exhausted() {
            // A sorted array is a heap, so nothing needs to be rebuilt.
            self.events.sort_unstable_by_key(|event| event.key());
            self.sequence.renumber(&mut self.events);
        }
        let sequence = self.sequence.take();
        self.events.push(Event::new(time.as_ns(), sequence, payload));
        self.sift_up(self.events.len() - 1);
    }

    fn pop_until(&mut self, limit: SimTime) -> Option<Event> {
        let earliest = *self.events.first()?;
        if earliest.time() > limit {
            return None;
        }
        let last = self.events.pop().expect("the heap has a first event, so it has a last one");
        if !self.events.is_empty() {
            self.events[0] = last;
            self.sift_down(0);
        }
        Some(earliest)
    }

    fn next_time(&mut self) -> Option<SimTime> {
        self.events.first().map(|event| event.time())
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn for_each(&self, visit: impl FnMut(Event)) {
        self.events.iter().copied().for_each(visit);
    }
}
