//! Requests with tokens and without: who vouches for them, and what the answer is.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::testing::{Proxy, exactly, filter, rbac};
use crate::explain::{Explanation, Sourced, Tree};
use crate::manifest::kinds::Timestamp;
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::{
    HttpFilter, HttpFilterKind, JwtAuthn, JwtKeys, JwtProvider, JwtRequirement, JwtRule,
    PathMatcher, Permission, Preflights, Principal, RbacAction, TokenForwarding, TokenLocations,
};
use crate::proxy::envoy::filters::{Chain, ExternalAnswers, Outlook, Settings};
use crate::proxy::envoy::routing::tests::testing::{HERE, get};
use crate::token::testing::TestKey;
use crate::token::{Claims, Jwks, TokenFacts};

const OPEN: &str = "https://open";
const STRICT: &str = "https://strict";

fn key_of(issuer: &str) -> TestKey {
    if issuer == OPEN { TestKey::Ed25519(1) } else { TestKey::Ed25519(2) }
}

fn issued(issuer: &str, audiences: &[&str]) -> JwtProvider {
    let jwks = Jwks::parse(&key_of(issuer).jwks("k")).expect("keys");
    JwtProvider {
        title: format!("issuer {issuer}"),
        issuer: Sourced::new(issuer.to_owned(), HERE),
        audiences: Sourced::new(audiences.iter().map(|&it| it.to_owned()).collect(), HERE),
        keys: Sourced::new(JwtKeys::Known(Arc::new(jwks)), HERE),
        locations: TokenLocations::default(),
        forwarding: TokenForwarding::default(),
        space_delimited: ["scope".to_owned()].into(),
        origin: HERE,
    }
}

fn with(providers: Vec<(&str, JwtProvider)>, requirement: JwtRequirement) -> HttpFilter {
    let providers = providers.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    filter(HttpFilterKind::Jwt(JwtAuthn {
        providers,
        rules: vec![JwtRule { path: PathMatcher::Prefix("/shop".to_owned()), requirement }],
        preflights: Preflights::Checked,
    }))
}

fn tokens(requirement: JwtRequirement) -> HttpFilter {
    let providers = vec![("open", issued(OPEN, &[])), ("strict", issued(STRICT, &["shop"]))];
    with(providers, requirement)
}

fn provider(name: &str) -> JwtRequirement {
    JwtRequirement::Provider(name.to_owned())
}

/// A token that its issuer signed; others sign with the key of `strict`.
fn token(issuer: &str, more: Value) -> String {
    let mut payload = more;
    payload["iss"] = json!(issuer);
    key_of(issuer).token(&json!({"alg": "EdDSA", "kid": "k"}), &payload)
}

fn bearing(token: &str) -> Request {
    let mut request = get("/shop?q");
    request.headers.append("authorization", format!("Bearer {token}"));
    request
}

fn stating(claims: &Value) -> Request {
    let stated = Some(Arc::new(Claims::parse(&claims.to_string()).expect("claims")));
    let tokens = Arc::new(TokenFacts { stated, ..TokenFacts::default() });
    Request { tokens, ..get("/shop?q") }
}

fn forged() -> String {
    TestKey::Ed25519(9).token(&json!({"alg": "EdDSA"}), &json!({"iss": STRICT, "aud": "shop"}))
}

#[test]
fn a_token_must_be_there_valid_of_the_issuer_and_for_the_audience() {
    let mut proxy = Proxy::with(vec![tokens(provider("strict"))]);
    for (request, status, words) in [
        (get("/shop?q"), 401, "Jwt is missing"),
        (bearing(&forged()), 401, "Jwt verification fails"),
        (bearing(&token(OPEN, json!({}))), 401, "Jwt issuer is not configured"),
        (bearing(&token(STRICT, json!({"aud": "bank"}))), 403, "Audiences in Jwt are not allowed"),
    ] {
        let denied = proxy.answer(&request).expect("denied");
        assert_eq!((denied.status, denied.body.as_ref()), (status, words));
        let details = format!("jwt_authn_access_denied{{{}}}", words.replace(' ', "_"));
        assert_eq!(denied.details, details);
        assert!(denied.flags.is_empty());
        let asked = denied.headers.get("www-authenticate").expect("it says what it wants");
        let missing = words == "Jwt is missing";
        let realm = "Bearer realm=\"http://shop.example/shop\"";
        assert!(asked.starts_with(realm) && asked.contains("invalid_token") != missing, "{asked}");
    }
    assert!(proxy.allows(&bearing(&token(STRICT, json!({"aud": "shop"})))));
    assert!(proxy.allows(&stating(&json!({"iss": STRICT, "aud": "shop"}))));
    assert!(!proxy.allows(&stating(&json!({"iss": OPEN, "aud": "shop"}))));
    assert!(proxy.allows(&get("/elsewhere")), "no rule covers the path");
}

