//! Tokens that are good, and the many ways in which they are not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::testing::{TestKey, base64url};
use super::*;
use crate::manifest::kinds::Timestamp;

const ISSUER: &str = "https://issuer.example";
const NOW: Timestamp = Timestamp::from_unix_s(1_000_000);

/// Signed with padding PSS by the RSA key of the tests; made with OpenSSL.
const PS256_TOKEN: &str = "\
    eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiw\
    ic3ViIjoiamFuZSJ9.KHrg_J3VGEdc4T8MQnGQCH20g_gUzFp5uW_U3mTo4mvM5ojZSjvhHnKuS13eM9\
    dNaBCb1wdCYPT-BlU-KDeWTTS8WX9DBRnaQVi0HyHAhr_jODTLi_8EOgaHy-ubl4XO363pokGzkXqVWe\
    iu4OW7V8X_XIPxOj9FNlrAavgdgOV_XJkkY5PKJR-QDHray8jrf1v8dkgfJsG02WIoBHlnXK1NjHEi2x\
    bUXWroCDH9Fr624GiJZ4vRZr1mNuH_eZJQqyzJTzA1HFKlNnBeEP2JxfXxeYA_4p-L7adk8jwi1VYFgH\
    CMsd9mRjfwKHclXjTXnIaFpGn1mwL8q-BVPPzUHA";

fn jwks(text: &str) -> Jwks {
    Jwks::parse(text).expect("keys")
}

fn header(algorithm: &str) -> Value {
    json!({"alg": algorithm, "kid": "k"})
}

fn payload(more: &Value) -> Value {
    let mut payload = json!({"iss": ISSUER, "sub": "jane"});
    for (name, value) in more.as_object().expect("an object") {
        payload[name] = value.clone();
    }
    payload
}

fn checked(token: &str, keys: &str, now: Option<Timestamp>) -> Check {
    let jwks = jwks(keys);
    let expected = Expected { issuer: ISSUER, audiences: &[], keys: KeySource::Known(&jwks), now };
    match Jwt::parse(token) {
        Ok(jwt) => check(&jwt, &expected),
        Err(status) => Check::Bad(Bad { status, detail: String::new() }),
    }
}

/// The words of Envoy for a token that is not good.
fn words(check: &Check) -> &'static str {
    match check {
        Check::Bad(bad) => bad.status.words(),
        Check::Good(_) => "good",
        Check::Unknown(_) => "unknown",
    }
}

#[test]
fn every_algorithm_is_verified_and_a_changed_payload_is_found_out() {
    for (key, algorithm) in [
        (TestKey::Rsa, "RS256"),
        (TestKey::Rsa, "RS384"),
        (TestKey::Rsa, "RS512"),
        (TestKey::P256(1), "ES256"),
        (TestKey::P384, "ES384"),
        (TestKey::P521, "ES512"),
        (TestKey::Ed25519(1), "EdDSA"),
        (TestKey::Secret, "HS256"),
        (TestKey::Secret, "HS512"),
    ] {
        let token = key.token(&header(algorithm), &payload(&json!({})));
        let good = checked(&token, &key.jwks("k"), None);
        assert!(matches!(&good, Check::Good(text) if text.contains(algorithm)), "{good:?}");
        let forged = base64url(payload(&json!({"sub": "root"})).to_string().as_bytes());
        let parts: Vec<_> = token.split('.').collect();
        let forged = format!("{}.{forged}.{}", parts[0], parts[2]);
        let verdict = checked(&forged, &key.jwks("k"), None);
        assert_eq!(words(&verdict), "Jwt verification fails", "{algorithm}");
        // A lost byte at the end.
        let cut = &token[..token.len() - 4];
        assert!(matches!(checked(cut, &key.jwks("k"), None), Check::Bad(_)), "{algorithm}");
    }
    let keys = TestKey::Rsa.jwks("rsa");
    assert_eq!(words(&checked(PS256_TOKEN, &keys, None)), "good");
    // What is signed with one padding does not pass for the other.
    let mut parts: Vec<_> = PS256_TOKEN.split('.').map(str::to_owned).collect();
    parts[0] = base64url(b"{\"alg\":\"RS256\",\"kid\":\"rsa\"}");
    assert_eq!(words(&checked(&parts.join("."), &keys, None)), "Jwt verification fails");
}

