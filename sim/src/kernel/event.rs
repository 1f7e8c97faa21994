//! What the queue holds: sixteen bytes that say when, in which order, and about what.
//!
//! The meaning of a kind and the state behind a slot belong to the engine that schedules.

use meshwalk_models::units::SimTime;

/// What an event is about: a kind of 4 bits and a slot of 28 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload(u32);

impl Payload {
    /// How many kinds can be told apart.
    pub const KINDS: u8 = 1 << 4;
    /// How many slots can be told apart.
    pub const SLOTS: u32 = 1 << Self::SLOT_BITS;

    const SLOT_BITS: u32 = 28;

    /// Packs `kind` and `slot`.
    ///
    /// # Panics
    /// When `kind` is not below [`Payload::KINDS`] or `slot` not below [`Payload::SLOTS`]: a
    /// truncated slot would deliver the event to somebody else.
    #[must_use]
    pub const fn new(kind: u8, slot: u32) -> Self {
        assert!(kind < Self::KINDS, "an event kind has 4 bits");
        assert!(slot < Self::SLOTS, "an event slot has 28 bits");
        Self((kind as u32) << Self::SLOT_BITS | slot)
    }

    /// Which of the engine's sixteen kinds of event this is.
    #[must_use]
    pub const fn kind(self) -> u8 {
        (self.0 >> Self::SLOT_BITS) as u8
    }

    /// Which piece of the engine's state it concerns.
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.0 & (Self::SLOTS - 1)
    }

    /// Kind and slot as one word, for hashing.
    pub(super) const fn word(self) -> u32 {
        self.0
    }
}

/// One entry of the queue; earlier times come first, and insertion order decides ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    time_ns: u64,
    sequence: u32,
    payload: Payload,
}

const _: () = assert!(size_of::<Event>() == 16, "four events fill a cache line");

impl Event {
    /// Fills the places of a chunk that hold no event yet.
    pub(super) const EMPTY: Self = Self { time_ns: 0, sequence: 0, payload: Payload(0) };

    pub(super) const fn new(time_ns: u64, sequence: u32, payload: Payload) -> Self {
        Self { time_ns, sequence, payload }
    }

    /// When it happens.
    #[must_use]
    pub const fn time(self) -> SimTime {
        SimTime::from_ns(self.time_ns)
    }

    /// Which of the engine's sixteen kinds of event this is.
    #[must_use]
    pub const fn kind(self) -> u8 {
        self.payload.kind()
    }

    /// Which piece of the engine's state it concerns.
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.payload.slot()
    }

    /// Kind and slot together.
    #[must_use]
    pub const fn payload(self) -> Payload {
        self.payload
    }

    pub(super) const fn time_ns(self) -> u64 {
        self.time_ns
    }

    /// Time and insertion order as one number, so that one comparison orders two events.
    pub(super) const fn key(self) -> u128 {
        (self.time_ns as u128) << 32 | self.sequence as u128
    }

    /// The same event at another place in the insertion order.
    pub(super) const fn renumbered(self, sequence: u32) -> Self {
        Self { sequence, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_slot_come_back_as_they_went_in() {
        for (kind, slot) in [(0, 0), (15, Payload::SLOTS - 1), (9, 0), (0, 123_456_789)] {
            let payload = Payload::new(kind, slot);
            assert_eq!((payload.kind(), payload.slot()), (kind, slot));
        }
    }

    #[test]
    #[should_panic(expected = "28 bits")]
    fn a_slot_that_does_not_fit_is_refused() {
        let _ = Payload::new(0, Payload::SLOTS);
    }

    #[test]
    fn time_orders_before_sequence() {
        let payload = Payload::new(1, 1);
        let early_but_late_inserted = Event::new(1, u32::MAX, payload);
        let late_but_early_inserted = Event::new(2, 0, payload);
        assert!(early_but_late_inserted.key() < late_but_early_inserted.key());
    }
}
