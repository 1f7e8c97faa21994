//! Which tokens a proxy checks, and what is told of odd policies.

use crate::control::istio::unmodelled::Touched;
use serde_json::json;

use super::*;
use crate::control::istio::testing::{Mesh, PODS};
use crate::explain::{Silent, Sourced};
use crate::manifest::Severity;
use crate::manifest::kinds::Labels;
use crate::proxy::envoy::config::{Bootstrap, JwtKeys};
use crate::proxy::envoy::filters::{Chain, ExternalAnswers, Settings};
use crate::proxy::envoy::routing::tests::testing::get;
use crate::token::testing::TestKey;
use crate::world::Origin;
use crate::world::testing::labels;

fn policy(title: &str, spec: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

/// A rule with the keys of the tests in it.
fn rule(issuer: &str, key: u8, more: &str) -> String {
    format!("{{issuer: '{issuer}', jwks: '{}'{more}}}", TestKey::Ed25519(key).jwks("k"))
}

fn jwt_of(
    mesh: &Mesh,
    namespace: &str,
    labels: &Labels,
    gateway: Option<&str>,
) -> Option<JwtAuthn> {
    match filter(mesh.push(), Touched { namespace, labels, gateway })?.kind {
        HttpFilterKind::Jwt(jwt) => Some(jwt),
        other => panic!("{other:?}"),
    }
}

fn issuers(mesh: &Mesh, namespace: &str, pairs: &str, gateway: Option<&str>) -> Vec<String> {
    let jwt = jwt_of(mesh, namespace, &labels(pairs), gateway).unwrap_or_default();
    jwt.providers.into_values().map(|provider| provider.issuer.value).collect()
}

#[test]
fn policies_of_the_mesh_the_namespace_and_the_workload_add_up() {
    let one = |issuer| format!("{{jwtRules: [{{issuer: {issuer}}}]}}");
    let mesh = Mesh::of(
        &[
            policy("shop/all", &one("b")),
            policy("istio-system/mesh", &one("a")),
            policy(
                "istio-system/cart",
                "{selector: {matchLabels: {app: cart}}, jwtRules: [{issuer: d}]}",
            ),
            policy("shop/cart", "{selector: {matchLabels: {app: cart}}, jwtRules: [{issuer: c}]}"),
            policy(
                "shop/edge",
                "{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}], \
                 jwtRules: [{issuer: e}]}",
            ),
            policy("pay/other", &one("x")),
            policy("shop/none", "{}"),
        ]
        .concat(),
    );
    assert_eq!(issuers(&mesh, "shop", "app=cart", None), ["a", "b", "c", "d"]);
    assert_eq!(issuers(&mesh, "shop", "app=web", None), ["a", "b"]);
    assert_eq!(issuers(&mesh, "shop", "app=web", Some("edge")), ["a", "b", "e"]);
    assert_eq!(issuers(&mesh, "istio-system", "app=web", None), ["a"]);
    assert_eq!(issuers(&Mesh::of(&policy("shop/none", "{}")), "shop", "", None), [""; 0]);
}

/// What the filter alone makes of a request: its status, or nothing.
fn status(mesh: &Mesh, bearer: Option<&str>) -> Option<u16> {
    let filters: Vec<_> =
        filter(mesh.push(), Touched { namespace: "shop", labels: &Labels::new(), gateway: None })
            .into_iter()
            .collect();
    let bootstrap = Bootstrap::default();
    let chain = Chain { filters: &filters, settings: Settings::default(), bootstrap: &bootstrap };
    let mut request = get("/");
    if let Some(token) = bearer {
        request.headers.append("authorization", format!("Bearer {token}"));
    }
    let outlook = chain.outlook(&request, &ExternalAnswers::default(), &mut Silent);
    assert_eq!(outlook.unknown, None);
    outlook.answer.map(|reply| reply.status)
}

#[test]
fn a_missing_token_passes_and_an_invalid_one_is_rejected_by_whichever_policy() {
    let token = |issuer: &str, key: u8| {
        let payload = json!({"iss": issuer, "sub": "jane", "aud": "shop"});
        TestKey::Ed25519(key).token(&json!({"alg": "EdDSA", "kid": "k"}), &payload)
    };
    let single = policy("shop/one", &format!("{{jwtRules: [{}]}}", rule("a", 1, "")));
    let several = format!(
        "{single}{}",
        policy(
            "shop/two",
            &format!(
                "{{jwtRules: [{}, {}]}}",
                rule("b", 2, ""),
                rule("c", 3, ", audiences: [bank], fromHeaders: [{name: x-token}]")
            )
        )
    );
    for (objects, also_b) in [(single.as_str(), Some(401)), (several.as_str(), None)] {
        let mesh = Mesh::of(objects);
        assert_eq!(status(&mesh, None), None);
        assert_eq!(status(&mesh, Some(&token("a", 1))), None);
        assert_eq!(status(&mesh, Some(&token("b", 2))), also_b);
        assert_eq!(status(&mesh, Some(&token("a", 2))), Some(401), "signed by another");
        assert_eq!(status(&mesh, Some(&token("z", 1))), Some(401), "of nobody");
        assert_eq!(status(&mesh, Some("no token")), Some(401));
    }
}

#[test]
fn the_fields_of_a_rule_become_a_provider_with_their_lines() {
    let more = ", audiences: [shop], fromHeaders: [{name: X-Token, prefix: 'Token '}], \
                fromParams: [t], fromCookies: [c], forwardOriginalToken: true, \
                outputPayloadToHeader: x-payload, spaceDelimitedClaims: [roles], \
                outputClaimToHeaders: [{header: x-sub, claim: sub}]";
    let mesh = Mesh::of(&policy("shop/all", &format!("{{jwtRules: [{}]}}", rule("a", 1, more))));
    let jwt = jwt_of(&mesh, "shop", &Labels::new(), None).expect("a filter");
    let provider = &jwt.providers["origins-0"];
    assert_eq!(provider.title, "issuer a of shop/all");
    assert_eq!(provider.locations.headers, [("x-token".to_owned(), "Token ".to_owned())]);
    assert_eq!(
        (&provider.locations.params[..], &provider.locations.cookies[..]),
        (&["t".to_owned()][..], &["c".to_owned()][..])
    );
    assert!(provider.forwarding.keeps_token);
    assert_eq!(provider.forwarding.claim_headers, [("x-sub".to_owned(), "sub".to_owned())]);
    let delimited: Vec<_> = provider.space_delimited.iter().map(String::as_str).collect();
    assert_eq!(delimited, ["permission", "roles", "scope"]);
    assert!(matches!(provider.keys, Sourced { value: JwtKeys::Known(_), .. }));
    let places = [provider.issuer.origin, provider.audiences.origin, provider.keys.origin];
    assert!(
        places.iter().all(|it| matches!(it, Origin::Manifest(place) if place.line == 5)),
        "{places:?}"
    );
    assert_eq!(jwt.preflights, Preflights::Passed);
}

#[test]
fn keys_that_are_elsewhere_or_that_a_cluster_refuses_are_not_known() {
    for (rule, expected) in [
        ("{issuer: a, jwksUri: 'https://keys.example'}", "at https://keys.example, which"),
        ("{issuer: a}", "found by asking the issuer"),
        ("{issuer: a, jwks: 'no json'}", "refused by a cluster: Jwks is an invalid JSON"),
        ("{issuer: '', jwks: '{}'}", "a cluster refuses a rule with an empty issuer"),
    ] {
        let mesh = Mesh::of(&policy("shop/all", &format!("{{jwtRules: [{rule}]}}")));
        let keys = &mesh.push().token_providers[0][0].keys.value;
        assert!(matches!(keys, JwtKeys::Elsewhere(why) if why.contains(expected)), "{keys:?}");
    }
    let unusable = policy("shop/all", "{jwtRules: [{issuer: a, jwks: '{\"keys\": [{}]}'}]}");
    assert_eq!(Mesh::of(&unusable).push().token_providers[0][0].keys.value, JwtKeys::Broken);
}

fn codes(objects: &str) -> Vec<&'static str> {
    let mut codes: Vec<_> = Mesh::of(&format!("{PODS}{objects}"))
        .findings
        .iter()
        .inspect(|finding| assert!(finding.help.is_some() && !finding.labels.is_empty()))
        .map(|finding| finding.code)
        .collect();
    codes.sort_unstable();
    codes
}

