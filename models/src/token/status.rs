//! What can be wrong with a token or its keys, in the words of Envoy.

/// Why a token is not good. The words are those of Envoy's answer.
///
/// Source: `jwt_verify_lib`, src/status.cc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each says itself what it is, and `words` says it to people")]
pub enum Status {
    JwtMissed,
    JwtNotYetValid,
    JwtExpired,
    JwtBadFormat,
    JwtHeaderBadBase64,
    JwtHeaderBadJson,
    JwtHeaderBadAlg,
    JwtHeaderNotImplementedAlg,
    JwtHeaderBadKid,
    JwtPayloadBadBase64,
    JwtPayloadBadJson,
    JwtIssNotString,
    JwtSubNotString,
    JwtIatNotInteger,
    JwtIatOutOfRange,
    JwtNbfNotInteger,
    JwtNbfOutOfRange,
    JwtExpNotInteger,
    JwtExpOutOfRange,
    JwtJtiNotString,
    JwtAudNotString,
    JwtSignatureBadBase64,
    JwtEd25519SignatureWrongLength,
    JwtUnknownIssuer,
    JwtAudienceNotAllowed,
    JwtVerificationFail,
    JwksParseError,
    JwksNoKeys,
    JwksBadKeys,
    JwksNoValidKeys,
    JwksKidAlgMismatch,
    JwksMissingKty,
    JwksBadKty,
    JwksNotImplementedKty,
    JwksRsaKeyBadAlg,
    JwksRsaKeyMissingN,
    JwksRsaKeyBadN,
    JwksRsaKeyMissingE,
    JwksRsaKeyBadE,
    JwksRsaParseError,
    JwksEcKeyBadAlg,
    JwksEcKeyBadCrv,
    JwksEcKeyAlgOrCrvUnsupported,
    JwksEcKeyAlgNotCompatibleWithCrv,
    JwksEcKeyMissingX,
    JwksEcKeyBadX,
    JwksEcKeyMissingY,
    JwksEcKeyBadY,
    JwksEcXOrYBadBase64,
    JwksEcParseError,
    JwksHmacKeyBadAlg,
    JwksHmacKeyMissingK,
    JwksHmacKeyBadK,
    JwksOctBadBase64,
    JwksOkpKeyBadAlg,
    JwksOkpKeyMissingCrv,
    JwksOkpKeyBadCrv,
    JwksOkpKeyCrvUnsupported,
    JwksOkpKeyMissingX,
    JwksOkpKeyBadX,
    JwksOkpXBadBase64,
    JwksOkpXWrongLength,
}

