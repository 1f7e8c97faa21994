//! Whether a request meets what its path needs: providers alone, any of several, all of several.

use std::borrow::Cow;
use std::sync::Arc;

use crate::explain::{Probe, RuleId};
use crate::token::{
    Bad, Check, ClaimValues, Claims, Expected, Jwt, KeySource, Status, check, check_claims,
};
use crate::world::Origin;

use super::super::super::config::{JwtAuthn, JwtKeys, JwtProvider, JwtRequirement};
use super::super::super::request::Request;
use super::super::outlook::Undecided;
use super::extract::{Found, Place, extract, places, remove};

const PROVIDER: RuleId = RuleId("envoy.filter.jwt-provider");

/// Requirements may be nested; what stands deeper cannot be told.
const DEPTH_MAX: u32 = 32;

/// Whether a requirement is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Met {
    Yes,
    No(Status),
    Unknown(Undecided),
}

/// A request under way through the requirements.
pub(super) struct Work<'w> {
    jwt: &'w JwtAuthn,
    /// As the providers leave it: without the tokens that they took.
    request: Cow<'w, Request>,
    /// What a token says that is good.
    pub(super) claims: Option<Arc<ClaimValues>>,
    /// What decided last.
    pub(super) decided_by: Option<Origin>,
}

impl<'w> Work<'w> {
    pub(super) const fn new(jwt: &'w JwtAuthn, request: &'w Request) -> Self {
        Self { jwt, request: Cow::Borrowed(request), claims: None, decided_by: None }
    }

    /// The request, if providers changed it.
    pub(super) fn rewritten(self) -> Option<Arc<Request>> {
        match self.request {
            Cow::Borrowed(_) => None,
            Cow::Owned(request) => Some(Arc::new(request)),
        }
    }

    /// Whether a requirement is met.
    ///
    /// Source: Envoy, source/extensions/filters/http/jwt_authn/verifier.cc.
    pub(super) fn meets(&mut self, requirement: &JwtRequirement, probe: &mut impl Probe) -> Met {
        self.meets_within(requirement, DEPTH_MAX, probe)
    }

    fn meets_within(
        &mut self,
        requirement: &JwtRequirement,
        depth: u32,
        probe: &mut impl Probe,
    ) -> Met {
        let Some(depth) = depth.checked_sub(1) else {
            return unknown("requirements are nested too deeply".to_owned(), None);
        };
        match requirement {
            JwtRequirement::Provider(name) => match self.jwt.providers.get(name) {
                Some(provider) => self.provider(provider, probe),
                None => Met::No(Status::JwtUnknownIssuer),
            },
            JwtRequirement::AllowMissing => self.anybody(Failures::Count, probe),
            JwtRequirement::AllowMissingOrFailed => self.anybody(Failures::Pass, probe),
            JwtRequirement::Any(any) => self.any(any, depth, probe),
            JwtRequirement::All(all) => {
                for one in all {
                    let met = self.meets_within(one, depth, probe);
                    if met != Met::Yes {
                        return met;
                    }
                }
                Met::Yes
            }
        }
    }

    /// The first that is met. Without one the failure counts that says most; a token may be missing
    /// or fail if one of them says so, and it is looked at for that alone where they say no more.
    fn any(&mut self, any: &[JwtRequirement], depth: u32, probe: &mut impl Probe) -> Met {
        let lenient = |one: &JwtRequirement| any.contains(one);
        let may_be_missing = lenient(&JwtRequirement::AllowMissing);
        let may_fail = lenient(&JwtRequirement::AllowMissingOrFailed);
        let is_strict = |one: &&JwtRequirement| {
            !matches!(one, JwtRequirement::AllowMissing | JwtRequirement::AllowMissingOrFailed)
        };
        let mut failure = Status::JwtMissed;
        let mut strict = any.iter().filter(is_strict).peekable();
        if strict.peek().is_none() {
            return match (may_fail, may_be_missing) {
                (true, _) => self.anybody(Failures::Pass, probe),
                (false, true) => self.anybody(Failures::Count, probe),
                (false, false) => Met::No(failure),
            };
        }
        for one in strict {
            match self.meets_within(one, depth, probe) {
                Met::No(Status::JwtMissed) => {}
                Met::No(Status::JwtUnknownIssuer) if failure != Status::JwtMissed => {}
                Met::No(status) => failure = status,
                met @ (Met::Yes | Met::Unknown(_)) => return met,
            }
        }
        if may_fail || (may_be_missing && failure == Status::JwtMissed) {
            return Met::Yes;
        }
        Met::No(failure)
    }

