//! A set of keys (JWKS, RFC 7517). What they sign is not said here.

use ed25519_dalek::VerifyingKey as Ed25519Key;
use rsa::BoxedUint;
use serde_json::{Map, Value};

use super::status::Status;
use super::{JWKS_BYTES_MAX, KEYS_MAX, base64url, json_object};

/// Keys, in the order written.
#[derive(Clone, Debug)]
pub struct Jwks {
    keys: Vec<Jwk>,
    /// Entries that are no key that can be used, by their place in the list.
    skipped: Vec<(usize, Status)>,
    /// What they were read from; two sets of one text are the same.
    source: String,
}

impl PartialEq for Jwks {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Jwks {}

/// A text that is no set of keys that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Envoy cannot use it either, and accepts no token.
    #[error("{}", .0.words())]
    Bad(Status),
    /// It is larger than what is read here.
    #[error("a JWKS of more than {JWKS_BYTES_MAX} bytes or {KEYS_MAX} keys is not read")]
    TooLarge,
    /// Envoy takes certificates by key id; they are not read here.
    #[error("certificates in place of keys are not modelled")]
    Certificates,
}

/// One key.
#[derive(Clone, Debug)]
pub struct Jwk {
    /// `kid`; empty fits every token.
    pub id: String,
    /// `alg`; empty fits every token.
    pub algorithm: String,
    pub(super) key: Key,
}

/// The material.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Rsa(Box<rsa::PublicKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
    P521(Box<p521::ecdsa::VerifyingKey>),
    /// A secret that both sides know.
    Secret(Vec<u8>),
    /// `None` if the bytes are no point of the curve: then nothing verifies.
    Ed25519(Option<Box<Ed25519Key>>),
    /// Envoy may be able to use it.
    NotModelled(&'static str),
}

impl Jwk {
    /// Such as `RSA`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) | Key::NotModelled(_) => "RSA",
            Key::P256(_) => "EC P-256",
            Key::P384(_) => "EC P-384",
            Key::P521(_) => "EC P-521",
            Key::Secret(_) => "oct",
            Key::Ed25519(_) => "OKP Ed25519",
        }
    }

    /// For sentences: `RSA key k1`.
    #[must_use]
    pub fn title(&self) -> String {
        match self.id.as_str() {
            "" => format!("{} key without id", self.kind()),
            id => format!("{} key `{id}`", self.kind()),
        }
    }
}

impl Jwks {
    /// Reads a set of keys; entries that are no usable key are skipped.
    ///
    /// # Errors
    /// If there is no usable key at all, or the text is not read.
    ///
    /// Source: `jwt_verify_lib`, src/jwks.cc, `createFromJwksCore`. `use` and `key_ops` are not
    /// looked at there.
    pub fn parse(text: &str) -> Result<Self, JwksError> {
        if text.len() > JWKS_BYTES_MAX {
            return Err(JwksError::TooLarge);
        }
        let object = json_object(text.as_bytes()).ok_or(JwksError::Bad(Status::JwksParseError))?;
        let entries = match object.get("keys") {
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(JwksError::Bad(Status::JwksBadKeys)),
            None if holds_certificates(&object) => return Err(JwksError::Certificates),
            None => return Err(JwksError::Bad(Status::JwksNoKeys)),
        };
        if entries.len() > KEYS_MAX {
            return Err(JwksError::TooLarge);
        }
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for (at, entry) in entries.iter().enumerate() {
            let Value::Object(entry) = entry else { continue };
            match read_key(entry) {
                Ok(key) => keys.push(key),
                Err(status) => skipped.push((at, status)),
            }
        }
        match (keys.is_empty(), skipped.first()) {
            (false, _) => Ok(Self { keys, skipped, source: text.to_owned() }),
            (true, Some(&(_, status))) => Err(JwksError::Bad(status)),
            (true, None) => Err(JwksError::Bad(Status::JwksNoValidKeys)),
        }
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Entries that were skipped, by their place in the list, and why.
    #[must_use]
    pub fn skipped(&self) -> &[(usize, Status)] {
        &self.skipped
    }
}

/// A map of key ids to certificates.
fn holds_certificates(object: &Map<String, Value>) -> bool {
    let is_certificate = |value: &Value| {
        value.as_str().is_some_and(|text| text.starts_with("-----BEGIN CERTIFICATE-----"))
    };
    !object.is_empty() && object.values().all(is_certificate)
}

fn read_key(entry: &Map<String, Value>) -> Result<Jwk, Status> {
    let kind = string(entry, "kty", Status::JwksMissingKty, Status::JwksBadKty)?;
    let optional = |name| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, algorithm) = (optional("kid"), optional("alg"));
    let key = match kind {
        "RSA" => rsa(entry, &algorithm),
        "EC" => elliptic(entry, &algorithm),
        "oct" => secret(entry, &algorithm),
        "OKP" => edwards(entry, &algorithm),
        _ => Err(Status::JwksNotImplementedKty),
    };
    Ok(Jwk { id, algorithm, key: key? })
}

/// The widths of keys that are read, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 512..=8192;

