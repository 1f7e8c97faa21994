//! Tests of headers.

use crate::profile::RepeatedHeaders;

use super::super::config::{HeaderMatcher, HeaderTest, Invert, MissingHeader};
use super::super::request::HeaderMap;

impl HeaderMatcher {
    /// Whether the headers pass.
    ///
    /// A test of a value never passes on a missing header, inverted or not, unless a missing
    /// header counts as empty. Of a header that comes several times one value that matches is
    /// enough, and an inverted test then fails; before Envoy 1.39 the values were joined with
    /// commas first.
    ///
    /// Source: Envoy, `HeaderUtility::HeaderDataBaseImpl`; changelogs/1.39.0.yaml,
    /// `match_headers_individually`.
    #[must_use]
    pub fn matches(&self, headers: &HeaderMap, repeated: RepeatedHeaders) -> bool {
        let mut values = headers.all(&self.name);
        let first = match (values.next(), self.missing) {
            (None, MissingHeader::Empty) => Some(""),
            (first, _) => first,
        };
        let passes = match (&self.test, first) {
            (HeaderTest::Present, first) => first.is_some(),
            (HeaderTest::Absent, first) => first.is_none(),
            (_, None) => return false,
            (test, Some(first)) => match (values.next(), repeated) {
                (None, _) => value_passes(test, first),
                (Some(second), RepeatedHeaders::Individually) => {
                    let mut all = [first, second].into_iter().chain(values);
                    all.any(|value| value_passes(test, value))
                }
                (Some(second), RepeatedHeaders::Joined) => {
                    let all: Vec<&str> = [first, second].into_iter().chain(values).collect();
                    value_passes(test, &all.join(","))
                }
            },
        };
        passes != (self.invert == Invert::Yes)
    }
}

/// Whether a value that is there passes.
fn value_passes(test: &HeaderTest, value: &str) -> bool {
    match test {
        HeaderTest::Present => true,
        HeaderTest::Absent => false,
        HeaderTest::Value(matcher) => matcher.matches(value),
        HeaderTest::Range { start, end } => {
            value.trim().parse().is_ok_and(|number: i64| (*start..*end).contains(&number))
        }
    }
}

/// Whether a request is gRPC: by its content type, `application/grpc` or `application/grpc+…`.
///
/// Source: Envoy, `Grpc::Common::hasGrpcContentType`.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let rest = headers.get("content-type").and_then(|kind| kind.strip_prefix("application/grpc"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
}
