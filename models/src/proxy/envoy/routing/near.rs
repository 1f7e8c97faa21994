//! Routes that are passed over for one thing alone: what the request has, and what would have done
//! in its place. Whether a route matches is decided in `select`.

use crate::explain::MISSING;
use crate::manifest::nearest;

use super::super::config::{
    Bootstrap, HeaderMatcher, HeaderTest, Invert, PathMatcher, QueryMatcher, QueryTest, RouteMatch,
    StringMatcher, StringTest,
};
use super::super::matching::query_value;
use super::super::request::Request;
use super::select::{Miss, misses};

/// What a request has, and what would have done.
pub(super) type Near = (String, String);

/// The one condition of a route that a request misses, where it misses no other and nearly fulfils
/// that one.
pub(super) fn near(matches: &RouteMatch, request: &Request, bootstrap: &Bootstrap) -> Option<Near> {
    let mut misses = misses(matches, request, bootstrap);
    let only = misses.next().filter(|_| matches.fraction.is_none())?;
    if misses.next().is_some() {
        return None;
    }
    match only {
        Miss::Path(matches) => path(&matches.path, request.path()),
        Miss::Grpc => {
            let found = request.headers.get("content-type").unwrap_or(MISSING);
            Some((format!("content-type: {found}"), "content-type: application/grpc".to_owned()))
        }
        Miss::Header(matcher) => Some(header(matcher, request)),
        Miss::Query(matcher) => Some(query(matcher, request)),
    }
}

/// A path that looks like the one that is wanted, or begins like it.
fn path(matcher: &PathMatcher, path: &str) -> Option<Near> {
    let (found, wanted) = match matcher {
        PathMatcher::Exact(wanted) => (path, wanted),
        PathMatcher::Prefix(wanted) | PathMatcher::PathSeparatedPrefix(wanted) => {
            (head(path, wanted), wanted)
        }
        PathMatcher::Regex(_) | PathMatcher::Template(_) | PathMatcher::Connect => return None,
    };
    looks_like(found, wanted).then(|| (found.to_owned(), wanted.clone()))
}

/// As many segments of a path as a prefix has.
fn head<'p>(path: &'p str, prefix: &str) -> &'p str {
    let slashes = prefix.matches('/').count();
    let ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    match (prefix.ends_with('/'), ends.get(slashes.saturating_sub(1)), ends.get(slashes)) {
        (true, Some(last), _) => &path[..=*last],
        (false, _, Some(next)) => &path[..*next],
        _ => path,
    }
}

/// Whether one text was probably meant by the other: they differ in case, in a slash at the end,
/// in one segment of several, or by a slip.
fn looks_like(found: &str, wanted: &str) -> bool {
    let is_slash = found.trim_end_matches('/') == wanted.trim_end_matches('/');
    let (own, others): (Vec<&str>, Vec<&str>) =
        (found.split('/').collect(), wanted.split('/').collect());
    let differ = own.iter().zip(&others).filter(|(one, other)| one != other).count();
    // The first segment is what stands before the first slash: nothing.
    let is_segment = own.len() == others.len() && own.len() > 2 && differ == 1;
    found.eq_ignore_ascii_case(wanted)
        || is_slash
        || is_segment
        || nearest(found, [wanted]).is_some()
}

fn header(matcher: &HeaderMatcher, request: &Request) -> Near {
    let values: Vec<&str> = request.headers.all(&matcher.name).collect();
    let found = if values.is_empty() { MISSING.to_owned() } else { values.join(" and ") };
    let wanted = match (&matcher.test, matcher.invert) {
        (HeaderTest::Value(value), Invert::No) => text(value),
        (HeaderTest::Present, Invert::No) | (HeaderTest::Absent, Invert::Yes) => {
            "any value".to_owned()
        }
        (HeaderTest::Absent, Invert::No) | (HeaderTest::Present, Invert::Yes) => MISSING.to_owned(),
        (HeaderTest::Range { start, end }, Invert::No) => {
            format!("a number from {start} to below {end}")
        }
        (HeaderTest::Value(_) | HeaderTest::Range { .. }, Invert::Yes) => {
            "another value".to_owned()
        }
    };
    // Pseudo-headers are called by what they stand for.
    let name = matcher.name.trim_start_matches(':');
    (format!("{name}: {found}"), format!("{name}: {wanted}"))
}

fn query(matcher: &QueryMatcher, request: &Request) -> Near {
    let name = &matcher.name;
    let found = query_value(request.path_and_query(), name).unwrap_or(MISSING);
    let wanted = match &matcher.test {
        QueryTest::Value(value) => text(value),
        QueryTest::Present => "any value".to_owned(),
        QueryTest::Absent => MISSING.to_owned(),
    };
    (format!("query {name}: {found}"), format!("query {name}: {wanted}"))
}

/// What a test of a value wants; a star stands for anything.
fn text(matcher: &StringMatcher) -> String {
    match &matcher.test {
        StringTest::Exact(text) => text.clone(),
        StringTest::Prefix(text) => format!("{text}*"),
        StringTest::Suffix(text) => format!("*{text}"),
        StringTest::Contains(text) => format!("*{text}*"),
        StringTest::Regex(pattern) => format!("a match of {}", pattern.text()),
    }
}
