//! Tokens: whether a request has the one that its path needs. Where tokens stand is the business
//! of `extract`, whether one is good that of [`crate::token`].

mod extract;
mod meets;

use std::sync::Arc;

use crate::explain::{Probe, RuleId};
use crate::token::{ClaimValues, Status};

use super::super::config::{Case, JwtAuthn, Preflights};
use super::super::reply::Reply;
use super::super::request::Request;
use super::super::routing::scheme;
use super::outlook::Undecided;
use meets::{Met, Work};

const JWT: RuleId = RuleId("envoy.filter.jwt");

/// What the filter makes of a request.
#[derive(Clone, Debug)]
pub(super) enum Ruling {
    /// It goes on.
    Pass(Passed),
    /// It is answered.
    Answer(Box<Reply>),
    /// It cannot be told.
    Unknown(Undecided),
}

/// How a request goes on.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    /// The claims of its token, if somebody vouches for one.
    pub(super) claims: Option<Arc<ClaimValues>>,
    /// The request as the filters behind see it, if it is another one.
    pub(super) rewritten: Option<Arc<Request>>,
}

/// Looks at the tokens of a request: the first rule for its path counts, and without one nothing
/// is needed and nothing is verified.
///
/// Source: Envoy, "JWT Authentication"; source/extensions/filters/http/jwt_authn/filter.cc;
/// held to Envoy 1.40, which sets no response flag.
pub(super) fn decide(jwt: &JwtAuthn, request: &Request, probe: &mut impl Probe) -> Ruling {
    if jwt.preflights == Preflights::Passed && is_preflight(request) {
        probe.step(JWT, None, || "a CORS preflight request needs no token".to_owned());
        return Ruling::Pass(Passed::default());
    }
    let rule = jwt.rules.iter().find(|rule| rule.path.matches_request(request, Case::Sensitive));
    let Some(rule) = rule else {
        probe.step(JWT, None, || "no rule for tokens covers the path".to_owned());
        return Ruling::Pass(Passed::default());
    };
    probe.enter();
    let mut work = Work::new(jwt, request);
    let met = work.meets(&rule.requirement, probe);
    let claims = work.claims.clone();
    let origin = work.decided_by.or_else(|| jwt.providers.values().next().map(|it| it.origin));
    probe.leave(JWT, origin, || match &met {
        Met::Yes if claims.is_some() => "the token is valid, and its claims count".to_owned(),
        Met::Yes => "no token is needed here, and no claims count".to_owned(),
        Met::No(status) => format!("{}: {}", status.words(), status.http()),
        Met::Unknown(undecided) => undecided.sentence.clone(),
    });
    match met {
        Met::Yes => Ruling::Pass(Passed { claims, rewritten: work.rewritten() }),
        Met::No(status) => Ruling::Answer(Box::new(reply(status, request))),
        Met::Unknown(undecided) => Ruling::Unknown(undecided),
    }
}

fn is_preflight(request: &Request) -> bool {
    let has = |name| request.headers.get(name).is_some_and(|value| !value.is_empty());
    request.method() == "OPTIONS" && has("origin") && has("access-control-request-method")
}

fn reply(status: Status, request: &Request) -> Reply {
    let words = status.words();
    let details = format!("jwt_authn_access_denied{{{}}}", words.replace(' ', "_"));
    let mut reply = Reply::new(status.http(), details);
    reply.body = words.into();
    let (scheme, authority, path) = (scheme(request), request.authority(), request.path());
    let error = if status == Status::JwtMissed { "" } else { ", error=\"invalid_token\"" };
    let realm = format!("Bearer realm=\"{scheme}://{authority}{path}\"{error}");
    reply.headers.append("www-authenticate", realm);
    reply
}
