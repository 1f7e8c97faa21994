//! Matches of HTTPRoutes and GRPCRoutes as Envoy's matchers, and how specific each is.
//!
//! Source: gateway-api `apis/v1/httproute_types.go`, `HTTPRouteMatch`, and
//! `apis/v1/grpcroute_types.go`, `GRPCRouteMatch`; for Istio's reading istio
//! `pilot/pkg/config/kube/gateway/conversion.go`, `createURIMatch` and below, `sortHTTPRoutes`.

use crate::manifest::Place;
use crate::manifest::kinds::gateway::{
    GrpcMethodMatch, RouteKind, RoutePathMatch, RouteRuleMatch, ValueMatch, ValueMatchType,
};
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::{
    Case, HeaderMatcher, HeaderTest, Invert, MissingHeader, PathMatcher, Pattern, QueryMatcher,
    QueryTest, RouteMatch, StringMatcher, StringTest,
};
use crate::world::Origin;

use super::super::precedence::Specificity;

/// A match of a rule; `None` stands for a rule without matches, at `place`.
pub(in super::super) fn route_match(
    facts: &GatewayFacts,
    kind: RouteKind,
    entry: Option<&RouteRuleMatch>,
    place: Place,
) -> (RouteMatch, Specificity) {
    let place = entry.map_or(place, |entry| entry.place);
    let path = match kind {
        RouteKind::Grpc => grpc_path(entry.and_then(|entry| entry.call.as_ref())),
        _ => http_path(entry.and_then(|entry| entry.path.as_ref())),
    };
    let mut headers = Vec::new();
    let method = entry.and_then(|entry| entry.method.as_ref());
    if let Some(method) = method {
        headers.push(header(":method", exact(&method.value)));
    }
    let (mut header_count, mut query_count) = (0, 0);
    let mut query = Vec::new();
    if let Some(entry) = entry {
        for value in counted(facts, &entry.headers, same_header) {
            header_count += 1;
            headers.push(header(&header_name(&value.name.value), test(value)));
        }
        for value in counted(facts, &entry.query, |one, other| one == other) {
            query_count += 1;
            let (name, test) = (value.name.value.clone(), QueryTest::Value(test(value)));
            query.push(QueryMatcher { name, test });
        }
    }
    let call = entry.and_then(|entry| entry.call.as_ref());
    let counts = [usize::from(method.is_some()), header_count, query_count];
    let specificity = match kind {
        RouteKind::Grpc if !facts.differs(GatewayDifference::CallPrecedence) => {
            Specificity::of_call(call, header_count)
        }
        // Istio compares the paths that it makes of calls; without a call there is no path.
        RouteKind::Grpc if call.is_none() => Specificity::of_no_path(counts),
        _ => Specificity::of_path(&path, counts),
    };
    let compiled = RouteMatch {
        path,
        case: Case::Sensitive,
        headers,
        query,
        fraction: None,
        grpc_only: false,
        origin: Origin::Manifest(place),
    };
    (compiled, specificity)
}

/// The entries that count. "Only the first entry with an equivalent name MUST be considered";
/// Istio keeps the last entry of a name that is written alike.
fn counted<'e>(
    facts: &GatewayFacts,
    entries: &'e [ValueMatch],
    same: impl Fn(&str, &str) -> bool,
) -> Vec<&'e ValueMatch> {
    let mut counted: Vec<&'e ValueMatch> = Vec::new();
    for entry in entries {
        let name = &entry.name.value;
        if facts.differs(GatewayDifference::RepeatedEntries) {
            counted.retain(|known| known.name.value != *name);
            counted.push(entry);
        } else if !counted.iter().any(|known| same(&known.name.value, name)) {
            counted.push(entry);
        }
    }
    counted
}

fn same_header(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The name under which Envoy keeps a header.
pub(super) fn header_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name == "host" { ":authority".to_owned() } else { name }
}

fn header(name: &str, test: StringMatcher) -> HeaderMatcher {
    HeaderMatcher {
        name: name.to_owned(),
        test: HeaderTest::Value(test),
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    }
}

fn exact(value: &str) -> StringMatcher {
    StringMatcher { test: StringTest::Exact(value.to_owned()), case: Case::Sensitive }
}

fn test(value: &ValueMatch) -> StringMatcher {
    match value.match_type {
        ValueMatchType::Exact => exact(&value.value.value),
        ValueMatchType::Regex => StringMatcher {
            test: StringTest::Regex(Pattern::new(value.value.value.clone())),
            case: Case::Sensitive,
        },
    }
}

fn http_path(path: Option<&RoutePathMatch>) -> PathMatcher {
    match path {
        None => PathMatcher::Prefix("/".to_owned()),
        Some(RoutePathMatch::Exact(path)) => PathMatcher::Exact(path.value.clone()),
        Some(RoutePathMatch::Regex(path)) => PathMatcher::Regex(Pattern::new(path.value.clone())),
        Some(RoutePathMatch::Prefix(path)) => match path.value.trim_end_matches('/') {
            "" => PathMatcher::Prefix("/".to_owned()),
            trimmed => PathMatcher::PathSeparatedPrefix(trimmed.to_owned()),
        },
    }
}

/// The path of a gRPC call is `/service/method`.
fn grpc_path(call: Option<&GrpcMethodMatch>) -> PathMatcher {
    let Some(call) = call else { return PathMatcher::Prefix("/".to_owned()) };
    let text = |part: &Option<crate::manifest::Located<String>>| {
        part.as_ref().map(|part| part.value.clone())
    };
    let (service, method) = (text(&call.service), text(&call.method));
    match (call.match_type, service, method) {
        (_, None, None) => PathMatcher::Prefix("/".to_owned()),
        (ValueMatchType::Exact, Some(service), Some(method)) => {
            PathMatcher::Exact(format!("/{service}/{method}"))
        }
        (ValueMatchType::Exact, Some(service), None) => PathMatcher::Prefix(format!("/{service}/")),
        (ValueMatchType::Exact, None, Some(method)) => {
            PathMatcher::Regex(Pattern::new(format!("/[^/]+/{}", escape(&method))))
        }
        (ValueMatchType::Regex, service, method) => {
            let service = service.unwrap_or_else(|| "[^/]+".to_owned());
            let method = method.unwrap_or_else(|| "[^/]+".to_owned());
            PathMatcher::Regex(Pattern::new(format!("/(?:{service})/(?:{method})")))
        }
    }
}

/// `text` as a regular expression that means itself.
pub(super) fn escape(text: &str) -> String {
    let special = |c: char| !c.is_ascii_alphanumeric() && c.is_ascii() && c != '_';
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if special(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
