//! How results and findings look: tables, JSON, JUnit and diagnostics, each through a writer that
//! is given in. It measures and decides nothing.

#[cfg(feature = "bench")]
pub(crate) mod bench;
pub(crate) mod checks;
mod columns;
pub(crate) mod compare;
pub(crate) mod diagnostics;
mod filter;
pub(crate) mod format;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod laws;
pub(crate) mod lint;
pub(crate) mod objects;
pub(crate) mod paths;
pub(crate) mod places;
pub(crate) mod probes;
pub(crate) mod proxy_config;
pub(crate) mod published;
pub(crate) mod reach;
pub(crate) mod retries;
pub(crate) mod rules;
pub(crate) mod sarif;
pub(crate) mod table;
pub(crate) mod tree;
pub(crate) mod why;

pub(crate) use filter::only_namespace;
