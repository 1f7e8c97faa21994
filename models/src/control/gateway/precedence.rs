//! Which of several rules that fit a request counts: over all rules of all routes at a listener,
//! not in the order of one list.
//!
//! Source: gateway-api `apis/v1/httproute_types.go`, `HTTPRouteSpec.Hostnames` and
//! `HTTPRouteRule.Matches`; `apis/v1/grpcroute_types.go`, `GRPCRouteRule.Matches`.

use std::cmp::Reverse;

use crate::manifest::kinds::gateway::{GrpcMethodMatch, ValueMatchType};
use crate::proxy::envoy::config::PathMatcher;

use super::age::{Age, DecidedBy};
use super::hostname::Hostname;

/// How specific a match is; the greater one is tried first. Each number decides only where those
/// before it are equal; what they stand for depends on the kind of the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Specificity {
    marks: [usize; 5],
    kind: MarkKind,
}

/// What the numbers of a match stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum MarkKind {
    /// Kind of path, its length, method, number of headers, number of query parameters.
    Path,
    /// Characters of the service, of the method, number of headers.
    Call,
}

impl Specificity {
    /// Of a path match with `[method, headers, query parameters]`.
    ///
    /// The standard leaves the place of regular expressions open; as in Istio they come last.
    pub(super) fn of_path(path: &PathMatcher, [method, headers, query]: [usize; 3]) -> Self {
        let (class, length) = match path {
            // Different exact paths never fit one request, so their length decides nothing.
            PathMatcher::Exact(_) => (3, 0),
            PathMatcher::Prefix(prefix) | PathMatcher::PathSeparatedPrefix(prefix) => {
                (2, prefix.len())
            }
            PathMatcher::Regex(pattern) => (1, pattern.text().len()),
            PathMatcher::Template(_) | PathMatcher::Connect => (0, 0),
        };
        Self { marks: [class, length, method, headers, query], kind: MarkKind::Path }
    }

    /// Of a match without a path, as Istio ranks it: behind all paths.
    pub(super) fn of_no_path([method, headers, query]: [usize; 3]) -> Self {
        Self { marks: [0, 0, method, headers, query], kind: MarkKind::Path }
    }

    /// Of a gRPC call with a number of headers.
    pub(super) fn of_call(call: Option<&GrpcMethodMatch>, headers: usize) -> Self {
        let length = |part: Option<&crate::manifest::Located<String>>| {
            part.map_or(0, |part| part.value.len())
        };
        let service = length(call.and_then(|call| call.service.as_ref()));
        let method = length(call.and_then(|call| call.method.as_ref()));
        let exact = call.is_some_and(|call| call.match_type == ValueMatchType::Exact);
        let marks = [service, method, headers, usize::from(exact), 0];
        Self { marks, kind: MarkKind::Call }
    }

    /// What decides between this match, which goes first, and `other`.
    fn decided_by(&self, other: &Self) -> Option<&'static str> {
        const PATH: [&str; 5] = [
            "an exact path goes before a prefix, and a prefix before a regular expression",
            "the longer path goes first",
            "a match on the method goes first",
            "more headers go first",
            "more query parameters go first",
        ];
        const CALL: [&str; 5] = [
            "the longer service name goes first",
            "the longer method name goes first",
            "more headers go first",
            "an exact name goes before a regular expression",
            "",
        ];
        let words = match self.kind {
            MarkKind::Path => PATH,
            MarkKind::Call => CALL,
        };
        let at = self.marks.iter().zip(&other.marks).position(|(one, another)| one != another)?;
        Some(words[at])
    }
}

/// The place of a match among all matches of a virtual host; the smaller one is tried first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank<'a> {
    pub(super) hostname: Reverse<(usize, usize)>,
    pub(super) specificity: Reverse<Specificity>,
    pub(super) age: Age<'a>,
    /// The rule and its match, in the order written.
    pub(super) position: (usize, usize),
}

impl<'a> Rank<'a> {
    pub(super) fn new(
        own: &Hostname,
        specificity: Specificity,
        age: Age<'a>,
        position: (usize, usize),
    ) -> Self {
        Self { hostname: own.order(), specificity: Reverse(specificity), age, position }
    }

    /// What decides between this match, which goes first, and `other`.
    pub(super) fn decided_by(&self, other: &Self) -> Decision {
        if self.hostname != other.hostname {
            return Decision::Hostname;
        }
        if let Some(why) = self.specificity.0.decided_by(&other.specificity.0) {
            return Decision::Specific(why);
        }
        if self.age == other.age {
            return Decision::Written;
        }
        Decision::Between(self.age.decided_by(&other.age))
    }
}

/// What decides between two matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The hostname of one is more specific.
    Hostname,
    /// One is more specific.
    Specific(&'static str),
    /// One of two routes.
    Between(DecidedBy),
    /// The order in the route.
    Written,
}

impl Decision {
    /// As a clause.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Hostname => "the more specific hostname goes first",
            Self::Specific(why) => why,
            Self::Between(DecidedBy::Age) => "both are alike, and the older route goes first",
            Self::Between(DecidedBy::Name) => {
                "both are alike and of one age, and the first name in the alphabet goes first"
            }
            Self::Between(DecidedBy::NameForLackOfAge) => {
                "both are alike, and for want of creation times the first name in the alphabet \
                 goes first"
            }
            Self::Between(DecidedBy::OnlyOneAge) => {
                "both are alike, and the only one that says when it was created goes first"
            }
            Self::Written => "both are alike, and the order written counts",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::envoy::config::Pattern;

    fn path(path: &str, counts: [usize; 3]) -> Specificity {
        Specificity::of_path(&PathMatcher::PathSeparatedPrefix(path.to_owned()), counts)
    }

    #[test]
    fn a_path_beats_methods_headers_and_parameters_in_this_order() {
        let mut found = [
            path("/a", [0, 0, 3]),
            path("/a", [0, 1, 0]),
            path("/a", [1, 0, 0]),
            path("/ab", [0, 0, 0]),
            Specificity::of_path(&PathMatcher::Exact("/".to_owned()), [0, 0, 0]),
            Specificity::of_path(&PathMatcher::Regex(Pattern::new("/a.*/b/c")), [1, 9, 9]),
        ];
        found.sort();
        let shown: Vec<_> = found.iter().map(|it| it.marks).collect();
        assert_eq!(
            shown,
            [
                [1, 8, 1, 9, 9],
                [2, 2, 0, 0, 3],
                [2, 2, 0, 1, 0],
                [2, 2, 1, 0, 0],
                [2, 3, 0, 0, 0],
                [3, 0, 0, 0, 0]
            ]
        );
    }

    #[test]
    fn the_number_that_differs_first_is_named() {
        let (one, other) = (path("/a", [0, 2, 0]), path("/a", [0, 1, 5]));
        assert_eq!(one.decided_by(&other), Some("more headers go first"));
        assert_eq!(one.decided_by(&one), None);
    }
}
