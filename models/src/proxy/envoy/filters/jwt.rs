//! Tokens: whether a request has the one that its path needs. Signatures are not checked: the
//! request says what its token is worth.

use crate::explain::{Probe, RuleId};

use super::super::config::{Case, JwtAuthn, JwtProvider, JwtRequirement};
use super::super::reply::Reply;
use super::super::request::{Request, Token};
use super::super::routing::scheme;

const JWT: RuleId = RuleId("envoy.filter.jwt");

/// Requirements may be nested; deeper ones are not met.
const DEPTH_MAX: u32 = 32;

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verified {
    /// A provider vouches for it, so that its claims count.
    Yes,
    /// Nobody does, and nobody has to.
    No,
}

/// Why a requirement is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Missing,
    UnknownIssuer,
    Audience,
    Verification,
}

impl Failure {
    /// As Envoy says it.
    const fn words(self) -> &'static str {
        match self {
            Self::Missing => "Jwt is missing",
            Self::UnknownIssuer => "Jwt issuer is not configured",
            Self::Audience => "Audiences in Jwt are not allowed",
            Self::Verification => "Jwt verification fails",
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::Audience => 403,
            Self::Missing | Self::UnknownIssuer | Self::Verification => 401,
        }
    }
}

/// Looks at the token of a request: the first rule for its path counts, and without one nothing
/// is needed and nothing is verified.
///
/// # Errors
/// The answer to a request without the token that it needs.
///
/// Source: Envoy, "JWT Authentication"; source/extensions/filters/http/jwt_authn/verifier.cc;
/// held to Envoy 1.40, which sets no response flag.
pub(super) fn decide(
    jwt: &JwtAuthn,
    request: &Request,
    probe: &mut impl Probe,
) -> Result<Verified, Box<Reply>> {
    let rule = jwt.rules.iter().find(|rule| rule.path.matches_request(request, Case::Sensitive));
    let Some(rule) = rule else {
        probe.step(JWT, None, || "no rule for tokens covers the path".to_owned());
        return Ok(Verified::No);
    };
    let verdict = meets(jwt, &rule.requirement, &request.token, Place::Alone, DEPTH_MAX);
    let origin = jwt.providers.values().next().map(|provider| provider.origin);
    probe.step(JWT, origin, || match verdict {
        Ok(Verified::Yes) => "the token is valid, and its claims count".to_owned(),
        Ok(Verified::No) => "no token is needed here, and no claims count".to_owned(),
        Err(failure) => format!("{}: {}", failure.words(), failure.status()),
    });
    verdict.map_err(|failure| Box::new(reply(failure, request)))
}

fn reply(failure: Failure, request: &Request) -> Reply {
    let words = failure.words();
    let details = format!("jwt_authn_access_denied{{{}}}", words.replace(' ', "_"));
    let mut reply = Reply::new(failure.status(), details);
    reply.body = words.into();
    let (scheme, authority, path) = (scheme(request), request.authority(), request.path());
    let error = if failure == Failure::Missing { "" } else { ", error=\"invalid_token\"" };
    let realm = format!("Bearer realm=\"{scheme}://{authority}{path}\"{error}");
    reply.headers.append("www-authenticate", realm);
    reply
}

/// Whether a requirement stands among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Alone,
    /// One of several that may be met: a valid token is then for the others to take.
    Among,
}

/// Whether a token meets a requirement.
fn meets(
    jwt: &JwtAuthn,
    requirement: &JwtRequirement,
    token: &Token,
    place: Place,
    depth: u32,
) -> Result<Verified, Failure> {
    let Some(depth) = depth.checked_sub(1) else { return Err(Failure::Verification) };
    match requirement {
        JwtRequirement::Provider(name) => {
            accepts(jwt.providers.get(name).ok_or(Failure::UnknownIssuer)?, token)
        }
        JwtRequirement::AllowMissing if *token == Token::Missing => Ok(Verified::No),
        JwtRequirement::AllowMissing if place == Place::Among => Err(Failure::UnknownIssuer),
        JwtRequirement::AllowMissing => {
            first_or_gravest(jwt.providers.values().map(|provider| accepts(provider, token)))
        }
        JwtRequirement::AllowMissingOrFailed => Ok(Verified::No),
        JwtRequirement::Any(all) => {
            first_or_gravest(all.iter().map(|one| meets(jwt, one, token, Place::Among, depth)))
        }
        JwtRequirement::All(all) => {
            let mut verified = Verified::No;
            for one in all {
                // A token that a provider has taken is not there for the next.
                let left = if verified == Verified::Yes { &Token::Missing } else { token };
                if meets(jwt, one, left, Place::Alone, depth)? == Verified::Yes {
                    verified = Verified::Yes;
                }
            }
            Ok(verified)
        }
    }
}

/// The first that is met; else the failure that says most.
fn first_or_gravest(
    verdicts: impl Iterator<Item = Result<Verified, Failure>>,
) -> Result<Verified, Failure> {
    let mut gravest = Failure::Missing;
    for verdict in verdicts {
        match verdict {
            Ok(verified) => return Ok(verified),
            Err(Failure::Missing) => {}
            Err(Failure::UnknownIssuer) if gravest != Failure::Missing => {}
            Err(failure) => gravest = failure,
        }
    }
    Err(gravest)
}

/// Whether a provider vouches for a token.
fn accepts(provider: &JwtProvider, token: &Token) -> Result<Verified, Failure> {
    match token {
        Token::Missing => Err(Failure::Missing),
        Token::Invalid => Err(Failure::Verification),
        Token::Valid { issuer, .. } if *issuer != provider.issuer => Err(Failure::UnknownIssuer),
        Token::Valid { claims, .. } => {
            let audiences = claims.iter().filter(|(path, _)| path.as_slice() == ["aud"]);
            let mut audiences = audiences.flat_map(|(_, values)| values);
            let any = audiences.any(|audience| provider.audiences.contains(audience));
            if provider.audiences.is_empty() || any {
                Ok(Verified::Yes)
            } else {
                Err(Failure::Audience)
            }
        }
    }
}
