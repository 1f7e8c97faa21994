//! Slots that are given out, taken back and given out again, always in the same order.
//!
//! A slot alone does not say whose it is: whoever keeps one beyond its life compares generations.

use std::ops::{Index, IndexMut};

use super::paged::{Paged, PagedSnapshot};
use crate::kernel::event::Payload;

/// Ends the list of free slots.
const NO_SLOT: u32 = u32::MAX;

/// A slot is given out for the last time in this generation. It then stays empty, so that a pair
/// of slot and generation is never given out twice.
const LAST_GENERATION: u32 = u32::MAX;

/// Stands apart from the values: a generation is looked up without touching a value's cache line.
#[derive(Clone, Copy, Debug)]
struct Header {
    generation: u32,
    next_free: u32,
}

/// A store with stable slots. The slot that was freed last is given out first.
///
/// A value with a spare bit pattern (a reference, an enum, a `NonZero` field) takes no more room
/// than itself.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    values: Paged<Option<T>>,
    headers: Paged<Header>,
    free: u32,
    len: u32,
}

/// A [`Slab`] at one moment. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct SlabSnapshot<T> {
    values: PagedSnapshot<Option<T>>,
    headers: PagedSnapshot<Header>,
    free: u32,
    len: u32,
}

impl<T> SlabSnapshot<T> {
    /// As [`PagedSnapshot::bytes_beside`].
    #[must_use]
    pub fn bytes_beside(&self, earlier: Option<&Self>) -> usize {
        self.values.bytes_beside(earlier.map(|it| &it.values))
            + self.headers.bytes_beside(earlier.map(|it| &it.headers))
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { values: Paged::new(), headers: Paged::new(), free: NO_SLOT, len: 0 }
    }
}

impl<T> Slab<T> {
    /// An empty slab.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores `value` and returns its slot, which fits an event's payload.
    ///
    /// # Panics
    /// When [`Payload::SLOTS`] values are stored; the engine bounds its queues far below that.
    pub fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        if self.free != NO_SLOT {
            let slot = self.free;
            self.free = self.headers[slot].next_free;
            self.values[slot] = Some(value);
            return slot;
        }
        let slot = self.values.push(Some(value));
        assert!(slot < Payload::SLOTS, "an event's slot has 28 bits");
        self.headers.push(Header { generation: 0, next_free: NO_SLOT });
        slot
    }

    /// Takes the value out of `slot` and ends the slot's generation; `None` if it holds nothing.
    pub fn remove(&mut self, slot: u32) -> Option<T> {
        if !self.contains(slot) {
            return None;
        }
        let value = self.values[slot].take();
        let header = &mut self.headers[slot];
        if header.generation != LAST_GENERATION {
            header.generation += 1;
            header.next_free = self.free;
            self.free = slot;
        }
        self.len -= 1;
        value
    }

    /// How often `slot` has been given back. It tells a slot's holder of today from the holder
    /// of yesterday: pairs of slot and generation are never given out twice.
    ///
    /// # Panics
    /// When the slot was never given out.
    #[must_use]
    pub fn generation(&self, slot: u32) -> u32 {
        self.headers[slot].generation
    }

    /// Whether `slot` holds a value.
    #[must_use]
    pub fn contains(&self, slot: u32) -> bool {
        self.get(slot).is_some()
    }

    /// The value in `slot`, if there is one.
    #[must_use]
    pub fn get(&self, slot: u32) -> Option<&T> {
        self.values.get(slot).and_then(Option::as_ref)
    }

    /// The value in `slot` if its holder is still that of `generation`.
    #[must_use]
    pub fn get_if(&self, slot: u32, generation: u32) -> Option<&T> {
        let same = self.headers.get(slot).is_some_and(|header| header.generation == generation);
        if same { self.get(slot) } else { None }
    }

    /// How many values are stored.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether none is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values with their slots, in order of slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(self.values.iter()).filter_map(|(slot, value)| Some((slot, value.as_ref()?)))
    }
}