#[test]
fn algorithms_cannot_be_confused() {
    let sub = payload(&json!({}));
    // No signature, with and without the third part.
    for algorithm in ["none", "None", "NONE", ""] {
        let token = TestKey::Secret.token(&header(algorithm), &sub);
        let verdict = checked(&token, &TestKey::Rsa.jwks("k"), None);
        assert_eq!(words(&verdict), "Jwt header [alg] is not supported", "{algorithm}");
    }
    let none = format!("{}.{}.", base64url(b"{\"alg\":\"none\"}"), base64url(b"{}"));
    let form = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
    assert_eq!(words(&checked(&none, &TestKey::Rsa.jwks("k"), None)), form);
    // The bytes of public keys are no secret for HS256.
    for key in [TestKey::Rsa, TestKey::P256(1), TestKey::Ed25519(1)] {
        let token = TestKey::Secret.token(&header("HS256"), &sub);
        let verdict = checked(&token, &key.jwks("k"), None);
        assert!(matches!(verdict, Check::Bad(_)), "{key:?}: {verdict:?}");
    }
    // A key that says what it is for is used for that alone.
    let mut jwk = TestKey::Rsa.jwk("k");
    jwk["alg"] = json!("RS512");
    let token = TestKey::Rsa.token(&header("RS256"), &sub);
    let verdict = checked(&token, &json!({"keys": [jwk]}).to_string(), None);
    let Check::Bad(bad) = &verdict else { panic!("{verdict:?}") };
    assert_eq!(bad.status, Status::JwksKidAlgMismatch);
    assert!(bad.detail.contains("the token says RS256 and names key `k`"), "{}", bad.detail);
    // A token of one kind of key is not checked with the other.
    let token = TestKey::P256(1).token(&header("ES256"), &sub);
    assert_eq!(words(&checked(&token, &TestKey::Rsa.jwks("k"), None)), "Jwt verification fails");
}

#[test]
fn the_key_that_a_token_names_is_the_one_that_is_tried() {
    let both = json!({"keys": [TestKey::P256(1).jwk("a"), TestKey::P256(2).jwk("b")]}).to_string();
    let signed = |header: Value| TestKey::P256(2).token(&header, &payload(&json!({})));
    for (kid, expected) in [
        (json!({"alg": "ES256", "kid": "b"}), "good"),
        (json!({"alg": "ES256"}), "good"),
        (json!({"alg": "ES256", "kid": "a"}), "Jwt verification fails"),
        (json!({"alg": "ES256", "kid": "c"}), "Jwks doesn't have key to match kid or alg from Jwt"),
        (json!({"alg": "ES256", "kid": 7}), "Jwt header [kid] field is not a string"),
    ] {
        assert_eq!(words(&checked(&signed(kid.clone()), &both, None)), expected, "{kid}");
    }
    let mut anybody = TestKey::P256(2).jwk("");
    anybody["use"] = json!("enc");
    let verdict = checked(
        &signed(json!({"alg": "ES256", "kid": "c"})),
        &json!({"keys": [anybody]}).to_string(),
        None,
    );
    assert_eq!(words(&verdict), "good", "a key without id fits all, and Envoy reads no `use`");
}

