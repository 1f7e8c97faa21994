//! What the command line says of tokens, as the walk takes it.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use meshwalk_models::token::{Claims, JWKS_BYTES_MAX, Jwks, TOKEN_BYTES_MAX, TokenFacts};

use crate::cli::TokenArgs;
use crate::failure::Failure;

/// The header that carries a token.
const HEADER: &str = "authorization";

/// What was said of tokens.
pub(super) struct Tokens {
    /// What is known of them beside the headers.
    pub(super) facts: Arc<TokenFacts>,
    /// The value of the header that brings one.
    bearer: Option<String>,
}

impl Tokens {
    /// The headers of a request with the token among them; a header of its own counts before it.
    pub(super) fn with(&self, mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
        let has_own = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(HEADER));
        if let Some(bearer) = self.bearer.as_ref().filter(|_| !has_own) {
            headers.push((HEADER.to_owned(), bearer.clone()));
        }
        headers
    }
}

/// Reads what is said of tokens; `headers` are those that are written out.
pub(super) fn read(args: &TokenArgs, headers: &[(String, String)]) -> Result<Tokens, Failure> {
    let mut bearer = None;
    if let Some(token) = &args.token {
        if headers.iter().any(|(name, _)| name == HEADER) {
            return Err(Failure::new("--token and a header `authorization` both bring a token")
                .help("leave one of them out"));
        }
        let token = given(token, TOKEN_BYTES_MAX)?;
        let token = token.trim();
        let bare = token.strip_prefix("Bearer ").unwrap_or(token).trim();
        bearer = Some(format!("Bearer {bare}"));
    }
    let mut facts = TokenFacts { now: args.now, ..TokenFacts::default() };
    if let Some(claims) = &args.claims {
        let claims = Claims::parse(&given(claims, TOKEN_BYTES_MAX)?)
            .map_err(|error| Failure::new(format!("--claims: {error}")))?;
        facts.stated = Some(Arc::new(claims));
    }
    for text in &args.jwks {
        // A name of a file with `=` in it is taken as a whole if it is there.
        let (issuer, file) = match text.rsplit_once('=') {
            Some((issuer, file)) if !Path::new(text).exists() => (Some(issuer), file),
            _ => (None, text.as_str()),
        };
        let keys = Jwks::parse(&file_text(file, JWKS_BYTES_MAX)?).map_err(|error| {
            Failure::new(format!("{file}: {error}"))
                .help("a JWKS is a JSON object with a list `keys` of public keys (RFC 7517)")
        })?;
        match issuer {
            Some(issuer) => {
                facts.keys.insert(issuer.to_owned(), Arc::new(keys));
            }
            None => facts.other_keys = Some(Arc::new(keys)),
        }
    }
    Ok(Tokens { facts: Arc::new(facts), bearer })
}

/// A text as it was typed, or that of the file behind `@`.
fn given(text: &str, bytes_max: usize) -> Result<String, Failure> {
    match text.strip_prefix('@') {
        Some(file) => file_text(file, bytes_max),
        None if text.len() > bytes_max => {
            Err(Failure::new(format!("more than {bytes_max} bytes fit into no request")))
        }
        None => Ok(text.to_owned()),
    }
}

fn file_text(file: &str, bytes_max: usize) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("failed to read {file}: {error}"));
    let mut text = String::new();
    let limit = bytes_max as u64 + 1;
    File::open(file).and_then(|it| it.take(limit).read_to_string(&mut text)).map_err(failed)?;
    if text.len() > bytes_max {
        return Err(Failure::new(format!("{file} has more than {bytes_max} bytes")));
    }
    Ok(text)
}
