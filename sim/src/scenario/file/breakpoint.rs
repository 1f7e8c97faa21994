//! Where whoever explores a run wants to stop, in CEL over the entries of its log.

use serde::{Deserialize, Serialize};

/// A breakpoint. It changes nothing in a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breakpoint {
    /// What it is called.
    pub name: String,
    /// An expression over one entry, such as `failed && service == "cart"`.
    pub when: String,
}
