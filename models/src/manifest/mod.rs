//! Kubernetes manifests: from text to typed resources in which every field has a place.
//!
//! Decides nothing about traffic; `world` joins the resources into a cluster. Files are read by
//! the caller, who passes their text in.

pub mod kinds;
mod place;

pub use place::{Located, Place, SourceId};
