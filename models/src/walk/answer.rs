//! What the walk of a request found: plain data. How it looks is the reports' business.

use std::sync::Arc;

use crate::explain::{Explanation, Probe, RuleId, Sourced, Tree};
use crate::proxy::envoy::HeaderMap;
use crate::proxy::envoy::config::{RetryOn, Target};
use crate::token::TokenFacts;
use crate::units::{Ppm, SimDuration};
use crate::world::{Origin, PodId};

use super::verdict::{
    BoxKind, Ending, EnforcedBy, Leg, SeenIdentity, Sees, ServerVerdict, Verdict,
};

/// Everything that is known about one request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What becomes of it.
    pub outcome: Outcome,
    /// Whether it may pass, over all layers.
    pub verdict: Verdict,
    /// What the client sees.
    pub client_sees: Sees,
    /// The box that decides, unless the request passes or the verdict is unknown.
    pub enforced_by: Option<EnforcedBy>,
    /// Who that box, or else the server, takes the client for.
    pub identity: Option<SeenIdentity>,
    /// The legs of the way, as far as it goes.
    pub legs: Vec<Leg>,
    /// What each sort of servers makes of the request, where it gets so far.
    pub servers: Vec<ServerVerdict>,
    /// What becomes of it if no policy that is not modelled turns it away; `None` where none could.
    pub if_allowed: Option<Outcome>,
    /// What the client gets when a proxy answers itself, or when nothing can: the status.
    pub status: Option<u16>,
    /// The response flags of that answer, such as `NR`.
    pub flags: Option<String>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The body of a direct response.
    pub body: Option<String>,
    /// Why a proxy answers itself, as `%RESPONSE_CODE_DETAILS%` prints it.
    pub details: Option<String>,
    /// The service behind the request, as far as all of `weights` agree on it.
    pub destination: Option<Target>,
    /// Where the request goes, with shares; several for a split.
    pub weights: Vec<Share>,
    /// Copies of the request, whose answers are thrown away.
    pub mirrors: Vec<MirrorShare>,
    /// The request as the upstream gets it.
    pub request_after: Option<RequestAfter>,
    /// Changes to the headers of the response.
    pub response_headers: Vec<HeaderChange>,
    /// The retry policy in force and what it can do.
    pub retry: Option<RetryInForce>,
    /// The time limits in force.
    pub timeouts: Timeouts,
    /// What is worth knowing about the settings in force.
    pub findings: Vec<Finding>,
    /// The tree of reasons.
    pub because: Vec<Explanation>,
    /// What was read, would touch this path, and has no effect here.
    pub not_modelled: Vec<Untold>,
    /// How it ends before the application, as the box that ends it knows.
    pub(super) ending: Option<Ending>,
}

impl Answer {
    /// An answer that knows nothing but its outcome.
    pub(super) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            verdict: Verdict::Unknown,
            client_sees: Sees::Unknown,
            enforced_by: None,
            identity: None,
            legs: Vec::new(),
            servers: Vec::new(),
            if_allowed: None,
            status: None,
            flags: None,
            location: None,
            body: None,
            details: None,
            destination: None,
            weights: Vec::new(),
            mirrors: Vec::new(),
            request_after: None,
            response_headers: Vec::new(),
            retry: None,
            timeouts: Timeouts::default(),
            findings: Vec::new(),
            because: Vec::new(),
            not_modelled: Vec::new(),
            ending: None,
        }
    }

    /// An answer whose reason is one sentence, which is told to `tree` too.
    pub(super) fn unreachable(
        outcome: Outcome,
        sentence: String,
        tree: &mut Tree,
        rule: RuleId,
    ) -> Self {
        tree.step(rule, None, || sentence.clone());
        let mut answer = Self::new(outcome);
        answer.tell("path.ends", sentence, Vec::new());
        answer
    }

    /// Says which box ends the request, if one does that nobody has named yet.
    pub(super) fn ends_at(&mut self, kind: BoxKind, of: &str) {
        let ends = !matches!(self.outcome, Outcome::Routed | Outcome::Unknown);
        if ends && self.enforced_by.is_none() && self.ending.is_none() {
            let of = of.to_owned();
            self.enforced_by = Some(EnforcedBy { kind, of, origins: Vec::new() });
        }
    }

    /// Says what the client sees.
    pub(super) fn seen(mut self, sees: Sees) -> Self {
        self.client_sees = sees;
        self
    }

    /// Adds a finding.
    pub(super) fn tell(&mut self, id: &'static str, sentence: String, origins: Vec<Origin>) {
        self.findings.push(Finding { id, sentence, origins });
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It reaches a backend.
    Routed,
    /// The client is sent elsewhere.
    Redirected,
    /// A proxy answers with a status that is configured.
    DirectResponse,
    /// Nothing takes it: no name, listener, virtual host, route, cluster or endpoint.
    NoRoute,
    /// A policy turns it away.
    Denied,
    /// It cannot be told; the reasons say why.
    Unknown,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Routed,
        Self::Redirected,
        Self::DirectResponse,
        Self::NoRoute,
        Self::Denied,
        Self::Unknown,
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Routed => "routed",
            Self::Redirected => "redirected",
            Self::DirectResponse => "direct_response",
            Self::NoRoute => "no_route",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}

