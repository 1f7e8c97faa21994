//! Matchers of strings, headers, paths and query parameters.

use meshwalk_models::proxy::envoy::config::{
    Case, HeaderMatcher, HeaderTest, Invert, MissingHeader, PathMatcher, Pattern, QueryMatcher,
    QueryTest, RouteMatch, RuntimeFraction, StringMatcher, StringTest,
};

use super::super::fields::{Fields, Read};
use super::super::json::Json;
use super::ORIGIN;

/// A test of a string; the first form that is given counts.
fn string(fields: &Fields<'_>) -> Read<StringMatcher> {
    let case = if fields.switch("ignore_case")? { Case::Ignored } else { Case::Sensitive };
    type Form = fn(String) -> StringTest;
    let forms: [(&str, Form); 5] = [
        ("exact", StringTest::Exact),
        ("prefix", StringTest::Prefix),
        ("suffix", StringTest::Suffix),
        ("contains", StringTest::Contains),
        ("regex", |text| StringTest::Regex(Pattern::new(text))),
    ];
    for (name, form) in forms {
        if let Some(text) = fields.text(name)? {
            return Ok(StringMatcher { test: form(text.to_owned()), case });
        }
    }
    Err(format!("{}: no test of a string is given", fields.place("exact")))
}

/// A test of a header.
pub(super) fn header(fields: &Fields<'_>) -> Read<HeaderMatcher> {
    let range = fields.list("range")?;
    let test = if let Some(present) = fields.optional_switch("present")? {
        if present { HeaderTest::Present } else { HeaderTest::Absent }
    } else if range.is_empty() {
        HeaderTest::Value(string(fields)?)
    } else {
        let numbers: Vec<i64> = range
            .iter()
            .filter_map(
                |(_, item)| if let Json::Whole(number) = item { Some(*number) } else { None },
            )
            .collect();
        let [start, end] = numbers[..] else {
            return fields.wrong("range", "expected two whole numbers");
        };
        HeaderTest::Range { start, end }
    };
    Ok(HeaderMatcher {
        name: fields.required_text("name")?.to_ascii_lowercase(),
        test,
        invert: if fields.switch("invert")? { Invert::Yes } else { Invert::No },
        missing: if fields.switch("missing_as_empty")? {
            MissingHeader::Empty
        } else {
            MissingHeader::NoMatch
        },
    })
}

fn query(fields: &Fields<'_>) -> Read<QueryMatcher> {
    let name = fields.required_text("name")?.to_owned();
    let test = if fields.switch("present")? {
        QueryTest::Present
    } else {
        QueryTest::Value(string(fields)?)
    };
    Ok(QueryMatcher { name, test })
}

fn path(fields: &Fields<'_>) -> Read<PathMatcher> {
    let own = |name| Ok::<_, String>(fields.text(name)?.map(str::to_owned));
    let matcher = if let Some(prefix) = own("prefix")? {
        PathMatcher::Prefix(prefix)
    } else if let Some(exact) = own("exact")? {
        PathMatcher::Exact(exact)
    } else if let Some(regex) = own("regex")? {
        PathMatcher::Regex(Pattern::new(regex))
    } else if let Some(prefix) = own("path_separated_prefix")? {
        PathMatcher::PathSeparatedPrefix(prefix)
    } else {
        return Err(format!("{}: no test of the path is given", fields.place("prefix")));
    };
    Ok(matcher)
}

/// What a route matches; everything without `match`.
pub(super) fn route(fields: Option<&Fields<'_>>) -> Read<RouteMatch> {
    let mut matches = RouteMatch {
        path: PathMatcher::Prefix("/".to_owned()),
        case: Case::Sensitive,
        headers: Vec::new(),
        query: Vec::new(),
        fraction: None,
        grpc_only: false,
        origin: ORIGIN,
    };
    let Some(fields) = fields else { return Ok(matches) };
    matches.path = path(fields)?;
    if fields.optional_switch("case_sensitive")? == Some(false) {
        matches.case = Case::Ignored;
    }
    matches.headers = fields.objects("headers", header)?;
    matches.query = fields.objects("query", query)?;
    let share = fields.percent("fraction_pct")?;
    matches.fraction = share.map(|default| RuntimeFraction { default, runtime_key: None });
    Ok(matches)
}

/// A pattern of paths in access rules, with `*` at one end.
pub(super) fn starred(pattern: &str) -> StringMatcher {
    let test = if let Some(prefix) = pattern.strip_suffix('*') {
        StringTest::Prefix(prefix.to_owned())
    } else if let Some(suffix) = pattern.strip_prefix('*') {
        StringTest::Suffix(suffix.to_owned())
    } else {
        StringTest::Exact(pattern.to_owned())
    };
    StringMatcher { test, case: Case::Sensitive }
}

/// The whole of a text.
pub(super) fn exactly(text: &str) -> StringMatcher {
    StringMatcher { test: StringTest::Exact(text.to_owned()), case: Case::Sensitive }
}