#[test]
fn a_token_is_good_in_its_time_and_without_a_time_nothing_is_said() {
    let at = |more: Value, now| {
        let token = TestKey::Ed25519(1).token(&header("EdDSA"), &payload(&more));
        words(&checked(&token, &TestKey::Ed25519(1).jwks("k"), now))
    };
    let seconds = NOW.as_unix_s();
    for (claims, now, expected) in [
        (json!({"exp": seconds - 60}), Some(NOW), "good"),
        (json!({"exp": seconds - 61}), Some(NOW), "Jwt is expired"),
        (json!({"nbf": seconds + 60}), Some(NOW), "good"),
        (json!({"nbf": seconds + 61}), Some(NOW), "Jwt not yet valid"),
        (json!({"exp": seconds + 10}), None, "unknown"),
        (json!({"nbf": 5}), None, "unknown"),
        (json!({"iat": 5}), None, "good"),
        (json!({"exp": 0}), Some(NOW), "good"),
        (json!({"exp": "soon"}), Some(NOW), "Jwt payload [exp] field is not an integer"),
        (json!({"exp": -1}), Some(NOW), "Jwt payload [exp] field is not a positive 64 bit integer"),
        (json!({"exp": 1e30}), None, "Jwt payload [exp] field is not a positive 64 bit integer"),
        (json!({"nbf": u64::MAX}), Some(NOW), "Jwt not yet valid"),
        (json!({"exp": u64::MAX}), Some(NOW), "good"),
    ] {
        assert_eq!(at(claims.clone(), now), expected, "{claims}");
    }
    // What certainly fails counts before what depends on the time.
    let token = TestKey::Ed25519(2).token(&header("EdDSA"), &payload(&json!({"exp": seconds})));
    let verdict = checked(&token, &TestKey::Ed25519(1).jwks("k"), None);
    assert_eq!(words(&verdict), "Jwt verification fails");
}

#[test]
fn issuer_and_audience_must_fit_before_a_key_is_tried() {
    let audiences = ["https://shop.example/".to_owned()];
    let jwks = jwks(&TestKey::Ed25519(1).jwks("k"));
    let verdict = |more: Value, keys| {
        let token = TestKey::Ed25519(1).token(&header("EdDSA"), &payload(&more));
        let jwt = Jwt::parse(&token).expect("well formed");
        let expected = Expected { issuer: ISSUER, audiences: &audiences, keys, now: None };
        words(&check(&jwt, &expected))
    };
    let known = KeySource::Known(&jwks);
    let unknown = KeySource::Unknown("the keys are elsewhere");
    for (claims, keys, expected) in [
        (json!({"aud": "shop.example"}), known, "good"),
        (json!({"aud": ["other", "http://shop.example"]}), known, "good"),
        (json!({"aud": "other"}), known, "Audiences in Jwt are not allowed"),
        (json!({}), known, "Audiences in Jwt are not allowed"),
        (json!({"iss": "https://other.example"}), unknown, "Jwt issuer is not configured"),
        (json!({"aud": "shop.example"}), unknown, "unknown"),
        (
            json!({"aud": "shop.example"}),
            KeySource::Broken,
            "Jwks doesn't have any valid public key",
        ),
    ] {
        assert_eq!(verdict(claims.clone(), keys), expected, "{claims}");
    }
    assert_eq!(Status::JwtAudienceNotAllowed.http(), 403);
    assert_eq!(Status::JwtExpired.http(), 401);
}

#[test]
fn what_is_no_token_is_refused_in_the_words_of_envoy() {
    let part = |text: &str| base64url(text.as_bytes());
    let head = part("{\"alg\":\"RS256\"}");
    let form = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    for (token, expected) in [
        (String::new(), form),
        ("a.b".to_owned(), form),
        ("a.b.c.d".to_owned(), form),
        ("a..c".to_owned(), form),
        ("a".repeat(TOKEN_BYTES_MAX + 1), form),
        (format!("!.{head}.x"), "Jwt header is an invalid Base64url encoded"),
        (format!("{}.x.x", part("[]")), "Jwt header is an invalid JSON"),
        (format!("{}.x.x", part("{}")), "Jwt header [alg] field is required and must be a string"),
        (format!("{head}.!!.x"), "Jwt payload is an invalid Base64url encoded"),
        (format!("{head}.{}.x", part("{")), "Jwt payload is an invalid JSON"),
        (format!("{head}.{}.AA", part(&deep)), "Jwt payload is an invalid JSON"),
        (format!("{head}.{}.x", part("{\"iss\":1}")), "Jwt payload [iss] field is not a string"),
        (
            format!("{head}.{}.x", part("{\"aud\":[1]}")),
            "Jwt payload [aud] field is not a string or string list",
        ),
        (format!("{head}.{}.!!", part("{}")), "Jwt signature is an invalid Base64url encoded"),
    ] {
        let status = Jwt::parse(&token).expect_err("not a token");
        assert_eq!(status.words(), expected);
    }
}

