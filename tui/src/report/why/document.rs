//! The answer as one JSON document; the names of the fields are stable and described in README.

use std::io::{self, Write};

use meshwalk_models::explain::{Explanation, Fact, Sourced};
use meshwalk_models::proxy::envoy::config::Target;
use meshwalk_models::units::SimDuration;
use meshwalk_models::walk::{
    EndpointShare, HeaderChange, InUse, Limit, Outcome, OutsideClient, RequestAfter, RetryInForce,
    Sender, Share, Timeouts, Verdict, full_name,
};
use meshwalk_models::world::Origin;
use serde::Serialize;

use crate::report::json;
use crate::report::places::Places;

use super::View;
use super::flips::{self, FlipOut, FlipSearchOut};
use super::verdict::{self, EnforcedByOut, IdentityOut, LegOut, SeesOut, ServerOut};

/// Prints the answer.
pub(crate) fn print(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    json::print(out, &document(view))
}

#[derive(Serialize)]
struct Document<'v> {
    question: QuestionOut<'v>,
    profile: &'v str,
    verdict: Verdict,
    client_sees: SeesOut<'v>,
    enforced_by: Option<EnforcedByOut<'v>>,
    identity: Option<IdentityOut<'v>>,
    legs: Vec<LegOut<'v>>,
    servers: Vec<ServerOut<'v>>,
    outcome: &'static str,
    if_allowed: Option<Outcome>,
    status: Option<u16>,
    flags: Option<&'v str>,
    location: Option<&'v str>,
    body: Option<&'v str>,
    details: Option<&'v str>,
    destination: Option<&'v Target>,
    weights: Vec<ShareOut<'v>>,
    mirrors: Vec<MirrorOut<'v>>,
    request_after: Option<RequestOut<'v>>,
    response_headers: Vec<ChangeOut<'v>>,
    retry: Option<RetryOut>,
    timeouts: TimeoutsOut,
    findings: Vec<FindingOut<'v>>,
    because: Vec<StepOut<'v>>,
    flips: Vec<FlipOut<'v>>,
    flip_search: Option<FlipSearchOut>,
    not_modelled: Vec<UntoldOut<'v>>,
    expected: Option<&'v str>,
    mismatch: Option<&'v str>,
}

#[derive(Serialize)]
struct QuestionOut<'v> {
    from: Option<String>,
    at: Option<String>,
    to: String,
    method: &'v str,
    path: &'v str,
    headers: Vec<Header<'v>>,
}

#[derive(Serialize)]
struct Header<'v> {
    name: &'v str,
    value: &'v str,
}

#[derive(Serialize)]
struct ShareOut<'v> {
    destination: &'v Target,
    cluster: &'v str,
    cluster_origin: Option<String>,
    weight: u32,
    /// From 0 to 1.
    share: f64,
    origin: String,
    fails_with: Option<Failure>,
    balancer: Option<Value<&'v str>>,
    protection: Option<Value<&'v str>>,
    limits: Vec<LimitOut>,
    outlier_detection: Option<Value<&'v str>>,
    endpoints: Vec<EndpointOut<'v>>,
}

#[derive(Serialize)]
struct Failure {
    /// `null` for a connection.
    status: Option<u16>,
    flags: &'static str,
}

#[derive(Serialize)]
struct Value<T> {
    value: T,
    origin: String,
}

#[derive(Serialize)]
struct LimitOut {
    name: &'static str,
    each: u32,
    callers: u32,
    of_all_callers: u64,
    origin: String,
}

#[derive(Serialize)]
struct EndpointOut<'v> {
    address: &'v str,
    pod: Option<&'v str>,
    locality: &'v str,
    priority: u32,
    weight: u32,
    /// From 0 to 1.
    share: f64,
    in_use: InUse,
    /// Why it does not take the request, if it does not.
    refuses: Option<&'v str>,
    origin: String,
}

#[derive(Serialize)]
struct MirrorOut<'v> {
    destination: Option<&'v Target>,
    cluster: &'v str,
    share: f64,
    origin: String,
}

#[derive(Serialize)]
struct RequestOut<'v> {
    method: Option<&'v str>,
    scheme: Option<&'v str>,
    authority: Option<&'v str>,
    path: Option<&'v str>,
    headers: Vec<Header<'v>>,
    changes: Vec<ChangeOut<'v>>,
}

#[derive(Serialize)]
struct ChangeOut<'v> {
    name: &'v str,
    /// `null` where the header is removed.
    value: Option<&'v str>,
    origin: Option<String>,
}

