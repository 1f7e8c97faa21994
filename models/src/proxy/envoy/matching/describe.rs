//! Matchers in words that fit into a finding, such as `x-user is exactly "jane"`.

use std::fmt::{Display, Formatter, Result};

use super::super::config::{
    Case, HeaderMatcher, HeaderTest, Invert, MissingHeader, PathMatcher, QueryMatcher, QueryTest,
    StringMatcher, StringTest,
};

impl Display for StringMatcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.test {
            StringTest::Exact(text) => write!(f, "is {text:?}")?,
            StringTest::Prefix(text) => write!(f, "begins with {text:?}")?,
            StringTest::Suffix(text) => write!(f, "ends with {text:?}")?,
            StringTest::Contains(text) => write!(f, "contains {text:?}")?,
            StringTest::Regex(pattern) => {
                return write!(f, "matches the expression {}", pattern.text());
            }
        }
        match self.case {
            Case::Sensitive => Ok(()),
            Case::Ignored => f.write_str(" in any case"),
        }
    }
}

impl Display for PathMatcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Prefix(prefix) => write!(f, "path begins with {prefix:?}"),
            Self::Exact(path) => write!(f, "path is {path:?}"),
            Self::PathSeparatedPrefix(prefix) => {
                write!(f, "path is {prefix:?} or below it")
            }
            Self::Regex(pattern) => write!(f, "path matches the expression {}", pattern.text()),
            Self::Template(template) => write!(f, "path matches the template {template}"),
            Self::Connect => f.write_str("method is CONNECT"),
        }
    }
}

impl Display for HeaderMatcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { name, test, invert, missing } = self;
        if *invert == Invert::Yes {
            f.write_str("not: ")?;
        }
        match test {
            HeaderTest::Present => write!(f, "{name} is present")?,
            HeaderTest::Absent => write!(f, "{name} is absent")?,
            HeaderTest::Value(matcher) => write!(f, "{name} {matcher}")?,
            HeaderTest::Range { start, end } => {
                write!(f, "{name} is a number from {start} to below {end}")?;
            }
        }
        match missing {
            MissingHeader::NoMatch => Ok(()),
            MissingHeader::Empty => f.write_str(" (missing counts as empty)"),
        }
    }
}

impl Display for QueryMatcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let name = &self.name;
        match &self.test {
            QueryTest::Present => write!(f, "query parameter {name} is present"),
            QueryTest::Absent => write!(f, "query parameter {name} is absent"),
            QueryTest::Value(matcher) => write!(f, "query parameter {name} {matcher}"),
        }
    }
}
