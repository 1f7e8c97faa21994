//! Faults: which delay and abort a request is due, and for which share of the requests. Whether
//! this request is one of them is drawn by `chain`.

use crate::explain::{Probe, RuleId, Sourced};
use crate::units::{Ppm, SimDuration};

use super::super::config::{Bootstrap, Fault, FaultAbort, FaultDelay};
use super::super::flags::{ResponseFlag, ResponseFlags};
use super::super::reply::Reply;
use super::super::request::{HeaderMap, Request};

const HEADERS: RuleId = RuleId("envoy.filter.fault-headers");
pub(super) const DELAY: RuleId = RuleId("envoy.filter.fault-delay");
pub(super) const ABORT: RuleId = RuleId("envoy.filter.fault-abort");
pub(super) const OVERFLOW: RuleId = RuleId("envoy.filter.fault-overflow");

/// The faults that a request is due.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Due {
    /// A pause, for a share of such requests.
    pub(super) delay: Option<Sourced<(Ppm, SimDuration)>>,
    /// An answer, for a share of such requests.
    pub(super) abort: Option<Sourced<(Ppm, Answer)>>,
}

/// How a request is aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// With a status.
    Http(u16),
    /// With a gRPC status.
    Grpc(u32),
}

/// The faults that `fault` has for a request.
///
/// Source: Envoy, "Fault Injection"; source/extensions/filters/common/fault/fault_config.cc.
pub(super) fn due(
    fault: &Fault,
    request: &Request,
    bootstrap: &Bootstrap,
    probe: &mut impl Probe,
) -> Due {
    let headers = &request.headers;
    let missing =
        fault.headers.iter().find(|one| !one.matches(headers, bootstrap.repeated_headers));
    if let Some(missing) = missing {
        let origin = fault.abort.map(|it| it.origin).or(fault.delay.map(|it| it.origin));
        probe.step(HEADERS, origin, || format!("no fault: it needs that {missing}"));
        return Due::default();
    }
    let delay = fault.delay.and_then(|delay| {
        let due = match delay.value {
            FaultDelay::Fixed { pause, share } => (share, pause),
            FaultDelay::ByHeader { share } => {
                let ms: u64 = number(headers, "x-envoy-fault-delay-request")?;
                let share = share_of(headers, "x-envoy-fault-delay-request-percentage", share);
                (share, SimDuration::from_ns(ms.saturating_mul(1_000_000)))
            }
        };
        // A pause of no time is none.
        (due.0 > Ppm::ZERO && due.1 > SimDuration::ZERO).then(|| delay.map(|_| due))
    });
    let abort = fault.abort.and_then(|abort| {
        let due = match abort.value {
            FaultAbort::Http { status, share } => (share, Answer::Http(status)),
            FaultAbort::Grpc { status, share } => (share, Answer::Grpc(status)),
            FaultAbort::ByHeader { share } => {
                let share = share_of(headers, "x-envoy-fault-abort-request-percentage", share);
                let status = number(headers, "x-envoy-fault-abort-request");
                let http = status.filter(|status| (200..600).contains(status)).map(Answer::Http);
                let grpc = || number(headers, "x-envoy-fault-abort-grpc-request").map(Answer::Grpc);
                (share, http.or_else(grpc)?)
            }
        };
        (due.0 > Ppm::ZERO).then(|| abort.map(|_| due))
    });
    Due { delay, abort }
}

/// The number in a header.
fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.trim().parse().ok()
}

/// A header may make the share smaller. It counts in the parts that the configuration counts in;
/// those are taken to be millionths, as control planes write them.
fn share_of(headers: &HeaderMap, name: &str, share: Ppm) -> Ppm {
    number(headers, name).map_or(share, |parts: u32| share.min(Ppm::from_ppm(parts)))
}

/// The answer of an abort. `flags` are those of the request so far.
pub(super) fn reply(answer: Answer, mut flags: ResponseFlags) -> Reply {
    flags.set(ResponseFlag::FaultInjected);
    let (status, grpc_status) = match answer {
        Answer::Http(status) => (status, None),
        Answer::Grpc(status) => (200, Some(status)),
    };
    let reply = Reply::new(status, "fault_filter_abort");
    Reply { body: "fault filter abort".into(), flags, grpc_status, ..reply }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(status) => write!(f, "status {status}"),
            Self::Grpc(status) => write!(f, "gRPC status {status}"),
        }
    }
}
