//! Whether a token is good for one issuer: who issued it, when, for whom, and who signed it.

use crate::manifest::kinds::Timestamp;

use super::claims::Claims;
use super::jwks::Jwks;
use super::jwt::{Jwt, check_payload};
use super::signature::{Signed, verify};
use super::status::Status;

/// How far clocks may differ, in seconds (`jwt_verify_lib`, `kClockSkewInSecond`).
pub const CLOCK_SKEW_S: u64 = 60;

/// What is asked of a token.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// Who must have issued it; empty is anybody.
    pub issuer: &'e str,
    /// For whom it may be; empty is anybody.
    pub audiences: &'e [String],
    /// The keys that may sign it.
    pub keys: KeySource<'e>,
    /// The time, if it is known.
    pub now: Option<Timestamp>,
}

/// The keys of an issuer.
#[derive(Clone, Copy, Debug)]
pub enum KeySource<'e> {
    /// These.
    Known(&'e Jwks),
    /// Envoy has none that it can use, and accepts no token.
    Broken,
    /// They are not known, and why.
    Unknown(&'e str),
}

/// What a token is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is good; with the sentence of what was checked last.
    Good(String),
    /// It is not.
    Bad(Bad),
    /// It cannot be told, and why.
    Unknown(String),
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// As Envoy says it.
    pub status: Status,
    /// What was compared.
    pub detail: String,
}

/// Checks a token in Envoy's order: issuer, time, audience, signature. What certainly fails counts
/// before what cannot be told.
///
/// Source: Envoy, source/extensions/filters/http/jwt_authn/authenticator.cc, `startVerify`.
#[must_use]
pub fn check(jwt: &Jwt, expected: &Expected<'_>) -> Check {
    let times = (jwt.not_before_s, jwt.expires_s);
    let unknown = match claims_fit(&jwt.claims, times, expected) {
        Check::Bad(bad) => return Check::Bad(bad),
        Check::Unknown(why) => Some(why),
        Check::Good(_) => None,
    };
    let signed = match expected.keys {
        KeySource::Known(jwks) => match verify(jwt, jwks) {
            Signed::By(at) => {
                Check::Good(format!("{} signed it with {}", jwks.keys()[at].title(), jwt.algorithm))
            }
            Signed::Not(status, detail) => Check::Bad(Bad { status, detail }),
            Signed::Unknown(why) => Check::Unknown(why),
        },
        KeySource::Broken => {
            let detail = "the keys of its issuer cannot be used".to_owned();
            Check::Bad(Bad { status: Status::JwksNoValidKeys, detail })
        }
        KeySource::Unknown(why) => Check::Unknown(why.to_owned()),
    };
    match (signed, unknown) {
        (Check::Bad(bad), _) => Check::Bad(bad),
        (_, Some(why)) => Check::Unknown(why),
        (signed, None) => signed,
    }
}

/// Checks claims that somebody vouches for: issuer, audience, and time where both are known. There
/// is no signature to check.
#[must_use]
pub fn check_claims(claims: &Claims, expected: &Expected<'_>) -> Check {
    let times = match check_payload(claims.payload()) {
        Ok(times) => times,
        Err(status) => return Check::Bad(Bad { status, detail: "as the claims say".to_owned() }),
    };
    // Whoever states the claims says that they hold; a time is only held against them if given.
    let times = if expected.now.is_some() { times } else { (0, 0) };
    match claims_fit(claims, times, expected) {
        Check::Good(_) => Check::Good("its claims are taken for verified, as asked".to_owned()),
        other => other,
    }
}

fn claims_fit(claims: &Claims, times: (u64, u64), expected: &Expected<'_>) -> Check {
    let issuer = claims.text("iss");
    if !expected.issuer.is_empty() && issuer != expected.issuer {
        let detail = format!("issuer is `{issuer}`, not `{}`", expected.issuer);
        return Check::Bad(Bad { status: Status::JwtUnknownIssuer, detail });
    }
    let in_time = in_time(times, expected.now);
    if let Check::Bad(bad) = in_time {
        return Check::Bad(bad);
    }
    let audiences = claims.audiences();
    let allowed = expected.audiences.iter().any(|allowed| {
        audiences.iter().any(|audience| plain_audience(audience) == plain_audience(allowed))
    });
    if !expected.audiences.is_empty() && !allowed {
        let detail = format!(
            "audience is {}, not one of {}",
            listed(audiences.iter().copied()),
            listed(expected.audiences.iter().map(String::as_str))
        );
        return Check::Bad(Bad { status: Status::JwtAudienceNotAllowed, detail });
    }
    in_time
}

fn in_time((not_before_s, expires_s): (u64, u64), now: Option<Timestamp>) -> Check {
    if not_before_s == 0 && expires_s == 0 {
        return Check::Good("it holds at any time".to_owned());
    }
    let shown = |seconds: u64| {
        i64::try_from(seconds).map_or_else(
            |_| format!("second {seconds}"),
            |seconds| Timestamp::from_unix_s(seconds).to_string(),
        )
    };
    let Some(now) = now else {
        let claim = match (not_before_s, expires_s) {
            (nbf, 0) => format!("it holds from {} on", shown(nbf)),
            (_, exp) => format!("it expires at {}", shown(exp)),
        };
        return Check::Unknown(format!("{claim}, and the time is not known"));
    };
    let now_s = u64::try_from(now.as_unix_s()).unwrap_or(0);
    if now_s.saturating_add(CLOCK_SKEW_S) < not_before_s {
        let detail = format!(
            "nbf is {}, and it is {now}; {CLOCK_SKEW_S} s of skew are allowed",
            shown(not_before_s)
        );
        return Check::Bad(Bad { status: Status::JwtNotYetValid, detail });
    }
    if expires_s != 0 && now_s > expires_s.saturating_add(CLOCK_SKEW_S) {
        let detail = format!(
            "exp is {}, and it is {now}; {CLOCK_SKEW_S} s of skew are allowed",
            shown(expires_s)
        );
        return Check::Bad(Bad { status: Status::JwtExpired, detail });
    }
    Check::Good(format!("it holds at {now}"))
}

/// Without scheme and last slash, as Envoy compares audiences.
///
/// Source: `jwt_verify_lib`, src/check_audience.cc, `sanitizeAudience`.
fn plain_audience(audience: &str) -> &str {
    let rest = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://"));
    let rest = rest.unwrap_or(audience);
    rest.strip_suffix('/').unwrap_or(rest)
}

fn listed<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    const TOLD_MAX: usize = 4;
    let all: Vec<_> = texts.map(|text| format!("`{text}`")).collect();
    match all.len() {
        0 => "missing".to_owned(),
        count if count > TOLD_MAX => {
            format!("{} and {} more", all[..TOLD_MAX].join(", "), count - TOLD_MAX)
        }
        _ => all.join(", "),
    }
}