    /// The tokens that this provider looks for: all of them must be good.
    fn provider(&mut self, provider: &JwtProvider, probe: &mut impl Probe) -> Met {
        self.sanitize(provider);
        let found = self.tokens(std::iter::once(provider));
        if found.is_empty() {
            probe.step(PROVIDER, Some(provider.origin), || {
                let places = places(std::iter::once(provider));
                let places: Vec<_> = places.keys().map(ToString::to_string).collect();
                format!("{}: no token in {}", provider.title, places.join(", "))
            });
            return Met::No(Status::JwtMissed);
        }
        // The last one is looked at first.
        for token in found.iter().rev() {
            let met = self.token(token, provider, probe);
            if met != Met::Yes {
                return met;
            }
        }
        Met::Yes
    }

    /// The tokens that any provider looks for; each is checked by the provider of its issuer.
    fn anybody(&mut self, failures: Failures, probe: &mut impl Probe) -> Met {
        let jwt = self.jwt;
        jwt.providers.values().for_each(|provider| self.sanitize(provider));
        let mut last = Met::Yes;
        for token in self.tokens(jwt.providers.values()).iter().rev() {
            last = match self.issuer_of(token) {
                Err(status) => Met::No(status),
                Ok(issuer) => {
                    let fits = |wanted: &str| {
                        jwt.providers.values().find(move |it| it.issuer.value == wanted)
                    };
                    match fits(&issuer).or_else(|| fits("")) {
                        Some(provider) => self.token(token, provider, probe),
                        None => Met::No(Status::JwtUnknownIssuer),
                    }
                }
            };
            if matches!(last, Met::Unknown(_)) {
                return last;
            }
        }
        if failures == Failures::Pass { Met::Yes } else { last }
    }

    fn issuer_of(&self, token: &Found) -> Result<String, Status> {
        match (&token.place, &self.request.tokens.stated) {
            (Place::Stated, Some(claims)) => Ok(claims.text("iss").to_owned()),
            _ => Jwt::parse(&token.text).map(|jwt| jwt.claims.text("iss").to_owned()),
        }
    }

