//! Delegates: a rule of a root VirtualService that stands for the rules of another one. It joins
//! the two; which delegate a root may use is decided elsewhere.

use std::collections::BTreeSet;

use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{HttpMatch, HttpRule, StringMatch, StringMatchTest};

/// A rule of a delegate joined with the root's; or not, because no match of it lies within the
/// matches of the root (istio `pilot/pkg/model/virtualservice.go`, `mergeHTTPRoute`).
///
/// What the delegate says counts before what the root says.
pub(super) fn joined(root: &HttpRule, delegate: &HttpRule) -> Option<HttpRule> {
    let matches = joined_matches(&root.matches, &delegate.matches)?;
    let mut rule = delegate.clone();
    rule.matches = matches;
    rule.name = joined_name(root.name.as_ref(), delegate.name.as_ref());
    rule.rewrite = rule.rewrite.or_else(|| root.rewrite.clone());
    rule.direct_response = rule.direct_response.or_else(|| root.direct_response.clone());
    rule.timeout = rule.timeout.or(root.timeout);
    rule.retries = rule.retries.or_else(|| root.retries.clone());
    rule.fault = rule.fault.or_else(|| root.fault.clone());
    rule.mirror = rule.mirror.or_else(|| root.mirror.clone());
    rule.mirror_share = rule.mirror_share.or(root.mirror_share);
    rule.cors = rule.cors.or_else(|| root.cors.clone());
    if rule.mirrors.is_empty() {
        rule.mirrors.clone_from(&root.mirrors);
    }
    if rule.headers.is_empty() {
        rule.headers.clone_from(&root.headers);
    }
    Some(rule)
}

fn joined_name(
    root: Option<&Located<String>>,
    delegate: Option<&Located<String>>,
) -> Option<Located<String>> {
    match (root, delegate) {
        (Some(root), Some(delegate)) => {
            let name = format!("{}-{}", root.value, delegate.value);
            Some(Located::new(name, delegate.place))
        }
        (root, delegate) => delegate.or(root).cloned(),
    }
}

/// Each match of the delegate must lie within one of the root's; `None` where one does not.
fn joined_matches(root: &[HttpMatch], delegate: &[HttpMatch]) -> Option<Vec<HttpMatch>> {
    if root.is_empty() || delegate.is_empty() {
        return Some(if root.is_empty() { delegate.to_vec() } else { root.to_vec() });
    }
    let mut joined = Vec::new();
    for inner in delegate {
        let before = joined.len();
        let fitting = root.iter().filter(|outer| !conflict(outer, inner));
        joined.extend(fitting.map(|outer| joined_match(outer, inner)));
        if joined.len() == before {
            return None;
        }
    }
    Some(joined)
}

fn joined_match(root: &HttpMatch, delegate: &HttpMatch) -> HttpMatch {
    let mut found = delegate.clone();
    found.name = joined_name(root.name.as_ref(), delegate.name.as_ref());
    found.uri = found.uri.or_else(|| root.uri.clone());
    found.scheme = found.scheme.or_else(|| root.scheme.clone());
    found.method = found.method.or_else(|| root.method.clone());
    found.authority = found.authority.or_else(|| root.authority.clone());
    found.headers = joined_tests(&root.headers, &delegate.headers);
    found.without_headers = joined_tests(&root.without_headers, &delegate.without_headers);
    found.query_params = joined_tests(&root.query_params, &delegate.query_params);
    found.port = found.port.or(root.port);
    found.source_labels = joined_labels(&root.source_labels, &delegate.source_labels);
    found.source_namespace = found.source_namespace.or_else(|| root.source_namespace.clone());
    if found.gateways.is_empty() {
        found.gateways.clone_from(&root.gateways);
    }
    found
}

type Tests = [(Located<String>, StringMatch)];

fn joined_tests(root: &Tests, delegate: &Tests) -> Vec<(Located<String>, StringMatch)> {
    let only_root = root.iter().filter(|(name, _)| test_of(delegate, name).is_none());
    let mut joined: Vec<_> = only_root.chain(delegate).cloned().collect();
    joined.sort_by(|(one, _), (other, _)| one.cmp(other));
    joined
}

fn joined_labels(root: &Labels, delegate: &Labels) -> Labels {
    let mut joined = root.clone();
    joined.extend(delegate.iter().map(|(key, value)| (key.clone(), value.clone())));
    joined
}

fn test_of<'t>(tests: &'t Tests, name: &str) -> Option<&'t StringMatch> {
    tests.iter().find(|(known, _)| known.value == name).map(|(_, test)| test)
}

/// Whether a match of a delegate does not lie within one of its root
/// (the same file, `hasConflict`).
fn conflict(root: &HttpMatch, delegate: &HttpMatch) -> bool {
    let pairs = [
        (&root.uri, &delegate.uri),
        (&root.scheme, &delegate.scheme),
        (&root.method, &delegate.method),
        (&root.authority, &delegate.authority),
    ];
    let tests = [
        (&root.headers, &delegate.headers),
        (&root.without_headers, &delegate.without_headers),
        (&root.query_params, &delegate.query_params),
    ];
    let labels_differ = delegate.source_labels.iter().any(|(key, value)| {
        root.source_labels.get(key).is_some_and(|wanted| wanted.value != value.value)
    });
    let namespace_differs = root.source_namespace.as_ref().is_some_and(|wanted| {
        delegate.source_namespace.as_ref().is_none_or(|namespace| namespace.value != wanted.value)
    });
    let port_differs = root.port.zip(delegate.port).is_some_and(|(one, other)| one != other);
    pairs.into_iter().any(|(one, other)| strings_conflict(one.as_ref(), other.as_ref()))
        || tests.into_iter().any(|(root, delegate)| {
            delegate.iter().any(|(name, test)| strings_conflict(test_of(root, name), Some(test)))
        })
        || root.ignore_uri_case != delegate.ignore_uri_case
        || port_differs
        || namespace_differs
        || labels_differ
        || gateways_conflict(&root.gateways, &delegate.gateways)
}

fn gateways_conflict(root: &[Located<String>], delegate: &[Located<String>]) -> bool {
    if root.is_empty() || delegate.is_empty() {
        return false;
    }
    let known: BTreeSet<_> = root.iter().map(|gateway| gateway.value.as_str()).collect();
    root.len() < delegate.len() || delegate.iter().any(|it| !known.contains(it.value.as_str()))
}

/// Whether the delegate's test is not narrower than the root's. Regular expressions are compared
/// with nothing; an empty text counts as none (the same file, `stringMatchConflict`).
fn strings_conflict(root: Option<&StringMatch>, delegate: Option<&StringMatch>) -> bool {
    let (Some(root), Some(delegate)) = (root, delegate) else { return false };
    match (written(&root.test), written(&delegate.test)) {
        (Some(StringMatchTest::Exact(wide)), Some(StringMatchTest::Exact(narrow))) => {
            wide != narrow
        }
        (
            Some(StringMatchTest::Prefix(wide)),
            Some(StringMatchTest::Prefix(narrow) | StringMatchTest::Exact(narrow)),
        ) => !narrow.starts_with(wide.as_str()),
        _ => true,
    }
}

fn written(test: &StringMatchTest) -> Option<&StringMatchTest> {
    match test {
        StringMatchTest::Exact(text)
        | StringMatchTest::Prefix(text)
        | StringMatchTest::Regex(text)
            if !text.is_empty() =>
        {
            Some(test)
        }
        _ => None,
    }
}
