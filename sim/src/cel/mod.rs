//! What the languages of expectations and of conditions share: CEL's grammar behind a guard, its
//! operators on numbers, and complaints about names. What a name stands for is each language's own.

mod operator;
mod parse;
mod word;

pub(crate) use operator::{Comparison, Operation, Operator};
pub(crate) use parse::{Language, parse};
pub(crate) use word::{duration, text_of, unknown, unsupported_operator};

/// How a duration is written, as a help.
pub(crate) const DURATIONS: &str = "durations are written `duration(\"250ms\")`";

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The character that it is about, from 0 and on the first line, where that is known.
    pub(crate) at: Option<usize>,
}

impl Complaint {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, at: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn at(mut self, at: usize) -> Self {
        self.at = Some(at);
        self
    }
}
