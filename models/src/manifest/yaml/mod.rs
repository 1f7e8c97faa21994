//! YAML (and JSON) text as trees in which every node has a place, and serde on top of them.
//!
//! Knows nothing of Kubernetes. To read a file into a type of your own:
//!
//! ```
//! use meshwalk_models::manifest::{Located, SourceSet, yaml};
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Traffic {
//!     rate: Located<u32>,
//! }
//!
//! let mut sources = SourceSet::new();
//! let file = sources.add("shop.yaml", "rate: 10\n");
//! let (mut document, _notes) = yaml::single_document(&sources, file)?;
//! let change = sources.add("--set", "rate=200");
//! yaml::set_path(&mut document, &sources, change)?;
//! let traffic: Traffic = yaml::from_document(&document)?;
//! assert_eq!(traffic.rate.value, 200);
//! assert_eq!(sources.show(traffic.rate.place).to_string(), "--set:1:6");
//! # Ok::<(), meshwalk_models::manifest::Diagnostic>(())
//! ```

mod build;
mod de;
mod document;
mod located;
mod scalar;
mod set;
mod stream;

pub use de::{from_document, from_node};
pub use document::{Document, Entry, NodeRef};
pub use scalar::NodeKind;
pub use set::set_path;
pub use stream::{Documents, Lines, Parsed, documents, embedded, single_document};

/// How deeply collections may nest; deeper documents are refused. Everything that walks a tree
/// may recurse, because of this bound.
pub const DEPTH_MAX: usize = 200;

/// How many nodes the aliases of one source may stand for in all; a source with more is taken for
/// an alias bomb.
pub const ALIAS_NODES_MAX: u64 = 1_000_000;

#[cfg(test)]
mod tests;
