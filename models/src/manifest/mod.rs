//! Kubernetes manifests: from text to typed resources in which every field has a place.
//!
//! Decides nothing about traffic; `world` joins the resources into a cluster. Files are read by
//! the caller, who passes their text in.

mod diagnostic;
mod digest;
mod fields;
mod findings;
pub mod kinds;
mod load;
mod place;
mod registry;
mod report;
mod source;
pub mod yaml;

pub use diagnostic::{Diagnostic, Label, Severity, SourcedDiagnostic, nearest};
pub use load::{Manifests, UnreadObject, load};
pub use place::{Located, Place, SourceId};
pub use report::{KindCount, LoadReport, NotModelled, Sort};
pub use source::{SOURCE_BYTES_MAX, ShownPlace, Source, SourceSet};

#[cfg(test)]
mod tests;