impl Status {
    /// The body of Envoy's answer.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::JwtMissed => "Jwt is missing",
            Self::JwtNotYetValid => "Jwt not yet valid",
            Self::JwtExpired => "Jwt is expired",
            Self::JwtBadFormat => {
                "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"
            }
            Self::JwtHeaderBadBase64 => "Jwt header is an invalid Base64url encoded",
            Self::JwtHeaderBadJson => "Jwt header is an invalid JSON",
            Self::JwtHeaderBadAlg => "Jwt header [alg] field is required and must be a string",
            Self::JwtHeaderNotImplementedAlg => "Jwt header [alg] is not supported",
            Self::JwtHeaderBadKid => "Jwt header [kid] field is not a string",
            Self::JwtPayloadBadBase64 => "Jwt payload is an invalid Base64url encoded",
            Self::JwtPayloadBadJson => "Jwt payload is an invalid JSON",
            Self::JwtIssNotString => "Jwt payload [iss] field is not a string",
            Self::JwtSubNotString => "Jwt payload [sub] field is not a string",
            Self::JwtIatNotInteger => "Jwt payload [iat] field is not an integer",
            Self::JwtIatOutOfRange => "Jwt payload [iat] field is not a positive 64 bit integer",
            Self::JwtNbfNotInteger => "Jwt payload [nbf] field is not an integer",
            Self::JwtNbfOutOfRange => "Jwt payload [nbf] field is not a positive 64 bit integer",
            Self::JwtExpNotInteger => "Jwt payload [exp] field is not an integer",
            Self::JwtExpOutOfRange => "Jwt payload [exp] field is not a positive 64 bit integer",
            Self::JwtJtiNotString => "Jwt payload [jti] field is not a string",
            Self::JwtAudNotString => "Jwt payload [aud] field is not a string or string list",
            Self::JwtSignatureBadBase64 => "Jwt signature is an invalid Base64url encoded",
            Self::JwtEd25519SignatureWrongLength => "Jwt ED25519 signature is wrong length",
            Self::JwtUnknownIssuer => "Jwt issuer is not configured",
            Self::JwtAudienceNotAllowed => "Audiences in Jwt are not allowed",
            Self::JwtVerificationFail => "Jwt verification fails",
            other => other.words_of_keys(),
        }
    }

    const fn words_of_keys(self) -> &'static str {
        match self {
            Self::JwksParseError => "Jwks is an invalid JSON",
            Self::JwksNoKeys => "Jwks does not have [keys] field",
            Self::JwksBadKeys => "[keys] in Jwks is not an array",
            Self::JwksKidAlgMismatch => "Jwks doesn't have key to match kid or alg from Jwt",
            Self::JwksMissingKty => "[kty] is missing in [keys]",
            Self::JwksBadKty => "[kty] is bad in [keys]",
            Self::JwksNotImplementedKty => "[kty] is not supported in [keys]",
            Self::JwksRsaKeyBadAlg => "[alg] is not started with [RS] or [PS] for an RSA key",
            Self::JwksRsaKeyMissingN => "[n] field is missing for a RSA key",
            Self::JwksRsaKeyBadN => "[n] field is not string for a RSA key",
            Self::JwksRsaKeyMissingE => "[e] field is missing for a RSA key",
            Self::JwksRsaKeyBadE => "[e] field is not string for a RSA key",
            Self::JwksRsaParseError => "Jwks RSA [n] or [e] field is missing or has a parse error",
            Self::JwksEcKeyBadAlg => "[alg] is not started with [ES] for an EC key",
            Self::JwksEcKeyBadCrv => "[crv] field is not string for an EC key",
            Self::JwksEcKeyAlgOrCrvUnsupported => {
                "[crv] or [alg] field is not supported for an EC key"
            }
            Self::JwksEcKeyAlgNotCompatibleWithCrv => {
                "[crv] field specified is not compatible with [alg] for an EC key"
            }
            Self::JwksEcKeyMissingX => "[x] field is missing for an EC key",
            Self::JwksEcKeyBadX => "[x] field is not string for an EC key",
            Self::JwksEcKeyMissingY => "[y] field is missing for an EC key",
            Self::JwksEcKeyBadY => "[y] field is not string for an EC key",
            Self::JwksEcXOrYBadBase64 => "Jwks EC [x] or [y] field is an invalid Base64.",
            Self::JwksEcParseError => "Jwks EC [x] and [y] fields have a parse error.",
            Self::JwksHmacKeyBadAlg => "[alg] does not start with [HS] for an HMAC key",
            Self::JwksHmacKeyMissingK => "[k] field is missing for an HMAC key",
            Self::JwksHmacKeyBadK => "[k] field is not string for an HMAC key",
            Self::JwksOctBadBase64 => "Jwks Oct key is an invalid Base64",
            Self::JwksOkpKeyBadAlg => "[alg] is not [EdDSA] for an OKP key",
            Self::JwksOkpKeyMissingCrv => "[crv] field is missing for an OKP key",
            Self::JwksOkpKeyBadCrv => "[crv] field is not string for an OKP key",
            Self::JwksOkpKeyCrvUnsupported => "[crv] field is not supported for an OKP key",
            Self::JwksOkpKeyMissingX => "[x] field is missing for an OKP key",
            Self::JwksOkpKeyBadX => "[x] field is not string for an OKP key",
            Self::JwksOkpXBadBase64 => "Jwks OKP [x] field is an invalid Base64.",
            Self::JwksOkpXWrongLength => "Jwks OKP [x] field is wrong length.",
            _ => "Jwks doesn't have any valid public key",
        }
    }

    /// The status of Envoy's answer.
    ///
    /// Source: Envoy, source/extensions/filters/http/jwt_authn/filter.cc, `onComplete`.
    #[must_use]
    pub const fn http(self) -> u16 {
        match self {
            Self::JwtAudienceNotAllowed => 403,
            _ => 401,
        }
    }
}