fn rsa(entry: &Map<String, Value>, algorithm: &str) -> Result<Key, Status> {
    let fits = algorithm.is_empty() || algorithm.starts_with("RS") || algorithm.starts_with("PS");
    if !fits {
        return Err(Status::JwksRsaKeyBadAlg);
    }
    let n = string(entry, "n", Status::JwksRsaKeyMissingN, Status::JwksRsaKeyBadN)?;
    let e = string(entry, "e", Status::JwksRsaKeyMissingE, Status::JwksRsaKeyBadE)?;
    let number = |text| {
        let bytes = base64url::decode(text).ok_or(Status::JwksRsaParseError)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Ok(bytes[zeros..].to_vec())
    };
    let (n, e): (Vec<u8>, Vec<u8>) = (number(n)?, number(e)?);
    // Other exponents are refused early.
    if !matches!(e[..], [3] | [1, 0, 1]) {
        return Err(Status::JwksRsaParseError);
    }
    if n.len() * 8 > *RSA_BITS.end() {
        return Ok(Key::NotModelled("an RSA key of more than 8192 bits"));
    }
    let (n, e) = (BoxedUint::from_be_slice_vartime(&n), BoxedUint::from_be_slice_vartime(&e));
    let key = rsa::PublicKey::new_with_size_limits(n, e, RSA_BITS);
    key.map(|key| Key::Rsa(Box::new(key))).map_err(|_| Status::JwksRsaParseError)
}

fn elliptic(entry: &Map<String, Value>, algorithm: &str) -> Result<Key, Status> {
    if !algorithm.is_empty() && !algorithm.starts_with("ES") {
        return Err(Status::JwksEcKeyBadAlg);
    }
    let curve = match entry.get("crv") {
        None => "",
        Some(Value::String(curve)) => curve,
        Some(_) => return Err(Status::JwksEcKeyBadCrv),
    };
    let curve = match (algorithm, curve) {
        ("" | "ES256", "P-256") | ("" | "ES256", "") => "P-256",
        ("" | "ES384", "P-384") | ("ES384", "") => "P-384",
        ("" | "ES512", "P-521") | ("ES512", "") => "P-521",
        ("", _) | (_, "") => return Err(Status::JwksEcKeyAlgOrCrvUnsupported),
        _ => return Err(Status::JwksEcKeyAlgNotCompatibleWithCrv),
    };
    let x = string(entry, "x", Status::JwksEcKeyMissingX, Status::JwksEcKeyBadX)?;
    let y = string(entry, "y", Status::JwksEcKeyMissingY, Status::JwksEcKeyBadY)?;
    let (Some(x), Some(y)) = (base64url::decode(x), base64url::decode(y)) else {
        return Err(Status::JwksEcXOrYBadBase64);
    };
    let wrong = Status::JwksEcParseError;
    match curve {
        "P-256" => {
            let point = point(&x, &y, 32).ok_or(wrong)?;
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| wrong)?;
            Ok(Key::P256(Box::new(key)))
        }
        "P-384" => {
            let point = point(&x, &y, 48).ok_or(wrong)?;
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| wrong)?;
            Ok(Key::P384(Box::new(key)))
        }
        _ => {
            let point = point(&x, &y, 66).ok_or(wrong)?;
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| wrong)?;
            Ok(Key::P521(Box::new(key)))
        }
    }
}

/// A point as SEC 1 writes it, uncompressed.
fn point(x: &[u8], y: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut point = vec![4];
    point.extend(padded(x, width)?);
    point.extend(padded(y, width)?);
    Some(point)
}

/// A number in exactly `width` bytes.
pub(super) fn padded(number: &[u8], width: usize) -> Option<Vec<u8>> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let mut bytes = vec![0; width.checked_sub(number.len())?];
    bytes.extend_from_slice(number);
    Some(bytes)
}

fn secret(entry: &Map<String, Value>, algorithm: &str) -> Result<Key, Status> {
    if !matches!(algorithm, "" | "HS256" | "HS384" | "HS512") {
        return Err(Status::JwksHmacKeyBadAlg);
    }
    let k = string(entry, "k", Status::JwksHmacKeyMissingK, Status::JwksHmacKeyBadK)?;
    let secret = base64url::decode(k).filter(|secret| !secret.is_empty());
    secret.map(Key::Secret).ok_or(Status::JwksOctBadBase64)
}

fn edwards(entry: &Map<String, Value>, algorithm: &str) -> Result<Key, Status> {
    if !matches!(algorithm, "" | "EdDSA") {
        return Err(Status::JwksOkpKeyBadAlg);
    }
    let curve = string(entry, "crv", Status::JwksOkpKeyMissingCrv, Status::JwksOkpKeyBadCrv)?;
    if curve != "Ed25519" {
        return Err(Status::JwksOkpKeyCrvUnsupported);
    }
    let x = string(entry, "x", Status::JwksOkpKeyMissingX, Status::JwksOkpKeyBadX)?;
    let x = base64url::decode(x).ok_or(Status::JwksOkpXBadBase64)?;
    let bytes: [u8; 32] = x.try_into().map_err(|_| Status::JwksOkpXWrongLength)?;
    Ok(Key::Ed25519(Ed25519Key::from_bytes(&bytes).ok().map(Box::new)))
}

fn string<'e>(
    entry: &'e Map<String, Value>,
    name: &str,
    missing: Status,
    wrong: Status,
) -> Result<&'e str, Status> {
    match entry.get(name) {
        None => Err(missing),
        Some(value) => value.as_str().ok_or(wrong),
    }
}
