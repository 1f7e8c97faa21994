//! What a step names as its reason: a rule of the catalogue, or what policy went by.

use meshwalk_models::explain::RuleId;

use crate::flow::plan::Decision;

use super::Step;

/// Which of several routes takes a request turns on a share.
const SHARE: RuleId = RuleId("envoy.route.fraction");
/// Which of a route's destinations takes a request turns on weights.
const WEIGHTS: RuleId = RuleId("envoy.route.weights");

impl Step {
    /// The rule that it names.
    #[must_use]
    pub const fn rule(self) -> Option<RuleId> {
        match self {
            Self::EndpointChosen { rule, .. }
            | Self::Decided { rule }
            | Self::Overflowed { rule, .. }
            | Self::HostEjected { rule, .. }
            | Self::HostSpared { rule, .. }
            | Self::HostReturned { rule, .. } => Some(rule),
            Self::RouteDrawn { .. } => Some(SHARE),
            Self::DestinationDrawn { .. } => Some(WEIGHTS),
            _ => None,
        }
    }

    /// What policy went by, where it tells of a ruling.
    #[must_use]
    pub const fn ruling(self) -> Option<Decision> {
        match self {
            Self::SynDropped { decision }
            | Self::ConnectionRefused { decision }
            | Self::ConnectionReset { decision }
            | Self::AnsweredByServerProxy { decision, .. } => Some(decision),
            _ => None,
        }
    }
}