/// One of the places where a request may go.
#[derive(Clone, Debug)]
pub struct Share {
    /// The service.
    pub destination: Target,
    /// The cluster of the proxy; empty where there is no proxy.
    pub cluster: String,
    /// What names the cluster.
    pub cluster_origin: Origin,
    /// The weight as written.
    pub weight: Sourced<u32>,
    /// The share of the requests.
    pub share: Ppm,
    /// What the client gets when nothing stands behind the share: status and flags.
    pub fails_with: Option<(u16, &'static str)>,
    /// Who may get the request.
    pub endpoints: Vec<EndpointShare>,
    /// What else holds for the cluster.
    pub cluster_facts: Option<ClusterFacts>,
}

/// An endpoint and its chance.
#[derive(Clone, Debug)]
pub struct EndpointShare {
    /// `address:port`.
    pub address: String,
    /// The pod there, as `namespace/name`.
    pub pod: Option<String>,
    /// The same pod in the world.
    pub pod_id: Option<PodId>,
    /// Where it runs, as `region/zone`.
    pub locality: String,
    /// 0 is used first.
    pub priority: u32,
    /// Its weight.
    pub weight: u32,
    /// Its share of the requests to the cluster, while all endpoints answer alike.
    pub share: Ppm,
    /// Whether it is used at present: healthy, and in a priority that gets requests.
    pub in_use: InUse,
    /// Why it does not take the request, if it does not.
    pub refuses: Option<String>,
    /// What made it: its workload, its pod, or the object that lists its address.
    pub origin: Origin,
}

/// Whether an endpoint gets requests while nothing has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InUse {
    /// It does.
    Yes,
    /// Only when the priorities before it are short of healthy hosts.
    Standby,
    /// It is not healthy.
    Unhealthy,
}

/// What holds for the connections to a cluster.
#[derive(Clone, Debug)]
pub struct ClusterFacts {
    /// What made the cluster.
    pub origin: Origin,
    /// The load balancer, as a word.
    pub balancer: Sourced<String>,
    /// What protects the bytes, as a word.
    pub protection: Sourced<String>,
    /// The limits that are below "no limit".
    pub limits: Vec<Limit>,
    /// Outlier detection in one sentence; `None` when it is off.
    pub outlier: Option<Sourced<String>>,
}

/// A limit of a circuit breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Such as `max_pending_requests`.
    pub name: &'static str,
    /// Of each calling proxy.
    pub each: Sourced<u32>,
    /// Proxies that hold the cluster: pods of the caller's workload.
    pub callers: u32,
}

impl Limit {
    /// What the backend may see of all pods of the caller together.
    #[must_use]
    pub fn of_all_callers(&self) -> u64 {
        u64::from(*self.each) * u64::from(self.callers)
    }
}

/// A copy of requests.
#[derive(Clone, Debug)]
pub struct MirrorShare {
    /// The service, if the cluster stands for one.
    pub destination: Option<Target>,
    /// The cluster.
    pub cluster: Sourced<String>,
    /// The share of requests that is copied.
    pub share: Ppm,
}

/// The request as the upstream gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestAfter {
    /// All headers, pseudo-headers among them.
    pub headers: HeaderMap,
    /// What differs from the request as it was sent.
    pub changes: Vec<HeaderChange>,
    /// What is known of its tokens beside its headers.
    pub tokens: Arc<TokenFacts>,
}

/// One header that a proxy changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChange {
    /// In lower case.
    pub name: String,
    /// The new value; `None` where the header is removed.
    pub value: Option<String>,
    /// Where that is written; `None` where the proxy does it by itself.
    pub origin: Option<Origin>,
}

/// The retry policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryInForce {
    /// Retries after the first attempt.
    pub retries: Sourced<u32>,
    /// The conditions.
    pub retry_on: Sourced<RetryOn>,
    /// Codes for `retriable-status-codes`.
    pub status_codes: Vec<u16>,
    /// The shortest and longest base interval of the pauses.
    pub backoff: Sourced<(SimDuration, SimDuration)>,
    /// How many retries can begin when every attempt is as slow as it may be.
    pub reachable_when_slow: u32,
    /// How long the client waits at most; `None` is without end.
    pub worst_case: Option<SimDuration>,
    /// Where the policy is written.
    pub origin: Origin,
}

impl RetryInForce {
    /// The greatest number of attempts.
    #[must_use]
    pub fn attempts_max(&self) -> u32 {
        if self.retry_on.is_empty() { 1 } else { self.retries.saturating_add(1) }
    }
}

/// The time limits in force. `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// The whole request, retries included.
    pub request: Option<TimeLimit>,
    /// One attempt.
    pub per_try: Option<TimeLimit>,
    /// The silence of one attempt.
    pub per_try_idle: Option<TimeLimit>,
    /// The silence of the stream.
    pub idle: Option<TimeLimit>,
    /// The whole stream.
    pub max_stream: Option<TimeLimit>,
    /// Making a connection.
    pub connect: Option<TimeLimit>,
}

/// A time limit with what set it; zero as written means that there is none.
pub type TimeLimit = Sourced<SimDuration>;

/// Something worth knowing about the settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable id such as `retry.budget-spent`.
    pub id: &'static str,
    /// What holds, as a sentence.
    pub sentence: String,
    /// The settings that make it so.
    pub origins: Vec<Origin>,
}

/// An object that would touch the path and has no effect here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Untold {
    /// Such as `EnvoyFilter shop/gzip`.
    pub what: String,
    /// What it would touch.
    pub touches: String,
    /// Where it is written.
    pub origin: Option<Origin>,
}
