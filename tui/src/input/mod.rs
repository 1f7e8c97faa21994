//! From the paths of a command line to texts: finds files, reads them, knows a scenario from a
//! manifest, and joins a scenario with its manifests. What the texts mean is decided elsewhere.

mod collect;
mod costs;
mod keys;
mod kind;
mod load;
mod read;
mod untold;

pub(crate) use collect::{Skipped, collect};
pub(crate) use costs::costs;
pub(crate) use keys::{bindings, bindings_in};
pub(crate) use kind::{SourceKind, kind_of};
pub(crate) use load::{Asked, Cluster, Loaded, load};
pub(crate) use read::{Sources, read_all, shown};
pub(crate) use untold::untold_kinds;

/// How much input is accepted; more is a diagnostic, not an exhausted machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of one file.
    pub(crate) file_bytes_max: u64,
    /// Bytes of all files together.
    pub(crate) total_bytes_max: u64,
    /// Files in all.
    pub(crate) files_max: usize,
    /// Folders within folders.
    pub(crate) depth_max: usize,
}

impl Limits {
    /// Far beyond the largest repositories and dumps, and well within the memory of a laptop.
    pub(crate) const DEFAULT: Self = Self {
        file_bytes_max: 256 << 20,
        total_bytes_max: 1 << 30,
        files_max: 100_000,
        depth_max: 64,
    };
}

#[cfg(test)]
mod tests;
