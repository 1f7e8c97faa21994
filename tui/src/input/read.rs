//! Reads the files that were found, within limits; what cannot be read is a diagnostic and the
//! others are read all the same.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use meshwalk_models::manifest::{Diagnostic, SourceId, SourceSet};

use super::Limits;
use super::collect::{Found, Input, Skipped};

/// The name of standard input in places and messages.
const STDIN_NAME: &str = "<stdin>";

/// How a path of the command line is called in messages.
pub(crate) fn shown(path: &Path) -> String {
    if path == Path::new("-") { STDIN_NAME.to_owned() } else { path.display().to_string() }
}

/// Texts, and what could not become one.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The texts.
    pub(crate) set: SourceSet,
    /// What was passed over.
    pub(crate) skipped: Vec<Skipped>,
    /// What cannot be read.
    pub(crate) findings: Vec<Diagnostic>,
}

/// Reads everything in `found` into `sources` and returns the numbers of the texts, in order.
pub(crate) fn read_all(
    found: Found,
    stdin: &mut dyn Read,
    limits: &Limits,
    sources: &mut Sources,
) -> Vec<SourceId> {
    sources.skipped.extend(found.skipped);
    sources.findings.extend(found.findings);
    let mut ids = Vec::new();
    let mut total_bytes = 0;
    for input in found.inputs {
        let name = match &input {
            Input::Stdin => STDIN_NAME.to_owned(),
            Input::File(path) => path.display().to_string(),
        };
        match read(&input, stdin, limits) {
            Ok(bytes) => {
                total_bytes += bytes.len() as u64;
                if total_bytes > limits.total_bytes_max {
                    sources.findings.push(too_much(&name, limits));
                    break;
                }
                ids.push(sources.set.add_bytes(name, bytes));
            }
            Err(Unread::TooLarge) => sources.findings.push(too_large(&name, limits)),
            Err(Unread::Io(error)) => {
                let message = format!("cannot read {name}: {error}");
                sources.findings.push(Diagnostic::error("input.unreadable", message));
            }
        }
    }
    ids
}

/// Why a file was not read.
enum Unread {
    TooLarge,
    Io(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn read(input: &Input, stdin: &mut dyn Read, limits: &Limits) -> Result<Vec<u8>, Unread> {
    // One byte beyond the limit tells a file that is too large from one that just fits.
    let bytes_max = limits.file_bytes_max + 1;
    let mut bytes = Vec::new();
    match input {
        Input::Stdin => stdin.take(bytes_max).read_to_end(&mut bytes)?,
        Input::File(path) => File::open(path)?.take(bytes_max).read_to_end(&mut bytes)?,
    };
    if bytes.len() as u64 > limits.file_bytes_max { Err(Unread::TooLarge) } else { Ok(bytes) }
}

fn too_large(name: &str, limits: &Limits) -> Diagnostic {
    let message = format!("{name} is larger than {} and is not read", size(limits.file_bytes_max));
    Diagnostic::error("input.too-large", message).help("split it into several files")
}

fn too_much(name: &str, limits: &Limits) -> Diagnostic {
    let size = size(limits.total_bytes_max);
    let message = format!("more than {size} in all; {name} and what follows is not read");
    Diagnostic::error("input.too-large", message).help("name the folders that hold manifests")
}

fn size(bytes: u64) -> String {
    meshwalk_models::units::Bytes(bytes).to_string()
}
