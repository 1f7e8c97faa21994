//! What manifests do not say about policies: what is to be taken for an answer.

use serde::{Deserialize, Serialize};

/// What becomes of a run in which it cannot be told whether policies let a call pass.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum UndecidedPolicies {
    /// It does not begin.
    #[default]
    Stop,
    /// They are taken to let the call pass, and the report says so.
    AssumeAllowed,
}
