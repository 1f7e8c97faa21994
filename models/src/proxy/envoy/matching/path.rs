//! Tests of paths. The query string and what follows `#` are no part of a path.

use super::super::config::{Case, PathMatcher};
use super::super::request::Request;
use super::string::{equal, starts_with};
use super::template::template_matches;

impl PathMatcher {
    /// Whether a request passes: by its path, or because it is a CONNECT request.
    ///
    /// A CONNECT request without a path passes no other test.
    #[must_use]
    pub fn matches_request(&self, request: &Request, case: Case) -> bool {
        match self {
            Self::Connect => request.method() == "CONNECT",
            _ if request.headers.get(":path").is_none() && request.method() == "CONNECT" => false,
            _ => self.matches(request.path(), case),
        }
    }

    /// Whether `path`, without query, passes. `case` has no effect on regular expressions and
    /// templates.
    ///
    /// Source: Envoy, api/envoy/config/route/v3/route_components.proto, `RouteMatch`.
    #[must_use]
    pub fn matches(&self, path: &str, case: Case) -> bool {
        match self {
            Self::Prefix(prefix) => starts_with(path, prefix, case),
            Self::Exact(wanted) => equal(path, wanted, case),
            Self::PathSeparatedPrefix(prefix) => {
                starts_with(path, prefix, case)
                    && matches!(path.as_bytes().get(prefix.len()), None | Some(b'/'))
            }
            Self::Regex(pattern) => pattern.matches(path),
            Self::Template(template) => template_matches(template, path),
            Self::Connect => false,
        }
    }
}
