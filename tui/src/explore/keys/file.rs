//! The file of keys: TOML with one table, `[keys]`, of actions and what is pressed for them. It
//! is read as text that somebody gives; where it lies on the disk is not known here.

use std::collections::BTreeMap;
use std::ops::Range;

use meshwalk_models::manifest::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::bindings::{Bindings, Origin};
use super::problem::Problem;
use super::sequence::Sequence;
use crate::explore::action::{Id, rows};

/// The longest file that is read, in bytes; all actions with ten keys each need less.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// The most keys of one action.
const KEYS_MAX: usize = 16;

impl Bindings {
    /// The defaults, changed as `text` says, which is the file called `name`.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of lines.
    pub(crate) fn read(name: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut file = File { name, text, problems: Vec::new() };
        let own = file.read();
        let bindings = Self::with(&own);
        file.problems.extend(bindings.conflicts(name));
        if file.problems.is_empty() {
            return Ok(bindings);
        }
        file.problems.sort_by_key(|problem| (problem.line, problem.column));
        Err(file.problems)
    }
}

struct File<'t> {
    name: &'t str,
    text: &'t str,
    problems: Vec<Problem>,
}

impl<'t> File<'t> {
    fn read(&mut self) -> BTreeMap<Id, Vec<(Sequence, Origin)>> {
        let mut own = BTreeMap::new();
        if self.text.len() > FILE_BYTES_MAX {
            self.problem(0..0, format!("it is longer than {FILE_BYTES_MAX} bytes"));
            return own;
        }
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            self.problem(span, error.message().to_owned());
        }
        for (key, value) in root.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("keys", DeValue::Table(table)) => {
                    for (action, keys) in table {
                        self.action(action, keys, &mut own);
                    }
                }
                ("keys", other) => {
                    let message = format!("`keys` is a table, not {}", article(other));
                    self.problem(value.span(), message);
                }
                (other, _) => {
                    let message =
                        format!("{} is not known here; keys stand under `[keys]`", quoted(other));
                    self.problem(key.span(), message);
                }
            }
        }
        own
    }

    fn action(
        &mut self,
        name: &Spanned<std::borrow::Cow<'t, str>>,
        keys: &Spanned<DeValue<'t>>,
        own: &mut BTreeMap<Id, Vec<(Sequence, Origin)>>,
    ) {
        let text = name.get_ref().as_ref();
        let Some(row) = rows().find(|row| row.name == text) else {
            let message = match nearest(text, rows().map(|row| row.name)) {
                Some(near) => {
                    format!("{} is no action; did you mean `{near}`?", quoted(text))
                }
                None => format!("{} is no action; `meshwalk keys` lists the actions", quoted(text)),
            };
            return self.problem(name.span(), message);
        };
        if row.id == Id::QuitNow {
            return self
                .problem(name.span(), "`ctrl-c` always quits and stays bound to it".to_owned());
        }
        let mut sequences = Vec::new();
        match keys.get_ref() {
            DeValue::String(_) => self.key(keys, &mut sequences),
            DeValue::Array(array) if array.len() > KEYS_MAX => {
                self.problem(keys.span(), format!("more than {KEYS_MAX} keys for one action"));
            }
            DeValue::Array(array) => {
                for key in array {
                    self.key(key, &mut sequences);
                }
            }
            other => {
                let message =
                    format!("expected keys such as [\"l\", \"right\"], got {}", article(other));
                self.problem(keys.span(), message);
            }
        }
        own.insert(row.id, sequences);
    }

    fn key(&mut self, key: &Spanned<DeValue<'t>>, sequences: &mut Vec<(Sequence, Origin)>) {
        let DeValue::String(text) = key.get_ref() else {
            let message = format!(
                "expected keys as a text such as \"ctrl-d\", got {}",
                article(key.get_ref())
            );
            return self.problem(key.span(), message);
        };
        let sequence = match Sequence::parse(text) {
            Ok(sequence) => sequence,
            Err(message) => return self.problem(key.span(), message),
        };
        if let Some(why) = sequence.chords().iter().find_map(|chord| chord.refused()) {
            return self.problem(key.span(), why);
        }
        let (line, column) = self.place(key.span());
        sequences.push((sequence, Origin::File { line, column }));
    }

    fn problem(&mut self, span: Range<usize>, message: String) {
        let (line, column) = self.place(span);
        self.problems.push(Problem { file: self.name.to_owned(), line, column, message });
    }

    /// The line and column of a place in the text.
    fn place(&self, span: Range<usize>) -> (usize, usize) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.chars().rev().take_while(|char| *char != '\n').count() + 1;
        (line, column)
    }
}

fn quoted(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    let shown: String =
        text.chars().filter(|char| !char.is_control()).take(CHARACTERS_MAX).collect();
    format!("`{shown}`")
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
