//! How calls end, in plain words. What makes them end so is not said here.

use meshwalk_models::proxy::envoy::ResponseFlag;
use meshwalk_sim::stats::{Ending, Flags};

/// How a call ended, for somebody who does not know response flags by heart:
/// `503: no connection could be made (UF)`.
pub(crate) fn ending(ending: Ending) -> String {
    let head = match ending.is_answer() {
        true => ending.status.to_string(),
        false => "no answer".to_owned(),
    };
    if ending.flags != Flags::NONE {
        return format!("{head}: {}", plain_flags(ending.flags));
    }
    match detail(ending.details.name()) {
        Some(words) => format!("{head}: {words}"),
        None => head,
    }
}

/// What flags say, each with its letters.
fn plain_flags(flags: Flags) -> String {
    let one = |flag: ResponseFlag| format!("{} ({})", meaning(flag), flag.short());
    flags.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What happened where no proxy sets a flag; nothing where there is nothing to add.
fn detail(name: &str) -> Option<String> {
    match name {
        "answered" | "via_upstream" => None,
        "caller_timeout" => Some("the caller gave up".to_owned()),
        "queue_full" => Some("the queue was full".to_owned()),
        "connect_timeout" => Some("nobody answered the SYN".to_owned()),
        other => Some(other.replace('_', " ")),
    }
}

const fn meaning(flag: ResponseFlag) -> &'static str {
    match flag {
        ResponseFlag::NoHealthyUpstream => "no healthy host",
        ResponseFlag::UpstreamRequestTimeout => "the server took too long",
        ResponseFlag::LocalReset => "the proxy reset the stream",
        ResponseFlag::UpstreamRemoteReset => "the server reset the stream",
        ResponseFlag::UpstreamConnectionFailure => "no connection could be made",
        ResponseFlag::UpstreamConnectionTermination => "the server closed the connection",
        ResponseFlag::UpstreamOverflow => "a circuit breaker had no place",
        ResponseFlag::NoRouteFound => "no route",
        ResponseFlag::DelayInjected => "a delay was injected",
        ResponseFlag::FaultInjected => "a fault was injected",
        ResponseFlag::RateLimited => "a rate limit said no",
        ResponseFlag::UnauthorizedExternalService => "the external authoriser said no",
        ResponseFlag::RateLimitServiceError => "the rate limit service failed",
        ResponseFlag::DownstreamConnectionTermination => "the client went away",
        ResponseFlag::UpstreamRetryLimitExceeded => "no retries were left",
        ResponseFlag::StreamIdleTimeout => "the stream was silent for too long",
        ResponseFlag::InvalidEnvoyRequestHeaders => "an x-envoy header makes no sense",
        ResponseFlag::DownstreamProtocolError => "the client broke the protocol",
        ResponseFlag::UpstreamMaxStreamDurationReached => "the stream lived too long",
        ResponseFlag::NoFilterConfigFound => "a filter has no configuration",
        ResponseFlag::DurationTimeout => "the connection lived too long",
        ResponseFlag::UpstreamProtocolError => "the server broke the protocol",
        ResponseFlag::NoClusterFound => "no such cluster",
    }
}
