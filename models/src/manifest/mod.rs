//! Kubernetes manifests: from text to typed resources in which every field has a place.
//!
//! Decides nothing about traffic; `world` joins the resources into a cluster. Files are read by
//! the caller, who passes their text in.

mod diagnostic;
pub mod kinds;
mod place;
mod source;
pub mod yaml;

pub(crate) use diagnostic::nearest;
pub use diagnostic::{Diagnostic, Label, Severity, SourcedDiagnostic};
pub use place::{Located, Place, SourceId};
pub use source::{SOURCE_BYTES_MAX, ShownPlace, Source, SourceSet};
