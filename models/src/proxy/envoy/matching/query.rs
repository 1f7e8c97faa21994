//! Tests of query parameters. Names and values are compared as they were sent, without decoding.

use super::super::config::{QueryMatcher, QueryTest};

impl QueryMatcher {
    /// Whether the query of `path_and_query` passes; of a repeated parameter the first value
    /// counts.
    ///
    /// Source: Envoy, `ConfigUtility::QueryParameterMatcher`,
    /// `QueryParamsMulti::parseQueryString`.
    #[must_use]
    pub fn matches(&self, path_and_query: &str) -> bool {
        let value = query_value(path_and_query, &self.name);
        match &self.test {
            QueryTest::Present => value.is_some(),
            QueryTest::Absent => value.is_none(),
            QueryTest::Value(matcher) => value.is_some_and(|value| matcher.matches(value)),
        }
    }
}

/// The first value of a parameter; empty for one without `=`.
pub(crate) fn query_value<'p>(path_and_query: &'p str, name: &str) -> Option<&'p str> {
    let (_, query) = path_and_query.split_once('?')?;
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next()
}
