//! What must hold, in CEL over the results.

use meshwalk_models::units::SimDuration;
use serde::{Deserialize, Serialize};

/// One expectation: exactly one of `that`, `always` and `eventually`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What it is called in reports; absent means the expression.
    pub name: Option<String>,
    /// An expression that must hold over the whole measured run.
    pub that: Option<String>,
    /// An expression that must hold in every window that has data.
    pub always: Option<String>,
    /// An expression that must hold in at least one window.
    pub eventually: Option<String>,
    /// The length of the windows of `always` and `eventually`. Default: 1s.
    pub window: Option<SimDuration>,
    /// The time after the warm-up by which `eventually` must have held. Default: the whole run.
    pub within: Option<SimDuration>,
}

impl Expectation {
    /// The length of its windows.
    #[must_use]
    pub fn window_or_default(&self) -> SimDuration {
        self.window.unwrap_or(SimDuration::from_secs(1))
    }
}
