//! How a request ends for the client: what it hears of a connection that fails somewhere, and the
//! verdict that follows from what the walk found. It decides nothing about the request itself.

use crate::explain::{Probe, Tree};
use crate::proxy::envoy::router::{LocalReply, Sent, Tries, reset_condition};
use crate::proxy::envoy::{ResponseFlag, ResponseFlags};
use crate::units::SimDuration;

use super::super::answer::{Answer, Outcome};
use super::super::rules;
use super::super::server_side::By;
use super::{Fate, SeenAnswer, Sees, Verdict};

/// How often Linux sends a SYN before it gives up: once, and `tcp_syn_retries` times again
/// (Linux, `Documentation/networking/ip-sysctl.rst`).
const SYNS: u32 = 7;

/// 1 s after the first SYN comes the second, and each pause is twice as long as the one before.
pub(in crate::walk) const CONNECT_TIME_OUT: SimDuration = SimDuration::from_secs((1 << SYNS) - 1);

/// How long ztunnel tries to connect (ztunnel `src/proxy.rs`, `CONNECTION_TIMEOUT`).
const ZTUNNEL_CONNECTS_FOR: SimDuration = SimDuration::from_secs(10);

/// What a client hears of a connection to a server that ends like this, and the response flags
/// where its proxy answers in place of the server.
pub(in crate::walk) fn hears(
    by: By,
    fate: Fate,
    answer: &Answer,
    tree: &mut Tree,
) -> (Sees, Option<String>) {
    match (by, fate) {
        (By::ProxyOfRequests, _) => {
            let (seen, flags) = replied(fate, answer);
            (Sees::Answer(seen), Some(flags.to_string()))
        }
        (By::Nginx, _) => (Sees::Answer(replied_by_nginx(fate, answer, tree)), None),
        (By::ProxyOfBytes, Fate::Dropped) => (Sees::Reset { after: connect_limit(answer) }, None),
        (By::ProxyOfBytes, _) => (Sees::Reset { after: None }, None),
        // ztunnel took the connection before it made its own.
        (By::Ztunnel, Fate::Dropped) => (Sees::Reset { after: Some(ZTUNNEL_CONNECTS_FOR) }, None),
        (By::Ztunnel, _) => (Sees::Reset { after: None }, None),
        (By::Itself, Fate::Closed) => (Sees::Reset { after: None }, None),
        (By::Itself, Fate::Refused) => (Sees::Refused, None),
        (By::Itself, Fate::NoHandshake) => (Sees::TlsError, None),
        (By::Itself, Fate::Dropped) => {
            tree.step(rules::CONNECT_TIME_OUT, None, || {
                format!(
                    "the client sends {SYNS} SYN packets and gives up after {CONNECT_TIME_OUT}, \
                     unless it has a limit of its own"
                )
            });
            (Sees::TimeOut { after: CONNECT_TIME_OUT, syns: SYNS }, None)
        }
    }
}

fn connect_limit(answer: &Answer) -> Option<SimDuration> {
    answer.timeouts.connect.map(|limit| limit.value).filter(|limit| limit.as_ns() > 0)
}

/// The answer of the client's own proxy.
fn replied(fate: Fate, answer: &Answer) -> (SeenAnswer, ResponseFlags) {
    let reason = fate.reason();
    let sent = if fate == Fate::Closed { Sent::Yes } else { Sent::No };
    let again = answer.retry.as_ref().filter(|policy| {
        *policy.retries > 0 && reset_condition(policy.retry_on.value, reason, sent).is_some()
    });
    let attempts = again.map_or(1, |policy| u64::from(*policy.retries) + 1);
    let each = connect_limit(answer).filter(|_| fate == Fate::Dropped);
    let waits = each.map(|each| SimDuration::from_ns(each.as_ns().saturating_mul(attempts)));
    let whole = answer.timeouts.request.map(|limit| limit.value).filter(|it| it.as_ns() > 0);
    if let (Some(waits), Some(whole)) = (waits, whole)
        && whole < waits
    {
        let reply = crate::proxy::envoy::router::Details::ResponseTimeout;
        let seen = SeenAnswer {
            status: 504,
            body: Some("upstream request timeout".to_owned()),
            details: Some(reply.to_string()),
            after: Some(whole),
        };
        return (seen, ResponseFlags::of(ResponseFlag::UpstreamRequestTimeout));
    }
    let mut flags = ResponseFlags::of(reason.flag());
    if again.is_some() {
        flags.set(ResponseFlag::UpstreamRetryLimitExceeded);
    }
    let details = crate::proxy::envoy::router::Details::EarlyReset(reason);
    let tries = if again.is_some() { Tries::Retried } else { Tries::First };
    let reply = LocalReply { status: reason.status(), details, tries, flags };
    let seen = SeenAnswer {
        status: reply.status,
        body: Some(reply.body()),
        details: Some(details.to_string()),
        after: waits,
    };
    (seen, flags)
}

/// The answer of nginx: 504 where a connection takes too long, 502 where it fails otherwise.
fn replied_by_nginx(fate: Fate, answer: &Answer, tree: &mut Tree) -> SeenAnswer {
    let status = if fate == Fate::Dropped { 504 } else { 502 };
    tree.step(rules::NGINX_FAILED, None, || format!("nginx answers {status} in its place"));
    let tries = answer.retry.as_ref().map_or(1, |policy| u64::from(*policy.retries) + 1);
    let each = connect_limit(answer).filter(|_| fate == Fate::Dropped);
    let after = each.map(|each| SimDuration::from_ns(each.as_ns().saturating_mul(tries)));
    SeenAnswer { status, body: None, details: None, after }
}

/// Puts the verdict, and what the client sees, into an answer that is complete otherwise.
pub(in crate::walk) fn settle(answer: &mut Answer) {
    if let Some(ending) = answer.ending.take() {
        answer.verdict = ending.verdict;
        answer.client_sees = ending.sees;
        answer.enforced_by = Some(ending.by);
        if answer.outcome != Outcome::Unknown {
            return;
        }
    }
    answer.verdict = match answer.outcome {
        Outcome::Routed | Outcome::Redirected => Verdict::Allowed,
        Outcome::DirectResponse if answer.status.is_some_and(|it| it < 400) => Verdict::Allowed,
        Outcome::Unknown => Verdict::Unknown,
        Outcome::Denied | Outcome::DirectResponse | Outcome::NoRoute => {
            match (answer.status, &answer.client_sees) {
                (Some(401), _) => Verdict::Unauthenticated,
                (Some(_), _) | (None, Sees::NotResolved { .. }) => Verdict::Denied,
                (None, _) => Verdict::Reset,
            }
        }
    };
    match (answer.outcome, answer.status) {
        (Outcome::Routed, _) => {
            answer.client_sees = Sees::Server;
            answer.enforced_by = None;
        }
        (Outcome::Unknown, _) => {
            answer.client_sees = Sees::Unknown;
            answer.enforced_by = None;
        }
        (_, Some(status)) => {
            let body = answer.body.clone();
            let details = answer.details.clone();
            answer.client_sees = Sees::Answer(SeenAnswer { status, body, details, after: None });
        }
        (_, None) if answer.client_sees == Sees::Unknown => {
            answer.client_sees = Sees::Reset { after: None };
        }
        (_, None) => {}
    }
}
