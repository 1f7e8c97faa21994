//! Matches that no request reaches, because one before them takes all that they would take.

use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{HttpMatch, HttpRule, StringMatch, StringMatchTest};
use crate::manifest::{Diagnostic, Located, Place};

use super::super::effective::EffectiveVirtualService;

/// So many matches of one object are compared with each other.
const COMPARED_MAX: usize = 1000;

/// A match with its rule; a rule without matches has one that takes everything.
#[derive(Clone, Copy)]
struct Reached<'r> {
    rule: &'r HttpRule,
    found: Option<&'r HttpMatch>,
}

impl Reached<'_> {
    fn place(&self) -> Place {
        self.found.map_or(self.rule.place, |found| found.place)
    }
}

pub(super) fn check(object: &EffectiveVirtualService, findings: &mut Vec<Diagnostic>) {
    let all = object.http.iter().flat_map(|rule| {
        let whole = rule.matches.is_empty().then_some(Reached { rule, found: None });
        let each = rule.matches.iter().map(move |found| Reached { rule, found: Some(found) });
        whole.into_iter().chain(each)
    });
    let all: Vec<_> = all.take(COMPARED_MAX).collect();
    for (at, later) in all.iter().enumerate() {
        let Some(earlier) = all[..at].iter().find(|earlier| covers(earlier, later)) else {
            continue;
        };
        findings.push(
            Diagnostic::warning("istio.unreachable-route", "no request reaches this route")
                .at(later.place(), "the proxy never takes it")
                .at(earlier.place(), "this one takes every such request")
                .help("put the narrower match before the wider one"),
        );
    }
}

/// Whether every request of every client that `later` takes is taken by `earlier`. Where that is
/// not sure, it is not.
fn covers(earlier: &Reached<'_>, later: &Reached<'_>) -> bool {
    let Some(wide) = earlier.found else { return true };
    let Some(narrow) = later.found else { return is_wide_open(wide) };
    path_covers(wide, narrow)
        && clients_cover(wide, narrow)
        && wide.port.is_none_or(|port| narrow.port == Some(port))
        && option_covers(wide.method.as_ref(), narrow.method.as_ref())
        && option_covers(wide.authority.as_ref(), narrow.authority.as_ref())
        && option_covers(wide.scheme.as_ref(), narrow.scheme.as_ref())
        && all_cover(&wide.headers, &narrow.headers)
        && all_cover(&wide.query_params, &narrow.query_params)
        && wide.without_headers.iter().all(|test| narrow.without_headers.contains(test))
}

/// Whether a match has no condition at all.
fn is_wide_open(found: &HttpMatch) -> bool {
    takes_any_path(found)
        && found.headers.is_empty()
        && found.without_headers.is_empty()
        && found.query_params.is_empty()
        && found.source_labels.is_empty()
        && found.gateways.is_empty()
        && found.source_namespace.is_none()
        && found.port.is_none()
        && found.method.is_none()
        && found.authority.is_none()
        && found.scheme.is_none()
}

fn takes_any_path(found: &HttpMatch) -> bool {
    found.uri.as_ref().is_none_or(|uri| match &uri.test {
        StringMatchTest::Present => true,
        StringMatchTest::Prefix(prefix) => prefix.is_empty() || prefix == "/",
        StringMatchTest::Regex(pattern) => pattern == ".*",
        StringMatchTest::Exact(_) => false,
    })
}

fn path_covers(wide: &HttpMatch, narrow: &HttpMatch) -> bool {
    if takes_any_path(wide) {
        return true;
    }
    let (Some(wide_uri), Some(narrow_uri)) = (&wide.uri, &narrow.uri) else { return false };
    if wide.ignore_uri_case == narrow.ignore_uri_case && !wide.ignore_uri_case {
        return test_covers(&wide_uri.test, &narrow_uri.test);
    }
    // Regular expressions do not look at the setting.
    wide.ignore_uri_case && test_covers(&lower_case(&wide_uri.test), &lower_case(&narrow_uri.test))
}

fn lower_case(test: &StringMatchTest) -> StringMatchTest {
    match test {
        StringMatchTest::Exact(text) => StringMatchTest::Exact(text.to_ascii_lowercase()),
        StringMatchTest::Prefix(text) => StringMatchTest::Prefix(text.to_ascii_lowercase()),
        other => other.clone(),
    }
}

/// A list of gateways stands in place of labels and namespace.
fn clients_cover(wide: &HttpMatch, narrow: &HttpMatch) -> bool {
    if !wide.gateways.is_empty() {
        return !narrow.gateways.is_empty()
            && narrow.gateways.iter().all(|gateway| wide.gateways.contains(gateway));
    }
    if wide.source_labels.is_empty() && wide.source_namespace.is_none() {
        return true;
    }
    narrow.gateways.is_empty()
        && labels_within(&wide.source_labels, &narrow.source_labels)
        && wide
            .source_namespace
            .as_ref()
            .is_none_or(|namespace| narrow.source_namespace.as_ref() == Some(namespace))
}

fn labels_within(wide: &Labels, narrow: &Labels) -> bool {
    wide.iter().all(|(key, value)| narrow.get(key) == Some(value))
}

fn option_covers(wide: Option<&StringMatch>, narrow: Option<&StringMatch>) -> bool {
    match (wide, narrow) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => test_covers(&wide.test, &narrow.test),
    }
}

fn all_cover(
    wide: &[(Located<String>, StringMatch)],
    narrow: &[(Located<String>, StringMatch)],
) -> bool {
    wide.iter().all(|(name, test)| {
        let same = |(other, _): &&(Located<String>, StringMatch)| {
            other.value.eq_ignore_ascii_case(&name.value)
        };
        narrow.iter().filter(same).any(|(_, other)| test_covers(&test.test, &other.test))
    })
}

fn test_covers(wide: &StringMatchTest, narrow: &StringMatchTest) -> bool {
    match (wide, narrow) {
        (StringMatchTest::Present, _) => true,
        (StringMatchTest::Regex(wide), _) if wide == "*" => true,
        (StringMatchTest::Exact(wide), StringMatchTest::Exact(narrow))
        | (StringMatchTest::Regex(wide), StringMatchTest::Regex(narrow)) => wide == narrow,
        (
            StringMatchTest::Prefix(wide),
            StringMatchTest::Exact(narrow) | StringMatchTest::Prefix(narrow),
        ) => narrow.starts_with(wide.as_str()),
        _ => false,
    }
}
