//! Where a redirect leads.

use super::super::config::{PathMatcher, Redirect, RedirectPath};
use super::super::request::Request;
use super::rewrite::{replace_matched, split_query};
use super::scheme;

/// The `location` of a redirect.
///
/// A port of the authority stays, unless the redirect names a port, or changes the scheme and the
/// port is the default of the old one.
///
/// Source: Envoy, `Http::Utility::newUri` and `processRequestHost`; held to Envoy 1.40.
pub(super) fn location(redirect: &Redirect, matched: &PathMatcher, request: &Request) -> String {
    let old_scheme = scheme(request);
    let new_scheme = redirect.scheme.as_ref().map_or(old_scheme, |scheme| scheme.as_str());
    let port = redirect.port.map_or_else(String::new, |port| format!(":{}", port.value));
    let host = match &redirect.host {
        Some(host) if !host.is_empty() => host.as_str(),
        _ => {
            let authority = request.authority();
            match (port_at(authority), redirect.port) {
                (Some(at), Some(_)) => &authority[..at],
                (Some(at), None)
                    if new_scheme != old_scheme
                        && default_port(old_scheme) == Some(&authority[at..]) =>
                {
                    &authority[..at]
                }
                _ => authority,
            }
        }
    };
    let (path, query) = split_query(request.path_and_query());
    let query = if redirect.strip_query { "" } else { query };
    let (path, query) = match redirect.path.as_ref().map(|path| &path.value) {
        None => (path.to_owned(), query),
        Some(RedirectPath::Full(full)) if full.contains('?') => (full.clone(), ""),
        Some(RedirectPath::Full(full)) => (full.clone(), query),
        Some(RedirectPath::Prefix(by)) if by.is_empty() => (path.to_owned(), query),
        Some(RedirectPath::Prefix(by)) => (replace_matched(path, matched, by), query),
        Some(RedirectPath::Regex(by)) => (by.pattern.replace_all(path, &by.replacement), query),
    };
    format!("{new_scheme}://{host}{port}{path}{query}")
}

/// The `location` of a redirect to HTTPS that a virtual host demands; the authority stays as it
/// is, with its port.
///
/// Source: Envoy, `Http::Utility::createSslRedirectPath`.
pub(super) fn https_location(request: &Request) -> String {
    format!("https://{}{}", request.authority(), request.path_and_query())
}

/// Where the request itself leads.
pub(super) fn own_location(request: &Request) -> String {
    format!("{}://{}{}", scheme(request), request.authority(), request.path_and_query())
}

/// Where the port of an authority begins, with its colon.
fn port_at(authority: &str) -> Option<usize> {
    if authority.starts_with('[') {
        authority.rfind("]:").map(|bracket| bracket + 1)
    } else {
        authority.rfind(':')
    }
}

fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "http" => Some(":80"),
        "https" => Some(":443"),
        _ => None,
    }
}
