//! JSON documents; the field names are those of the types, which are an interface.

use std::io::{self, Write};

use serde::Serialize;

/// Prints `value` as one indented document with a line break at its end.
pub(crate) fn print(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