impl<T: Clone> Slab<T> {
    /// Puts the present state aside, sharing what did not change since the previous checkpoint.
    pub fn checkpoint(&mut self) -> SlabSnapshot<T> {
        SlabSnapshot {
            values: self.values.checkpoint(),
            headers: self.headers.checkpoint(),
            free: self.free,
            len: self.len,
        }
    }

    /// Brings a state back. Slots are then given out as they were after that checkpoint.
    pub fn restore(&mut self, snapshot: &SlabSnapshot<T>) {
        self.values.restore(&snapshot.values);
        self.headers.restore(&snapshot.headers);
        self.free = snapshot.free;
        self.len = snapshot.len;
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    /// # Panics
    /// When the slot holds nothing: a stale slot is a bug that must not read somebody else's state.
    fn index(&self, slot: u32) -> &T {
        self.values[slot].as_ref().expect("the slot is in use")
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    /// # Panics
    /// When the slot holds nothing.
    fn index_mut(&mut self, slot: u32) -> &mut T {
        self.values[slot].as_mut().expect("the slot is in use")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_slot_freed_last_is_given_out_first() {
        let mut slab = Slab::new();
        let slots: Vec<u32> = (0..4).map(|number| slab.insert(number)).collect();
        assert_eq!(slots, [0, 1, 2, 3]);
        slab.remove(1);
        slab.remove(3);
        assert_eq!([slab.insert(10), slab.insert(11), slab.insert(12)], [3, 1, 4]);
    }

    #[test]
    fn an_empty_slot_gives_nothing_and_frees_nothing_twice() {
        let mut slab = Slab::new();
        let slot = slab.insert('a');
        assert_eq!(slab.remove(slot), Some('a'));
        assert_eq!(slab.remove(slot), None);
        assert_eq!(slab.remove(77), None);
        assert_eq!((slab.len(), slab.get(slot)), (0, None));
        assert_ne!(slab.insert('b'), slab.insert('c'), "one free slot is not given out twice");
    }

    #[test]
    fn a_slot_is_retired_before_its_generations_repeat() {
        let mut slab = Slab::new();
        let slot = slab.insert(1);
        slab.headers[slot].generation = LAST_GENERATION;
        slab.remove(slot);
        assert_ne!(slab.insert(2), slot);
        assert_eq!(slab.get_if(slot, 0), None);
    }

    #[test]
    #[should_panic(expected = "in use")]
    fn a_stale_slot_is_not_readable() {
        let mut slab = Slab::new();
        let slot = slab.insert(1);
        slab.remove(slot);
        let _ = slab[slot];
    }

    proptest! {
        /// A slot with its generation is a name: it never means two values.
        #[test]
        fn a_name_is_given_out_once_and_dies_with_its_value(
            choices in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 1..400),
        ) {
            let mut slab = Slab::new();
            let mut ever = BTreeSet::new();
            let mut live: Vec<(u32, u32, usize)> = Vec::new();
            let mut dead: Vec<(u32, u32)> = Vec::new();
            for (value, (grow, pick)) in choices.into_iter().enumerate() {
                if grow || live.is_empty() {
                    let slot = slab.insert(value);
                    let name = (slot, slab.generation(slot));
                    prop_assert!(ever.insert(name), "{name:?} was given out before");
                    live.push((name.0, name.1, value));
                } else {
                    let (slot, generation, value) = live.swap_remove(pick.index(live.len()));
                    prop_assert_eq!(slab.remove(slot), Some(value));
                    dead.push((slot, generation));
                }
                for (slot, generation, value) in &live {
                    prop_assert_eq!(slab.get_if(*slot, *generation), Some(value));
                }
                for (slot, generation) in &dead {
                    prop_assert_eq!(slab.get_if(*slot, *generation), None);
                }
                prop_assert_eq!(slab.len(), live.len());
                prop_assert_eq!(slab.iter().count(), live.len());
            }
        }
    }
}
