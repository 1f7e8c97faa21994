//! Why a command could not be carried out: usage, input or output; a bug is a panic instead.

use std::fmt;
use std::io::{self, Write};

use crate::terminal::{Look, Paint};

/// Something that the user can put right.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What is wrong: a lower-case fragment.
    message: String,
    /// What to do about it.
    help: Option<String>,
}

impl Failure {
    /// A failure that says what is wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Says what to do.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Prints it as `error: …`, the way usage errors look.
    pub(crate) fn print(&self, err: &mut dyn Write, look: &Look) -> io::Result<()> {
        writeln!(err, "{} {}", look.paint(Paint::Bad, "error:"), self.message)?;
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
