//! What manifests do not say about policies: what is to be taken for an answer.

use meshwalk_models::units::{Probability, SimDuration};
use serde::{Deserialize, Serialize};

use super::DurationSpec;

/// An external authoriser, which a policy with the action CUSTOM asks.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalAuthorizer {
    /// What it answers.
    pub answer: AuthorizerAnswer,
    /// The status with which it denies. Default: 403.
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// How long it takes; the request waits. Default: 1ms.
    #[serde(default = "latency")]
    pub latency: DurationSpec,
    /// The share of questions on which it fails. What its silence means is said by its provider.
    #[serde(default)]
    pub failures: Probability,
}

fn latency() -> DurationSpec {
    DurationSpec::Constant(SimDuration::from_ms(1))
}

/// What an external authoriser answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizerAnswer {
    /// The request may go on.
    Allow,
    /// It may not.
    Deny,
    /// Nothing: it cannot be reached.
    Fail,
}

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
