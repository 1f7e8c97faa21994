//! A 64-ary hierarchical timing wheel at one nanosecond: the queue of record.
//!
//! It orders events; the clock above it decides what "now" is.
//!
//! An event that differs from the wheel's `base` first in base-64 digit `l` waits on level `l`, in
//! the bucket that its digit names. So the lowest bucket of the lowest level is always the
//! earliest, and eleven levels cover 64 bits. When that bucket is small it is sorted and becomes
//! the `ready` list; when it is large its events move to lower levels. Everything up to `horizon`
//! is in `ready`, everything later is in a bucket.

use meshwalk_models::units::SimTime;

use super::chunks::{Bucket, Pool};
use super::{EventQueue, Sequence};
use crate::kernel::event::{Event, Payload};

/// Bits of a digit: a level has 64 buckets, so that one word says which are occupied.
const DIGIT_BITS: u32 = 6;
const DIGITS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = 64usize.div_ceil(DIGIT_BITS as usize);

/// Buckets up to this size are sorted at once. Measured: smaller costs more moves between levels,
/// larger costs more sorting.
const SORT_AT_MOST: u32 = 32;

/// When more events than this have gathered in the ready list it goes back into the wheel:
/// inserting into a sorted list costs a move of its tail.
const READY_AT_MOST: usize = 96;

/// The event queue of the kernel.
#[derive(Clone, Debug)]
pub struct Wheel {
    /// Sorted; those before `next` have been taken.
    ready: Vec<Event>,
    next: usize,
    /// The last nanosecond that `ready` covers.
    horizon_ns: u64,
    /// The time against which levels are computed; never above `horizon_ns`.
    base_ns: u64,
    len: usize,
    sequence: Sequence,
    /// One bit for each level that has an occupied bucket.
    levels: u32,
    /// For each level, one bit for each occupied bucket.
    occupied: [u64; LEVELS],
    buckets: Vec<Bucket>,
    pool: Pool,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            ready: Vec::new(),
            next: 0,
            horizon_ns: 0,
            base_ns: 0,
            len: 0,
            sequence: Sequence::default(),
            levels: 0,
            occupied: [0; LEVELS],
            buckets: vec![Bucket::default(); LEVELS * DIGITS],
            pool: Pool::default(),
        }
    }
}

impl Wheel {
    /// An empty wheel whose numbers start at `sequence`, to reach the wrap-around in a test.
    #[cfg(test)]
    pub(super) fn numbered_from(sequence: u32) -> Self {
        Self { sequence: Sequence(sequence), ..Self::default() }
    }

