//! Errors of reading a type from YAML: they collect their place and key path on the way out.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::manifest::diagnostic::{nearest, quoted};
use crate::manifest::{Diagnostic, Place};

/// One step of a key path.
#[derive(Debug)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

/// What did not fit. Boxed, because results of every field carry it.
#[derive(Debug)]
pub(super) struct DeError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: &'static str,
    message: String,
    help: Option<String>,
    place: Option<Place>,
    /// The innermost step first.
    path: Vec<Segment>,
}

impl DeError {
    fn new(code: &'static str, message: String) -> Self {
        Self(Box::new(Inner { code, message, help: None, place: None, path: Vec::new() }))
    }

    pub(super) fn expected(expected: &str, got: &str) -> Self {
        Self::new("yaml.wrong-type", format!("expected {expected}, got {got}"))
    }

    /// Sets the place unless a node further in has set it already.
    pub(super) fn placed(mut self, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        self
    }

    /// Adds the step that leads to the node in question.
    pub(super) fn under(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }

    pub(super) fn into_diagnostic(self, fallback: Place) -> Diagnostic {
        let inner = *self.0;
        let mut path = String::new();
        for segment in inner.path.iter().rev() {
            match segment {
                Segment::Index(at) => path.push_str(&format!("[{at}]")),
                Segment::Key(key) if path.is_empty() => path.push_str(key),
                Segment::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
            }
        }
        let message = match path.as_str() {
            "" => inner.message,
            path => format!("{path}: {}", inner.message),
        };
        let mut diagnostic =
            Diagnostic::error(inner.code, message).at(inner.place.unwrap_or(fallback), "here");
        diagnostic.help = inner.help;
        diagnostic
    }

    fn with_known(mut self, name: &str, known: &'static [&'static str]) -> Self {
        self.0.help = match nearest(name, known.iter().copied()) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.is_empty() => None,
            None => Some(format!("known here: {}", known.join(", "))),
        };
        self
    }
}

impl fmt::Display for DeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for DeError {}

impl de::Error for DeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new("yaml.bad-value", message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&plain_words(expected), &plain_finding(unexpected))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&plain_words(expected), &plain_finding(unexpected))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new("yaml.unknown-field", format!("unknown field {}", quoted(field)))
            .with_known(field, known)
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        let choices = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Self::new("yaml.unknown-word", format!("expected {choices}, got {}", quoted(variant)))
            .with_known(variant, known)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("yaml.missing-field", format!("the field `{field}` is missing"))
    }
}

/// What a visitor expects, without Rust's names of types.
fn plain_words(expected: &dyn Expected) -> String {
    let words = expected.to_string();
    match words.as_str() {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        _ => words,
    }
}

fn plain_finding(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Str(text) => format!("a string {}", quoted(text)),
        Unexpected::Unsigned(number) => format!("a whole number `{number}`"),
        Unexpected::Signed(number) => format!("a whole number `{number}`"),
        Unexpected::Float(number) => format!("a number `{number}`"),
        Unexpected::Bool(value) => format!("a boolean `{value}`"),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}
