//! Signs tokens with keys that exist for tests alone. The end-to-end tests share this file.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use hmac::{Hmac, KeyInit, Mac};
use rsa::{BoxedUint, Pkcs1v15Sign};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A key of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestKey {
    /// RSA of 2048 bits.
    Rsa,
    /// On the curve P-256; the number makes it one of several.
    P256(u8),
    /// On the curve P-384.
    P384,
    /// On the curve P-521.
    P521,
    /// Ed25519; the number makes it one of several.
    Ed25519(u8),
    /// A secret of both sides.
    Secret,
}

// The private key of the tests; it protects nothing.
const PRIVATE_TEST_KEY_N: &str = "\
    yiMyFHf6TLFsS3IZ76nOEMCm-Mt3bYgyZI4QtfFj36Ir5t9U7O5Kjs5G1r3WZcp30O2iEhYXKIYIVQl4\
    57hZ6OnV5GF1kE-oXb5r1fOQ8kytLw6-RYpOg9QZOSh_qy4VzX9TQ6TmPmePcU5hs0muWNhNJM7jFlX4\
    5xJWmlRR1vm7IEeRyy22jBbI1Duej-dqCFbiDvNk8KCCRZO6_vR3S7VhvTxWUvoDurPGtF8sN3GNwKV1\
    TnFqSlW9-6rTFuzZ0ysoh4OY4fGkH8puAtFvG_KXcSe-7sQW-Ylu7Rz3yrKjpcX2rbBFrHmwwdsyMyNF\
    Nt7U9OIakg8EIvpZhD3STQ";
const PRIVATE_TEST_KEY_D: &str = "\
    BU_uz_-Qh2rI7XlT2dWSQc8eVD7cpkyZrm-BXEFkyOAf2-hrTfK76OGI67nUzvCxkhRnWab_os6q8g6B\
    VphPXJdQn2OO-GTviCR_UaxzVxAmzlbKhKoBguYUZ557Lx997ob1xDsAMLb-BmdImrKer10NN0tsnQ3-\
    BZdDdA4v5xYLEs1PKhVyKP0dBd5D3o7CUFfKh-72Yy7sxvogXJ85Mz4aEXKuxDyICt0w1OMKjUJer24x\
    KJzVe2QFX_oPs8w7F3Lcrb_iKWz8Norl5ZFFNwQbmzz5t6MmEZp06P7nSPULrXLNZEnleG8NroLUqLFN\
    CGRO397G5-bcU0GxUAF3gQ";
const PRIVATE_TEST_KEY_P: &str = "\
    9tPfZyULhlAIyKsXjQEom-vrEQtXqnWfrAEZda1NhFgWMKk4e6OYy0w_2GACV_8soKxZpjJzjAprExZO\
    bmYNPA2sCFsWvXMM0W38V7xxU3iIcRR14lDY1qHNWYyfC8nfL-xK3vLFlI8XvSWVsyAmj41srNEU3EVD\
    MNZkQSfP_60";
const PRIVATE_TEST_KEY_Q: &str = "\
    0aYs6mFGK-i6g-dzYUCq9OPGgL4F59ebOcTQYSa1ZKNdALCdaZXehz-lxOXx_m_rjgggUeNc1Qzo0da6\
    0xk5wWR-dnCdbLQJfZi3-V7TbpV-eE7VsIeYDyGzrv-1UjxUhaLRIHxybpN4VDBvPNqC9-ZiqLuPl8bc\
    VvkM60Us8SE";

const SECRET: &[u8] = b"a secret of the tests, long enough for a key";

/// In the alphabet of URLs, without padding.
pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL.encode(bytes)
}

fn number(text: &str) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(&BASE64URL.decode(text).expect("well formed"))
}

