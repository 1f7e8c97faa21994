//! Whether a key of a set signed a token.

use hmac::{Hmac, KeyInit, Mac};
use rsa::{Pkcs1v15Sign, Pss};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::jwks::{Jwk, Jwks, Key, padded};
use super::jwt::{Algorithm, Jwt};
use super::status::Status;

/// What became of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// This key signed it, by its place in the set.
    By(usize),
    /// No key did; with what was tried.
    Not(Status, String),
    /// It depends on something that is not modelled.
    Unknown(String),
}

/// How many keys are named in a sentence.
const TOLD_MAX: usize = 4;

/// Tries the keys that fit the `kid` and `alg` of a token, in their order. The kind of the key says
/// how the signature is checked; what the token says chooses the hash, and between the paddings of
/// RSA. So a token that says `HS256` is never checked with the bytes of a public key.
///
/// Source: `jwt_verify_lib`, src/verify.cc, `verifyJwtWithoutTimeChecking`.
pub(super) fn verify(jwt: &Jwt, jwks: &Jwks) -> Signed {
    let mut tried = Vec::new();
    let mut unknown = None;
    for (at, jwk) in jwks.keys().iter().enumerate() {
        let other_key = !jwt.key_id.is_empty() && !jwk.id.is_empty() && jwk.id != jwt.key_id;
        let other_algorithm = !jwk.algorithm.is_empty() && jwk.algorithm != jwt.algorithm.name();
        if other_key || other_algorithm {
            continue;
        }
        tried.push(jwk);
        match signs(&jwk.key, jwt) {
            Fit::Yes => return Signed::By(at),
            Fit::No => {}
            Fit::WrongLength => {
                let detail = format!("a signature of {} bytes", jwt.signature.len());
                return Signed::Not(Status::JwtEd25519SignatureWrongLength, detail);
            }
            Fit::Unknown(what) => unknown = Some(what),
        }
    }
    if let Some(what) = unknown {
        return Signed::Unknown(format!("{what} is not modelled"));
    }
    let named = |keys: &[&Jwk]| {
        let mut titles: Vec<_> = keys.iter().take(TOLD_MAX).map(|key| key.title()).collect();
        let more = keys.len().saturating_sub(TOLD_MAX);
        titles.extend((more > 0).then(|| format!("{more} more")));
        titles.join(", ")
    };
    if tried.is_empty() {
        let all: Vec<_> = jwks.keys().iter().collect();
        let key = match jwt.key_id.as_str() {
            "" => String::new(),
            id => format!(" and names key `{id}`"),
        };
        let detail = format!("the token says {}{key}; there is {}", jwt.algorithm, named(&all));
        return Signed::Not(Status::JwksKidAlgMismatch, detail);
    }
    let detail = format!("{} by {}: {}", jwt.algorithm, named(&tried), NOT_SIGNED);
    Signed::Not(Status::JwtVerificationFail, detail)
}

const NOT_SIGNED: &str = "the signature does not fit what the token says";

enum Fit {
    Yes,
    No,
    WrongLength,
    Unknown(&'static str),
}

impl From<bool> for Fit {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

fn signs(key: &Key, jwt: &Jwt) -> Fit {
    let (signed, signature) = (jwt.signed.as_bytes(), &jwt.signature[..]);
    match key {
        Key::Rsa(key) => rsa_signs(key, jwt).into(),
        Key::P256(key) => {
            use p256::ecdsa::{Signature, signature::hazmat::PrehashVerifier};
            let signature = halves(signature, 32).and_then(|it| Signature::from_slice(&it).ok());
            let digest = digest(jwt.algorithm, signed);
            signature.is_some_and(|it| key.verify_prehash(&digest, &it).is_ok()).into()
        }
        Key::P384(key) => {
            use p384::ecdsa::{Signature, signature::hazmat::PrehashVerifier};
            let signature = halves(signature, 48).and_then(|it| Signature::from_slice(&it).ok());
            let digest = digest(jwt.algorithm, signed);
            signature.is_some_and(|it| key.verify_prehash(&digest, &it).is_ok()).into()
        }
        Key::P521(key) => {
            use p521::ecdsa::{Signature, signature::hazmat::PrehashVerifier};
            let signature = halves(signature, 66).and_then(|it| Signature::from_slice(&it).ok());
            let digest = digest(jwt.algorithm, signed);
            signature.is_some_and(|it| key.verify_prehash(&digest, &it).is_ok()).into()
        }
        Key::Secret(secret) => secret_signs(secret, jwt.algorithm, signed, signature).into(),
        Key::Ed25519(key) => {
            use ed25519_dalek::{Signature, Verifier};
            let Ok(signature) = Signature::from_slice(signature) else { return Fit::WrongLength };
            key.as_ref().is_some_and(|key| key.verify(signed, &signature).is_ok()).into()
        }
        Key::NotModelled(what) => Fit::Unknown(what),
    }
}

/// The hash that the token's algorithm names; SHA-256 where it names none of the key's.
fn digest(algorithm: Algorithm, signed: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::Es384 => Sha384::digest(signed).to_vec(),
        Algorithm::Es512 => Sha512::digest(signed).to_vec(),
        _ => Sha256::digest(signed).to_vec(),
    }
}

fn rsa_signs(key: &rsa::PublicKey, jwt: &Jwt) -> bool {
    let (signed, signature) = (jwt.signed.as_bytes(), &jwt.signature[..]);
    match jwt.algorithm {
        Algorithm::Rs256 => {
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(signed), signature).is_ok()
        }
        Algorithm::Rs384 => {
            key.verify(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(signed), signature).is_ok()
        }
        Algorithm::Rs512 => {
            key.verify(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(signed), signature).is_ok()
        }
        Algorithm::Ps256 => {
            key.verify(Pss::<Sha256>::new(), &Sha256::digest(signed), signature).is_ok()
        }
        Algorithm::Ps384 => {
            key.verify(Pss::<Sha384>::new(), &Sha384::digest(signed), signature).is_ok()
        }
        Algorithm::Ps512 => {
            key.verify(Pss::<Sha512>::new(), &Sha512::digest(signed), signature).is_ok()
        }
        _ => false,
    }
}

fn secret_signs(secret: &[u8], algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
    macro_rules! fits {
        ($hash:ty) => {
            Hmac::<$hash>::new_from_slice(secret).is_ok_and(|mut mac| {
                mac.update(signed);
                mac.verify_slice(signature).is_ok()
            })
        };
    }
    match algorithm {
        Algorithm::Hs384 => fits!(Sha384),
        Algorithm::Hs512 => fits!(Sha512),
        _ => fits!(Sha256),
    }
}

/// The two numbers of a signature in `width` bytes each: any length is cut in the middle.
fn halves(signature: &[u8], width: usize) -> Option<Vec<u8>> {
    let middle = signature.len() / 2;
    let (first, second) = (&signature[..middle], &signature[middle..middle * 2]);
    let mut numbers = padded(first, width)?;
    numbers.extend(padded(second, width)?);
    Some(numbers)
}
