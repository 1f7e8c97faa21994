//! Where an engine keeps its state, so that putting it aside costs only what changed.
//!
//! [`Paged`] is a vector that remembers which pages were written; [`Slab`] gives out slots on top
//! of it; [`Shares`] does the same for rows of others. None of them knows what it stores.

mod paged;
mod shares;
mod slab;

pub use paged::{PAGE_ELEMENTS, Paged, PagedSnapshot};
pub use shares::{Shares, SharesSnapshot};
pub use slab::{Slab, SlabSnapshot};
