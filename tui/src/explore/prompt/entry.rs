//! The prompt: a line that is typed for a command, or for what one action needs, with completion,
//! history and a judgement while it is typed. What becomes of the line is the machine's business.

use super::command;
use super::complete::{self, Candidates};
use super::history::{Browsing, History};
use super::line::{Edited, Line};
use super::words::Words;
use crate::explore::action::{Action, Expected, Id};
use crate::explore::keys::{Chord, Held, Key};

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Purpose {
    /// Any command.
    Command,
    /// What this action needs.
    Argument(Id, Expected),
    /// Another condition for the breakpoint of this row.
    Breakpoint(usize),
}

impl Purpose {
    /// What stands before the line.
    pub(in crate::explore) fn label(self) -> String {
        match self {
            Self::Command => ":".to_owned(),
            Self::Argument(Id::Search, _) => "/".to_owned(),
            Self::Argument(id, _) => format!("{}: ", id.row().name),
            Self::Breakpoint(_) => "breakpoint: ".to_owned(),
        }
    }
}

/// A line that is being typed.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Prompt {
    purpose: Purpose,
    line: Line,
    browsing: Browsing,
    completing: Option<Completing>,
    /// Why the line was not taken.
    refused: Option<String>,
}

/// Candidates that somebody goes through.
#[derive(Clone, Debug)]
struct Completing {
    candidates: Candidates,
    /// None while only what all have in common is filled in.
    at: Option<usize>,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::explore) enum Answered {
    /// The prompt stays.
    Stays,
    /// It is closed and nothing is done.
    Closes,
    /// It is closed, and this is to be done.
    Does(Action),
    /// It is closed, and the breakpoint of this row gets this condition.
    Breaks(usize, String),
}

/// What is to be said of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Judgement {
    /// Nothing has been typed.
    Empty,
    /// It is not right yet, and what was typed last can go on.
    Unfinished,
    /// It is right.
    Right,
    /// It is not; why.
    Wrong(String),
}

impl Prompt {
    /// Asks for a command.
    pub(in crate::explore) fn command(text: &str) -> Self {
        Self::new(Purpose::Command, text)
    }

    /// Asks for what an action needs.
    pub(in crate::explore) fn argument(id: Id, expected: Expected, text: &str) -> Self {
        Self::new(Purpose::Argument(id, expected), text)
    }

    /// Asks for another condition of a breakpoint.
    pub(in crate::explore) fn breakpoint(row: usize, text: &str) -> Self {
        Self::new(Purpose::Breakpoint(row), text)
    }

    fn new(purpose: Purpose, text: &str) -> Self {
        Self {
            purpose,
            line: Line::of(text),
            browsing: Browsing::default(),
            completing: None,
            refused: None,
        }
    }

    /// What is typed.
    pub(in crate::explore) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The line.
    pub(in crate::explore) const fn line(&self) -> &Line {
        &self.line
    }

    /// Takes a key.
    pub(in crate::explore) fn press(
        &mut self,
        chord: Chord,
        history: &mut History,
        words: &Words<'_>,
    ) -> Answered {
        self.refused = None;
        match (chord.held, chord.key) {
            (Held::Nothing, Key::Esc) => return Answered::Closes,
            (Held::Nothing, Key::Enter) => return self.take(history, words),
            (Held::Nothing, Key::Tab) => self.complete(words, Turn::Next),
            (Held::Shift, Key::Tab) => self.complete(words, Turn::Before),
            (Held::Nothing, Key::Up) | (Held::Ctrl, Key::Char('p')) => {
                self.browse(|browsing, shown| browsing.earlier(history, shown));
            }
            (Held::Nothing, Key::Down) | (Held::Ctrl, Key::Char('n')) => {
                self.browse(|browsing, _| browsing.later(history));
            }
            // As in vi: there is nothing left to delete.
            (Held::Nothing, Key::Backspace) if self.line.text().is_empty() => {
                return Answered::Closes;
            }
            _ => self.edit(chord),
        }
        Answered::Stays
    }

