//! What Istio makes of RequestAuthentications: one filter of tokens for a proxy (istio
//! `pilot/pkg/security/authn/policy_applier.go`, `convertToEnvoyJwtConfig`). Where in a proxy the
//! filter stands is said where listeners are made; what it decides is the proxy's business.

mod attach;
mod findings;
mod provider;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::proxy::envoy::config::{
    HttpFilter, HttpFilterKind, JwtAuthn, JwtProvider, JwtRequirement, JwtRule, PathMatcher,
    Preflights,
};

use super::Push;
use super::attachment::At;

pub use attach::in_force;
pub(super) use findings::findings;
pub(super) use provider::providers;

/// The name of Envoy's filter of tokens.
const JWT_FILTER: &str = "envoy.filters.http.jwt_authn";

/// The filter for a proxy; `None` where no policy has a rule. All policies of the root namespace
/// and of the proxy's own count together, their rules in the order of issuers.
#[must_use]
pub fn filter<'t>(push: &Push, at: impl Into<At<'t>>) -> Option<HttpFilter> {
    let mut rules: Vec<&JwtProvider> =
        in_force(push, at).into_iter().flat_map(|at| &push.token_providers[at]).collect();
    if rules.is_empty() {
        return None;
    }
    rules.sort_by(|one, other| one.issuer.value.cmp(&other.issuer.value));
    let named = rules.into_iter().enumerate();
    let named: Vec<_> = named.map(|(at, it)| (format!("origins-{at}"), it.clone())).collect();
    let requirement = requirement(named.iter().map(|(name, _)| name.as_str()));
    let jwt = JwtAuthn {
        providers: BTreeMap::from_iter(named),
        rules: vec![JwtRule { path: PathMatcher::Prefix("/".to_owned()), requirement }],
        preflights: Preflights::Passed,
    };
    Some(HttpFilter { name: JWT_FILTER.to_owned(), kind: HttpFilterKind::Jwt(jwt) })
}

/// A token may be missing, and must be good where there is one. Several providers may look at one
/// place, so it is enough if any of them accepts what stands there.
fn requirement<'n>(names: impl Iterator<Item = &'n str>) -> JwtRequirement {
    let mut accepts: Vec<_> = names.map(|it| JwtRequirement::Provider(it.to_owned())).collect();
    let may_lack =
        |one: &JwtRequirement| JwtRequirement::Any(vec![one.clone(), JwtRequirement::AllowMissing]);
    let mut each: Vec<_> = accepts.iter().map(may_lack).collect();
    if each.len() == 1 {
        return each.remove(0);
    }
    accepts.push(JwtRequirement::All(each));
    JwtRequirement::Any(accepts)
}