#[test]
fn keys_that_cannot_be_used_are_skipped_and_a_set_without_any_is_refused() {
    let mixed = json!({"keys": [
        {"kty": "RSA", "n": "AQAB", "e": "Ag"}, {"kty": "xyz"}, 7, TestKey::P256(1).jwk("k")
    ]});
    let jwks = jwks(&mixed.to_string());
    assert_eq!(jwks.keys().len(), 1);
    assert_eq!(jwks.keys()[0].title(), "EC P-256 key `k`");
    let skipped = [(0, Status::JwksRsaParseError), (1, Status::JwksNotImplementedKty)];
    assert_eq!(jwks.skipped(), skipped);
    for (text, expected) in [
        ("", "Jwks is an invalid JSON"),
        ("{}", "Jwks does not have [keys] field"),
        ("{\"keys\": {}}", "[keys] in Jwks is not an array"),
        ("{\"keys\": []}", "Jwks doesn't have any valid public key"),
        ("{\"keys\": [{}]}", "[kty] is missing in [keys]"),
        (
            "{\"keys\": [{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"AQ\", \"y\": \"AQ\"}]}",
            "Jwks EC [x] and [y] fields have a parse error.",
        ),
        (
            "{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"AQ\"}]}",
            "Jwks OKP [x] field is wrong length.",
        ),
        (
            "{\"k\": \"-----BEGIN CERTIFICATE-----\\nAA\\n-----END CERTIFICATE-----\\n\"}",
            "certificates in place of keys are not modelled",
        ),
    ] {
        assert_eq!(Jwks::parse(text).expect_err("no keys").to_string(), expected, "{text}");
    }
    let many = json!({"keys": vec![json!({}); KEYS_MAX + 1]}).to_string();
    assert_eq!(Jwks::parse(&many), Err(JwksError::TooLarge));
}

#[test]
fn claims_are_found_by_path_and_words_are_split_where_asked() {
    let claims = Claims::parse(
        "{\"iss\": \"a\", \"sub\": \"b\", \"scope\": \"read  write\", \"n\": 7, \
         \"realm\": {\"roles\": [\"x\", 1, \"y\"], \"on\": true}}",
    )
    .expect("an object");
    let values = claims.values(&["scope".to_owned()].into());
    let of = |path: &[&str]| {
        let path: Vec<_> = path.iter().map(|&step| step.to_owned()).collect();
        values.get(&path).cloned().unwrap_or_default()
    };
    assert_eq!(of(&["scope"]), ["read", "write"]);
    assert_eq!(of(&["realm", "roles"]), ["x", "y"]);
    assert_eq!(of(&["n"]), Vec::<String>::new());
    assert_eq!(claims.principal(), "a/b");
    assert_eq!(claims.for_header("n").as_deref(), Some("7"));
    assert_eq!(claims.for_header("realm.on").as_deref(), Some("true"));
    assert_eq!(claims.for_header("realm"), None);
    assert!(Claims::parse("[]").is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in ".{0,200}", bytes in any::<Vec<u8>>()) {
        let _ = Jwt::parse(&text);
        let _ = Jwks::parse(&text);
        let _ = Claims::parse(&String::from_utf8_lossy(&bytes));
    }

    /// Whatever is changed in a token that was signed, it is good no longer.
    #[test]
    fn no_changed_token_is_good(at in 0_usize..200, letter in "[A-Za-z0-9_-]") {
        let key = TestKey::Ed25519(1);
        let token = key.token(&header("EdDSA"), &payload(&json!({})));
        let at = at % token.len();
        let mut changed = token.clone();
        changed.replace_range(at..=at, &letter);
        prop_assume!(changed != token && token.as_bytes()[at] != b'.');
        // The last letter of a signature has bits that stand for nothing.
        prop_assume!(at + 1 < token.len());
        let verdict = checked(&changed, &key.jwks("k"), None);
        prop_assert!(matches!(verdict, Check::Bad(_)), "{:?}", verdict);
    }
}
