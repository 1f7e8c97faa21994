//! Tests of strings. Letters are compared as ASCII where case is ignored, as Envoy does it.

use super::super::config::{Case, StringMatcher, StringTest};

impl StringMatcher {
    /// Whether `text` passes.
    ///
    /// Source: Envoy, api/envoy/type/matcher/v3/string.proto; `ignore_case` has no effect on
    /// regular expressions.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.test {
            StringTest::Exact(wanted) => equal(text, wanted, self.case),
            StringTest::Prefix(wanted) => starts_with(text, wanted, self.case),
            StringTest::Suffix(wanted) => {
                let at = text.len().checked_sub(wanted.len());
                at.is_some_and(|at| bytes_equal(&text.as_bytes()[at..], wanted, self.case))
            }
            StringTest::Contains(wanted) => match self.case {
                Case::Sensitive => text.contains(wanted.as_str()),
                Case::Ignored => text.to_ascii_lowercase().contains(&wanted.to_ascii_lowercase()),
            },
            StringTest::Regex(pattern) => pattern.matches(text),
        }
    }
}

/// Whether both are the same.
pub(super) fn equal(text: &str, wanted: &str, case: Case) -> bool {
    bytes_equal(text.as_bytes(), wanted, case)
}

/// Whether `text` begins with `wanted`.
pub(super) fn starts_with(text: &str, wanted: &str, case: Case) -> bool {
    let head = text.as_bytes().get(..wanted.len());
    head.is_some_and(|head| bytes_equal(head, wanted, case))
}

/// Bytes, so that a cut within a letter of several bytes is a difference and no panic.
fn bytes_equal(bytes: &[u8], wanted: &str, case: Case) -> bool {
    match case {
        Case::Sensitive => bytes == wanted.as_bytes(),
        Case::Ignored => bytes.eq_ignore_ascii_case(wanted.as_bytes()),
    }
}