#[derive(Serialize)]
struct RetryOut {
    retries: Value<u32>,
    attempts_max: u32,
    retry_on: Value<Vec<&'static str>>,
    status_codes: Vec<u16>,
    backoff_base_ms: f64,
    backoff_max_ms: f64,
    reachable_when_slow: u32,
    worst_case_ms: Option<f64>,
    origin: String,
}

#[derive(Serialize)]
struct TimeoutsOut {
    request: Option<LimitMs>,
    per_try: Option<LimitMs>,
    per_try_idle: Option<LimitMs>,
    idle: Option<LimitMs>,
    max_stream: Option<LimitMs>,
    connect: Option<LimitMs>,
}

/// `ms` is zero where the configuration switches the limit off.
#[derive(Serialize)]
struct LimitMs {
    ms: f64,
    origin: String,
}

#[derive(Serialize)]
struct FindingOut<'v> {
    id: &'static str,
    sentence: &'v str,
    origins: Vec<String>,
}

#[derive(Serialize)]
struct StepOut<'v> {
    rule: &'static str,
    finding: &'v str,
    facts: &'v [Fact],
    origin: Option<String>,
    because: Vec<StepOut<'v>>,
}

#[derive(Serialize)]
struct UntoldOut<'v> {
    what: &'v str,
    touches: &'v str,
    origin: Option<String>,
}

fn document<'v>(view: &'v View<'_>) -> Document<'v> {
    let answer = view.answer;
    let places = view.places;
    let show = |origin| places.show(origin);
    Document {
        question: question(view),
        profile: view.profile,
        verdict: answer.verdict,
        client_sees: verdict::sees(&answer.client_sees),
        enforced_by: answer.enforced_by.as_ref().map(|it| verdict::enforced_by(it, places)),
        identity: answer.identity.as_ref().map(verdict::identity),
        legs: answer.legs.iter().map(|it| verdict::leg(it, places)).collect(),
        servers: answer.servers.iter().map(verdict::server).collect(),
        outcome: answer.outcome.word(),
        if_allowed: answer.if_allowed,
        status: answer.status,
        flags: answer.flags.as_deref(),
        location: answer.location.as_deref(),
        body: answer.body.as_deref(),
        details: answer.details.as_deref(),
        destination: answer.destination.as_ref(),
        weights: answer.weights.iter().map(|it| share(it, places)).collect(),
        mirrors: answer
            .mirrors
            .iter()
            .map(|it| MirrorOut {
                destination: it.destination.as_ref(),
                cluster: &it.cluster.value,
                share: it.share.as_percent_f64() / 100.0,
                origin: show(it.cluster.origin),
            })
            .collect(),
        request_after: answer.request_after.as_ref().map(|it| request(it, places)),
        response_headers: changes(&answer.response_headers, places),
        retry: answer.retry.as_ref().map(|it| retry(it, places)),
        timeouts: timeouts(&answer.timeouts, places),
        findings: answer
            .findings
            .iter()
            .map(|it| FindingOut {
                id: it.id,
                sentence: &it.sentence,
                origins: it.origins.iter().map(|&origin| show(origin)).collect(),
            })
            .collect(),
        because: steps(&answer.because, places),
        flips: view.flips.map(|it| flips::document(it, places)).unwrap_or_default(),
        flip_search: view.flips.map(flips::search),
        not_modelled: answer
            .not_modelled
            .iter()
            .map(|it| UntoldOut {
                what: &it.what,
                touches: &it.touches,
                origin: it.origin.map(show),
            })
            .collect(),
        expected: view.expected.as_deref(),
        mismatch: view.mismatch,
    }
}

fn question<'v>(view: &'v View<'_>) -> QuestionOut<'v> {
    let question = view.question;
    let (from, at) = match &question.sender {
        Sender::Pod(caller) => (Some(full_name(view.world, caller.workload)), None),
        Sender::Outside(gateway) => (None, Some(gateway.to_string())),
        Sender::Client(OutsideClient::Somebody(Some(address))) => {
            (Some(format!("outside/{address}")), None)
        }
        Sender::Client(_) => (Some("outside".to_owned()), None),
        Sender::Controller(controller) => (None, Some(controller.name())),
    };
    let header = |(name, value): &'v (String, String)| Header { name, value };
    QuestionOut {
        from,
        at,
        to: question.target.to_string(),
        method: &question.method,
        path: question.path.as_deref().unwrap_or("/"),
        headers: question.headers.iter().map(header).collect(),
    }
}

