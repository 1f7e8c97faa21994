//! Carries out whole command lines in this process, with streams in memory.

use std::ffi::OsString;

use crate::{Environment, Exit, Streams};

/// What a command line printed.
pub(super) struct Printed {
    pub(super) exit: Exit,
    pub(super) out: String,
    pub(super) err: String,
}

/// Carries out a command line without input.
pub(super) fn meshwalk(arguments: &[&str]) -> Printed {
    meshwalk_reading("", arguments)
}

/// Carries out a command line that reads `stdin`.
pub(super) fn meshwalk_reading(stdin: &str, arguments: &[&str]) -> Printed {
    let mut stdin = stdin.as_bytes();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { input: &mut stdin, out: &mut out, err: &mut err };
    let arguments = std::iter::once("meshwalk").chain(arguments.iter().copied());
    let exit = crate::run(arguments.map(OsString::from), &Environment::default(), &mut streams);
    let text = |bytes| String::from_utf8(bytes).expect("reports are UTF-8");
    Printed { exit, out: text(out), err: text(err) }
}
