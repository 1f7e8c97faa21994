//! Replays recordings of a real Envoy on the model, through the simulator's clock. A case is a
//! proxy, scripted upstreams and requests, with what the real proxy did; the folder of the cases
//! is not part of this repository.
//!
//! Cases are compared whole, by the recorder's own rules (`compare`); statistical ones by an
//! interval that `statistics` states. Where draws decide, a recording is one of the runs that can
//! be: a case agrees if the model's run agrees for one of `SEEDS` seeds. Runs without draws are
//! all alike. Nothing is known here of single cases.

mod case;
mod compare;
mod drive;
mod fields;
mod json;
mod record;
mod render;
mod script;
mod statistics;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use meshwalk_sim::kernel::Seed;

use case::{Case, Recorded};

/// The seed of the first run.
const SEED: u64 = 1;
/// How many runs are tried to find a recording among them.
const SEEDS: u64 = 20;

/// What became of all cases.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One line a case, in the order of the files' names.
    pub lines: Vec<String>,
    /// How many cases there were.
    pub cases: usize,
    /// How many of them differ from what was recorded.
    pub failed: usize,
}

impl Report {
    /// The line that sums up.
    #[must_use]
    pub fn total(&self) -> String {
        format!("{} of {} cases as recorded", self.cases - self.failed, self.cases)
    }
}

/// Replays every case (`*.json`) of a folder, or of `cases` within it.
///
/// # Errors
/// Says why the folder cannot be read. A case that cannot be read fails by itself.
pub fn replay(folder: &Path) -> Result<Report, String> {
    let within = folder.join("cases");
    let folder = if within.is_dir() { within.as_path() } else { folder };
    let cannot = |error| format!("cannot read {}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(cannot)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    let mut report = Report::default();
    for file in files {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let text = fs::read_to_string(&file).map_err(|error| error.to_string());
        report.cases += 1;
        match text.and_then(|text| check(&text)) {
            Ok(()) => report.lines.push(format!("ok    {name}")),
            Err(difference) => {
                report.failed += 1;
                report.lines.push(format!("FAIL  {name}: {difference}"));
            }
        }
    }
    Ok(report)
}

/// Runs one case.
///
/// # Errors
/// The first difference from what was recorded, or what is wrong with the case.
fn check(text: &str) -> Result<(), String> {
    let case = Case::parse(text)?;
    match &case.recorded {
        Recorded::Once { observed, unstable } => {
            let mut first = None;
            for seed in SEED..SEED + SEEDS {
                let outcome = drive::run(&case, Seed(seed))?;
                let ours = record::observed(&case, &outcome);
                let tolerance_ms = case.terms.tolerance_ms;
                match compare::first_difference(observed, &ours, tolerance_ms, unstable) {
                    None => return Ok(()),
                    Some(difference) => first = first.or(Some(difference)),
                }
            }
            first.map_or(Ok(()), Err)
        }
        Recorded::Samples { kind, runs } => statistics::check(&case, *kind, runs),
    }
}
