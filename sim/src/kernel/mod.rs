//! The kernel: a clock, an event queue, timers, stores, random draws and histograms.
//!
//! It decides when things happen and keeps what changes; it does not know what the events mean.
//! Every part can be put aside in a snapshot and brought back, and a run continued from a snapshot
//! is the same run: same events, same draws, same state hash.

mod clock;
mod event;
mod hash;
mod histogram;
mod lane;
mod queue;
pub mod random;
mod store;

#[cfg(test)]
mod tests;

pub use clock::{Kernel, KernelSnapshot};
pub use event::{Event, Payload};
pub use hash::StateHash;
pub use histogram::{Histogram, HistogramSnapshot};
pub use lane::{LaneSnapshot, TimerHandle, TimerLane};
pub use queue::{EventQueue, PackedHeap, Wheel};
pub use random::{CounterDraw, Distribution, DistributionError, Draws, Seed, Stream};
pub use store::{PAGE_ELEMENTS, Paged, PagedSnapshot, Shares, SharesSnapshot, Slab, SlabSnapshot};
