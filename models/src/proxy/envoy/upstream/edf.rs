//! The earliest-deadline-first schedule by which Envoy rotates over unequal weights. It holds
//! indices; what they stand for and what they weigh is the caller's business.
//!
//! Source: Envoy, `edf_scheduler.h`.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// More picks than this are not emulated when a schedule begins.
const MAX_FIRST_PICKS: u32 = u32::MAX / 10;
/// Keeps weights that are multiples of each other from meeting at rounding errors.
const EPSILON: f64 = 1e-13;

#[derive(Clone, Copy, Debug)]
struct Entry {
    deadline: f64,
    /// Entries of one deadline leave in the order in which they came.
    order: u64,
    item: u32,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives its greatest entry first; the earliest is wanted.
        other.deadline.total_cmp(&self.deadline).then(other.order.cmp(&self.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

/// A schedule of items with weights.
#[derive(Clone, Debug, Default)]
pub(super) struct Edf {
    now: f64,
    order: u64,
    queue: BinaryHeap<Entry>,
}

impl Edf {
    /// A schedule of `items` from which `seed` picks were already made, so that proxies do not
    /// all begin at the same item. Source: Envoy, `createWithPicks`.
    pub(super) fn new(items: &[u32], seed: u64, weight: impl Fn(u32) -> f64) -> Self {
        let picks = (seed as u32) % MAX_FIRST_PICKS;
        let padded = |item: u32| weight(item) + EPSILON;
        let sum: f64 = items.iter().map(|&item| padded(item)).sum();
        let mut made = 0;
        let mut edf = Self { order: items.len() as u64, ..Self::default() };
        let mut entries = Vec::with_capacity(items.len());
        for (order, &item) in items.iter().enumerate() {
            let weight = padded(item);
            let mut own = (weight * f64::from(picks) / sum) as u32;
            if own > 0 && f64::from(own) / weight >= f64::from(picks) / sum {
                own -= 1;
            }
            edf.now = edf.now.max(f64::from(own) / weight);
            let deadline = f64::from(own + 1) / weight;
            entries.push(Entry { deadline, order: order as u64, item });
            made += own;
        }
        edf.queue = entries.into();
        while made < picks {
            if edf.pick(&weight).is_none() {
                break;
            }
            made += 1;
        }
        edf
    }

    /// The item whose deadline is the earliest; it comes back with the weight that it has now.
    pub(super) fn pick(&mut self, weight: impl Fn(u32) -> f64) -> Option<u32> {
        let mut top = self.queue.peek_mut()?;
        let item = top.item;
        self.now = top.deadline;
        *top = Entry { deadline: self.now + 1.0 / weight(item), order: self.order, item };
        self.order += 1;
        Some(item)
    }
}
