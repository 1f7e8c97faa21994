//! Tokens from the command line to the verdict: signed by keys of the tests, checked by the binary.

#[expect(dead_code, unreachable_pub, reason = "shared with unit tests, which use all of it")]
#[path = "../../../models/src/token/testing.rs"]
mod testing;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use testing::TestKey;

use super::binary::meshwalk;

const APPS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app}]}
";

const MUST_HAVE_A_TOKEN: &str = "\
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: must, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  rules: [{from: [{source: {requestPrincipals: ['https://issuer.example/*']}}]}]
";

/// A folder of manifests, and what is asked about it.
struct Shop {
    folder: TempDir,
}

impl Shop {
    /// The cart checks tokens of one issuer by this rule.
    fn checking(rule: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let policy = format!(
            "{APPS}---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\n\
             metadata: {{name: jwt, namespace: shop}}\nspec:\n  \
             selector: {{matchLabels: {{app: cart}}}}\n  jwtRules:\n  - {rule}\n"
        );
        fs::write(folder.path().join("shop.yaml"), policy).expect("a file");
        Self { folder }
    }

    fn with(self, more: &str) -> Self {
        let path = self.folder.path().join("more.yaml");
        fs::write(path, more).expect("a file");
        self
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        // No manifest, so that nobody reads it as one.
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    }

    /// `meshwalk why` of a call of the cart: exit code and answer.
    fn asked(&self, words: &[&str]) -> (Option<i32>, Value) {
        let shop = self.folder.path().join("shop.yaml");
        let more = self.folder.path().join("more.yaml");
        let mut command = meshwalk();
        command.args(["why", "-o", "json", "--from", "shop/web", "--to", "cart.shop:8080", "-f"]);
        command.arg(shop);
        if more.exists() {
            command.arg("-f").arg(more);
        }
        let output = command.args(words).output().expect("the binary starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let answer = serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr))
        });
        (output.status.code(), answer)
    }
}

const ISSUER: &str = "https://issuer.example";

fn inline(key: TestKey, more: &str) -> String {
    format!("{{issuer: '{ISSUER}', jwks: '{}'{more}}}", key.jwks("k"))
}

fn token(key: TestKey, algorithm: &str, more: &Value) -> String {
    let mut payload = json!({"iss": ISSUER, "sub": "jane"});
    for (name, value) in more.as_object().expect("an object") {
        payload[name] = value.clone();
    }
    key.token(&json!({"alg": algorithm, "kid": "k"}), &payload)
}

fn verdict(answer: &Value) -> &str {
    answer["verdict"].as_str().unwrap_or_default()
}

#[test]
fn a_token_of_every_algorithm_is_verified_and_a_forged_one_is_unauthenticated() {
    for (key, algorithm) in
        [(TestKey::Rsa, "RS256"), (TestKey::P256(1), "ES256"), (TestKey::Ed25519(1), "EdDSA")]
    {
        let shop = Shop::checking(&inline(key, "")).with(MUST_HAVE_A_TOKEN);
        let good = token(key, algorithm, &json!({}));
        let (code, answer) = shop.asked(&["--token", &good]);
        assert_eq!((code, verdict(&answer)), (Some(0), "allowed"), "{answer:#}");
        // The name of another user under the same signature.
        let other = token(key, algorithm, &json!({"sub": "root"}));
        let parts: Vec<_> = good.split('.').collect();
        let payload = other.split('.').nth(1).expect("three parts");
        let forged = format!("{}.{payload}.{}", parts[0], parts[2]);
        let (code, answer) = shop.asked(&["--token", &forged]);
        assert_eq!((code, verdict(&answer)), (Some(1), "unauthenticated"), "{answer:#}");
        let text = answer.to_string();
        assert!(text.contains("Jwt verification fails") && text.contains("shop.yaml:"), "{text}");
        // No token is no identity: access rules deny it.
        let (code, answer) = shop.asked(&[]);
        assert_eq!((code, verdict(&answer)), (Some(1), "denied"), "{answer:#}");
    }
}

#[test]
fn without_a_policy_that_requires_it_a_missing_token_passes() {
    let shop = Shop::checking(&inline(TestKey::Ed25519(1), ""));
    assert_eq!(verdict(&shop.asked(&[]).1), "allowed");
    let (_, answer) = shop.asked(&["--token", "no.token.here"]);
    assert_eq!(verdict(&answer), "unauthenticated");
    let none = TestKey::Secret.token(&json!({"alg": "none"}), &json!({"iss": ISSUER}));
    let (_, answer) = shop.asked(&["--token", &none]);
    assert!(answer.to_string().contains("Jwt header [alg] is not supported"), "{answer:#}");
    let confused = token(TestKey::Secret, "HS256", &json!({}));
    assert_eq!(verdict(&shop.asked(&["--token", &confused]).1), "unauthenticated");
}

