//! Which kind of step an entry tells of, as one byte: for filters and indexes over many entries.
//! What a step says beyond that is in `entry`.

use super::Step;

/// The kinds of [`Step`], in the order of their list. Numbers may change between versions; names
/// do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum StepKind {
    /// `call_began`
    CallBegan,
    /// `retried`
    Retried,
    /// `attempt_began`
    AttemptBegan,
    /// `relayed`
    Relayed,
    /// `not_reachable`
    NotReachable,
    /// `route_drawn`
    RouteDrawn,
    /// `destination_drawn`
    DestinationDrawn,
    /// `endpoint_chosen`
    EndpointChosen,
    /// `connection_opening`
    ConnectionOpening,
    /// `connection_reused`
    ConnectionReused,
    /// `waits_for_connection`
    WaitsForConnection,
    /// `decided`
    Decided,
    /// `delayed`
    Delayed,
    /// `asks_authorizer`
    Asks,
    /// `overflowed`
    Overflowed,
    /// `attempt_reset`
    AttemptReset,
    /// `attempt_given_up`
    AttemptGivenUp,
    /// `proxy_backs_off`
    ProxyBacksOff,
    /// `host_ejected`
    HostEjected,
    /// `host_spared`
    HostSpared,
    /// `host_returned`
    HostReturned,
    /// `syn_dropped`
    SynDropped,
    /// `syn_sent_again`
    SynSentAgain,
    /// `connection_refused`
    ConnectionRefused,
    /// `connection_reset`
    ConnectionReset,
    /// `answered_by_server_proxy`
    AnsweredByServerProxy,
    /// `tcp_established`
    TcpEstablished,
    /// `tls_established`
    TlsEstablished,
    /// `connection_closed`
    ConnectionClosed,
    /// `request_at_client_proxy`
    RequestAtClientProxy,
    /// `request_left_client_proxy`
    RequestLeftClientProxy,
    /// `request_sent`
    RequestSent,
    /// `request_at_client_node_proxy`
    RequestAtClientNodeProxy,
    /// `request_left_client_node_proxy`
    RequestLeftClientNodeProxy,
    /// `request_at_server_node_proxy`
    RequestAtServerNodeProxy,
    /// `request_left_server_node_proxy`
    RequestLeftServerNodeProxy,
    /// `response_at_server_node_proxy`
    ResponseAtServerNodeProxy,
    /// `response_left_server_node_proxy`
    ResponseLeftServerNodeProxy,
    /// `response_at_client_node_proxy`
    ResponseAtClientNodeProxy,
    /// `response_left_client_node_proxy`
    ResponseLeftClientNodeProxy,
    /// `tunnel_opening`
    TunnelOpening,
    /// `tunnel_opened`
    TunnelOpened,
    /// `tunnel_failed`
    TunnelFailed,
    /// `tunnel_closed`
    TunnelClosed,
    /// `stream_asked`
    StreamAsked,
    /// `stream_opened`
    StreamOpened,
    /// `request_at_server_proxy`
    RequestAtServerProxy,
    /// `request_left_server_proxy`
    RequestLeftServerProxy,
    /// `request_at_app`
    RequestAtApp,
    /// `turned_away`
    TurnedAway,
    /// `waits_for_worker`
    WaitsForWorker,
    /// `work_began`
    WorkBegan,
    /// `work_ended`
    WorkEnded,
    /// `answered`
    Answered,
    /// `message_sent`
    MessageSent,
    /// `response_at_server_proxy`
    ResponseAtServerProxy,
    /// `response_left_server_proxy`
    ResponseLeftServerProxy,
    /// `response_at_client_proxy`
    ResponseAtClientProxy,
    /// `response_left_client_proxy`
    ResponseLeftClientProxy,
    /// `response_at_caller`
    ResponseAtCaller,
    /// `timed_out`
    TimedOut,
    /// `reset_at_server`
    ResetAtServer,
    /// `backs_off`
    BacksOff,
    /// `call_ended`
    CallEnded,
}