    /// How many events there is room for without asking for more memory.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.ready.capacity() + self.pool.room()
    }

    /// How many events are in the sorted list.
    #[cfg(test)]
    pub(super) fn ready_len(&self) -> usize {
        self.ready.len() - self.next
    }

    /// Puts an event where its time belongs.
    fn place(&mut self, event: Event) {
        if event.time_ns() <= self.horizon_ns {
            self.insert_ready(event);
        } else {
            self.append_bucket(event);
        }
    }

    fn append_bucket(&mut self, event: Event) {
        // The two times differ: the event lies beyond the horizon, the base does not.
        let level = ((event.time_ns() ^ self.base_ns).ilog2() / DIGIT_BITS) as usize;
        let digit = digit_of(event.time_ns(), level);
        self.levels |= 1 << level;
        self.occupied[level] |= 1 << digit;
        self.pool.append(&mut self.buckets[level * DIGITS + digit], event);
    }

    /// Events of equal times come here in the order of their numbers, so comparing times is enough.
    fn insert_ready(&mut self, event: Event) {
        let mut at = self.ready.len();
        self.ready.push(event);
        while at > self.next && self.ready[at - 1].time_ns() > event.time_ns() {
            self.ready[at] = self.ready[at - 1];
            at -= 1;
        }
        self.ready[at] = event;
    }

    /// Keeps the ready list short, so that inserting stays cheap and no dead prefix grows.
    fn trim_ready(&mut self) {
        if self.next >= READY_AT_MOST && self.next >= self.ready.len() / 2 {
            self.ready.drain(..self.next);
            self.next = 0;
        }
        // A list of one nanosecond stays, for it only grows at its end.
        if self.ready.len() - self.next >= READY_AT_MOST && self.horizon_ns > self.base_ns {
            // The base stays too: the levels above were computed against it.
            self.horizon_ns = self.base_ns;
            let ready = self.ready.split_off(self.next);
            ready.into_iter().for_each(|event| self.place(event));
        }
    }

    /// Makes the ready list from the earliest bucket, unless that begins after `limit_ns`.
    /// Says whether something is ready.
    fn refill(&mut self, limit_ns: u64) -> bool {
        self.ready.clear();
        self.next = 0;
        while self.ready.is_empty() {
            let Some((level, digit)) = self.earliest_bucket() else { return false };
            let start_ns = bucket_start(self.base_ns, level, digit);
            if start_ns > limit_ns {
                return false;
            }
            self.base_ns = start_ns;
            if self.len <= SORT_AT_MOST as usize {
                self.horizon_ns = u64::MAX;
                self.empty_buckets();
                return true;
            }
            let bucket = self.take_bucket(level, digit);
            // A bucket of level 0 holds one nanosecond and cannot be split.
            if bucket.len() <= SORT_AT_MOST || level == 0 {
                self.horizon_ns = start_ns | digits_below(level);
                self.pool.drain_into(bucket, &mut self.ready);
                self.ready.sort_unstable_by_key(|event| event.key());
            } else {
                self.horizon_ns = start_ns;
                self.scatter(bucket);
            }
        }
        true
    }

    /// Moves the events of `bucket` to lower levels, seen from the new base.
    fn scatter(&mut self, mut bucket: Bucket) {
        while let Some((events, count)) = self.pool.take_head(&mut bucket) {
            events[..count].iter().for_each(|event| self.place(*event));
        }
    }

    fn earliest_bucket(&self) -> Option<(usize, usize)> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        Some((level, self.occupied[level].trailing_zeros() as usize))
    }

    fn take_bucket(&mut self, level: usize, digit: usize) -> Bucket {
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
        std::mem::take(&mut self.buckets[level * DIGITS + digit])
    }

    /// Moves all events to the ready list and sorts it.
    fn empty_buckets(&mut self) {
        while let Some((level, digit)) = self.earliest_bucket() {
            let bucket = self.take_bucket(level, digit);
            self.pool.drain_into(bucket, &mut self.ready);
        }
        self.ready.sort_unstable_by_key(|event| event.key());
    }

    /// Takes everything out, numbers it afresh and puts it back.
    #[cold]
    fn renumber(&mut self) {
        self.ready.drain(..self.next);
        self.next = 0;
        self.empty_buckets();
        self.sequence.renumber(&mut self.ready);
        let pending = std::mem::take(&mut self.ready);
        pending.into_iter().for_each(|event| self.place(event));
    }
}

impl EventQueue for Wheel {
    fn push(&mut self, time: SimTime, payload: Payload) {
        if self.sequence.is_exhausted() {
            self.renumber();
        }
        let event = Event::new(time.as_ns(), self.sequence.take(), payload);
        self.len += 1;
        if event.time_ns() > self.horizon_ns {
            self.append_bucket(event);
            return;
        }
        if self.ready.len() >= READY_AT_MOST {
            self.trim_ready();
        }
        self.place(event);
    }

    fn pop_until(&mut self, limit: SimTime) -> Option<Event> {
        if self.next == self.ready.len() && !self.refill(limit.as_ns()) {
            return None;
        }
        let event = self.ready[self.next];
        if event.time() > limit {
            return None;
        }
        self.next += 1;
        self.len -= 1;
        Some(event)
    }

    fn next_time(&mut self) -> Option<SimTime> {
        if let Some(event) = self.ready.get(self.next) {
            return Some(event.time());
        }
        let (level, digit) = self.earliest_bucket()?;
        let mut earliest_ns = u64::MAX;
        self.pool.for_each_slice(self.buckets[level * DIGITS + digit], |events| {
            for event in events {
                earliest_ns = earliest_ns.min(event.time_ns());
            }
        });
        Some(SimTime::from_ns(earliest_ns))
    }

    fn len(&self) -> usize {
        self.len
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.ready[..]) + size_of_val(&self.buckets[..]) + self.pool.bytes()
    }

    fn for_each(&self, mut visit: impl FnMut(Event)) {
        self.ready[self.next..].iter().for_each(|event| visit(*event));
        for bucket in &self.buckets {
            self.pool.for_each_slice(*bucket, |events| events.iter().for_each(|it| visit(*it)));
        }
    }
}

/// The base-64 digit of `time_ns` on `level`.
fn digit_of(time_ns: u64, level: usize) -> usize {
    (time_ns >> (level as u32 * DIGIT_BITS)) as usize % DIGITS
}

/// All bits of the digits below `level`.
fn digits_below(level: usize) -> u64 {
    1u64.checked_shl(level as u32 * DIGIT_BITS).map_or(u64::MAX, |bit| bit - 1)
}

/// The first nanosecond of a bucket: the digits of the base above `level`, its own digit, zeros.
fn bucket_start(base_ns: u64, level: usize, digit: usize) -> u64 {
    base_ns & !digits_below(level + 1) | (digit as u64) << (level as u32 * DIGIT_BITS)
}
