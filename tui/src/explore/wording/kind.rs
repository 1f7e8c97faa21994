//! To which part of the mesh a step belongs, in one short word. What the step says is not said
//! here.

use meshwalk_sim::log::Step;

/// The part of the mesh that a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A call begins or ends, as the caller has it.
    Call,
    /// Another try or attempt, or the pause before it.
    Retry,
    /// The choice of a route or a destination.
    Route,
    /// The choice of an endpoint.
    Balance,
    /// A pool of connections.
    Pool,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
    /// A tunnel between proxies, or a stream in it.
    Tunnel,
    /// A request on its way.
    Request,
    /// An answer on its way.
    Answer,
    /// A rule of a proxy.
    Rule,
    /// A policy ends something.
    Policy,
    /// A circuit breaker.
    Breaker,
    /// Outlier detection.
    Health,
    /// An application at work.
    Work,
    /// A time limit.
    Timeout,
}

impl Kind {
    /// The part of the mesh that `step` belongs to.
    pub(crate) const fn of(step: Step) -> Self {
        match step {
            Step::CallBegan { .. } | Step::CallEnded { .. } | Step::NotReachable { .. } => {
                Self::Call
            }
            Step::Retried { .. }
            | Step::AttemptBegan { .. }
            | Step::AttemptGivenUp
            | Step::AttemptReset { .. }
            | Step::ProxyBacksOff { .. }
            | Step::BacksOff { .. } => Self::Retry,
            Step::RouteDrawn { .. } | Step::DestinationDrawn { .. } => Self::Route,
            Step::EndpointChosen { .. } => Self::Balance,
            Step::ConnectionOpening { .. }
            | Step::ConnectionReused { .. }
            | Step::WaitsForConnection => Self::Pool,
            Step::TcpEstablished | Step::SynSentAgain | Step::ConnectionClosed => Self::Tcp,
            Step::TlsEstablished => Self::Tls,
            Step::TunnelOpening { .. }
            | Step::TunnelOpened
            | Step::TunnelFailed
            | Step::TunnelClosed
            | Step::StreamAsked
            | Step::StreamOpened => Self::Tunnel,
            Step::Relayed { .. }
            | Step::RequestAtClientProxy
            | Step::RequestLeftClientProxy
            | Step::RequestSent
            | Step::RequestAtClientNodeProxy
            | Step::RequestLeftClientNodeProxy
            | Step::RequestAtServerNodeProxy
            | Step::RequestLeftServerNodeProxy
            | Step::RequestAtServerProxy
            | Step::RequestLeftServerProxy
            | Step::RequestAtApp => Self::Request,
            Step::Answered { .. }
            | Step::MessageSent
            | Step::ResponseAtServerNodeProxy
            | Step::ResponseLeftServerNodeProxy
            | Step::ResponseAtClientNodeProxy
            | Step::ResponseLeftClientNodeProxy
            | Step::ResponseAtServerProxy
            | Step::ResponseLeftServerProxy
            | Step::ResponseAtClientProxy
            | Step::ResponseLeftClientProxy
            | Step::ResponseAtCaller => Self::Answer,
            Step::Decided { .. } | Step::Delayed { .. } | Step::Asks { .. } => Self::Rule,
            Step::SynDropped { .. }
            | Step::ConnectionRefused { .. }
            | Step::ConnectionReset { .. }
            | Step::AnsweredByServerProxy { .. } => Self::Policy,
            Step::Overflowed { .. } => Self::Breaker,
            Step::HostEjected { .. } | Step::HostSpared { .. } | Step::HostReturned { .. } => {
                Self::Health
            }
            Step::WaitsForWorker | Step::WorkBegan | Step::WorkEnded | Step::TurnedAway => {
                Self::Work
            }
            Step::TimedOut | Step::ResetAtServer => Self::Timeout,
        }
    }

    /// The word for it, of at most seven letters.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Retry => "attempt",
            Self::Route => "route",
            Self::Balance => "balance",
            Self::Pool => "pool",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Tunnel => "tunnel",
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Rule => "rule",
            Self::Policy => "policy",
            Self::Breaker => "breaker",
            Self::Health => "health",
            Self::Work => "work",
            Self::Timeout => "timeout",
        }
    }
}