impl StepKind {
    /// All kinds, by number.
    pub const ALL: [Self; 64] = [
        Self::CallBegan,
        Self::Retried,
        Self::AttemptBegan,
        Self::Relayed,
        Self::NotReachable,
        Self::RouteDrawn,
        Self::DestinationDrawn,
        Self::EndpointChosen,
        Self::ConnectionOpening,
        Self::ConnectionReused,
        Self::WaitsForConnection,
        Self::Decided,
        Self::Delayed,
        Self::Asks,
        Self::Overflowed,
        Self::AttemptReset,
        Self::AttemptGivenUp,
        Self::ProxyBacksOff,
        Self::HostEjected,
        Self::HostSpared,
        Self::HostReturned,
        Self::SynDropped,
        Self::SynSentAgain,
        Self::ConnectionRefused,
        Self::ConnectionReset,
        Self::AnsweredByServerProxy,
        Self::TcpEstablished,
        Self::TlsEstablished,
        Self::ConnectionClosed,
        Self::RequestAtClientProxy,
        Self::RequestLeftClientProxy,
        Self::RequestSent,
        Self::RequestAtClientNodeProxy,
        Self::RequestLeftClientNodeProxy,
        Self::RequestAtServerNodeProxy,
        Self::RequestLeftServerNodeProxy,
        Self::ResponseAtServerNodeProxy,
        Self::ResponseLeftServerNodeProxy,
        Self::ResponseAtClientNodeProxy,
        Self::ResponseLeftClientNodeProxy,
        Self::TunnelOpening,
        Self::TunnelOpened,
        Self::TunnelFailed,
        Self::TunnelClosed,
        Self::StreamAsked,
        Self::StreamOpened,
        Self::RequestAtServerProxy,
        Self::RequestLeftServerProxy,
        Self::RequestAtApp,
        Self::TurnedAway,
        Self::WaitsForWorker,
        Self::WorkBegan,
        Self::WorkEnded,
        Self::Answered,
        Self::MessageSent,
        Self::ResponseAtServerProxy,
        Self::ResponseLeftServerProxy,
        Self::ResponseAtClientProxy,
        Self::ResponseLeftClientProxy,
        Self::ResponseAtCaller,
        Self::TimedOut,
        Self::ResetAtServer,
        Self::BacksOff,
        Self::CallEnded,
    ];

    /// The kind with this stable name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallBegan => "call_began",
            Self::Retried => "retried",
            Self::AttemptBegan => "attempt_began",
            Self::Relayed => "relayed",
            Self::NotReachable => "not_reachable",
            Self::RouteDrawn => "route_drawn",
            Self::DestinationDrawn => "destination_drawn",
            Self::EndpointChosen => "endpoint_chosen",
            Self::ConnectionOpening => "connection_opening",
            Self::ConnectionReused => "connection_reused",
            Self::WaitsForConnection => "waits_for_connection",
            Self::Decided => "decided",
            Self::Delayed => "delayed",
            Self::Asks => "asks_authorizer",
            Self::Overflowed => "overflowed",
            Self::AttemptReset => "attempt_reset",
            Self::AttemptGivenUp => "attempt_given_up",
            Self::ProxyBacksOff => "proxy_backs_off",
            Self::HostEjected => "host_ejected",
            Self::HostSpared => "host_spared",
            Self::HostReturned => "host_returned",
            Self::SynDropped => "syn_dropped",
            Self::SynSentAgain => "syn_sent_again",
            Self::ConnectionRefused => "connection_refused",
            Self::ConnectionReset => "connection_reset",
            Self::AnsweredByServerProxy => "answered_by_server_proxy",
            Self::TcpEstablished => "tcp_established",
            Self::TlsEstablished => "tls_established",
            Self::ConnectionClosed => "connection_closed",
            Self::RequestAtClientProxy => "request_at_client_proxy",
            Self::RequestLeftClientProxy => "request_left_client_proxy",
            Self::RequestSent => "request_sent",
            Self::RequestAtClientNodeProxy => "request_at_client_node_proxy",
            Self::RequestLeftClientNodeProxy => "request_left_client_node_proxy",
            Self::RequestAtServerNodeProxy => "request_at_server_node_proxy",
            Self::RequestLeftServerNodeProxy => "request_left_server_node_proxy",
            Self::ResponseAtServerNodeProxy => "response_at_server_node_proxy",
            Self::ResponseLeftServerNodeProxy => "response_left_server_node_proxy",
            Self::ResponseAtClientNodeProxy => "response_at_client_node_proxy",
            Self::ResponseLeftClientNodeProxy => "response_left_client_node_proxy",
            Self::TunnelOpening => "tunnel_opening",
            Self::TunnelOpened => "tunnel_opened",
            Self::TunnelFailed => "tunnel_failed",
            Self::TunnelClosed => "tunnel_closed",
            Self::StreamAsked => "stream_asked",
            Self::StreamOpened => "stream_opened",
            Self::RequestAtServerProxy => "request_at_server_proxy",
            Self::RequestLeftServerProxy => "request_left_server_proxy",
            Self::RequestAtApp => "request_at_app",
            Self::TurnedAway => "turned_away",
            Self::WaitsForWorker => "waits_for_worker",
            Self::WorkBegan => "work_began",
            Self::WorkEnded => "work_ended",
            Self::Answered => "answered",
            Self::MessageSent => "message_sent",
            Self::ResponseAtServerProxy => "response_at_server_proxy",
            Self::ResponseLeftServerProxy => "response_left_server_proxy",
            Self::ResponseAtClientProxy => "response_at_client_proxy",
            Self::ResponseLeftClientProxy => "response_left_client_proxy",
            Self::ResponseAtCaller => "response_at_caller",
            Self::TimedOut => "timed_out",
            Self::ResetAtServer => "reset_at_server",
            Self::BacksOff => "backs_off",
            Self::CallEnded => "call_ended",
        }
    }
}

