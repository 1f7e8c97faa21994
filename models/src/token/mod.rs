//! Tokens (JWT) and the keys (JWKS) that sign them: parsing, signatures, issuer, audience, time.
//! Where a token stands in a request, and what becomes of a request without one, is the proxy's
//! business (`proxy::envoy::filters`).
//!
//! Words, order of checks and leniencies are those of Envoy's `jwt_verify_lib`; where it departs
//! from the RFCs, it is followed. Nothing here reads a clock: the time is an argument, and what
//! depends on a time that is not known is unknown.

mod base64url;
mod check;
mod claims;
mod facts;
mod jwks;
mod jwt;
mod signature;
mod status;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

pub use check::{Bad, CLOCK_SKEW_S, Check, Expected, KeySource, check, check_claims};
pub use claims::{ClaimValues, Claims, ClaimsError};
pub use facts::TokenFacts;
pub use jwks::{Jwk, Jwks, JwksError};
pub use jwt::{Algorithm, Jwt};
pub use status::Status;

/// The longest token that is read, in bytes: a proxy takes no more than 60 KiB of headers
/// (Envoy, `max_request_headers_kb`).
pub const TOKEN_BYTES_MAX: usize = 60 * 1024;

/// The longest JWKS that is read, in bytes.
pub const JWKS_BYTES_MAX: usize = 1024 * 1024;

/// How many keys of a JWKS are looked at.
pub const KEYS_MAX: usize = 1000;

/// How deep JSON may be nested, as for protobuf's reader of JSON.
const JSON_DEPTH_MAX: usize = 100;

/// JSON as Envoy reads it: an object, not too deep.
fn json_object(bytes: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    let object: serde_json::Map<_, _> = serde_json::from_slice(bytes).ok()?;
    let deep = object.values().any(|value| !is_shallow(value, JSON_DEPTH_MAX - 1));
    (!deep).then_some(object)
}

fn is_shallow(value: &serde_json::Value, left: usize) -> bool {
    let Some(below) = left.checked_sub(1) else { return false };
    match value {
        serde_json::Value::Array(items) => items.iter().all(|it| is_shallow(it, below)),
        serde_json::Value::Object(fields) => fields.values().all(|it| is_shallow(it, below)),
        _ => true,
    }
}
