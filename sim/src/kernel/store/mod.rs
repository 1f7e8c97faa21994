//! Where an engine keeps its state, so that putting it aside costs only what changed.
//!
//! [`Paged`] is a vector that remembers which pages were written; [`Slab`] gives out slots on top
//! of it. Neither knows what it stores.

mod paged;
mod slab;

pub use paged::{PAGE_ELEMENTS, Paged, PagedSnapshot};
pub use slab::{Slab, SlabSnapshot};