#[test]
fn what_is_odd_about_a_policy_is_told_before_a_request_comes() {
    let one = |spec: &str| codes(&policy("shop/own", spec));
    let good = rule("a", 1, "");
    let required = "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                    metadata: {name: must, namespace: shop}\nspec: {rules: [{from: [{source: \
                    {requestPrincipals: ['*']}}]}]}\n";
    let both = format!("{}{required}", policy("shop/own", &format!("{{jwtRules: [{good}]}}")));
    assert!(!codes(&both).contains(&"istio.token-not-required"));
    assert_eq!(one(&format!("{{jwtRules: [{good}]}}")), ["istio.token-not-required"]);
    for (rules, expected) in [
        ("{issuer: a, jwksUri: 'https://keys.example'}", "istio.jwks-elsewhere"),
        ("{issuer: a, jwks: 'no'}", "istio.jwks-unusable"),
        ("{issuer: '', jwks: 'no'}", "istio.jwt-no-issuer"),
        (&format!("{good}, {good}"), "istio.jwt-duplicate-issuer"),
        (&rule("a", 1, ", jwksUri: 'https://keys.example'"), "istio.jwks-twice"),
        (
            "{issuer: a, jwks: '{\"keys\": [{\"kty\": \"x\"}, {\"kty\": \"oct\", \"k\": \"AA\"}]}'}",
            "istio.jwks-skipped-key",
        ),
    ] {
        let found = one(&format!("{{jwtRules: [{rules}]}}"));
        assert!(found.contains(&expected), "{rules}: {found:?}");
    }
    let nobody = one(&format!("{{selector: {{matchLabels: {{app: x}}}}, jwtRules: [{good}]}}"));
    assert!(nobody.contains(&"istio.policy-selects-nothing"), "{nobody:?}");
    let somebody =
        one(&format!("{{selector: {{matchLabels: {{app: reviews}}}}, jwtRules: [{good}]}}"));
    assert!(!somebody.contains(&"istio.policy-selects-nothing"), "{somebody:?}");
    let two = one(&format!(
        "{{selector: {{matchLabels: {{app: reviews}}}}, targetRefs: [{{group: \
         gateway.networking.k8s.io, kind: Gateway, name: e}}], jwtRules: [{good}]}}"
    ));
    assert!(two.contains(&"istio.policy-two-targets"), "{two:?}");
    let mesh = Mesh::of(&policy("shop/own", "{jwtRules: [{issuer: a}]}"));
    assert!(mesh.findings.iter().all(|finding| finding.severity != Severity::Error));
}
