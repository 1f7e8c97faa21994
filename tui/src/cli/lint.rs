//! The arguments of `meshwalk lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::exit;

/// How it is used.
const EXAMPLES: &[&str] = &[
    "meshwalk lint deploy/ --fail-on warning",
    "meshwalk lint -f deploy/ -o sarif > meshwalk.sarif",
    "kubectl get -A -o yaml all | meshwalk lint -",
];

/// The arguments of `meshwalk lint`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct LintArgs {
    /// Manifests and scenarios: files, folders, or `-` for standard input.
    ///
    /// Folders are searched for .yaml, .yml and .json files.
    #[arg(required_unless_present = "files", value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// The same, as kubectl takes them; repeatable.
    #[arg(short = 'f', long = "filename", value_name = "PATH", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,

    /// How to print the report.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: LintFormat,

    /// The least finding that makes the exit code 1.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(crate) fail_on: FailOn,
}

/// How `meshwalk lint` prints its report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// Findings with the lines they are about, and tables.
    #[default]
    Table,
    /// One JSON document with stable field names.
    Json,
    /// The findings as SARIF 2.1.0, which code hosts show beside the lines.
    Sarif,
}

/// The least finding that makes the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Errors and warnings.
    Warning,
    /// Any finding.
    Note,
    /// None: the exit code tells only whether the command could be carried out.
    Never,
}
