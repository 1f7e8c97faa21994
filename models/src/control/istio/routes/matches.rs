//! From `http[].match` to what Envoy compares, and the conditions on the client that are decided
//! beforehand. What becomes of a matching request is decided elsewhere.

use std::collections::BTreeSet;

use crate::control::istio::config::selects;
use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{HttpMatch, StringMatch, StringMatchTest};
use crate::proxy::envoy::config::{
    Case, HeaderMatcher, HeaderTest, Invert, MissingHeader, PathMatcher, Pattern, QueryMatcher,
    QueryTest, RouteMatch, StringMatcher, StringTest,
};
use crate::world::Origin;

/// The word that stands for all sidecars where gateways are listed.
pub const MESH: &str = "mesh";

/// The proxy for which routes are made.
#[derive(Clone, Copy, Debug)]
pub struct Client<'c> {
    /// The labels of its workload.
    pub labels: &'c Labels,
    /// Its namespace.
    pub namespace: &'c str,
    /// The gateways whose routes are made, as `namespace/name`, or [`MESH`].
    pub gateways: &'c BTreeSet<String>,
}

impl Client<'_> {
    /// Whether the client has all of these labels.
    fn has_labels(&self, wanted: &Labels) -> bool {
        selects(wanted, self.labels)
    }

    fn is_in(&self, namespace: Option<&Located<String>>) -> bool {
        namespace.is_none_or(|wanted| wanted.value == self.namespace)
    }

    fn is_one_of(&self, gateways: &[Located<String>]) -> bool {
        gateways.iter().any(|gateway| self.gateways.contains(&gateway.value))
    }

    /// Whether an HTTP match can hold for this client. A list of gateways in it stands in place of
    /// the labels and the namespace, not beside them
    /// (istio `pilot/pkg/networking/core/route/route.go`, `sourceMatchHTTP`).
    #[must_use]
    pub fn may_match_http(&self, found: &HttpMatch) -> bool {
        if found.gateways.is_empty() {
            self.has_labels(&found.source_labels) && self.is_in(found.source_namespace.as_ref())
        } else {
            self.is_one_of(&found.gateways)
        }
    }

    /// Whether a match of a TLS or TCP rule can hold for this client; here all conditions count
    /// (istio `pilot/pkg/networking/core/tls.go`, `matchTLS` and `matchTCP`).
    #[must_use]
    pub fn may_match_connection(
        &self,
        found: &crate::manifest::kinds::istio::ConnectionMatch,
    ) -> bool {
        (found.gateways.is_empty() || self.is_one_of(&found.gateways))
            && self.has_labels(&found.source_labels)
            && self.is_in(found.source_namespace.as_ref())
    }
}

/// What Envoy compares for a match; without one, every request matches.
pub(super) fn route_match(found: Option<&HttpMatch>, rule: Origin) -> RouteMatch {
    let Some(found) = found else {
        return RouteMatch {
            path: PathMatcher::Prefix("/".to_owned()),
            case: Case::Sensitive,
            headers: Vec::new(),
            query: Vec::new(),
            fraction: None,
            grpc_only: false,
            origin: rule,
        };
    };
    let pseudo =
        [(":method", &found.method), (":authority", &found.authority), (":scheme", &found.scheme)];
    let mut headers: Vec<_> = found
        .headers
        .iter()
        .map(|(name, test)| header_matcher(name, test, Invert::No))
        .chain(found.without_headers.iter().map(|(name, it)| header_matcher(name, it, Invert::Yes)))
        .collect();
    headers.sort_by(|one, other| one.name.cmp(&other.name));
    headers.extend(
        pseudo
            .into_iter()
            .filter_map(|(name, test)| Some(header_matcher(name, test.as_ref()?, Invert::No))),
    );
    RouteMatch {
        path: found.uri.as_ref().map_or(PathMatcher::Prefix("/".to_owned()), path_matcher),
        case: if found.ignore_uri_case { Case::Ignored } else { Case::Sensitive },
        headers,
        query: found
            .query_params
            .iter()
            .map(|(name, test)| QueryMatcher { name: name.value.clone(), test: query_test(test) })
            .collect(),
        fraction: None,
        grpc_only: false,
        origin: Origin::Manifest(found.place),
    }
}

/// A raw prefix: unlike Gateway API's it does not end at a `/`.
fn path_matcher(found: &StringMatch) -> PathMatcher {
    match &found.test {
        StringMatchTest::Present => PathMatcher::Prefix("/".to_owned()),
        StringMatchTest::Exact(path) => PathMatcher::Exact(path.clone()),
        StringMatchTest::Prefix(path) => PathMatcher::Prefix(path.clone()),
        StringMatchTest::Regex(pattern) => PathMatcher::Regex(Pattern::new(pattern)),
    }
}

/// Conditions of `withoutHeaders` take a missing header for an empty one, so that they hold without
/// it (the same file, `TranslateRouteMatch`).
fn header_matcher(name: &str, found: &StringMatch, invert: Invert) -> HeaderMatcher {
    let (test, missing) = match string_matcher(found) {
        None => (HeaderTest::Present, MissingHeader::NoMatch),
        Some(test) => {
            let missing = match invert {
                Invert::No => MissingHeader::NoMatch,
                Invert::Yes => MissingHeader::Empty,
            };
            (HeaderTest::Value(test), missing)
        }
    };
    HeaderMatcher { name: name.to_ascii_lowercase(), test, invert, missing }
}

fn query_test(found: &StringMatch) -> QueryTest {
    string_matcher(found).map_or(QueryTest::Present, QueryTest::Value)
}

/// `None` where presence is enough: nothing was written, or the regular expression `*`, which is
/// none (istio/istio#20629).
fn string_matcher(found: &StringMatch) -> Option<StringMatcher> {
    let test = match &found.test {
        StringMatchTest::Present => return None,
        StringMatchTest::Regex(pattern) if pattern == "*" => return None,
        StringMatchTest::Exact(text) => StringTest::Exact(text.clone()),
        StringMatchTest::Prefix(text) => StringTest::Prefix(text.clone()),
        StringMatchTest::Regex(pattern) => StringTest::Regex(Pattern::new(pattern)),
    };
    Some(StringMatcher { test, case: Case::Sensitive })
}

/// The same for the origins of a CORS policy.
pub(super) fn origin_matcher(found: &StringMatch) -> StringMatcher {
    let test = match &found.test {
        StringMatchTest::Present => StringTest::Exact(String::new()),
        StringMatchTest::Exact(text) => StringTest::Exact(text.clone()),
        StringMatchTest::Prefix(text) => StringTest::Prefix(text.clone()),
        StringMatchTest::Regex(pattern) => StringTest::Regex(Pattern::new(pattern)),
    };
    StringMatcher { test, case: Case::Sensitive }
}

/// Whether every request takes a route: any path, and no other condition
/// (the same file, `IsCatchAllRoute`).
pub(in crate::control::istio) fn takes_every_request(found: &RouteMatch) -> bool {
    let any_path = match &found.path {
        PathMatcher::Prefix(prefix) | PathMatcher::PathSeparatedPrefix(prefix) => prefix == "/",
        PathMatcher::Regex(pattern) => pattern.text() == ".*",
        PathMatcher::Exact(_) | PathMatcher::Template(_) | PathMatcher::Connect => false,
    };
    any_path && found.headers.is_empty() && found.query.is_empty()
}
