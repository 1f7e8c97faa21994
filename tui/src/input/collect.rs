//! Which files a list of paths stands for, in an order that does not depend on the file system.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use meshwalk_models::manifest::Diagnostic;
use serde::Serialize;

use super::Limits;

/// The endings of files that are read from folders; a file that is named itself may have any.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What a list of paths stands for.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Files in the order of reading: paths as given, folders sorted by name.
    pub(crate) inputs: Vec<Input>,
    /// What was passed over.
    pub(crate) skipped: Vec<Skipped>,
    /// Paths that cannot be read.
    pub(crate) findings: Vec<Diagnostic>,
}

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Input {
    /// Standard input, written `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// Something that was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Skipped {
    /// The file or folder.
    pub(crate) path: String,
    /// Why.
    pub(crate) reason: &'static str,
}

/// Finds the files that `paths` stand for.
pub(crate) fn collect(paths: &[PathBuf], limits: &Limits) -> Found {
    let mut walk =
        Walk { found: Found::default(), seen: BTreeSet::new(), limits: *limits, room: Room::Left };
    for path in paths {
        if path == Path::new("-") {
            walk.stdin();
        } else {
            walk.argument(path);
        }
    }
    walk.found
}

struct Walk {
    found: Found,
    /// Real paths of files and folders, so that nothing is read twice and links cannot loop.
    seen: BTreeSet<PathBuf>,
    limits: Limits,
    room: Room,
}

/// Whether more files fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Left,
    /// The limit was met, and the user told.
    Full,
}

impl Walk {
    fn stdin(&mut self) {
        if self.found.inputs.contains(&Input::Stdin) {
            self.skip(Path::new("-"), "standard input can be read only once");
        } else {
            self.found.inputs.push(Input::Stdin);
        }
    }

    fn argument(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(path, 0),
            Ok(_) => self.file(path),
            Err(error) => {
                let message = format!("cannot read {}: {error}", path.display());
                let finding = Diagnostic::error("input.unreadable", message);
                self.found.findings.push(finding.help("check the path; `-` is standard input"));
            }
        }
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        if self.room == Room::Full || !self.is_new(folder) {
            return;
        }
        if depth > self.limits.depth_max {
            self.skip(folder, "nested too deeply");
            return;
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut paths: Vec<PathBuf> = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
            Err(error) => {
                let message = format!("cannot read the folder {}: {error}", folder.display());
                self.found.findings.push(Diagnostic::error("input.unreadable", message));
                return;
            }
        };
        paths.sort();
        for path in paths {
            self.entry(&path, depth);
        }
    }

    fn entry(&mut self, path: &Path, depth: usize) {
        if path.file_name().is_some_and(is_hidden) {
            self.skip(path, "hidden");
            return;
        }
        // Follows links: mounted ConfigMaps and monorepos are full of them.
        let Ok(metadata) = fs::metadata(path) else {
            self.skip(path, "a link to nothing");
            return;
        };
        if metadata.is_dir() {
            self.folder(path, depth + 1);
        } else if !path.extension().is_some_and(is_manifest_ending) {
            self.skip(path, "not a .yaml, .yml or .json file");
        } else if !metadata.is_file() {
            // A pipe in a folder has nobody at its other end; reading it would wait for ever.
            self.skip(path, "not a regular file");
        } else {
            self.file(path);
        }
    }

    fn file(&mut self, path: &Path) {
        if self.room == Room::Full || !self.is_new(path) {
            return;
        }
        if self.found.inputs.len() < self.limits.files_max {
            self.found.inputs.push(Input::File(path.to_owned()));
            return;
        }
        self.room = Room::Full;
        let message = format!("more than {} files; the rest is not read", self.limits.files_max);
        let finding = Diagnostic::error("input.too-many-files", message);
        self.found.findings.push(finding.help("name the folders that hold manifests"));
    }

    /// Whether `path` was not met before under any name; notes it if it was.
    fn is_new(&mut self, path: &Path) -> bool {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let is_new = self.seen.insert(real);
        if !is_new {
            self.skip(path, "already read under another path");
        }
        is_new
    }

    fn skip(&mut self, path: &Path, reason: &'static str) {
        self.found.skipped.push(Skipped { path: path.display().to_string(), reason });
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn is_manifest_ending(ending: &OsStr) -> bool {
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}
