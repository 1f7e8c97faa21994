//! `security.istio.io RequestAuthentication`: whose tokens (JWT) a workload checks. What a token is
//! worth is not decided here.

use super::policy_target::{PolicyTarget, read_policy_targets};
use super::{IstioResource, Labels, ObjectMeta, Resource, read_selector};
use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};
use crate::units::SimDuration;

/// `security.istio.io RequestAuthentication`.
#[derive(Clone, Debug)]
pub struct RequestAuthentication {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// The workloads; `None` is the whole namespace, or the mesh in the root namespace.
    pub selector: Option<Located<Labels>>,
    /// `targetRefs`; with any of them the policy touches what they name and nothing else.
    pub targets: Vec<PolicyTarget>,
    /// `jwtRules`, in the order written.
    pub rules: Vec<JwtRule>,
}

/// One of `jwtRules`: an issuer, its keys, and where its tokens stand in a request.
#[derive(Clone, Debug)]
pub struct JwtRule {
    /// The `iss` claim of its tokens.
    pub issuer: Located<String>,
    /// The `aud` claims that are accepted; empty accepts all.
    pub audiences: Vec<Located<String>>,
    /// Where the keys are fetched from.
    pub jwks_uri: Option<Located<String>>,
    /// The keys themselves.
    pub jwks: Option<Located<String>>,
    /// Headers that hold a token.
    pub headers: Vec<TokenHeader>,
    /// Query parameters that hold a token.
    pub params: Vec<Located<String>>,
    /// Cookies that hold a token.
    pub cookies: Vec<Located<String>>,
    /// The header that gets the payload of a valid token, in base64url.
    pub payload_header: Option<Located<String>>,
    /// Headers that get single claims of a valid token.
    pub claim_headers: Vec<ClaimHeader>,
    /// Whether the server gets the token too.
    pub forwards_token: Option<Located<bool>>,
    /// How long the proxy waits for the keys.
    pub timeout: Option<Located<SimDuration>>,
    /// Claims that hold several words in one string; `scope` and `permission` are such anyway.
    pub space_delimited_claims: Vec<Located<String>>,
    /// Where it begins.
    pub place: Place,
}

/// A header that holds a token.
#[derive(Clone, Debug)]
pub struct TokenHeader {
    /// Its name.
    pub name: Located<String>,
    /// What stands before the token, a blank at its end included.
    pub prefix: String,
}

/// A header that gets a claim.
#[derive(Clone, Debug)]
pub struct ClaimHeader {
    /// The header.
    pub header: Located<String>,
    /// The claim; dots lead into nested ones.
    pub claim: Located<String>,
}

pub(in crate::manifest) fn read_request_authentication(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let spec = fields.object("spec", |spec| {
        let selector = read_selector(spec, "selector", "matchLabels");
        (selector, read_policy_targets(spec), spec.list("jwtRules", read_rule))
    });
    let (selector, targets, rules) = spec.unwrap_or_default();
    let object = RequestAuthentication { meta, selector, targets, rules };
    IstioResource::RequestAuthentication(object).alone()
}

fn read_rule(rule: &mut Fields<'_, '_, '_, '_>) -> Option<JwtRule> {
    let some = |text: &Located<String>| !text.value.is_empty();
    // The older spelling is an alias (istio-api security/v1/request_authentication.proto).
    let (uri, old_uri) = (rule.string("jwksUri"), rule.string("jwks_uri"));
    let read = JwtRule {
        issuer: Located::new(String::new(), rule.place()),
        audiences: rule.strings("audiences"),
        jwks_uri: uri.or(old_uri).filter(some),
        jwks: rule.string("jwks").filter(some),
        headers: rule.list("fromHeaders", |header| {
            let prefix = header.string("prefix").map(|prefix| prefix.value).unwrap_or_default();
            Some(TokenHeader { name: header.required_string("name")?, prefix })
        }),
        params: rule.strings("fromParams"),
        cookies: rule.strings("fromCookies"),
        payload_header: rule.string("outputPayloadToHeader").filter(some),
        claim_headers: rule.list("outputClaimToHeaders", |output| {
            let header = output.required_string("header");
            Some(ClaimHeader { claim: output.required_string("claim")?, header: header? })
        }),
        forwards_token: rule.boolean("forwardOriginalToken"),
        timeout: rule.parsed("timeout"),
        space_delimited_claims: rule.strings("spaceDelimitedClaims"),
        place: rule.place(),
    };
    Some(JwtRule { issuer: rule.required_string("issuer")?, ..read })
}
