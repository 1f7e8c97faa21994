//! Why a command could not be carried out: usage, input or output; a bug is a panic instead.

use std::fmt;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::terminal::{Look, Paint};

/// Something that the user can put right.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What is wrong: a lower-case fragment.
    message: String,
    /// The line that it is about, and the column in it, from 0.
    shown: Option<(String, usize)>,
    /// What to do about it.
    help: Option<String>,
}

impl Failure {
    /// A failure that says what is wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), shown: None, help: None }
    }

    /// Says what to do.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Shows what somebody wrote, with a mark below the character `at`, from 0.
    #[must_use]
    pub(crate) fn shown(mut self, text: &str, at: usize) -> Self {
        // One line, whatever it is made of: each character is one.
        let line: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        let before: String = line.chars().take(at).collect();
        self.shown = Some((line, before.width()));
        self
    }

    /// Prints it as `error: …`, the way usage errors look.
    pub(crate) fn print(&self, err: &mut dyn Write, look: &Look) -> io::Result<()> {
        writeln!(err, "{} {}", look.paint(Paint::Bad, "error:"), self.message)?;
        if let Some((line, column)) = &self.shown {
            let mark = look.paint(Paint::Bad, "^");
            writeln!(err, "  {line}\n  {:column$}{mark}", "")?;
        }
        match &self.help {
            Some(help) => writeln!(err, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<io::Error> for Failure {
    /// Reading names its file in a diagnostic, so a bare error comes from writing.
    fn from(error: io::Error) -> Self {
        Self::new(format!("cannot write the output: {error}"))
    }
}
