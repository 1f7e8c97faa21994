//! Matchers on strings, paths, headers and query parameters, as data. How they are applied is
//! `routing`'s and the filters' business.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The largest compiled program of a regular expression, in bytes.
const PROGRAM_BYTES_MAX: usize = 1 << 20;

/// A regular expression that must match a whole text, as Envoy's `safe_regex` does.
///
/// Envoy uses RE2; the engine here is of its family. A pattern that does not compile never
/// matches, and says why.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    compiled: Result<Arc<Compiled>, Arc<str>>,
}

/// The same expression twice.
#[derive(Debug)]
struct Compiled {
    /// Held to the whole text.
    whole: regex::Regex,
    /// Looked for anywhere, for replacements.
    anywhere: regex::Regex,
}

impl Pattern {
    /// Compiles `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        // Compiled alone first: an unbalanced `)` must not close the group added here.
        let compiled = compile(&text).and_then(|anywhere| {
            let whole = compile(&format!("^(?:{text})$"))?;
            Ok(Arc::new(Compiled { whole, anywhere }))
        });
        Self { text, compiled: compiled.map_err(|error| Arc::from(error.to_string())) }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether all of `text` matches; never for a pattern that does not compile.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.compiled.as_ref().is_ok_and(|compiled| compiled.whole.is_match(text))
    }

    /// `text` with every match replaced; `\1` to `\9` in `replacement` stand for groups, `\0`
    /// for the match and `\\` for a backslash, as in RE2. A pattern that does not compile
    /// replaces nothing.
    #[must_use]
    pub fn replace_all(&self, text: &str, replacement: &str) -> String {
        let Ok(compiled) = &self.compiled else { return text.to_owned() };
        let by = |groups: &regex::Captures<'_>| {
            let mut put = String::new();
            let mut rest = replacement.chars();
            while let Some(next) = rest.next() {
                match (next, rest.clone().next()) {
                    ('\\', Some(escaped)) => {
                        rest.next();
                        match escaped.to_digit(10) {
                            Some(group) => {
                                put.push_str(
                                    groups.get(group as usize).map_or("", |it| it.as_str()),
                                );
                            }
                            None => put.push(escaped),
                        }
                    }
                    _ => put.push(next),
                }
            }
            put
        };
        compiled.anywhere.replace_all(text, by).into_owned()
    }

    /// Why it does not compile, if so.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.compiled.as_ref().err().map(AsRef::as_ref)
    }
}

fn compile(text: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(text).size_limit(PROGRAM_BYTES_MAX).build()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// Whether upper and lower case are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Case {
    /// They are.
    #[default]
    Sensitive,
    /// They are not; only ASCII letters count, as in Envoy.
    Ignored,
}

/// Whether the result of a test is turned round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Invert {
    /// As it is.
    #[default]
    No,
    /// Turned round.
    Yes,
}

/// A test of a string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StringMatcher {
    /// What is compared.
    pub test: StringTest,
    /// Not applied to regular expressions.
    pub case: Case,
}

/// How a string is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StringTest {
    /// Equal.
    Exact(String),
    /// Begins with.
    Prefix(String),
    /// Ends with.
    Suffix(String),
    /// Has within.
    Contains(String),
    /// Matches as a whole.
    Regex(Pattern),
}

/// How a path is compared; the query string is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathMatcher {
    /// Raw string prefix.
    Prefix(String),
    /// The whole path.
    Exact(String),
    /// Prefix of whole elements.
    PathSeparatedPrefix(String),
    /// Matches as a whole.
    Regex(Pattern),
    /// A URI template such as `/a/{*}/b/{**}`.
    Template(String),
    /// CONNECT requests.
    Connect,
}

/// A test of one header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderMatcher {
    /// In lower case; pseudo-headers such as `:method` too.
    pub name: String,
    /// What is tested.
    pub test: HeaderTest,
    /// Whether the result is turned round.
    pub invert: Invert,
    /// What a missing header means.
    pub missing: MissingHeader,
}

/// What is tested of a header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HeaderTest {
    /// The header is there.
    Present,
    /// It is not there.
    Absent,
    /// Its value; several values are joined with commas.
    Value(StringMatcher),
    /// Its value is a whole number, `start` included and `end` excluded.
    Range {
        /// The first that matches.
        start: i64,
        /// The first beyond.
        end: i64,
    },
}

/// What a missing header means to a test of its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MissingHeader {
    /// The test fails, inverted or not.
    #[default]
    NoMatch,
    /// It counts as empty.
    Empty,
}

/// A test of one query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueryMatcher {
    /// Its name.
    pub name: String,
    /// What is tested.
    pub test: QueryTest,
}

/// What is tested of a query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QueryTest {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// Its first value.
    Value(StringMatcher),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_text_or_not_at_all() {
        let pattern = Pattern::new("/v[12]|/beta");
        assert!(pattern.matches("/v1") && pattern.matches("/beta"));
        assert!(!pattern.matches("/v1/items") && !pattern.matches("x/beta"));
    }

    #[test]
    fn every_match_is_replaced_with_its_groups() {
        let pattern = Pattern::new("/u([0-9])");
        assert_eq!(pattern.replace_all("/u1/x/u2", r"/v\1-\0\\"), r"/v1-/u1\/x/v2-/u2\");
        assert_eq!(Pattern::new("(").replace_all("/u1", "x"), "/u1");
    }

    #[test]
    fn a_pattern_that_does_not_compile_never_matches_and_says_why() {
        for broken in ["(", "a)(b", "(?=x)", r"\1", &"(a{100}){100}{100}".repeat(9)] {
            let pattern = Pattern::new(broken);
            assert!(pattern.error().is_some(), "{broken}");
            assert!(!pattern.matches(""), "{broken}");
        }
    }
}
