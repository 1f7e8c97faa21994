//! What the proxy answers in place of an upstream: status, body, flags and response-code details
//! as Envoy prints them. When it answers is the business of `machine` and of the filters.

use std::fmt;

use super::super::flags::{ResponseFlag, ResponseFlags};
use super::super::reply::Reply;

/// Why an attempt ended before its response did.
///
/// Source: Envoy, `Http::StreamResetReason` and `Http::Utility::resetReasonToString`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetReason {
    /// The proxy could not make a connection of itself.
    LocalConnectionFailure,
    /// The host refused the connection.
    ConnectionRefused,
    /// The connection was reset while it was being made.
    ConnectionReset,
    /// The connection took too long to be made.
    ConnectionTimeout,
    /// The connection was closed or reset in the middle.
    ConnectionTermination,
    /// A circuit breaker has no place.
    Overflow,
    /// The proxy gave the attempt up.
    LocalReset,
    /// The host reset the stream.
    RemoteReset,
    /// The host refused the stream, so it did not work on it.
    RemoteRefusedStream,
    /// The host's answer breaks the protocol.
    ProtocolError,
}

impl ResetReason {
    /// In the words of Envoy's replies.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::LocalConnectionFailure => "local connection failure",
            Self::ConnectionRefused | Self::ConnectionReset => "remote connection failure",
            Self::ConnectionTimeout => "connection timeout",
            Self::ConnectionTermination => "connection termination",
            Self::Overflow => "overflow",
            Self::LocalReset => "local reset",
            Self::RemoteReset => "remote reset",
            Self::RemoteRefusedStream => "remote refused stream reset",
            Self::ProtocolError => "protocol error",
        }
    }

    /// What the transport adds to the response-code details.
    #[must_use]
    pub const fn transport_failure(self) -> Option<&'static str> {
        match self {
            Self::ConnectionRefused => Some("delayed connect error: Connection refused"),
            Self::ConnectionReset => Some("delayed connect error: Connection reset by peer"),
            _ => None,
        }
    }

    /// Whether no connection could be made.
    #[must_use]
    pub const fn is_connect_failure(self) -> bool {
        matches!(
            self,
            Self::LocalConnectionFailure
                | Self::ConnectionRefused
                | Self::ConnectionReset
                | Self::ConnectionTimeout
        )
    }

    /// The flag of a response that ended for this reason.
    #[must_use]
    pub const fn flag(self) -> ResponseFlag {
        match self {
            Self::LocalConnectionFailure
            | Self::ConnectionRefused
            | Self::ConnectionReset
            | Self::ConnectionTimeout => ResponseFlag::UpstreamConnectionFailure,
            Self::ConnectionTermination => ResponseFlag::UpstreamConnectionTermination,
            Self::Overflow => ResponseFlag::UpstreamOverflow,
            Self::LocalReset => ResponseFlag::LocalReset,
            Self::RemoteReset | Self::RemoteRefusedStream => ResponseFlag::UpstreamRemoteReset,
            Self::ProtocolError => ResponseFlag::UpstreamProtocolError,
        }
    }

    /// The status of a reply for this reason.
    #[must_use]
    pub const fn status(self) -> u16 {
        if matches!(self, Self::ProtocolError) { 502 } else { 503 }
    }
}