#[test]
fn a_token_may_be_missing_but_not_wrong_unless_failures_are_let_through() {
    let any = |last| JwtRequirement::Any(vec![provider("open"), provider("strict"), last]);
    let mut lenient = Proxy::with(vec![tokens(any(JwtRequirement::AllowMissing))]);
    assert!(lenient.allows(&get("/shop")));
    assert!(lenient.allows(&bearing(&token(OPEN, json!({})))));
    for (token, status) in [
        (forged(), 401),
        (token("https://other", json!({})), 401),
        (token(STRICT, json!({})), 403),
        ("no.token.x".to_owned(), 401),
    ] {
        assert_eq!(lenient.answer(&bearing(&token)).map(|reply| reply.status), Some(status));
    }
    let mut blind = Proxy::with(vec![tokens(any(JwtRequirement::AllowMissingOrFailed))]);
    assert!(blind.allows(&bearing(&forged())));
    let one = JwtRequirement::Any(vec![provider("open"), JwtRequirement::AllowMissing]);
    let other_issuer = bearing(&token(STRICT, json!({"aud": "shop"})));
    assert!(!Proxy::with(vec![tokens(one)]).allows(&other_issuer));
    let alone = tokens(JwtRequirement::AllowMissing);
    assert!(Proxy::with(vec![alone]).allows(&other_issuer));
    let both = JwtRequirement::All(vec![provider("open"), provider("strict")]);
    let denied = Proxy::with(vec![tokens(both)]).answer(&bearing(&token(OPEN, json!({}))));
    assert_eq!(denied.map(|reply| reply.body), Some("Jwt is missing".into()), "it was taken");
}

#[test]
fn claims_count_only_after_a_provider_has_vouched_for_them() {
    let admins = Principal::Claim { path: vec!["groups".to_owned()], value: exactly("admins") };
    let rules = || rbac(RbacAction::Allow, &[("admins", Permission::Any, admins.clone())]);
    let admin = || bearing(&token(OPEN, json!({"groups": ["staff", "admins"]})));
    assert!(Proxy::with(vec![tokens(provider("open")), rules()]).allows(&admin()));
    assert!(!Proxy::with(vec![rules()]).allows(&admin()), "nobody looked at the token");
    let stated = stating(&json!({"iss": OPEN, "groups": "admins"}));
    assert!(Proxy::with(vec![tokens(provider("open")), rules()]).allows(&stated));
    assert!(!Proxy::with(vec![rules()]).allows(&stated), "stating claims is no proof");
    let failed = JwtRequirement::AllowMissingOrFailed;
    let fake = TestKey::Ed25519(9)
        .token(&json!({"alg": "EdDSA"}), &json!({"iss": OPEN, "groups": "admins"}));
    assert!(!Proxy::with(vec![tokens(failed), rules()]).allows(&bearing(&fake)));
    let issuer = Principal::Claim { path: vec!["iss".to_owned()], value: exactly(OPEN) };
    let by_issuer = rbac(RbacAction::Allow, &[("iss", Permission::Any, issuer)]);
    assert!(Proxy::with(vec![tokens(provider("open")), by_issuer]).allows(&admin()));
    let scope = Principal::Claim { path: vec!["scope".to_owned()], value: exactly("write") };
    let by_scope = rbac(RbacAction::Allow, &[("scope", Permission::Any, scope)]);
    let writer = bearing(&token(OPEN, json!({"scope": "read write"})));
    assert!(Proxy::with(vec![tokens(provider("open")), by_scope]).allows(&writer));
}

#[test]
fn tokens_are_looked_for_where_the_provider_says_and_nowhere_else() {
    let locations = TokenLocations {
        headers: vec![("x-token".to_owned(), "Token ".to_owned())],
        params: vec!["jwt".to_owned()],
        cookies: vec!["session".to_owned()],
    };
    let own = JwtProvider { locations, ..issued(OPEN, &[]) };
    let mut proxy = Proxy::with(vec![with(vec![("own", own)], provider("own"))]);
    let good = token(OPEN, json!({}));
    let sent = |path: &str, header: Option<(&str, String)>| {
        let mut request = get(path);
        if let Some((name, value)) = header {
            request.headers.append(name, value);
        }
        request
    };
    assert!(proxy.allows(&sent("/shop", Some(("x-token", format!("Token {good}"))))));
    assert!(proxy.allows(&sent(&format!("/shop?a=1&jwt={good}&b=2#end"), None)));
    let cookies = format!("theme=dark; session=\"{good}\"; session=other");
    assert!(proxy.allows(&sent("/shop", Some(("cookie", cookies)))));
    for request in [
        sent("/shop", Some(("authorization", format!("Bearer {good}")))),
        sent("/shop", Some(("x-token", good.clone()))),
        sent(&format!("/shop?access_token={good}"), None),
    ] {
        let denied = proxy.answer(&request).expect("no token is found");
        assert_eq!(denied.body, "Jwt is missing");
    }
    // Of two tokens both must be good.
    let mut both = sent(&format!("/shop?jwt={good}"), None);
    both.headers.append("x-token", format!("Token {}", forged()));
    assert!(!proxy.allows(&both));
}

