//! The smallest edits to manifests or request that would change what becomes of a request. Each
//! is verified: the edit is made, world and control planes are built again, and the question is
//! asked again. What the layers decide is not said here.

mod access;
mod candidates;
mod draft;
mod edit;
mod evaluate;
mod network;
mod others;
mod scene;
mod search;
#[cfg(test)]
mod tests;

pub use access::{AccessChange, OperationField, SourceField};
pub use edit::{At, Change, Edit, EditKind, LabelChange, Labelled, RequestChange, TlsPart};
pub use evaluate::Setting;
pub use network::{NetworkChange, NewPeer, NewPort, RuleChange};
pub use others::Admitted;
pub use search::{Bounds, Flip, Flips, flips, flips_while};
