//! What the end-to-end tests share: where things lie, and which scenarios there are.
//!
//! Runs nothing by itself and knows no mesh behaviour.

pub mod fuzz;
pub mod gateway_conformance;
pub mod istio_simulation;
pub mod netpol_conformance;
pub mod oracle;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The root of the workspace.
///
/// # Panics
/// When this crate has left the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the workspace lies above this crate")
}

/// Every scenario file below `scenarios/`, sorted; manifests and the schema are not among them.
///
/// # Panics
/// When a folder or file cannot be read.
#[must_use]
pub fn scenarios() -> Vec<PathBuf> {
    let mut found: Vec<_> = files_below(&workspace().join("scenarios"))
        .into_iter()
        .filter(|p| is_scenario(p))
        .collect();
    found.sort();
    found
}

/// Every file below `folder`, in no particular order.
///
/// # Panics
/// When a folder cannot be read.
#[must_use]
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("an entry of a readable folder").path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files
}

/// The path of `path` below the workspace, with `/` between its parts.
#[must_use]
pub fn relative(path: &Path) -> String {
    let root = workspace();
    let below = path.strip_prefix(&root).unwrap_or(path);
    below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A file or folder of the shared samples, which lie beside the checkout on some machines;
/// where they do not, this says so and the caller skips.
#[must_use]
pub fn shared(path: &str) -> Option<PathBuf> {
    // A worktree may lie one level deeper than the checkout itself.
    let root = workspace();
    let found = root.ancestors().skip(1).take(2).map(|above| above.join("shared").join(path));
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        // Test output is shown for failing tests only; this must be seen anyway.
        let _ = writeln!(io::stderr(), "skipped: ../shared/{path} is absent");
    }
    found
}

fn is_scenario(path: &Path) -> bool {
    let yaml = path.extension().is_some_and(|extension| extension == "yaml");
    // Only a scenario has a version of its own; Kubernetes says `apiVersion`.
    yaml && fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
        .lines()
        .any(|line| line.starts_with("version:"))
}