fn share<'v>(share: &'v Share, places: Places<'_>) -> ShareOut<'v> {
    let facts = share.cluster_facts.as_ref();
    let text = |it: &'v Sourced<String>| Value {
        value: it.value.as_str(),
        origin: places.show(it.origin),
    };
    let limits = facts.map_or(&[][..], |facts| &facts.limits);
    ShareOut {
        destination: &share.destination,
        cluster: &share.cluster,
        cluster_origin: facts.map(|it| places.show(it.origin)),
        weight: *share.weight,
        share: share.share.as_percent_f64() / 100.0,
        origin: places.show(share.weight.origin),
        fails_with: share.fails_with.map(|(status, flags)| Failure {
            status: Some(status).filter(|status| *status > 0),
            flags,
        }),
        balancer: facts.map(|it| text(&it.balancer)),
        protection: facts.map(|it| text(&it.protection)),
        limits: limits.iter().map(|it| limit(it, places)).collect(),
        outlier_detection: facts.and_then(|it| it.outlier.as_ref()).map(text),
        endpoints: share.endpoints.iter().map(|it| endpoint(it, places)).collect(),
    }
}

fn limit(limit: &Limit, places: Places<'_>) -> LimitOut {
    LimitOut {
        name: limit.name,
        each: *limit.each,
        callers: limit.callers,
        of_all_callers: limit.of_all_callers(),
        origin: places.show(limit.each.origin),
    }
}

fn endpoint<'v>(endpoint: &'v EndpointShare, places: Places<'_>) -> EndpointOut<'v> {
    EndpointOut {
        address: &endpoint.address,
        pod: endpoint.pod.as_deref(),
        locality: &endpoint.locality,
        priority: endpoint.priority,
        weight: endpoint.weight,
        share: endpoint.share.as_percent_f64() / 100.0,
        in_use: endpoint.in_use,
        refuses: endpoint.refuses.as_deref(),
        origin: places.show(endpoint.origin),
    }
}

fn request<'v>(after: &'v RequestAfter, places: Places<'_>) -> RequestOut<'v> {
    let plain = after.headers.iter().filter(|(name, _)| !name.starts_with(':'));
    RequestOut {
        method: after.headers.get(":method"),
        scheme: after.headers.get(":scheme"),
        authority: after.headers.get(":authority"),
        path: after.headers.get(":path"),
        headers: plain.map(|(name, value)| Header { name, value }).collect(),
        changes: changes(&after.changes, places),
    }
}

fn changes<'v>(changes: &'v [HeaderChange], places: Places<'_>) -> Vec<ChangeOut<'v>> {
    let change = |it: &'v HeaderChange| ChangeOut {
        name: &it.name,
        value: it.value.as_deref(),
        origin: it.origin.map(|origin| places.show(origin)),
    };
    changes.iter().map(change).collect()
}

fn retry(retry: &RetryInForce, places: Places<'_>) -> RetryOut {
    let (base, max) = retry.backoff.value;
    RetryOut {
        retries: Value { value: *retry.retries, origin: places.show(retry.retries.origin) },
        attempts_max: retry.attempts_max(),
        retry_on: Value {
            value: retry.retry_on.words().collect(),
            origin: places.show(retry.retry_on.origin),
        },
        status_codes: retry.status_codes.clone(),
        backoff_base_ms: in_ms(base),
        backoff_max_ms: in_ms(max),
        reachable_when_slow: retry.reachable_when_slow,
        worst_case_ms: retry.worst_case.map(in_ms),
        origin: places.show(retry.origin),
    }
}

fn timeouts(timeouts: &Timeouts, places: Places<'_>) -> TimeoutsOut {
    let limit = |it: Option<Sourced<SimDuration>>| {
        it.map(|it| LimitMs { ms: in_ms(it.value), origin: places.show(it.origin) })
    };
    TimeoutsOut {
        request: limit(timeouts.request),
        per_try: limit(timeouts.per_try),
        per_try_idle: limit(timeouts.per_try_idle),
        idle: limit(timeouts.idle),
        max_stream: limit(timeouts.max_stream),
        connect: limit(timeouts.connect),
    }
}

fn in_ms(duration: SimDuration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn steps<'v>(steps: &'v [Explanation], places: Places<'_>) -> Vec<StepOut<'v>> {
    let show = |origin: Option<Origin>| origin.map(|origin| places.show(origin));
    steps
        .iter()
        .map(|step| StepOut {
            rule: step.rule.0,
            finding: &step.finding,
            facts: &step.facts,
            origin: show(step.origin),
            because: self::steps(&step.because, places),
        })
        .collect()
}
