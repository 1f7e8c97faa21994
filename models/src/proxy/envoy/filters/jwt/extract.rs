//! Where the tokens of a request stand, and the request without one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::super::super::config::JwtProvider;
use super::super::super::request::HeaderMap;

/// A token as it stands in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) place: Place,
    /// The issuers who look there; an empty one stands for all.
    pub(super) issuers: BTreeSet<String>,
}

impl Found {
    pub(super) fn is_allowed(&self, issuer: &str) -> bool {
        self.issuers.contains("") || self.issuers.contains(issuer)
    }
}

/// Where a token stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A header, and what stands before the token there.
    Header(String, String),
    Param(String),
    Cookie(String),
    /// Nowhere: its claims are stated by whoever asks.
    Stated,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name, _) => write!(f, "header `{name}`"),
            Self::Param(name) => write!(f, "query parameter `{name}`"),
            Self::Cookie(name) => write!(f, "cookie `{name}`"),
            Self::Stated => f.write_str("the claims that are stated"),
        }
    }
}

/// The letters of a token.
fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

/// The places that providers look at, each with their issuers: headers, query parameters, cookies.
pub(super) fn places<'p>(
    providers: impl Iterator<Item = &'p JwtProvider>,
) -> BTreeMap<Place, BTreeSet<String>> {
    let mut places: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    for provider in providers {
        let locations = &provider.locations;
        let headers = locations.headers.iter();
        let headers = headers.map(|(name, prefix)| Place::Header(name.clone(), prefix.clone()));
        let params = locations.params.iter().cloned().map(Place::Param);
        let cookies = locations.cookies.iter().cloned().map(Place::Cookie);
        for place in headers.chain(params).chain(cookies) {
            places.entry(place).or_default().insert(provider.issuer.value.clone());
        }
    }
    places
}

/// The tokens that stand at these places, in their order.
///
/// Source: Envoy, source/extensions/filters/http/jwt_authn/extractor.cc, `extract`.
pub(super) fn extract(
    places: BTreeMap<Place, BTreeSet<String>>,
    headers: &HeaderMap,
) -> Vec<Found> {
    let mut all = Vec::new();
    for (place, issuers) in places {
        let texts: Vec<String> = match &place {
            Place::Header(name, prefix) => {
                headers.all(name).filter_map(|value| behind(prefix, value)).collect()
            }
            Place::Param(name) => param(headers, name).into_iter().collect(),
            Place::Cookie(name) => cookie(headers, name).into_iter().collect(),
            Place::Stated => Vec::new(),
        };
        let found = |text| Found { text, place: place.clone(), issuers: issuers.clone() };
        all.extend(texts.into_iter().map(found));
    }
    all
}

/// What stands behind the prefix, wherever it is; letters that no token has are skipped first.
fn behind(prefix: &str, value: &str) -> Option<String> {
    if prefix.is_empty() {
        return Some(value.to_owned());
    }
    let rest = &value[value.find(prefix)? + prefix.len()..];
    // Without a letter of a token the whole value is taken for one.
    let from = rest.find(is_letter).map_or(value, |from| &rest[from..]);
    Some(from.to_owned())
}

fn query(headers: &HeaderMap) -> Option<&str> {
    let path = headers.get(":path")?;
    let (_, query) = path.split_once('?')?;
    Some(query.split('#').next().unwrap_or(query))
}

fn param(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = query(headers)?.split('&');
    let mut named = pairs.filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key) == name).then(|| decoded(value))
    });
    named.next()
}

/// With `%41` for what it stands for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let is_code = |code: &&str| code.bytes().all(|digit| digit.is_ascii_hexdigit());
        let byte = code.filter(is_code).and_then(|code| u8::from_str_radix(code, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The first cookie of a name; quotes around it are no part of it.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.all("cookie").flat_map(|value| value.split(';'));
    let mut named = pairs.filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim())
    });
    let value = named.next()?;
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Some(bare.unwrap_or(value).to_owned())
}

/// Takes a token out of the headers; cookies stay.
///
/// Source: the same file, `removeJwt`.
pub(super) fn remove(headers: &mut HeaderMap, place: &Place) {
    match place {
        Place::Header(name, _) => headers.remove(name),
        Place::Param(name) => {
            let (Some(path), Some(query)) = (headers.get(":path"), query(headers)) else { return };
            let bare = path.split(['?', '#']).next().unwrap_or(path);
            let is_other = |pair: &&str| decoded(pair.split('=').next().unwrap_or(pair)) != *name;
            let others: Vec<&str> = query.split('&').filter(is_other).collect();
            let path = match others.is_empty() {
                true => bare.to_owned(),
                false => format!("{bare}?{}", others.join("&")),
            };
            headers.set(":path", path);
        }
        Place::Cookie(_) | Place::Stated => {}
    }
}