impl Step {
    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> StepKind {
        match self {
            Self::CallBegan { .. } => StepKind::CallBegan,
            Self::Retried { .. } => StepKind::Retried,
            Self::AttemptBegan { .. } => StepKind::AttemptBegan,
            Self::Relayed { .. } => StepKind::Relayed,
            Self::NotReachable { .. } => StepKind::NotReachable,
            Self::RouteDrawn { .. } => StepKind::RouteDrawn,
            Self::DestinationDrawn { .. } => StepKind::DestinationDrawn,
            Self::EndpointChosen { .. } => StepKind::EndpointChosen,
            Self::ConnectionOpening { .. } => StepKind::ConnectionOpening,
            Self::ConnectionReused { .. } => StepKind::ConnectionReused,
            Self::WaitsForConnection => StepKind::WaitsForConnection,
            Self::Decided { .. } => StepKind::Decided,
            Self::Delayed { .. } => StepKind::Delayed,
            Self::Asks { .. } => StepKind::Asks,
            Self::Overflowed { .. } => StepKind::Overflowed,
            Self::AttemptReset { .. } => StepKind::AttemptReset,
            Self::AttemptGivenUp => StepKind::AttemptGivenUp,
            Self::ProxyBacksOff { .. } => StepKind::ProxyBacksOff,
            Self::HostEjected { .. } => StepKind::HostEjected,
            Self::HostSpared { .. } => StepKind::HostSpared,
            Self::HostReturned { .. } => StepKind::HostReturned,
            Self::SynDropped { .. } => StepKind::SynDropped,
            Self::SynSentAgain => StepKind::SynSentAgain,
            Self::ConnectionRefused { .. } => StepKind::ConnectionRefused,
            Self::ConnectionReset { .. } => StepKind::ConnectionReset,
            Self::AnsweredByServerProxy { .. } => StepKind::AnsweredByServerProxy,
            Self::TcpEstablished => StepKind::TcpEstablished,
            Self::TlsEstablished => StepKind::TlsEstablished,
            Self::ConnectionClosed => StepKind::ConnectionClosed,
            Self::RequestAtClientProxy => StepKind::RequestAtClientProxy,
            Self::RequestLeftClientProxy => StepKind::RequestLeftClientProxy,
            Self::RequestSent => StepKind::RequestSent,
            Self::RequestAtClientNodeProxy => StepKind::RequestAtClientNodeProxy,
            Self::RequestLeftClientNodeProxy => StepKind::RequestLeftClientNodeProxy,
            Self::RequestAtServerNodeProxy => StepKind::RequestAtServerNodeProxy,
            Self::RequestLeftServerNodeProxy => StepKind::RequestLeftServerNodeProxy,
            Self::ResponseAtServerNodeProxy => StepKind::ResponseAtServerNodeProxy,
            Self::ResponseLeftServerNodeProxy => StepKind::ResponseLeftServerNodeProxy,
            Self::ResponseAtClientNodeProxy => StepKind::ResponseAtClientNodeProxy,
            Self::ResponseLeftClientNodeProxy => StepKind::ResponseLeftClientNodeProxy,
            Self::TunnelOpening { .. } => StepKind::TunnelOpening,
            Self::TunnelOpened => StepKind::TunnelOpened,
            Self::TunnelFailed => StepKind::TunnelFailed,
            Self::TunnelClosed => StepKind::TunnelClosed,
            Self::StreamAsked => StepKind::StreamAsked,
            Self::StreamOpened => StepKind::StreamOpened,
            Self::RequestAtServerProxy => StepKind::RequestAtServerProxy,
            Self::RequestLeftServerProxy => StepKind::RequestLeftServerProxy,
            Self::RequestAtApp => StepKind::RequestAtApp,
            Self::TurnedAway => StepKind::TurnedAway,
            Self::WaitsForWorker => StepKind::WaitsForWorker,
            Self::WorkBegan => StepKind::WorkBegan,
            Self::WorkEnded => StepKind::WorkEnded,
            Self::Answered { .. } => StepKind::Answered,
            Self::MessageSent => StepKind::MessageSent,
            Self::ResponseAtServerProxy => StepKind::ResponseAtServerProxy,
            Self::ResponseLeftServerProxy => StepKind::ResponseLeftServerProxy,
            Self::ResponseAtClientProxy => StepKind::ResponseAtClientProxy,
            Self::ResponseLeftClientProxy => StepKind::ResponseLeftClientProxy,
            Self::ResponseAtCaller => StepKind::ResponseAtCaller,
            Self::TimedOut => StepKind::TimedOut,
            Self::ResetAtServer => StepKind::ResetAtServer,
            Self::BacksOff { .. } => StepKind::BacksOff,
            Self::CallEnded { .. } => StepKind::CallEnded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StepKind;

    #[test]
    fn every_kind_is_found_under_its_number_and_its_name() {
        for (number, kind) in (0u8..).zip(StepKind::ALL) {
            assert_eq!(kind as u8, number);
            assert_eq!(StepKind::of_name(kind.name()), Some(kind));
        }
    }
}
