//! The compact form of a token: three parts in base64url. No key is looked at here.

use std::fmt;

use serde_json::{Map, Value};

use super::claims::Claims;
use super::status::Status;
use super::{TOKEN_BYTES_MAX, base64url, json_object};

/// A token that is well formed; whether it is good is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwt {
    /// How it says that it is signed.
    pub algorithm: Algorithm,
    /// The key that it names; empty names none.
    pub key_id: String,
    /// What it says.
    pub claims: Claims,
    /// `nbf`, in seconds since 1970; 0 is always.
    pub not_before_s: u64,
    /// `exp`, in seconds since 1970; 0 is never.
    pub expires_s: u64,
    /// The first two parts with their dot: what is signed.
    pub(super) signed: String,
    /// What is said to sign it.
    pub(super) signature: Vec<u8>,
}

/// How a token is signed (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the RFCs")]
pub enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

const ALGORITHMS: &[(&str, Algorithm)] = &[
    ("ES256", Algorithm::Es256),
    ("ES384", Algorithm::Es384),
    ("ES512", Algorithm::Es512),
    ("EdDSA", Algorithm::EdDsa),
    ("HS256", Algorithm::Hs256),
    ("HS384", Algorithm::Hs384),
    ("HS512", Algorithm::Hs512),
    ("PS256", Algorithm::Ps256),
    ("PS384", Algorithm::Ps384),
    ("PS512", Algorithm::Ps512),
    ("RS256", Algorithm::Rs256),
    ("RS384", Algorithm::Rs384),
    ("RS512", Algorithm::Rs512),
];

impl Algorithm {
    /// As tokens and keys write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        ALGORITHMS.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    fn of(name: &str) -> Option<Self> {
        ALGORITHMS.iter().find(|(known, _)| *known == name).map(|&(_, algorithm)| algorithm)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Jwt {
    /// Reads a token. `alg: none` is no algorithm.
    ///
    /// # Errors
    /// The first thing that is wrong with it, in the order in which Envoy looks. A token that is
    /// longer than [`TOKEN_BYTES_MAX`] is in no form at all.
    ///
    /// Source: `jwt_verify_lib`, src/jwt.cc, `parseFromString`.
    pub fn parse(text: &str) -> Result<Self, Status> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(Status::JwtBadFormat);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Status::JwtBadFormat);
        };
        if header.is_empty() || payload.is_empty() || signature.is_empty() {
            return Err(Status::JwtBadFormat);
        }
        let signed = format!("{header}.{payload}");
        let header = base64url::decode(header).ok_or(Status::JwtHeaderBadBase64)?;
        let header = json_object(&header).ok_or(Status::JwtHeaderBadJson)?;
        let Some(Value::String(algorithm)) = header.get("alg") else {
            return Err(Status::JwtHeaderBadAlg);
        };
        let algorithm = Algorithm::of(algorithm).ok_or(Status::JwtHeaderNotImplementedAlg)?;
        let key_id = text_of(&header, "kid", Status::JwtHeaderBadKid)?;
        let payload = base64url::decode(payload).ok_or(Status::JwtPayloadBadBase64)?;
        let payload = json_object(&payload).ok_or(Status::JwtPayloadBadJson)?;
        let (not_before_s, expires_s) = check_payload(&payload)?;
        let signature = base64url::decode(signature).ok_or(Status::JwtSignatureBadBase64)?;
        let claims = Claims::of(payload);
        Ok(Self { algorithm, key_id, claims, not_before_s, expires_s, signed, signature })
    }
}

/// The registered claims have their types; gives back `nbf` and `exp`.
pub(super) fn check_payload(payload: &Map<String, Value>) -> Result<(u64, u64), Status> {
    text_of(payload, "iss", Status::JwtIssNotString)?;
    text_of(payload, "sub", Status::JwtSubNotString)?;
    seconds_of(payload, "iat", Status::JwtIatNotInteger, Status::JwtIatOutOfRange)?;
    let not_before =
        seconds_of(payload, "nbf", Status::JwtNbfNotInteger, Status::JwtNbfOutOfRange)?;
    let expires = seconds_of(payload, "exp", Status::JwtExpNotInteger, Status::JwtExpOutOfRange)?;
    text_of(payload, "jti", Status::JwtJtiNotString)?;
    match payload.get("aud") {
        None | Some(Value::String(_)) => {}
        Some(Value::Array(all)) if all.iter().all(Value::is_string) => {}
        Some(_) => return Err(Status::JwtAudNotString),
    }
    Ok((not_before, expires))
}

/// A string; empty if it is missing.
fn text_of(object: &Map<String, Value>, name: &str, wrong: Status) -> Result<String, Status> {
    match object.get(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(wrong),
    }
}

/// Whole seconds; fractions are cut off, and 0 stands for a claim that is missing.
fn seconds_of(
    object: &Map<String, Value>,
    name: &str,
    wrong: Status,
    outside: Status,
) -> Result<u64, Status> {
    let Some(value) = object.get(name) else { return Ok(0) };
    if let Some(whole) = value.as_u64() {
        return Ok(whole);
    }
    let number = value.as_f64().ok_or(wrong)?;
    if !(0.0..18_446_744_073_709_551_616.0).contains(&number) {
        return Err(outside);
    }
    #[expect(clippy::cast_possible_truncation, reason = "cutting the fraction off is meant")]
    #[expect(clippy::cast_sign_loss, reason = "it is not negative")]
    let whole = number as u64;
    Ok(whole)
}
