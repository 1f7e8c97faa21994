//! From the paths of a command to what it can run: what is asked of the input, and whether what is
//! wrong with it leaves anything to run.

use std::path::PathBuf;

use meshwalk_models::manifest::{Diagnostic, Severity, SourceSet};

use crate::cli::InputArgs;
use crate::failure::Failure;
use crate::input::Asked;
use crate::report::diagnostics::{self, Counts};

/// What to read, on the data path of the scenario.
pub(super) fn asked<'a>(paths: &'a [PathBuf], args: &'a InputArgs) -> Asked<'a> {
    Asked {
        paths,
        data_path: None,
        overrides: &args.overrides,
        seed: args.seed,
        costs: args.costs.costs.as_deref(),
    }
}

/// Puts findings into the order in which they are read, each once: clusters may share files.
pub(super) fn put_in_order(findings: &mut Vec<Diagnostic>, sources: &SourceSet) {
    diagnostics::sort(findings, sources);
    findings.dedup();
}

pub(super) fn has_errors(findings: &[Diagnostic]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// What was made of the input, if there is anything, and if it has no errors or these are not to
/// stop anybody.
pub(super) fn usable<T>(
    made: Option<T>,
    findings: &[Diagnostic],
    args: &InputArgs,
) -> Result<T, Failure> {
    let errors = Counts { warnings: 0, notes: 0, ..Counts::of(findings) };
    let failure = Failure::new(format!("nothing was run: {} in the input", errors.sentence()));
    match made {
        None => Err(failure),
        Some(_) if has_errors(findings) && !args.keep_going => {
            Err(failure.help("correct them, or add --keep-going to run without what is wrong"))
        }
        Some(made) => Ok(made),
    }
}
