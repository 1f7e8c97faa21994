//! What entries mean for those who look for something: failures and decisions.

use crate::log::{Step, StepKind};

/// The first of the statuses that are not good answers.
const FIRST_BAD: u16 = 400;

/// Whether a step tells that something did not go well: no answer or a bad one (400 and above), or
/// something that kept it from coming.
#[must_use]
pub fn is_failure(step: Step) -> bool {
    may_fail(step.kind())
        && match step {
            Step::NotReachable { ending } | Step::CallEnded { ending, .. } => !ending.is_good(),
            Step::Answered { status } | Step::AnsweredByServerProxy { status, .. } => {
                status >= FIRST_BAD
            }
            _ => true,
        }
}

/// Whether a step of this kind may tell of a failure.
pub(in crate::timeline) const fn may_fail(kind: StepKind) -> bool {
    use StepKind as Kind;
    matches!(
        kind,
        Kind::NotReachable
            | Kind::CallEnded
            | Kind::Answered
            | Kind::AnsweredByServerProxy
            | Kind::Overflowed
            | Kind::AttemptReset
            | Kind::HostEjected
            | Kind::SynDropped
            | Kind::SynSentAgain
            | Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::TunnelFailed
            | Kind::TurnedAway
            | Kind::TimedOut
    )
}

/// Whether a step of this kind is one at which somebody chose or ruled: it names a rule, or what
/// policy went by.
#[must_use]
pub const fn is_decision(kind: StepKind) -> bool {
    use StepKind as Kind;
    matches!(
        kind,
        Kind::RouteDrawn
            | Kind::DestinationDrawn
            | Kind::EndpointChosen
            | Kind::Decided
            | Kind::Delayed
            | Kind::Asks
            | Kind::Overflowed
            | Kind::AttemptGivenUp
            | Kind::ProxyBacksOff
            | Kind::HostEjected
            | Kind::HostSpared
            | Kind::HostReturned
            | Kind::NotReachable
            | Kind::SynDropped
            | Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::AnsweredByServerProxy
            | Kind::TurnedAway
    )
}