fn outlook(filter: &HttpFilter, request: &Request) -> (Outlook, Vec<Explanation>) {
    let filters = [filter.clone()];
    let bootstrap = crate::proxy::envoy::config::Bootstrap::default();
    let chain = Chain { filters: &filters, settings: Settings::default(), bootstrap: &bootstrap };
    let mut tree = Tree::default();
    let outlook = chain.outlook(request, &ExternalAnswers::default(), &mut tree);
    (outlook, tree.finish())
}

#[test]
fn a_token_that_is_taken_does_not_reach_the_server_and_its_claims_may() {
    let forwarding = TokenForwarding {
        keeps_token: false,
        payload_header: Some("x-payload".to_owned()),
        claim_headers: vec![("X-Sub".to_owned(), "sub".to_owned())],
    };
    let own = JwtProvider { forwarding: forwarding.clone(), ..issued(OPEN, &[]) };
    let filter = with(vec![("own", own)], provider("own"));
    let mut request = bearing(&token(OPEN, json!({"sub": "jane"})));
    request.headers.append("x-sub", "root");
    let (outlook, _) = outlook(&filter, &request);
    let after = outlook.rewritten.expect("it was changed");
    assert_eq!(after.headers.get("authorization"), None);
    assert_eq!(after.headers.all("x-sub").collect::<Vec<_>>(), ["jane"]);
    assert!(after.headers.get("x-payload").is_some_and(|it| it.starts_with("ey")));
    let keeping = TokenForwarding { keeps_token: true, ..TokenForwarding::default() };
    let own = JwtProvider { forwarding: keeping, ..issued(OPEN, &[]) };
    let filter = with(vec![("own", own)], provider("own"));
    let (outlook, _) = self::outlook(&filter, &bearing(&token(OPEN, json!({}))));
    assert!(outlook.answer.is_none() && outlook.rewritten.is_none());
}

#[test]
fn keys_and_a_time_that_are_not_known_leave_it_open_unless_it_fails_anyway() {
    let elsewhere = JwtProvider {
        keys: Sourced::new(JwtKeys::Elsewhere("at https://keys.example".to_owned()), HERE),
        ..issued(OPEN, &[])
    };
    let filter = with(vec![("own", elsewhere)], provider("own"));
    let good = bearing(&token(OPEN, json!({})));
    let (looked, told) = outlook(&filter, &good);
    let undecided = looked.unknown.expect("the keys are not known");
    assert!(undecided.sentence.contains("at https://keys.example"), "{}", undecided.sentence);
    assert!(told[0].because[0].finding.contains("header `authorization`"), "{told:#?}");
    let mut facts = TokenFacts::default();
    let jwks = Jwks::parse(&key_of(OPEN).jwks("k")).expect("keys");
    facts.keys = BTreeMap::from([(OPEN.to_owned(), Arc::new(jwks))]);
    let given = Request { tokens: Arc::new(facts.clone()), ..good.clone() };
    let (looked, _) = outlook(&filter, &given);
    assert!(looked.unknown.is_none() && looked.answer.is_none());
    // Another issuer fails whatever the keys are.
    let (looked, _) = outlook(&filter, &bearing(&token(STRICT, json!({}))));
    assert_eq!(looked.answer.map(|reply| reply.status), Some(401));
    let expiring = bearing(&token(OPEN, json!({"exp": 1000})));
    let open = tokens(provider("open"));
    assert!(outlook(&open, &expiring).0.unknown.is_some());
    for (now, passes) in [(900, true), (1060, true), (1061, false)] {
        let now = Some(Timestamp::from_unix_s(now));
        let tokens = Arc::new(TokenFacts { now, ..TokenFacts::default() });
        let (looked, told) = outlook(&open, &Request { tokens, ..expiring.clone() });
        assert_eq!(looked.answer.is_none() && looked.unknown.is_none(), passes, "{told:#?}");
        assert!(passes || told[0].finding == "Jwt is expired: 401", "{told:#?}");
    }
}

#[test]
fn preflight_requests_pass_where_the_filter_says_so() {
    let HttpFilterKind::Jwt(jwt) = tokens(provider("open")).kind else { panic!("of its kind") };
    let lenient = filter(HttpFilterKind::Jwt(JwtAuthn { preflights: Preflights::Passed, ..jwt }));
    let mut request = get("/shop");
    request.headers.set(":method", "OPTIONS");
    request.headers.append("origin", "https://shop.example");
    let mut proxy = Proxy::with(vec![lenient]);
    assert!(!proxy.allows(&request));
    request.headers.append("access-control-request-method", "GET");
    assert!(proxy.allows(&request));
    assert!(!Proxy::with(vec![tokens(provider("open"))]).allows(&request));
}

#[test]
fn requirements_that_are_nested_too_deeply_cannot_be_told() {
    let mut deep = provider("open");
    for _ in 0..100 {
        deep = JwtRequirement::All(vec![deep]);
    }
    let (looked, _) = outlook(&tokens(deep), &bearing(&token(OPEN, json!({}))));
    assert!(looked.unknown.is_some());
}
