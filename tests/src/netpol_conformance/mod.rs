//! Compares what the network carries with what np-guard's netpol-analyzer says of the same
//! manifests. The folder of the cases is not part of this repository, and none is known by name.

mod case;
mod compare;
mod expected;
mod exposure;
mod otherwise;
mod pieces;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use meshwalk_models::profile::Profile;

pub use otherwise::{Otherwise, otherwise};

use case::Case;

/// What became of all cases under one profile.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The cases, by name.
    pub cases: Vec<Outcome>,
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The name of its folder.
    pub name: String,
    /// What differs from what is expected, pair by pair.
    pub differences: Vec<String>,
}

impl Report {
    /// How many cases differ.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.cases.iter().filter(|case| !case.differences.is_empty()).count()
    }
}

/// Runs every case of a folder under the profile of this name. A folder that holds `manifests` is a
/// case itself.
///
/// # Errors
/// Says why the folder cannot be read, or that there is no such profile.
pub fn check(folder: &Path, profile: &str) -> Result<Report, String> {
    let profile =
        Profile::named(profile).ok_or_else(|| format!("there is no profile `{profile}`"))?;
    let cases = folders(folder)?.into_iter().map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let differences = match Case::read(&folder) {
            Ok(case) => case.differences(profile),
            Err(error) => vec![error],
        };
        Outcome { name, differences }
    });
    Ok(Report { cases: cases.collect() })
}

/// The folders of the cases, by name.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if folder.join("manifests").is_dir() {
        return Ok(vec![folder.to_owned()]);
    }
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.join("manifests").is_dir())
        .collect();
    folders.sort();
    Ok(folders)
}