    /// Adds what was pasted.
    pub(in crate::explore) fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.browsing.end();
        self.completing = None;
        self.refused = None;
    }

    fn edit(&mut self, chord: Chord) {
        if self.line.press(chord) != Edited::No {
            self.browsing.end();
            self.completing = None;
        }
    }

    fn browse(&mut self, step: impl FnOnce(&mut Browsing, &str) -> Option<String>) {
        if let Some(line) = step(&mut self.browsing, self.line.text()) {
            self.line = Line::of(line);
            self.completing = None;
        }
    }

    fn take(&mut self, history: &mut History, words: &Words<'_>) -> Answered {
        let text = self.line.text().trim().to_owned();
        if text.is_empty() {
            return Answered::Closes;
        }
        history.keep(&text);
        let read = match self.purpose {
            Purpose::Command => command::parse(&text, words).map(Answered::Does),
            Purpose::Argument(id, expected) => {
                command::read(id, expected, &text, words).map(Answered::Does)
            }
            Purpose::Breakpoint(row) => (words.check)(&text).map(|()| Answered::Breaks(row, text)),
        };
        read.unwrap_or_else(|message| {
            self.refused = Some(message);
            Answered::Stays
        })
    }

    /// What is to be said of the line as far as it is typed.
    pub(in crate::explore) fn judge(&self, words: &Words<'_>) -> Judgement {
        if let Some(refused) = &self.refused {
            return Judgement::Wrong(refused.clone());
        }
        let text = self.line.text().trim();
        if text.is_empty() {
            return Judgement::Empty;
        }
        let read = match self.purpose {
            Purpose::Command => command::parse(text, words).map(|_| ()),
            Purpose::Argument(id, expected) => command::read(id, expected, text, words).map(|_| ()),
            Purpose::Breakpoint(_) => (words.check)(text),
        };
        match read {
            Ok(()) => Judgement::Right,
            Err(_) if self.goes_on(words) => Judgement::Unfinished,
            Err(message) => Judgement::Wrong(message),
        }
    }

    /// Whether the last word is the beginning of a longer one.
    fn goes_on(&self, words: &Words<'_>) -> bool {
        let candidates = self.find(words);
        let last = &self.line.before()[candidates.from..];
        candidates.all.iter().any(|candidate| candidate.text.len() > last.len())
    }

    /// The candidates to show, and which of them is in the line.
    pub(in crate::explore) fn candidates(&self, words: &Words<'_>) -> (Candidates, Option<usize>) {
        match &self.completing {
            Some(completing) => (completing.candidates.clone(), completing.at),
            None => (self.find(words), None),
        }
    }

    fn find(&self, words: &Words<'_>) -> Candidates {
        let text = self.line.before();
        match self.purpose {
            Purpose::Command => complete::of_command(text, words),
            Purpose::Argument(_, expected) => complete::of_argument(expected, text, words),
            Purpose::Breakpoint(_) => complete::of_argument(Expected::Condition, text, words),
        }
    }

    /// Fills in what all candidates begin with, and then one after the other.
    fn complete(&mut self, words: &Words<'_>, turn: Turn) {
        if let Some(completing) = &mut self.completing {
            let count = completing.candidates.all.len();
            let at = match (completing.at, turn) {
                (None, Turn::Next) => 0,
                (None, Turn::Before) => count - 1,
                (Some(at), Turn::Next) => (at + 1) % count,
                (Some(at), Turn::Before) => (at + count - 1) % count,
            };
            completing.at = Some(at);
            let candidate = &completing.candidates.all[at];
            self.line.replace_from(completing.candidates.from, &candidate.text);
            return;
        }
        let candidates = self.find(words);
        match &candidates.all[..] {
            [] => {}
            [only] => {
                let quoted = only.text.ends_with('"');
                let space = if quoted || self.purpose != Purpose::Command { "" } else { " " };
                self.line.replace_from(candidates.from, &format!("{}{space}", only.text));
            }
            [first, others @ ..] => {
                let typed = self.line.before().len() - candidates.from;
                let common = others.iter().fold(first.text.as_str(), |common, other| {
                    &common[..shared(common, &other.text)]
                });
                let goes_on = common.len() > typed;
                let common = common.to_owned();
                if goes_on {
                    self.line.replace_from(candidates.from, &common);
                }
                self.completing = Some(Completing { candidates, at: None });
                if !goes_on {
                    self.complete(words, turn);
                }
            }
        }
    }
}

/// In which direction candidates are gone through.
#[derive(Clone, Copy)]
enum Turn {
    Next,
    Before,
}

/// How many bytes two texts have in common at their beginnings.
fn shared(one: &str, other: &str) -> usize {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other);
    same.map(|(char, _)| char.len_utf8()).sum()
}