impl TestKey {
    /// Its public half as a JWK with this `kid`; the secret itself for a secret.
    pub fn jwk(self, id: &str) -> serde_json::Value {
        let point = |curve: &str, point: &[u8]| {
            let half = (point.len() - 1) / 2;
            let (x, y) = (base64url(&point[1..=half]), base64url(&point[1 + half..]));
            serde_json::json!({"kty": "EC", "kid": id, "crv": curve, "x": x, "y": y})
        };
        match self {
            Self::Rsa => serde_json::json!({
                "kty": "RSA", "kid": id, "n": PRIVATE_TEST_KEY_N, "e": "AQAB"
            }),
            Self::P256(of) => {
                point("P-256", p256_key(of).verifying_key().to_sec1_point(false).as_bytes())
            }
            Self::P384 => {
                point("P-384", p384_key().verifying_key().to_sec1_point(false).as_bytes())
            }
            Self::P521 => {
                point("P-521", p521_key().verifying_key().to_sec1_point(false).as_bytes())
            }
            Self::Ed25519(of) => {
                let x = base64url(ed25519_key(of).verifying_key().as_bytes());
                serde_json::json!({"kty": "OKP", "kid": id, "crv": "Ed25519", "x": x})
            }
            Self::Secret => serde_json::json!({"kty": "oct", "kid": id, "k": base64url(SECRET)}),
        }
    }

    /// A set with this key alone.
    pub fn jwks(self, id: &str) -> String {
        serde_json::json!({"keys": [self.jwk(id)]}).to_string()
    }

    /// A token that this key signs.
    pub fn token(self, header: &serde_json::Value, payload: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| base64url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(payload));
        let algorithm = header["alg"].as_str().unwrap_or_default();
        let signature = self.sign(algorithm, signed.as_bytes());
        format!("{signed}.{}", base64url(&signature))
    }

    fn sign(self, algorithm: &str, bytes: &[u8]) -> Vec<u8> {
        use ed25519_dalek::Signer;
        match (self, algorithm) {
            (Self::Rsa, "RS384") => rsa_sign(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(bytes)),
            (Self::Rsa, "RS512") => rsa_sign(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(bytes)),
            (Self::Rsa, _) => rsa_sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(bytes)),
            (Self::P256(of), _) => {
                let signature: p256::ecdsa::Signature =
                    p256::ecdsa::signature::Signer::sign(&p256_key(of), bytes);
                signature.to_bytes().to_vec()
            }
            (Self::P384, _) => {
                let signature: p384::ecdsa::Signature =
                    p384::ecdsa::signature::Signer::sign(&p384_key(), bytes);
                signature.to_bytes().to_vec()
            }
            (Self::P521, _) => {
                let signature: p521::ecdsa::Signature =
                    p521::ecdsa::signature::Signer::sign(&p521_key(), bytes);
                signature.to_bytes().to_vec()
            }
            (Self::Ed25519(of), _) => ed25519_key(of).sign(bytes).to_bytes().to_vec(),
            (Self::Secret, "HS512") => {
                let mut mac = Hmac::<Sha512>::new_from_slice(SECRET).expect("any length");
                mac.update(bytes);
                mac.finalize().into_bytes().to_vec()
            }
            (Self::Secret, _) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any length");
                mac.update(bytes);
                mac.finalize().into_bytes().to_vec()
            }
        }
    }
}

fn rsa_sign(padding: Pkcs1v15Sign, digest: &[u8]) -> Vec<u8> {
    let primes = vec![number(PRIVATE_TEST_KEY_P), number(PRIVATE_TEST_KEY_Q)];
    let (n, e, d) = (number(PRIVATE_TEST_KEY_N), number("AQAB"), number(PRIVATE_TEST_KEY_D));
    let key = rsa::PrivateKey::from_components(n, e, d, primes).expect("a key");
    key.sign(padding, digest).expect("it signs")
}

fn p256_key(of: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[of.max(1); 32]).expect("below the order")
}

fn p384_key() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[7; 48]).expect("below the order")
}

fn p521_key() -> p521::ecdsa::SigningKey {
    let mut bytes = [7; 66];
    bytes[0] = 0;
    p521::ecdsa::SigningKey::from_slice(&bytes).expect("below the order")
}

fn ed25519_key(of: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[of; 32])
}
