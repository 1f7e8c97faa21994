//! What one worker remembers between two choices: positions of rotations and schedules by weight.
//! Which hosts are meant is decided before.

use super::edf::Edf;
use super::load::Tier;

/// Which hosts of a priority a choice is made among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Among {
    /// All hosts: a panic.
    All,
    /// The healthy or the degraded ones.
    Tier(Tier),
    /// Those of one locality.
    Locality(Tier, u32),
    /// Not hosts: localities, by their weights.
    Localities(Tier),
}

/// Hosts of one priority among which a choice is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub priority: u32,
    pub among: Among,
}

#[derive(Clone, Debug)]
struct Slot {
    source: Source,
    /// The next position of a rotation; it outlives changes of the hosts.
    next: u64,
    /// The schedule, and the generation of the view for which it was made.
    schedule: Option<(u32, Edf)>,
}

/// What one worker remembers of one cluster or subset.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    seed: u64,
    slots: Vec<Slot>,
}

impl Worker {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, slots: Vec::new() }
    }

    fn slot(&mut self, source: Source) -> &mut Slot {
        let at = self.slots.iter().position(|slot| slot.source == source).unwrap_or_else(|| {
            self.slots.push(Slot { source, next: self.seed, schedule: None });
            self.slots.len() - 1
        });
        &mut self.slots[at]
    }

    /// The next position of the rotation over `len` hosts.
    pub(super) fn next(&mut self, source: Source, len: usize) -> usize {
        let slot = self.slot(source);
        let at = slot.next % len as u64;
        slot.next = slot.next.wrapping_add(1);
        at as usize
    }

    /// The next of `items` by weight. `first` weighs when a schedule is made, `again` each time an
    /// item was picked; `items` is asked only when a schedule is made.
    pub(super) fn scheduled(
        &mut self,
        source: Source,
        generation: u32,
        items: impl FnOnce() -> Vec<u32>,
        first: impl Fn(u32) -> f64,
        again: impl Fn(u32) -> f64,
    ) -> Option<u32> {
        let seed = self.seed;
        let slot = self.slot(source);
        let fresh = slot.schedule.as_ref().is_some_and(|&(made_for, _)| made_for == generation);
        if !fresh {
            slot.schedule = Some((generation, Edf::new(&items(), seed, first)));
        }
        slot.schedule.as_mut().and_then(|(_, schedule)| schedule.pick(again))
    }
}
