//! How results and findings look: tables, JSON, JUnit and diagnostics, each through a writer that
//! is given in. It measures and decides nothing.

#[cfg(feature = "bench")]
pub(crate) mod bench;
mod columns;
pub(crate) mod diagnostics;
mod filter;
mod format;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod laws;
pub(crate) mod lint;
pub(crate) mod table;

pub(crate) use filter::only_namespace;