    /// What stands in the request at the places of some providers. Claims that are stated stand
    /// there until a provider has taken them.
    fn tokens<'p>(&self, providers: impl Iterator<Item = &'p JwtProvider>) -> Vec<Found> {
        if self.request.tokens.stated.is_some() {
            let issuers = providers.map(|it| it.issuer.value.clone()).collect();
            return vec![Found { text: String::new(), place: Place::Stated, issuers }];
        }
        extract(places(providers), &self.request.headers)
    }

    /// Headers that a provider is to write come from nobody else.
    fn sanitize(&mut self, provider: &JwtProvider) {
        let forwarding = &provider.forwarding;
        let written = forwarding.claim_headers.iter().map(|(header, _)| header);
        for name in forwarding.payload_header.iter().chain(written) {
            let name = name.to_ascii_lowercase();
            if self.request.headers.get(&name).is_some() {
                self.request.to_mut().headers.remove(&name);
            }
        }
    }

    /// Whether one token is good; what follows from that is done at once.
    fn token(&mut self, token: &Found, provider: &JwtProvider, probe: &mut impl Probe) -> Met {
        let facts = Arc::clone(&self.request.tokens);
        let elsewhere;
        let keys = match &provider.keys.value {
            JwtKeys::Known(jwks) => KeySource::Known(jwks),
            JwtKeys::Broken => KeySource::Broken,
            JwtKeys::Elsewhere(place) => match facts.keys_of(&provider.issuer.value) {
                Some(jwks) => KeySource::Known(jwks),
                None => {
                    elsewhere = format!("the keys of its issuer are {place}");
                    KeySource::Unknown(&elsewhere)
                }
            },
        };
        let (issuer, audiences) = (&provider.issuer.value, &provider.audiences.value);
        let expected = Expected { issuer, audiences, keys, now: facts.now };
        let jwt = match &facts.stated {
            Some(_) => None,
            None => Some(Jwt::parse(&token.text)),
        };
        let verdict = match (&facts.stated, &jwt) {
            (Some(claims), _) => check_claims(claims, &expected),
            (None, Some(Ok(jwt))) if !token.is_allowed(jwt.claims.text("iss")) => {
                let detail = format!("issuer is `{}`, not `{issuer}`", jwt.claims.text("iss"));
                Check::Bad(Bad { status: Status::JwtUnknownIssuer, detail })
            }
            (None, Some(Ok(jwt))) => check(jwt, &expected),
            (None, Some(Err(status))) => {
                Check::Bad(Bad { status: *status, detail: "it is no token".to_owned() })
            }
            (None, None) => Check::Bad(Bad { status: Status::JwtMissed, detail: String::new() }),
        };
        let origin = origin_of(&verdict, provider);
        self.decided_by = Some(origin);
        probe.step(PROVIDER, Some(origin), || {
            let (title, place) = (&provider.title, &token.place);
            match &verdict {
                Check::Good(detail) => format!("{title}: {place}: {detail}"),
                Check::Unknown(why) => format!("{title}: {place}: {why}"),
                Check::Bad(bad) => {
                    format!("{title}: {place}: {}: {}", bad.status.words(), bad.detail)
                }
            }
        });
        match verdict {
            Check::Good(_) => {
                let claims = match (&facts.stated, jwt) {
                    (Some(claims), _) => Some(Claims::clone(claims)),
                    (None, Some(Ok(jwt))) => Some(jwt.claims),
                    _ => None,
                };
                if let Some(claims) = claims {
                    self.accept(token, provider, &claims);
                }
                Met::Yes
            }
            Check::Bad(bad) => Met::No(bad.status),
            Check::Unknown(why) => unknown(
                format!("whether {} accepts the token cannot be told: {why}", provider.title),
                Some(origin),
            ),
        }
    }

    /// Source: Envoy, source/extensions/filters/http/jwt_authn/authenticator.cc, `handleGoodJwt`.
    fn accept(&mut self, token: &Found, provider: &JwtProvider, claims: &Claims) {
        self.claims = Some(Arc::new(claims.values(&provider.space_delimited)));
        let forwarding = &provider.forwarding;
        if let Some(name) = &forwarding.payload_header {
            let payload = token.text.split('.').nth(1).unwrap_or_default().to_owned();
            self.request.to_mut().headers.append(name, payload);
        }
        for (name, path) in &forwarding.claim_headers {
            if let Some(value) = claims.for_header(path) {
                self.request.to_mut().headers.append(name, value);
            }
        }
        if forwarding.keeps_token {
            return;
        }
        let request = self.request.to_mut();
        remove(&mut request.headers, &token.place);
        if token.place == Place::Stated {
            let tokens = Arc::make_mut(&mut request.tokens);
            tokens.stated = None;
        }
    }
}

/// What a token that is not good means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failures {
    /// The request is answered.
    Count,
    /// Nothing.
    Pass,
}

fn unknown(sentence: String, origin: Option<Origin>) -> Met {
    Met::Unknown(Undecided { id: "token.unknown", sentence, origins: origin.into_iter().collect() })
}

/// The line that decides.
fn origin_of(verdict: &Check, provider: &JwtProvider) -> Origin {
    match verdict {
        Check::Bad(bad) => match bad.status {
            Status::JwtUnknownIssuer => provider.issuer.origin,
            Status::JwtAudienceNotAllowed => provider.audiences.origin,
            Status::JwtVerificationFail
            | Status::JwksKidAlgMismatch
            | Status::JwksNoValidKeys
            | Status::JwtEd25519SignatureWrongLength => provider.keys.origin,
            _ => provider.origin,
        },
        Check::Unknown(_) | Check::Good(_) => provider.keys.origin,
    }
}
