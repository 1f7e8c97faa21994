//! The rules of one RequestAuthentication as providers of Envoy's filter.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::control::istio::config::Config;
use crate::explain::Sourced;
use crate::manifest::kinds::istio::{JwtRule, RequestAuthentication};
use crate::proxy::envoy::config::{JwtKeys, JwtProvider, TokenForwarding, TokenLocations};
use crate::token::{Jwks, JwksError, Status};
use crate::world::Origin;

/// Claims that hold several words whatever a rule says (the same file,
/// `buildSpaceDelimitedClaims`).
const SPACE_DELIMITED: [&str; 2] = ["permission", "scope"];

/// The providers of a policy, in the order of its rules.
pub(in crate::control::istio) fn providers(
    policy: &Config<RequestAuthentication>,
) -> Vec<JwtProvider> {
    let title = policy.title();
    policy.object.rules.iter().map(|rule| provider(&title, rule)).collect()
}

fn provider(policy: &str, rule: &JwtRule) -> JwtProvider {
    let origin = Origin::Manifest(rule.place);
    let issuer = &rule.issuer;
    let audiences_at = rule.audiences.first().map_or(origin, |it| Origin::Manifest(it.place));
    let texts = |list: &[crate::manifest::Located<String>]| -> Vec<String> {
        list.iter().map(|it| it.value.clone()).collect()
    };
    let delimited = rule.space_delimited_claims.iter().map(|it| it.value.clone());
    let always = SPACE_DELIMITED.map(str::to_owned);
    JwtProvider {
        title: format!("issuer {} of {policy}", issuer.value),
        issuer: Sourced::new(issuer.value.clone(), Origin::Manifest(issuer.place)),
        audiences: Sourced::new(texts(&rule.audiences), audiences_at),
        keys: keys(rule),
        locations: locations(rule),
        forwarding: TokenForwarding {
            keeps_token: rule.forwards_token.is_some_and(|it| it.value),
            payload_header: rule.payload_header.as_ref().map(|it| it.value.clone()),
            claim_headers: rule
                .claim_headers
                .iter()
                .map(|it| (it.header.value.clone(), it.claim.value.clone()))
                .collect(),
        },
        space_delimited: delimited.chain(always).collect::<BTreeSet<_>>(),
        origin,
    }
}

/// Keys in the object count before those behind an address; without both, the issuer is asked
/// where they are (istio `pilot/pkg/model/jwks_resolver.go`, `BuildLocalJwks`).
fn keys(rule: &JwtRule) -> Sourced<JwtKeys> {
    if rule.issuer.value.is_empty() {
        let why = "not used, because a cluster refuses a rule with an empty issuer".to_owned();
        return Sourced::new(JwtKeys::Elsewhere(why), Origin::Manifest(rule.issuer.place));
    }
    match (&rule.jwks, &rule.jwks_uri) {
        (Some(jwks), _) => Sourced::new(inline(&jwks.value), Origin::Manifest(jwks.place)),
        (None, Some(uri)) => {
            let why = format!("at {}, which is not fetched; give them with --jwks", uri.value);
            Sourced::new(JwtKeys::Elsewhere(why), Origin::Manifest(uri.place))
        }
        (None, None) => {
            let why = "found by asking the issuer, which is not done; give them with --jwks";
            let keys = JwtKeys::Elsewhere(why.to_owned());
            Sourced::new(keys, Origin::Manifest(rule.issuer.place))
        }
    }
}

/// A cluster refuses keys that are no JWKS at all, so that nobody knows what holds there; Envoy
/// accepts no token by keys that it cannot use.
fn inline(jwks: &str) -> JwtKeys {
    match Jwks::parse(jwks) {
        Ok(jwks) => JwtKeys::Known(Arc::new(jwks)),
        Err(JwksError::Bad(
            status @ (Status::JwksParseError | Status::JwksNoKeys | Status::JwksBadKeys),
        )) => JwtKeys::Elsewhere(format!("refused by a cluster: {}", status.words())),
        Err(JwksError::Bad(_)) => JwtKeys::Broken,
        Err(error @ (JwksError::TooLarge | JwksError::Certificates)) => {
            JwtKeys::Elsewhere(format!("not read: {error}"))
        }
    }
}

fn locations(rule: &JwtRule) -> TokenLocations {
    if rule.headers.is_empty() && rule.params.is_empty() && rule.cookies.is_empty() {
        return TokenLocations::default();
    }
    let headers = rule.headers.iter();
    TokenLocations {
        headers: headers
            .map(|it| (it.name.value.to_ascii_lowercase(), it.prefix.clone()))
            .collect(),
        params: rule.params.iter().map(|it| it.value.clone()).collect(),
        cookies: rule.cookies.iter().map(|it| it.value.clone()).collect(),
    }
}