/// Why a response is what it is: Envoy's `%RESPONSE_CODE_DETAILS%`, as far as router and
/// connection manager make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Details {
    /// The upstream sent it.
    ViaUpstream,
    /// No host.
    NoHealthyUpstream,
    /// An attempt was reset before its response.
    EarlyReset(ResetReason),
    /// An attempt was reset in the middle of its response.
    LateReset(ResetReason),
    /// The route timeout.
    ResponseTimeout,
    /// The per-try timeout of the last attempt.
    PerTryTimeout,
    /// The per-try idle timeout of the last attempt.
    PerTryIdleTimeout,
    /// The request grew too large while a retry was waiting.
    RetryBufferExceeded,
    /// The stream was silent for too long.
    StreamIdleTimeout,
    /// The stream lived too long.
    MaxDuration,
    /// The last attempt lived too long.
    UpstreamMaxDuration,
    /// The client went away.
    DownstreamDisconnect,
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, reset) = match *self {
            Self::ViaUpstream => ("via_upstream", None),
            Self::NoHealthyUpstream => ("no_healthy_upstream", None),
            Self::EarlyReset(why) => ("upstream_reset_before_response_started", Some(why)),
            Self::LateReset(why) => ("upstream_reset_after_response_started", Some(why)),
            Self::ResponseTimeout => ("response_timeout", None),
            Self::PerTryTimeout => ("upstream_per_try_timeout", None),
            Self::PerTryIdleTimeout => ("upstream_per_try_idle_timeout", None),
            Self::RetryBufferExceeded => ("request_payload_exceeded_retry_buffer_limit", None),
            Self::StreamIdleTimeout => ("stream_idle_timeout", None),
            Self::MaxDuration => ("max_duration_timeout", None),
            Self::UpstreamMaxDuration => ("upstream_max_stream_duration_reached", None),
            Self::DownstreamDisconnect => ("downstream_remote_disconnect", None),
        };
        f.write_str(text)?;
        let Some(reset) = reset else { return Ok(()) };
        write!(f, "{{{}", reset.words().replace(' ', "_"))?;
        if let Some(failure) = reset.transport_failure() {
            write!(f, "|{}", failure.replace(' ', "_"))?;
        }
        f.write_str("}")
    }
}

/// Whether an attempt was the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tries {
    /// It was.
    First,
    /// It was a retry.
    Retried,
}

/// An answer of the router or of the connection manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalReply {
    /// The status; gRPC clients get 200 and a gRPC status instead.
    pub status: u16,
    /// Why.
    pub details: Details,
    /// Whether retries had been made.
    pub tries: Tries,
    /// All flags of the request so far, in their order.
    pub flags: ResponseFlags,
}

impl LocalReply {
    /// The body; empty for an alternative status of timeouts.
    #[must_use]
    pub fn body(&self) -> String {
        let text = match self.details {
            Details::ViaUpstream | Details::DownstreamDisconnect => "",
            Details::NoHealthyUpstream => "no healthy upstream",
            Details::ResponseTimeout | Details::PerTryTimeout | Details::PerTryIdleTimeout => {
                if self.status == 504 {
                    "upstream request timeout"
                } else {
                    ""
                }
            }
            Details::RetryBufferExceeded => "exceeded request buffer limit while retrying upstream",
            Details::StreamIdleTimeout => "stream timeout",
            Details::MaxDuration => "downstream duration timeout",
            Details::UpstreamMaxDuration => "upstream max stream duration reached",
            Details::EarlyReset(reason) | Details::LateReset(reason) => {
                let latest = match self.tries {
                    Tries::First => "",
                    Tries::Retried => "retried and the latest ",
                };
                let why = reason.words();
                return format!(
                    "upstream connect error or disconnect/reset before headers. {latest}reset \
                     reason: {why}"
                );
            }
        };
        text.to_owned()
    }

    /// The same as plain data, with no header yet: [`ForwardPlan::local_reply`] adds them.
    ///
    /// [`ForwardPlan::local_reply`]: super::super::routing::ForwardPlan::local_reply
    #[must_use]
    pub fn to_reply(&self) -> Reply {
        Reply {
            body: self.body().into(),
            flags: self.flags,
            ..Reply::new(self.status, self.details.to_string())
        }
    }

    /// Whether the reply carries `x-envoy-overloaded: true`.
    pub(in super::super) fn is_overload(&self) -> bool {
        self.details == Details::EarlyReset(ResetReason::Overflow)
    }

    /// Whether the router answers, so that `x-envoy-attempt-count` is added; otherwise the
    /// connection manager does.
    pub(in super::super) fn is_routers(&self) -> bool {
        !matches!(
            self.details,
            Details::StreamIdleTimeout | Details::MaxDuration | Details::DownstreamDisconnect
        )
    }
}

/// The HTTP status that stands for a gRPC status, as outlier detection counts it.
///
/// Source: Envoy, `Grpc::Utility::grpcToHttpStatus`.
#[must_use]
pub const fn http_status_of(grpc: u32) -> u16 {
    match grpc {
        0 => 200,
        1 => 499,
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        _ => 500,
    }
}
