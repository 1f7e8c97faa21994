//! Tokens and keys: whatever is changed of a signed token, it is not good any more.

use ed25519_dalek::{Signer, SigningKey};
use meshwalk_models::token::{Check, Expected, Jwks, Jwt, KeySource, check};

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "tokens",
    words: &[
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJIUzI1NiJ9",
        "..",
        ".",
        "\"alg\":\"none\"",
        "\"alg\":\"HS256\"",
        "\"kty\":\"oct\"",
        "\"kty\":\"RSA\"",
        "\"e\":\"AQAB\"",
        "\"n\":\"AA\"",
        "\"crv\":\"P-256\"",
        "\"x\":\"\"",
        "=",
    ],
    seeds,
    read,
};

/// The key of the tests; it signs nothing else.
const SECRET: [u8; 32] = [7; 32];
/// `{"alg":"EdDSA","kid":"a"}`.
const HEADER: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6ImEifQ";
/// `{"iss":"https://issuer.example","sub":"jane"}`.
const PAYLOAD: &str = "eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiamFuZSJ9";

/// A token, a line break, and the keys.
fn seeds() -> Vec<Vec<u8>> {
    let key = SigningKey::from_bytes(&SECRET);
    let signed = format!("{HEADER}.{PAYLOAD}");
    let signature = base64url(&key.sign(signed.as_bytes()).to_bytes());
    let x = base64url(key.verifying_key().as_bytes());
    let ours = format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":\"{x}\"}}");
    let more = "{\"kty\":\"RSA\",\"kid\":\"b\",\"e\":\"AQAB\",\"n\":\"sXchDaQebHnPiGvyDOAT4saGEU\"},\
                {\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"c\",\"x\":\"AAAA\",\"y\":\"BBBB\"}";
    vec![
        format!("{signed}.{signature}\n{{\"keys\":[{ours}]}}").into_bytes(),
        format!("{signed}.{signature}\n{{\"keys\":[{ours},{more}]}}").into_bytes(),
    ]
}

fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (token, keys) = text.split_once('\n').unwrap_or((&text, ""));
    let changed_keys = Jwks::parse(keys);
    let Ok(jwt) = Jwt::parse(token) else { return };
    if let Ok(keys) = &changed_keys {
        let _ = check(&jwt, &expected(keys));
    }
    let (_, ours) = String::from_utf8(seeds().remove(0))
        .ok()
        .and_then(|seed| {
            seed.split_once('\n').map(|(token, keys)| (token.to_owned(), keys.to_owned()))
        })
        .expect("the seed has two parts");
    let ours = Jwks::parse(&ours).expect("the key of the tests is one");
    let is_untouched = token.starts_with(&format!("{HEADER}.{PAYLOAD}."));
    if matches!(check(&jwt, &expected(&ours)), Check::Good(_)) {
        assert!(is_untouched, "a token counts whose signed part was changed: {token}");
    }
}

fn expected(keys: &Jwks) -> Expected<'_> {
    Expected { issuer: "", audiences: &[], keys: KeySource::Known(keys), now: None }
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
