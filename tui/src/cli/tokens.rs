//! The arguments that say what is known of tokens (JWT).

use clap::Args;
use meshwalk_models::manifest::kinds::Timestamp;

/// What is known of tokens.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TokenArgs {
    /// The token of the request, as `authorization: Bearer JWT`; `@FILE` reads it from FILE.
    ///
    /// It is verified with the keys of RequestAuthentications. Tokens that stand elsewhere are
    /// written with --header, --path and the like.
    #[arg(long, value_name = "JWT|@FILE", conflicts_with = "claims")]
    pub(crate) token: Option<String>,

    /// The claims of a token whose signature is taken for good, as a JSON object; `@FILE` reads
    /// them from FILE.
    ///
    /// Issuer and audience are checked all the same, and the time if --now gives one.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) claims: Option<String>,

    /// The keys of issuers whose keys are not in the manifests, as a JWKS; for one issuer alone
    /// with its name before; repeatable.
    #[arg(long, value_name = "[ISSUER=]FILE")]
    pub(crate) jwks: Vec<String>,

    /// The time at which tokens are judged, such as 2026-05-01T09:30:00Z.
    ///
    /// Without it, nothing is said of tokens that expire: the verdict is `unknown`.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
}
