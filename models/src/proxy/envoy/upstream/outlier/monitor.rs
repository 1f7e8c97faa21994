//! What outlier detection counts of one host.

use super::Detector;
use crate::units::{SimDuration, SimTime};

use super::super::super::config::OutlierDetection;
use super::super::super::router::AttemptResult;
use super::super::Watched;

/// How a request to a host went, as the router tells it. Source: Envoy, `Outlier::Result` and
/// `putHttpResponseCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamResult {
    /// The host answered with this status (for gRPC, the one that stands for its status).
    Status(u16),
    /// The host did not answer in time: a per-try or a route timeout.
    Timeout,
    /// The same, and the client gets a status other than 504 because it asked for it.
    TimeoutAs(u16),
    /// There was no connection, or it broke before an answer: also a reset by the host.
    ConnectFailed,
    /// There is a connection; a protocol above it goes on.
    Connected,
    /// There is a connection, and that is all there is to it (TCP).
    ConnectedFinal,
    /// A protocol other than HTTP went well.
    Succeeded,
    /// A protocol other than HTTP went wrong.
    Failed,
}

/// Whose doing a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The host's.
    External,
    /// The proxy's or the network's.
    Local,
}

/// Whether it counts as a success, and as which status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(u16);

impl From<AttemptResult> for UpstreamResult {
    /// What the router tells of an attempt of a request.
    fn from(result: AttemptResult) -> Self {
        match result {
            AttemptResult::Connected => Self::Connected,
            AttemptResult::Response(status) => Self::Status(status),
            AttemptResult::Timeout(504) => Self::Timeout,
            AttemptResult::Timeout(status) => Self::TimeoutAs(status),
            AttemptResult::Reset(_) => Self::ConnectFailed,
        }
    }
}

impl UpstreamResult {
    /// What is counted. With `split`, failures of the proxy's own making are counted apart; without
    /// it they count as the status that the client sees.
    pub(super) fn effects(self, split: bool) -> impl Iterator<Item = (Origin, Status)> {
        let external = |status| [Some((Origin::External, Status(status))), None];
        let local = |status| [Some((Origin::Local, Status(status))), None];
        let effects = match (self, split) {
            (Self::Status(status), _) => external(status),
            (Self::Timeout, false) => external(504),
            (Self::TimeoutAs(status), false) => external(status),
            (Self::ConnectFailed, false) => external(503),
            (Self::Connected, false) => [None, None],
            (Self::ConnectedFinal | Self::Succeeded, false) => external(200),
            (Self::Failed, false) => external(500),
            (Self::Timeout | Self::TimeoutAs(_) | Self::ConnectFailed, true) => local(503),
            (Self::Connected | Self::ConnectedFinal, true) => local(200),
            (Self::Failed, true) => external(503),
            (Self::Succeeded, true) => {
                [Some((Origin::External, Status(200))), Some((Origin::Local, Status(200)))]
            }
        };
        effects.into_iter().flatten()
    }
}

/// Requests of one interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    pub total: u32,
    pub good: u32,
}

/// The interval under way and the one before, which is judged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    current: Bucket,
    pub last: Bucket,
}

impl Rate {
    fn count(&mut self, good: u32) {
        self.current.total = self.current.total.saturating_add(1);
        self.current.good = self.current.good.saturating_add(good);
    }

    pub(super) fn turn(&mut self) {
        self.last = std::mem::take(&mut self.current);
    }

    fn is_empty(&self) -> bool {
        self.current.total == 0 && self.last.total == 0
    }
}

/// What is counted of one host.
#[derive(Clone, Debug, Default)]
pub(super) struct Monitor {
    pub ejected: bool,
    pub ejected_at: SimTime,
    pub returned_at: Option<SimTime>,
    /// What the base ejection time is multiplied by; it falls again in quiet intervals.
    pub backoff: u32,
    pub ejections: u32,
    jitter: SimDuration,
    in_row_5xx: u32,
    in_row_gateway: u32,
    in_row_local: u32,
    pub external: Rate,
    pub local: Rate,
}

impl Monitor {
    /// Counts a result; answers with the thresholds that it reached.
    pub(super) fn note(
        &mut self,
        origin: Origin,
        Status(status): Status,
        config: &OutlierDetection,
    ) -> [Option<Detector>; 2] {
        match origin {
            Origin::Local => {
                let good = status < 500;
                self.local.count(u32::from(good));
                self.in_row_local = if good { 0 } else { self.in_row_local.saturating_add(1) };
                let reached = !good && self.in_row_local == config.consecutive_local.value;
                [reached.then_some(Detector::ConsecutiveLocalOrigin), None]
            }
            Origin::External if !(500..600).contains(&status) => {
                self.external.count(1);
                (self.in_row_5xx, self.in_row_gateway) = (0, 0);
                [None, None]
            }
            Origin::External => {
                self.external.count(0);
                let gateway = matches!(status, 502..=504);
                self.in_row_gateway =
                    if gateway { self.in_row_gateway.saturating_add(1) } else { 0 };
                self.in_row_5xx = self.in_row_5xx.saturating_add(1);
                let at_gateway = gateway && self.in_row_gateway == config.consecutive_gateway.value;
                let at_5xx = self.in_row_5xx == config.consecutive_5xx.value;
                [
                    at_gateway.then_some(Detector::ConsecutiveGateway),
                    at_5xx.then_some(Detector::Consecutive5xx),
                ]
            }
        }
    }

    /// What is counted, for those who look on.
    pub(super) fn watched(&self) -> Watched {
        let requests = self.external.current;
        Watched {
            in_row_5xx: self.in_row_5xx,
            in_row_gateway: self.in_row_gateway,
            in_row_local: self.in_row_local,
            backoff: self.backoff,
            requests: requests.total,
            successes: requests.good,
            returned_at: self.returned_at,
        }
    }

    /// Counts from nothing, after `by` was found.
    pub(super) fn restart(&mut self, by: Detector) {
        match by {
            Detector::Consecutive5xx => self.in_row_5xx = 0,
            Detector::ConsecutiveGateway => self.in_row_gateway = 0,
            Detector::ConsecutiveLocalOrigin => self.in_row_local = 0,
            _ => {}
        }
    }

    pub(super) fn eject(&mut self, config: &OutlierDetection, now: SimTime, jitter: SimDuration) {
        self.ejected = true;
        self.ejected_at = now;
        self.ejections = self.ejections.saturating_add(1);
        self.jitter = jitter;
        let base = config.base_ejection.as_ns();
        let bound = config.max_ejection.as_ns().saturating_add(base);
        if base.saturating_mul(u64::from(self.backoff)) < bound {
            self.backoff = self.backoff.saturating_add(1);
        }
    }

    pub(super) fn bring_back(&mut self, now: SimTime) {
        self.ejected = false;
        self.returned_at = Some(now);
        (self.in_row_5xx, self.in_row_gateway, self.in_row_local) = (0, 0, 0);
    }

    /// How long the ejection lasts at least; the next sweep afterwards ends it.
    pub(super) fn time_out(&self, config: &OutlierDetection) -> SimDuration {
        let grown = config.base_ejection.as_ns().saturating_mul(u64::from(self.backoff));
        let held = grown.min(config.max_ejection.as_ns());
        SimDuration::from_ns(held).saturating_add(self.jitter)
    }

    /// Whether a sweep would change anything.
    pub(super) fn needs_sweep(&self) -> bool {
        let decays = self.backoff > 0 && self.returned_at.is_some();
        self.ejected || decays || !self.external.is_empty() || !self.local.is_empty()
    }
}