#[test]
fn a_token_that_expires_needs_a_time_and_is_held_to_it() {
    let shop = Shop::checking(&inline(TestKey::Ed25519(1), ""));
    // 2026-05-01T09:30:00Z.
    let good = token(TestKey::Ed25519(1), "EdDSA", &json!({"exp": 1_777_627_800}));
    let (code, answer) = shop.asked(&["--token", &good]);
    assert_eq!((code, verdict(&answer)), (Some(3), "unknown"), "{answer:#}");
    assert!(answer.to_string().contains("it expires at 2026-05-01T09:30:00Z"), "{answer:#}");
    for (now, expected) in
        [("2026-05-01T09:31:00Z", "allowed"), ("2026-05-01T09:31:01Z", "unauthenticated")]
    {
        let (_, answer) = shop.asked(&["--token", &good, "--now", now]);
        assert_eq!(verdict(&answer), expected, "{answer:#}");
    }
}

#[test]
fn keys_elsewhere_leave_it_open_until_they_are_given_or_claims_are_stated() {
    let rule =
        format!("{{issuer: '{ISSUER}', jwksUri: 'https://keys.example/jwks', audiences: [cart]}}");
    let shop = Shop::checking(&rule).with(MUST_HAVE_A_TOKEN);
    let good = token(TestKey::Rsa, "RS256", &json!({"aud": "cart"}));
    let (code, answer) = shop.asked(&["--token", &good]);
    assert_eq!((code, verdict(&answer)), (Some(3), "unknown"), "{answer:#}");
    assert!(answer.to_string().contains("https://keys.example/jwks, which is not fetched"));
    let keys = shop.file("keys.json", &TestKey::Rsa.jwks("k"));
    let keys = keys.to_str().expect("a path");
    assert_eq!(verdict(&shop.asked(&["--token", &good, "--jwks", keys]).1), "allowed");
    let of_issuer = format!("{ISSUER}={keys}");
    assert_eq!(verdict(&shop.asked(&["--token", &good, "--jwks", &of_issuer]).1), "allowed");
    let of_other = format!("https://other.example={keys}");
    assert_eq!(verdict(&shop.asked(&["--token", &good, "--jwks", &of_other]).1), "unknown");
    let wrong = shop.file("wrong.json", &TestKey::P256(1).jwks("k"));
    let wrong = wrong.to_str().expect("a path");
    assert_eq!(verdict(&shop.asked(&["--token", &good, "--jwks", wrong]).1), "unauthenticated");
    let file = shop.file("token.jwt", &format!("{good}\n"));
    let at = format!("@{}", file.display());
    assert_eq!(verdict(&shop.asked(&["--token", &at, "--jwks", keys]).1), "allowed");
    for (claims, expected) in [
        (json!({"iss": ISSUER, "sub": "jane", "aud": "cart"}), "allowed"),
        (json!({"iss": ISSUER, "sub": "jane", "aud": "bank"}), "denied"),
        (json!({"iss": "https://other.example", "sub": "jane"}), "unauthenticated"),
    ] {
        let (_, answer) = shop.asked(&["--claims", &claims.to_string()]);
        assert_eq!(verdict(&answer), expected, "{claims}: {answer:#}");
    }
}

#[test]
fn bad_arguments_about_tokens_are_told_and_nothing_is_asked() {
    let shop = Shop::checking(&inline(TestKey::Ed25519(1), ""));
    let folder = shop.folder.path().join("shop.yaml");
    let keys = shop.file("keys.json", "{}");
    let long = "a".repeat(70_000);
    for (words, expected) in [
        (vec!["--claims", "[]"], "expected a JSON object"),
        (vec!["--now", "tomorrow"], "expected a time"),
        (vec!["--jwks", keys.to_str().expect("a path")], "Jwks does not have [keys] field"),
        (vec!["--jwks", "missing.json"], "failed to read missing.json"),
        (vec!["--token", "@missing.jwt"], "failed to read missing.jwt"),
        (vec!["--token", "a.b.c", "--claims", "{}"], "cannot be used with"),
        (vec!["--token", "a.b.c", "-H", "authorization: x"], "both bring a token"),
        (vec!["--token", long.as_str()], "fit into no request"),
    ] {
        let mut command = meshwalk();
        command.args(["why", "--from", "shop/web", "--to", "cart.shop:8080", "-f"]).arg(&folder);
        let output = command.args(&words).output().expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}
