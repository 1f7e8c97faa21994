//! Conditions in CEL over the entries of a log: for breakpoints, for runs to the next and the
//! previous entry that fits, and for filters. They read the log and drive nothing.
//!
//! The grammar is that of expectations. Variables stand for what one entry says; names and types
//! are checked before anything is searched. What an entry does not say (the status of a
//! connection) is unknown, and so is what depends on it; an entry for which the whole is unknown
//! does not fit.

mod check;
mod names;
mod search;
mod tree;
mod variable;

#[cfg(test)]
mod tests;

pub use names::ConditionNames;
pub use search::{Found, Search};
pub use variable::{VARIABLES, VariableEntry, VariableType};

use meshwalk_models::manifest::{Diagnostic, Place};

use super::log::columns::KindSet;
use super::log::{EventId, Log};
use crate::cel::{Complaint, Language, parse};
use crate::scenario::KeyPath;
use crate::scenario::file::Breakpoint;

use check::Checker;
use tree::Truth;

const LANGUAGE: Language = Language {
    noun: "a condition",
    example: "step == \"call_ended\" && status >= 500 && latency > duration(\"100ms\")",
    shorten: "put it shorter",
};

/// A condition that was checked.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
    truth: Truth,
    /// Only entries of these kinds can fit.
    kinds: KindSet,
}

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// What: a lower-case fragment.
    pub message: String,
    /// The character that it is about, from 0.
    pub at: usize,
    /// What to do about it.
    pub help: Option<String>,
}

impl Condition {
    /// Checks `text`. Names of pods, workloads and the like are checked against `names`.
    ///
    /// # Errors
    /// When it is no condition over entries.
    pub fn compile(text: &str, names: &ConditionNames) -> Result<Self, ConditionError> {
        let truth = parse(text, LANGUAGE)
            .and_then(|tree| Checker { names }.condition(&tree))
            .map_err(|complaint| error_in(text, complaint))?;
        let kinds = truth.kinds(true);
        Ok(Self { text: text.to_owned(), truth, kinds })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether an entry fits.
    #[must_use]
    pub fn holds(&self, log: &Log, id: EventId, names: &ConditionNames) -> bool {
        self.kinds.has(log.kind(id) as u8)
            && self.truth.evaluate(&variable::Facts::new(log, id, names)) == Some(true)
    }
}

/// A breakpoint of a scenario.
#[derive(Clone, Debug)]
pub struct CompiledBreakpoint {
    /// What it is called.
    pub name: String,
    /// Where it stops.
    pub condition: Condition,
}

/// Checks the breakpoints of a scenario; `place_of` says where the value of a path such as
/// `breakpoints[0].when` stands.
///
/// # Errors
/// One finding for every one that is no condition over entries.
pub fn compile_breakpoints(
    breakpoints: &[Breakpoint],
    names: &ConditionNames,
    place_of: impl Fn(&str) -> Option<Place>,
) -> Result<Vec<CompiledBreakpoint>, Vec<Diagnostic>> {
    let (mut compiled, mut errors) = (Vec::new(), Vec::new());
    for (index, breakpoint) in breakpoints.iter().enumerate() {
        match Condition::compile(&breakpoint.when, names) {
            Ok(condition) => {
                compiled.push(CompiledBreakpoint { name: breakpoint.name.clone(), condition });
            }
            Err(error) => {
                let path = KeyPath::root().key("breakpoints").index(index).key("when").to_string();
                let message = format!("{path}: {error}");
                let mut diagnostic = Diagnostic::error("breakpoint.invalid", message);
                if let Some(place) = place_of(&path) {
                    diagnostic = diagnostic.at(place, "in this condition");
                }
                diagnostic.help = error.help;
                errors.push(diagnostic);
            }
        }
    }
    if errors.is_empty() { Ok(compiled) } else { Err(errors) }
}

/// The error that a complaint makes; its place is that of the first word in backquotes which
/// stands in the text, where no other is known.
fn error_in(text: &str, complaint: Complaint) -> ConditionError {
    let quoted = complaint.message.split('`').skip(1).step_by(2);
    let place = || quoted.filter_map(|word| place_of_word(text, word)).next();
    let at = complaint.at.or_else(place).unwrap_or(0);
    ConditionError { message: complaint.message, at, help: complaint.help }
}

/// The character at which `word` stands in `text` as a word of its own.
fn place_of_word(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let (byte, _) = text.match_indices(word).find(|(byte, _)| {
        let before = text[..*byte].chars().next_back();
        let after = text[byte + word.len()..].chars().next();
        !word.is_empty() && !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })?;
    Some(text[..byte].chars().count())
}
