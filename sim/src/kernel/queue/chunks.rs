//! Lists of events in pooled chunks of sixteen: the buckets of the wheel.
//!
//! It knows nothing of time. A bucket keeps the order in which its events were appended.

use crate::kernel::event::Event;

/// Sixteen events are four cache lines: long enough to amortise the link, short enough that a
/// wheel of half-empty buckets stays small.
const CHUNK_EVENTS: u32 = 16;

/// Marks the end of the list of free chunks.
const NO_CHUNK: u32 = u32::MAX;

/// A list of chunks. All but the last chunk are full.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    head: u32,
    tail: u32,
    len: u32,
}

impl Bucket {
    pub(super) fn len(self) -> u32 {
        self.len
    }
}

#[derive(Clone, Debug)]
#[repr(align(64))]
struct Chunk([Event; CHUNK_EVENTS as usize]);

/// The chunks of all buckets, with the free ones in a list. It never shrinks: its size is set by
/// the largest number of events that were ever pending at once.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    chunks: Vec<Chunk>,
    /// The chunk that follows in its bucket, or in the list of free chunks.
    next: Vec<u32>,
    free: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self { chunks: Vec::new(), next: Vec::new(), free: NO_CHUNK }
    }
}

impl Pool {
    /// Appends `event` to `bucket`.
    pub(super) fn append(&mut self, bucket: &mut Bucket, event: Event) {
        let place = bucket.len % CHUNK_EVENTS;
        if place == 0 {
            let chunk = self.take_chunk();
            if bucket.len == 0 {
                bucket.head = chunk;
            } else {
                self.next[bucket.tail as usize] = chunk;
            }
            bucket.tail = chunk;
        }
        self.chunks[bucket.tail as usize].0[place as usize] = event;
        bucket.len += 1;
    }

    /// Calls `visit` with the events of `bucket`, full chunks at a time, in order.
    pub(super) fn for_each_slice(&self, bucket: Bucket, mut visit: impl FnMut(&[Event])) {
        let mut chunk = bucket.head;
        let mut left = bucket.len;
        while left > 0 {
            let here = left.min(CHUNK_EVENTS);
            visit(&self.chunks[chunk as usize].0[..here as usize]);
            left -= here;
            chunk = self.next[chunk as usize];
        }
    }

    /// Takes the first chunk off `bucket`: a copy of its events and how many there are. The chunk
    /// is free at once, so that moving a bucket reuses the same warm memory.
    pub(super) fn take_head(
        &mut self,
        bucket: &mut Bucket,
    ) -> Option<([Event; CHUNK_EVENTS as usize], usize)> {
        if bucket.len == 0 {
            return None;
        }
        let chunk = bucket.head;
        let here = bucket.len.min(CHUNK_EVENTS);
        bucket.len -= here;
        bucket.head = self.next[chunk as usize];
        self.next[chunk as usize] = self.free;
        self.free = chunk;
        Some((self.chunks[chunk as usize].0, here as usize))
    }

    /// Moves the events of `bucket` behind those in `target` and frees the chunks.
    pub(super) fn drain_into(&mut self, bucket: Bucket, target: &mut Vec<Event>) {
        self.for_each_slice(bucket, |events| target.extend_from_slice(events));
        if bucket.len > 0 {
            self.next[bucket.tail as usize] = self.free;
            self.free = bucket.head;
        }
    }

    /// The bytes of all chunks.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.chunks[..]) + size_of_val(&self.next[..])
    }

    /// How many events the pool has chunks for.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.chunks.len() * CHUNK_EVENTS as usize
    }

    fn take_chunk(&mut self) -> u32 {
        if self.free != NO_CHUNK {
            let chunk = self.free;
            self.free = self.next[chunk as usize];
            return chunk;
        }
        let chunk = u32::try_from(self.chunks.len()).expect("2^32 chunks would be a terabyte");
        self.chunks.push(Chunk([Event::EMPTY; CHUNK_EVENTS as usize]));
        self.next.push(NO_CHUNK);
        chunk
    }
}
